"""The first half of a run: everything is read, transformed and checked, and nothing is written to any target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.errors import CheckFailed
from biodata.pipelines.checks.whole import Checking, CheckOutcome, check_set
from biodata.pipelines.loading.guards import protect
from biodata.pipelines.reports.collect import plot_data
from biodata.pipelines.runs.anew import to_know
from biodata.pipelines.runs.prepare import prepare
from biodata.pipelines.sources.bind import located, read_into
from biodata.pipelines.state.kept import memory_directory
from biodata.pipelines.state.memory import StepMemory
from biodata.pipelines.state.rejects import Reject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biodata.connection import Connection
    from biodata.pipelines.rows import Fault
    from biodata.pipelines.runs.run import Run
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.sources.base import Source
    from biodata.pipelines.state.spool import Spool

__all__ = ["prepare_all", "read_all"]


def prepare_all(run: Run, connections: Mapping[str, Connection]) -> None:
    """Bind every step of the run; no record is read.

    Raises:
        BiodataError: whatever does not fit.
    """
    memory = run.journal.memory(run.spec.name)
    kept = memory_directory(run.journal.directory, run.spec.name)
    run.works.clear()
    for step in run.spec.steps:
        earlier = {work.step.name: work for work in run.works}
        known = run.remembered(memory.get(step.name, StepMemory()))
        known, notes = to_know(run.spec, step, known, connections, run.options)
        work = prepare(
            run.spec, step, values=run.values, earlier=earlier, connections=connections, memory=known, kept=kept
        )
        work.told.notes += notes
        run.works.append(work)


def read_all(run: Run, spool: Spool, connections: Mapping[str, Connection]) -> None:
    """Read, transform and check every step of the run.

    Raises:
        CheckFailed: a check of a whole set does not hold.
        BiodataError: whatever else stops it.
    """
    _Reader(run, spool, connections).go()


class _Reader:
    def __init__(self, run: Run, spool: Spool, connections: Mapping[str, Connection]) -> None:
        self._run = run
        self._spool = spool
        self._connections = connections

    def go(self) -> None:
        works = [(work, work.source) for work in self._run.works if work.source is not None]
        for work, source in works:
            if not source.waits:
                self._extract(work, source)
        for work, source in works:
            if source.waits:
                self._extract(work, source)
            self._transform(work, source)
        for work, _ in works:
            self._check(work)
        for work, _ in works:
            work.plots = tuple(plot_data(plot, work.passed) for plot in work.step.plots)
        self._raise_for_failed_checks()

    def _extract(self, work: Work, source: Source) -> None:
        run, step = self._run, work.step

        def read() -> None:
            run.rejects.retract(step.name, ["extract"])
            run.begin(work, "extract", f"read {source.title}", source.count())
            reading = read_into(
                self._spool, step, source, run.progress, lambda fault: self._keep(work, source, fault)
            )
            work.read, work.told.rows = reading.sealed, reading.rows

        with work.stage("extract"), located(run.spec.file, step.extract.line, step.name, step.extract.column):
            run.patiently(read)
        rows = work.told.rows or 0
        work.told.unchanged = rows - run.rejects.count(step.name) - (work.read.rows if work.read else 0)
        work.told.notes, work.told.seen = [*work.told.notes, *source.notes], source.seen()
        self._count(step.name)
        run.note(work, "extracted", rows_read=rows)
        run.end(work, "extract", f"{rows:,} rows", rows)

    def _keep(self, work: Work, source: Source, fault: Fault) -> None:
        """Keep a row that could not be read; how many they may be is known when all are read."""
        record: dict[str, Any] = fault.record or {}
        told = (fault.stage, fault.rule, fault.reason, fault.row, "BD-PIPELINE-ROW", source.key_of(record), record)
        self._run.rejects.add(Reject(work.step.name, *told))

    def _count(self, step: str) -> None:
        """What was rejected while a step was read, held to the budget."""
        last = None
        for last in self._run.rejects.find_all(step):
            protect(self._run.works, self._run.spec, last)
        if last is not None:
            self._run.check_budget(last)

    def _transform(self, work: Work, source: Source) -> None:
        run, rows = self._run, work.read
        if work.chain is None or rows is None:
            raise RuntimeError("the step was not read yet")
        run.begin(work, "transform", "transform and check rows", rows.rows)
        with work.stage("transform"):
            work.out = work.chain.run(
                rows,
                self._spool,
                name=work.step.name,
                reject=run.reject,
                key_of=source.key_of,
                progress=run.progress,
            )
        work.coverage = work.chain.coverage()
        work.told.notes += work.chain.notes()
        rejected = run.rejects.count(work.step.name)
        run.note(work, "transformed", rows_out=work.out.rows, rejected=rejected)
        run.end(work, "transform", f"{work.out.rows:,} rows, {rejected:,} rejected", work.out.rows)

    def _check(self, work: Work) -> None:
        run = self._run
        with work.stage("check"), located(run.spec.file, work.step.line, work.step.name, work.step.column):
            work.checks += [self._row_outcome(work, check.name) for check in work.step.row_checks]
            work.checks += check_set(self._checking(work))
        run.note(work, "checked")
        for outcome in work.checks:
            run.events.emit("check.ended", step=work.step.name, check=outcome.name, holds=outcome.ok)
            run.progress.note(
                f"{work.step.name}: {outcome.name}: {'holds' if outcome.ok else 'fails'}, {outcome.detail}"
            )

    def _row_outcome(self, work: Work, name: str) -> CheckOutcome:
        tallies = self._run.rejects.tallies(work.step.name)
        failed = sum(tally.count for tally in tallies if tally.rule == name)
        detail = f"{failed:,} of {work.told.rows or 0:,} rows rejected" if failed else "true for every row"
        return CheckOutcome(name, "rows", not failed, detail)

    def _checking(self, work: Work) -> Checking:
        return Checking(
            step=work.step,
            rows=work.passed,
            read=work.told.rows or 0,
            others={other.step.name: other.passed for other in self._run.works},
            connections=self._connections,
            memory=work.memory,
            now=self._run.started,
        )

    def _raise_for_failed_checks(self) -> None:
        failed = [(w, c) for w in self._run.works for c in w.checks if not c.ok and c.kind != "rows"]
        if failed:
            texts = [f"step {work.step.name}: {check.name}: {check.detail}" for work, check in failed]
            raise CheckFailed("; ".join(texts), hint="Nothing was written")
