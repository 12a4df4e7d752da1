"""Rejected records once more through their pipeline: each enters where it was rejected, so nothing is made twice.

Parents come before children, and what waits for a record that is there now goes with them. A replay changes the state
of a reject only when it is over; one that dies leaves everything as it was, and the next one finds
what is there of it.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import BiodataError
from biodata.pipelines.loading import marks
from biodata.pipelines.loading.order import in_loading_order
from biodata.pipelines.loading.parents import Parents
from biodata.pipelines.loading.sending import Sending
from biodata.pipelines.parameters import chosen
from biodata.pipelines.reports.facts import counts
from biodata.pipelines.runs.again import check_ways, handed_on_to, numbers_of, through, without_numbers
from biodata.pipelines.runs.anew import PART
from biodata.pipelines.runs.connecting import connected
from biodata.pipelines.runs.ending import finish, is_interrupt, leave
from biodata.pipelines.runs.flows import check_flows
from biodata.pipelines.runs.identities import identify
from biodata.pipelines.runs.options import Options, check_options
from biodata.pipelines.runs.reading import prepare_all
from biodata.pipelines.runs.run import Run, begin
from biodata.pipelines.runs.taken import Taken, taken, waiting_before
from biodata.pipelines.runs.unsettled import SENT, Unsettled
from biodata.pipelines.runs.warned import heard
from biodata.pipelines.sources.pseudonyms import KEYS
from biodata.pipelines.state.reject_file import RejectFile
from biodata.pipelines.state.spool import Spool
from biodata.pipelines.state.telling import tell_arrived

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from biodata.connection import Connection
    from biodata.pipelines.loading.sending import Batch
    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.reports.facts import RunReport
    from biodata.pipelines.reports.progress import Progress
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.spec import PipelineSpec, Step
    from biodata.pipelines.state.journal import Journal
    from biodata.pipelines.state.memory import StepMemory
    from biodata.pipelines.state.reject import Reject
    from biodata.pipelines.state.reject_file import Which
    from biodata.pipelines.state.spool import Sealed

__all__ = ["replay", "replay_waiting"]


def replay(
    file: Path | str,
    *,
    which: Which | None,
    corrected: Path | None,
    connect: Callable[[str], Connection],
    journal: Journal,
    progress: Progress,
    parameters: Mapping[str, Any] | None = None,
    options: Options | None = None,
) -> RunReport:
    """Replay some rejects of a pipeline.

    Args:
        file: the pipeline file; it may have been corrected since.
        which: of them; all of the file `corrected` when None.
        corrected: what `biodata rejects export` wrote, corrected by a person.
        connect: opens a profile by its name.
        journal: of the state directory, whose rejects they are.
        progress: told how it goes on.
        parameters: name to value.
        options: where the report and the events go, and whether values may stand in the report.

    Returns:
        A report with the steps concerned; `rejects` in it are those that were rejected again.

    Raises:
        ConfigError: `BD-PIPELINE-HELD`, the pipeline is being run; `BD-PIPELINE-REPLAY`, it looks at all rows of the
            step together; or the file cannot be read.
        SchemaError: `BD-PIPELINE-CORRECTED`, the corrected file is not about rejects that are open.
    """
    from biodata.pipelines.file.document import parse_file

    spec = parse_file(Path(file))
    values = chosen(spec.parameters, parameters or {})
    options = options or Options()
    check_options(options)
    with journal.hold(spec.name):
        journal.bury_the_dead(spec.name)
        chosen_ones = taken(RejectFile(journal.directory), spec, which, corrected)
        run = _run_of(spec, values, journal, progress, options)
        return _Replay(run, connect, chosen_ones).go()


def replay_waiting(run: Run, connect: Callable[[str], Connection]) -> RunReport | None:
    """Replay what waits for records that a run has just loaded; the caller holds the pipeline."""
    waiting = waiting_before(run.rejects, run.spec, run.id)
    if not waiting:
        return None
    options = Options(events=run.options.events)
    return _Replay(_run_of(run.spec, run.values, run.journal, run.progress, options), connect, waiting).go()


def _run_of(
    spec: PipelineSpec, values: Mapping[str, Any], journal: Journal, progress: Progress, options: Options
) -> ReplayRun:
    spec = msgspec.structs.replace(spec, steps=tuple(map(_merging, spec.steps)))
    return ReplayRun(spec, values=values, journal=journal, progress=progress, options=options)


class ReplayRun(Run):
    """A run that sends rejects again: what is rejected now is the same reject, and there is no budget."""

    def take(self, rows: Mapping[int, int]) -> None:
        """Rows carry the ids of rejects while they are under way; `rows` says which row each was."""
        self._rows = dict(rows)
        self.unsettled = Unsettled(self.journal, self.rejects, self.spec.name, but=self.id)

    @property
    def is_whole(self) -> bool:
        return False

    @property
    def report_name(self) -> str:
        return f"{self.spec.name}.replay"

    def remembered(self, known: StepMemory) -> StepMemory:
        """All but how far it has read, and by which key: no source is read, and no pseudonym made."""
        return known.forgetting({*PART, KEYS})

    def keep(self, reject: Reject) -> None:
        """Keep it as what came of the reject that it was."""
        original = self._rows.get(reject.row, reject.row)
        self.rejects.add(msgspec.structs.replace(reject, of=reject.row, row=original))

    def check_budget(self, last: Reject | None = None) -> None:
        """Go on, however many are rejected again."""

    def begun(self, work: Work) -> dict[int, dict[str, int] | None]:
        """All batches of rows to be added are in doubt where a replay of the step died: they are looked up first."""
        doubted = work.loading.adds and self.unsettled.may_have_arrived(work.step.name)
        return dict.fromkeys(range(1, work.passed.rows + 1)) if doubted else {}

    def again(self, work: Work, batch: Batch | None) -> None:
        """Nothing was refused before: a replay begins anew each time."""


class _Replay:
    def __init__(self, run: ReplayRun, connect: Callable[[str], Connection], chosen_ones: Sequence[Taken]) -> None:
        self._run = run
        self._spec = run.spec
        self._connect = connect
        self._taken = list(chosen_ones)
        self._entering = {one.kept.step for one in self._taken if one.kept.stage != "load"}
        self._concerned = handed_on_to(self._spec, self._entering) | {one.kept.step for one in self._taken}

    def go(self) -> RunReport:
        with self._run.interrupts.noted():
            return self._guarded()

    def _guarded(self) -> RunReport:
        run, spec = self._run, self._spec
        warnings = check_ways(spec, self._taken)
        started = False
        try:
            with run.interrupts.held():
                begin(run, "replay")
                started = True
            with heard(run.warnings), ExitStack() as stack:
                run.warnings += warnings
                connections = connected(spec, self._connect, stack)
                check_flows(spec, connections)
                run.patiently(lambda: prepare_all(run, connections))
                identify(run, connections)
                self._all(Spool(run.directory / "spool"))
                with run.interrupts.held():
                    run.rejects.flush()
                    run.rejects.settle(run.id, [one.kept.id for one in self._taken], also=run.unsettled.sent)
                    self._clear_marks()
        except BaseException as error:
            if not started:
                raise
            with run.interrupts.held():
                stopped = run.interrupts.came or is_interrupt(error)
                left = leave(run, "interrupted" if stopped else "failed", None if stopped else error)
                if stopped:
                    raise KeyboardInterrupt from None
                if isinstance(error, BiodataError):
                    error.report = left
                raise
        with run.interrupts.held():
            return finish(run, "done")

    def _all(self, spool: Spool) -> None:
        """Everything through its steps, in the order in which they read each other; then parents before children."""
        run = self._run
        run.take({one.kept.id: one.kept.row for one in self._taken})
        concerned = [work for work in run.works if work.step.name in self._concerned]
        for work in concerned:
            self._transform(work, spool)
        for work in in_loading_order(run.works):
            if work.target is not None and work.step.name in self._concerned:
                self._load(work, work.target, spool)
        run.works = concerned

    def _transform(self, work: Work, spool: Spool) -> None:
        run, name = self._run, work.step.name
        mine = [one for one in self._taken if one.kept.step == name]
        earlier = {one.kept.id for one in self._taken if one.kept.step in work.step.reads_steps}
        held = earlier & {one.kept.id for one in self._taken if one.kept.stage == "load"}
        run.begin(work, "transform", "transform and check what was rejected", len(mine))
        with work.stage("transform"):
            entered, work.out = through(run, work, spool, mine, held)
        work.told.rows = entered
        run.note(work, "checked", rows_read=entered, rows_out=work.out.rows)
        run.end(work, "transform", f"{work.out.rows:,} rows", work.out.rows)

    def _load(self, work: Work, target: Target, spool: Spool) -> None:
        run, name, rows = self._run, work.step.name, work.passed
        run.writing = True
        run.begin(work, "load", f"{target.load.mode} into {target.load.target}", rows.rows)
        with work.stage("load"):
            work.out = self._not_there(work, target, spool)
            run.note(work, "checked", seen={SENT: numbers_of(work.out)})
            work.tally = Sending(work, target, run, Parents(target, work.out, {})).send()
            there = rows.rows - work.out.rows
            if there:
                work.tally = {**work.tally, "unchanged": work.tally.get("unchanged", 0) + there}
            work.out = rows
        run.note(work, "replayed", tally=work.tally, rejected=run.rejects.count(name))
        run.end(work, "load", counts(work.tally), rows.rows)

    def _not_there(self, work: Work, target: Target, spool: Spool) -> Sealed:
        """The rows that no replay that died has left in the target."""
        run, name = self._run, work.step.name
        arrived = run.unsettled.arrived(target.connection, name) if target.together else {}
        ids = {number for some in arrived.values() for number in some}
        if not ids:
            return work.passed
        for dead in arrived:
            tell_arrived(run.journal, dead, name)
        run.rejects.adopt(run.unsettled.sent, name, ids)
        return without_numbers(work.passed, spool, f"{name}.left", ids)

    def _clear_marks(self) -> None:
        run = self._run
        left = Unsettled(run.journal, run.rejects, self._spec.name, but=run.id)
        needless = {run.id, *left.needless(run.rejects)}
        marks.clear_all((work.target.connection for work in run.works if work.target), needless)


def _merging(step: Step) -> Step:
    """The step as its rejects are loaded: nothing is emptied, and nothing is deleted as missing."""
    if step.load is None:
        return step
    replacing = "merge" if step.load.key else "append"
    mode = replacing if step.load.mode == "replace" else step.load.mode
    return msgspec.structs.replace(step, load=msgspec.structs.replace(step.load, mode=mode, delete_missing=None))
