"""One execution of a pipeline: extract all, transform all, check all, and only then load; the journal goes along.

Nothing is written to a target before every step has been read, transformed and checked. Whatever happens, the
journal knows it, the spool is removed, and a report is left.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import UTC, datetime
from tempfile import TemporaryFile
from time import monotonic
from typing import TYPE_CHECKING, Any

from biodata.errors import BiodataError, CheckFailed, ConfigError, RejectBudgetExceeded, WriteError
from biodata.pipelines.checks.whole import Checking, CheckOutcome, check_set
from biodata.pipelines.parameters import chosen
from biodata.pipelines.reports.collect import plot_data
from biodata.pipelines.reports.facts import RunReport, counts
from biodata.pipelines.reports.html import write_reports
from biodata.pipelines.runs.prepare import open_profiles, prepare
from biodata.pipelines.runs.warned import heard
from biodata.pipelines.sources.bind import located, read_into
from biodata.pipelines.state.journal import new_run_id
from biodata.pipelines.state.memory import StepMemory
from biodata.pipelines.state.rejects import Reject, RejectStore
from biodata.pipelines.state.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from biodata.connection import Connection
    from biodata.pipelines.loading.target import Batch, Target
    from biodata.pipelines.reports.progress import Progress
    from biodata.pipelines.rows import Fault
    from biodata.pipelines.runs.prepare import Work
    from biodata.pipelines.spec import PipelineSpec
    from biodata.pipelines.state.journal import Journal

__all__ = ["Run", "execute"]


def execute(
    spec: PipelineSpec,
    *,
    connect: Callable[[str], Connection],
    journal: Journal,
    progress: Progress,
    parameters: Mapping[str, Any] | None = None,
    report_dir: Path | None = None,
    dry_run: bool = False,
) -> RunReport:
    """Run a pipeline once; see `Pipeline.run`."""
    _make(report_dir)
    values = chosen(spec.parameters, parameters or {})
    with journal.hold(spec.name):
        for dead in journal.bury_the_dead(spec.name):
            progress.note(f"Run {dead.id} ended without a word; this one starts anew.")
        run = Run(spec, values=values, journal=journal, progress=progress, report_dir=report_dir, dry_run=dry_run)
        return run.go(connect)


class Run:
    """A run on its way: the one place of a pipeline that holds state."""

    def __init__(
        self,
        spec: PipelineSpec,
        *,
        values: Mapping[str, Any],
        journal: Journal,
        progress: Progress,
        report_dir: Path | None,
        dry_run: bool,
    ) -> None:
        self.spec = spec
        self.journal = journal
        self.progress = progress
        self.dry_run = dry_run
        self.values = dict(values)
        self.id = new_run_id()
        self.directory = journal.run_directory(self.id)
        self.report_dir = report_dir
        self.rejects = RejectStore(journal.directory, pipeline=spec.name, run=self.id)
        self.works: list[Work] = []
        self.warnings: list[str] = []
        self.writing = False
        self._started, self._clock = datetime.now(UTC), monotonic()

    def go(self, connect: Callable[[str], Connection]) -> RunReport:
        """Do everything; the report of a run that failed is left too, and the error raised."""
        from biodata import __version__

        spec = self.spec
        self.journal.begin(self.id, pipeline=spec.name, file=spec.file, sha256=spec.sha256, version=__version__)
        try:
            with heard(self.warnings):
                self._all(connect)
        except BaseException as error:
            if _is_interrupt(error):
                self._leave("interrupted")
                self.progress.note(f"Interrupted. {self._how_to_go_on()}")
                raise KeyboardInterrupt from None
            self._leave("failed", error)
            raise
        return self._finish("done")

    def _leave(self, state: str, error: BaseException | None = None) -> None:
        """The end of a run that did not get through: whatever else fails now is told, and hides nothing."""
        try:
            self.progress.note(f"Report: {self._finish(state, error).html_path}")
        except BiodataError as another:
            self.progress.note(another.message)

    def _all(self, connect: Callable[[str], Connection]) -> None:
        with ExitStack() as stack:
            spool = Spool(self.directory / "spool")
            stack.callback(spool.remove)
            connections = open_profiles(self.spec, connect, stack)
            for step in self.spec.steps:
                self.works.append(
                    prepare(
                        self.spec,
                        step,
                        values=self.values,
                        earlier={work.step.name: work for work in self.works},
                        connections=connections,
                        memory=StepMemory(),
                    )
                )
            for work in self.works:
                if not work.source.waits:
                    self._extract(work, spool)
            for work in self.works:
                if work.source.waits:
                    self._extract(work, spool)
                self._transform(work, spool)
            for work in self.works:
                self._check(work, connections)
            for work in self.works:
                self._plot(work)
            self._raise_for_failed_checks()
            for work in self.works:
                self._load(work)

    def _extract(self, work: Work, spool: Spool) -> None:
        with work.stage("extract"), located(self.spec.file, work.step.extract.line, work.step.name):
            self.progress.begin(f"{work.step.name}: read {work.source.title}", work.source.count())
            work.read = read_into(
                spool, work.step, work.source, self.progress, lambda fault: self._reject_fault(work, fault)
            )
        self._note(work, "extracted", rows_read=work.read.rows)
        self.progress.end(f"{work.read.rows:,} rows")

    def _transform(self, work: Work, spool: Spool) -> None:
        rows = work.reading.sealed
        self.progress.begin(f"{work.step.name}: transform and check rows", rows.rows)
        with work.stage("transform"):
            work.out = work.chain.run(
                rows,
                spool,
                name=work.step.name,
                reject=self._reject,
                key_of=work.source.key_of,
                progress=self.progress,
            )
            work.coverage = work.chain.coverage()
        rejected = self.rejects.count(work.step.name)
        self._note(work, "transformed", rows_out=work.out.rows, rejected=rejected)
        self.progress.end(f"{work.out.rows:,} rows, {rejected:,} rejected")

    def _reject_fault(self, work: Work, fault: Fault) -> None:
        record = fault.record or {}
        code, key = "BD-PIPELINE-ROW", work.source.key_of(record)
        self._reject(Reject(work.step.name, fault.stage, fault.rule, fault.reason, fault.row, code, key, record))

    def _reject(self, reject: Reject) -> None:
        self.rejects.add(reject)
        read = sum(work.read.rows for work in self.works if work.read)
        allowed = self.spec.budget.allows(read)
        if self.rejects.count() > allowed:
            raise RejectBudgetExceeded(
                f"{self.rejects.count():,} records were rejected, and the budget of {self.spec.budget} allows "
                f"{allowed:,} of {read:,}; the last by {reject.rule!r}, row {reject.row}: {reject.reason}",
                hint=self._nothing_written(),
            )

    def _nothing_written(self) -> str:
        return f"The rejected records are kept in {self.rejects.path}" + (
            "" if self.writing else "; nothing was written"
        )

    def _check(self, work: Work, connections: dict[str, Connection]) -> None:
        with work.stage("check"), located(self.spec.file, work.step.line, work.step.name, work.step.column):
            for check in work.step.row_checks:
                failed = sum(
                    tally.count for tally in self.rejects.tallies(work.step.name) if tally.rule == check.name
                )
                detail = f"{failed:,} of {work.reading.rows:,} rows rejected" if failed else "true for every row"
                work.checks.append(CheckOutcome(check.name, "rows", not failed, detail))
            work.checks += check_set(
                Checking(
                    step=work.step,
                    rows=work.passed,
                    read=work.reading.rows,
                    others={other.step.name: other.passed for other in self.works},
                    connections=connections,
                    memory=work.memory,
                    now=self._started,
                )
            )
        self._note(work, "checked")
        for outcome in work.checks:
            self.progress.note(
                f"{work.step.name}: {outcome.name}: {'holds' if outcome.ok else 'fails'}, {outcome.detail}"
            )

    def _raise_for_failed_checks(self) -> None:
        failed = [(w, c) for w in self.works for c in w.checks if not c.ok and c.kind != "rows"]
        if failed:
            texts = [f"step {work.step.name}: {check.name}: {check.detail}" for work, check in failed]
            raise CheckFailed("; ".join(texts), hint="Nothing was written")

    def _load(self, work: Work) -> None:
        target = work.target
        if target is None:
            self._note(work, "done")
            return
        self.progress.begin(f"{work.step.name}: {target.load.mode} into {target.load.target}", work.passed.rows)
        with work.stage("load"):
            if self.dry_run:
                work.preview = target.preview(work.passed)
            else:
                self._send(work, target)
        rejected = self.rejects.count(work.step.name)
        self._note(work, "done", tally=work.tally, rejected=rejected)
        dry = ", ".join(f"{number:,} {word}" for word, number in work.preview.items())
        self.progress.end(f"would get {dry}" if self.dry_run else counts(work.tally))

    def _send(self, work: Work, target: Target) -> None:
        self.writing = self.writing or not target.atomic
        self._note(work, "loading")
        try:
            work.tally = dict(target.send(work.passed, lambda batch: self._batch_done(work, batch)))
        except BaseException:
            if target.atomic:  # what the batches did is undone
                work.tally = {}
                self._note(work, "checked")
            raise
        self.writing = True
        self._raise_for_unknown(work)

    def _batch_done(self, work: Work, batch: Batch) -> None:
        for status, number in batch.receipt.tally.items():
            work.tally[status] = work.tally.get(status, 0) + number
        work.batches += 1
        self.progress.advance(len(batch.records))
        for one in batch.receipt.refused:
            row, record = batch.numbers[one.row], batch.records[one.row]
            rule, reason = one.field or one.code, one.message or one.code
            self._reject(Reject(work.step.name, "load", rule, reason, row, one.code, one.key, record))
        self.rejects.flush()
        self.journal.batch(self.id, work.step.name, work.batches, len(batch.records), batch.receipt.tally)

    def _raise_for_unknown(self, work: Work) -> None:
        lost = work.tally.get("unknown", 0) + work.tally.get("not_sent", 0)
        if lost:
            raise WriteError(
                f"step {work.step.name}: what became of {lost:,} records is not known", hint="Run it again"
            )

    def _plot(self, work: Work) -> None:
        work.plots = tuple(plot_data(plot, work.passed) for plot in work.step.plots)

    def _note(self, work: Work, state: str, **values: object) -> None:
        work.state = state
        self.rejects.flush()
        self.journal.step(self.id, work.step.name, state=state, seconds=sum(work.seconds.values()), **values)

    def _how_to_go_on(self) -> str:
        if not self.writing:
            return "Nothing was written; run the same command again to start anew."
        if any(work.target and work.target.would_double(work.state) for work in self.works):
            return f"Run {self.id} was adding; look at the target before the same command is run again."
        return "Run the same command again: what is there already is left unchanged."

    def _finish(self, state: str, error: BaseException | None = None) -> RunReport:
        self.progress.close()
        self.rejects.flush()
        report = self._report(state, error)
        self.journal.end(self.id, state, report.error or "")
        place, name = (self.report_dir, self.spec.name) if self.report_dir else (self.directory, "report")
        try:
            return write_reports(report, place, name)
        except OSError as problem:
            message = f"The run is {state}, and its report cannot be written to {place}: {problem.strerror}"
            raise ConfigError(message, code="BD-PIPELINE-REPORT") from None

    def _report(self, state: str, error: BaseException | None) -> RunReport:
        from biodata import __version__

        text, code = _what_stopped(error)
        return RunReport(
            run_id=self.id,
            pipeline=self.spec.name,
            warnings=tuple(self.warnings),
            file=self.spec.file,
            sha256=self.spec.sha256,
            version=__version__,
            state=state,
            started=self._started.isoformat(timespec="milliseconds"),
            ended=datetime.now(UTC).isoformat(timespec="milliseconds"),
            seconds=round(monotonic() - self._clock, 3),
            steps=tuple(work.report(self.rejects) for work in self.works),
            budget=str(self.spec.budget),
            dry_run=self.dry_run,
            error=text,
            error_code=code,
            rejects_path=self.rejects.path if self.rejects.count() else None,
        )


def _make(report_dir: Path | None) -> None:
    """Find out now, and not after the loading, whether the report can be written."""
    try:
        if report_dir is not None:
            report_dir.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=report_dir):
                pass
    except OSError as error:
        message = f"The report directory {report_dir} cannot be written: {error.strerror}"
        raise ConfigError(message, code="BD-PIPELINE-REPORT") from None


def _what_stopped(error: BaseException | None) -> tuple[str | None, str | None]:
    """An error's words and code; those of an error that is not ours may hold values, so only its kind is told."""
    if error is None:
        return None, None
    if isinstance(error, BiodataError):
        return error.message, error.code
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno), "BD-OS"
    return f"an error of biodata itself: {type(error).__name__}", "BD-INTERNAL"


def _is_interrupt(error: BaseException) -> bool:
    """Ctrl-C; DuckDB makes a RuntimeError of one that comes while it fetches."""
    return isinstance(error, KeyboardInterrupt) or (type(error) is RuntimeError and str(error) == "Query interrupted")
