"""Rejected records once more through their pipeline: each enters where it was rejected, so nothing is made twice.

Parents come before children, and what waits for a record that is there now goes with them. A replay changes the state
of a reject only when it is over; one that dies leaves everything as it was.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.pipelines.loading.order import in_loading_order
from biodata.pipelines.loading.parents import Parents
from biodata.pipelines.loading.sending import Sending
from biodata.pipelines.parameters import chosen
from biodata.pipelines.reports.facts import counts
from biodata.pipelines.runs.ending import finish, is_interrupt, leave
from biodata.pipelines.runs.options import Options
from biodata.pipelines.runs.reading import prepare_all
from biodata.pipelines.runs.run import Run, begin
from biodata.pipelines.runs.taken import Taken, taken, waiting_before
from biodata.pipelines.runs.warned import heard
from biodata.pipelines.state.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa

    from biodata.connection import Connection
    from biodata.pipelines.reports.facts import RunReport
    from biodata.pipelines.reports.progress import Progress
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.spec import PipelineSpec, Step
    from biodata.pipelines.state.journal import Journal
    from biodata.pipelines.state.reject import Reject
    from biodata.pipelines.state.reject_file import RejectFile, Which

__all__ = ["replay", "replay_waiting"]


def replay(
    file: Path | str,
    *,
    rejects: RejectFile,
    which: Which | None,
    corrected: Path | None,
    connect: Callable[[str], Connection],
    journal: Journal,
    progress: Progress,
    parameters: Mapping[str, Any] | None = None,
) -> RunReport:
    """Replay some rejects of a pipeline.

    Args:
        file: the pipeline file; it may have been corrected since.
        rejects: those of the state directory.
        which: of them; all of the file `corrected` when None.
        corrected: what `biodata rejects export` wrote, corrected by a person.
        connect: opens a profile by its name.
        journal: of the state directory.
        progress: told how it goes on.
        parameters: name to value.

    Returns:
        A report with the steps concerned; `rejects` in it are those that were rejected again.

    Raises:
        ConfigError: `BD-PIPELINE-HELD`, the pipeline is being run; or the file cannot be read.
        SchemaError: `BD-PIPELINE-CORRECTED`, the corrected file is not about rejects that are open.
    """
    from biodata.pipelines.file.document import parse_file

    spec = parse_file(Path(file))
    values = chosen(spec.parameters, parameters or {})
    with journal.hold(spec.name):
        chosen_ones = taken(rejects, spec, which, corrected)
        return _Replay(spec, values, journal, progress, connect, chosen_ones).go()


def replay_waiting(run: Run, connect: Callable[[str], Connection]) -> RunReport | None:
    """Replay what waits for records that a run has just loaded; the caller holds the pipeline."""
    waiting = waiting_before(run.rejects, run.spec, run.id)
    if not waiting:
        return None
    return _Replay(run.spec, run.values, run.journal, run.progress, connect, waiting).go()


class ReplayRun(Run):
    """A run that sends rejects again: what is rejected now is the same reject, and there is no budget."""

    def take(self, rows: Mapping[int, int]) -> None:
        """Rows carry the ids of rejects while they are under way; `rows` says which row each was."""
        self._rows = dict(rows)

    def keep(self, reject: Reject) -> None:
        """Keep it as what came of the reject that it was."""
        original = self._rows.get(reject.row, reject.row)
        self.rejects.add(msgspec.structs.replace(reject, of=reject.row, row=original))

    def check_budget(self, last: Reject | None = None) -> None:
        """Go on, however many are rejected again."""


class _Replay:
    def __init__(
        self,
        spec: PipelineSpec,
        values: Mapping[str, Any],
        journal: Journal,
        progress: Progress,
        connect: Callable[[str], Connection],
        chosen_ones: Sequence[Taken],
    ) -> None:
        steps = tuple(_merging(step) for step in spec.steps)
        self._spec = msgspec.structs.replace(spec, steps=steps)
        self._run = ReplayRun(self._spec, values=values, journal=journal, progress=progress, options=Options())
        self._connect = connect
        self._taken = list(chosen_ones)

    def go(self) -> RunReport:
        with self._run.interrupts.noted():
            return self._guarded()

    def _guarded(self) -> RunReport:
        run, spec = self._run, self._spec
        started = False
        try:
            with run.interrupts.held():
                begin(run, "replay")
                started = True
            with heard(run.warnings), ExitStack() as stack:
                connections = {name: stack.enter_context(self._connect(name)) for name in spec.profiles}
                run.patiently(lambda: prepare_all(run, connections))
                self._all(Spool(run.directory / "spool"))
        except BaseException as error:
            if not started:
                raise
            with run.interrupts.held():
                stopped = run.interrupts.came or is_interrupt(error)
                leave(run, "interrupted" if stopped else "failed", None if stopped else error)
                if stopped:
                    raise KeyboardInterrupt from None
                raise
        with run.interrupts.held():
            run.rejects.flush()
            run.rejects.settle(run.id, [one.kept.id for one in self._taken])
            return finish(run, "done")

    def _all(self, spool: Spool) -> None:
        run = self._run
        run.take({one.kept.id: one.kept.row for one in self._taken})
        concerned = {one.kept.step for one in self._taken}
        for work in in_loading_order(run.works):
            if work.step.name in concerned:
                self._step(work, spool)
        run.works = [work for work in run.works if work.step.name in concerned]

    def _step(self, work: Work, spool: Spool) -> None:
        mine = [one for one in self._taken if one.kept.step == work.step.name]
        run, name = self._run, work.step.name
        run.begin(work, "transform", "transform and check what was rejected", len(mine))
        with work.stage("transform"):
            work.out = _through(run, work, spool, mine)
        work.told.rows = len(mine)
        run.note(work, "checked", rows_read=len(mine), rows_out=work.out.rows)
        run.end(work, "transform", f"{work.out.rows:,} rows", work.out.rows)
        target = work.target
        if target is None:
            return
        run.writing = True
        parents = Parents(target, work.out, {})
        run.begin(work, "load", f"{target.load.mode} into {target.load.target}", work.out.rows)
        with work.stage("load"):
            work.tally = Sending(work, target, run, parents).send()
        run.note(work, "replayed", tally=work.tally, rejected=run.rejects.count(name))
        run.end(work, "load", counts(work.tally), work.out.rows)


def _merging(step: Step) -> Step:
    """The step as its rejects are loaded: nothing is emptied, and nothing is deleted as missing."""
    if step.load is None:
        return step
    mode = "merge" if step.load.mode == "replace" and step.load.key else step.load.mode
    return msgspec.structs.replace(step, load=msgspec.structs.replace(step.load, mode=mode, delete_missing=None))


def _through(run: Run, work: Work, spool: Spool, mine: Sequence[Taken]) -> Any:
    """What comes out of a step's rejects, each having entered where it was rejected; sealed in the spool."""
    import pyarrow as pa

    from biodata.pipelines.rows import NUMBER

    chain, source = work.chain, work.source
    if chain is None or source is None:
        raise RuntimeError("the step was not prepared")
    schema = chain.schema.append(pa.field(NUMBER, pa.int64()))
    groups: dict[int, list[Taken]] = {}
    for one in mine:
        groups.setdefault(chain.end if one.kept.stage == "load" else min(one.kept.at, chain.end), []).append(one)
    with spool.writer(f"{work.step.name}.again", schema) as writer:
        for at, some in groups.items():
            own, name = Spool(spool.directory / str(at)), work.step.name
            entering = _sealed(run, own, f"{name}.read", chain.entering(at), some)
            made = chain.run(entering, own, name=name, reject=run.reject, key_of=source.key_of, start=at)
            for batch in made.batches():
                writer.write(batch.cast(schema))
        return writer.seal()


def _sealed(run: Run, spool: Spool, name: str, columns: pa.Schema, some: Sequence[Taken]) -> Any:
    """The records as rows that carry the ids of their rejects; what does not fit the columns is rejected again."""
    import pyarrow as pa

    from biodata.pipelines.rows import NUMBER

    schema = columns.append(pa.field(NUMBER, pa.int64()))
    with spool.writer(name, schema) as writer:
        for one in some:
            batch = one.row(columns)
            if batch is None:
                reason = "it does not fit the columns that the step has now"
                run.reject(msgspec.structs.replace(one.again(reason), row=one.kept.id))
            else:
                writer.write(batch.append_column(pa.field(NUMBER, pa.int64()), pa.array([one.kept.id], pa.int64())))
        return writer.seal()
