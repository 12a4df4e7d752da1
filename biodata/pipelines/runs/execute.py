"""One execution of a pipeline: begun, or taken up where an earlier one stopped while it wrote.

Nothing is written to a target before every step has been read, transformed, checked and sealed. Whatever happens, the
journal knows it and a report is left.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from biodata.errors import BiodataError, CheckFailed, ConfigError
from biodata.pipelines.parameters import chosen
from biodata.pipelines.runs.connecting import connected
from biodata.pipelines.runs.ending import finish, how_to_go_on, is_interrupt, leave
from biodata.pipelines.runs.flows import check_flows, flows
from biodata.pipelines.runs.identities import identified, identify, identity_text
from biodata.pipelines.runs.manifest import (
    changed,
    manifest_of,
    read_manifest,
    restored,
    same_shape,
    write_manifest,
)
from biodata.pipelines.runs.options import Options, check_options
from biodata.pipelines.runs.plans import check_sealed, planned_run, read_plan
from biodata.pipelines.runs.prepare import target_of
from biodata.pipelines.runs.reading import prepare_all, read_all
from biodata.pipelines.runs.replay import replay_waiting
from biodata.pipelines.runs.run import Run, begin
from biodata.pipelines.runs.warned import heard
from biodata.pipelines.runs.writing import write_all
from biodata.pipelines.state.reject_file import RejectFile, Which
from biodata.pipelines.state.retention import tidy
from biodata.pipelines.state.spool import Spool
from biodata.pipelines.state.telling import tell_doubts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from biodata.connection import Connection
    from biodata.pipelines.reports.facts import ProfileFacts, RunReport
    from biodata.pipelines.reports.progress import Progress
    from biodata.pipelines.runs.plans import Plan
    from biodata.pipelines.spec import PipelineSpec
    from biodata.pipelines.state.journal import Journal, RunRow

__all__ = ["execute"]


def execute(
    spec: PipelineSpec,
    *,
    connect: Callable[[str], Connection],
    journal: Journal,
    progress: Progress,
    parameters: Mapping[str, Any] | None = None,
    options: Options | None = None,
) -> RunReport:
    """Run a pipeline once; see `Pipeline.run`."""
    options = options or Options()
    check_options(options)
    values = chosen(spec.parameters, parameters or {})
    with journal.hold(spec.name):
        tidy(journal, datetime.now(UTC), held=spec.name)
        plan = read_plan(options.apply) if options.apply else None
        earlier = _earlier(spec, journal, progress, options, plan)
        run = Run(spec, values=values, journal=journal, progress=progress, options=options, earlier=earlier)
        progress.plan([step.name for step in spec.steps])
        if earlier:
            _take_up(run, plan)
            progress.note(_taken_up(earlier))
        else:
            begin(run, "plan" if options.save_plan else "preview" if options.dry_run else "run")
        return _guarded(run, connect)


def _take_up(run: Run, plan: Plan | None) -> None:
    """Go on behind the reading, from what an earlier process has sealed.

    Raises:
        ConfigError: `BD-PIPELINE-CHANGED`, `BD-PIPELINE-RESUME`, `BD-PIPELINE-PLAN`: that cannot be.
    """
    manifest, spool = read_manifest(run.directory), Spool(run.directory / "spool")
    if plan:
        check_sealed(plan, spool, run.audit)
    memory = run.journal.memory(run.spec.name)
    run.works += restored(manifest, run.spec, run.values, spool, memory, planned=_is_plan(run))
    run.profiles |= {one.profile: one for one in manifest.profiles}
    _note_loaded(run)
    run.journal.again(run.id)
    run.tell_start()


def _is_plan(run: Run) -> bool:
    """Whether it is one of which nothing is done yet."""
    return run.phase == "planned"


def _note_loaded(run: Run) -> None:
    """Which steps were loaded before; of a plan, steps are done that were compared only."""
    loaded = {"loading": {"loaded"}, "deleting": {"loaded", "done"}}.get(run.phase, set())
    for noted in run.journal.steps(run.id):
        if noted["state"] in loaded:
            work = run.step_named(noted["name"])
            work.state, work.tally = noted["state"], noted["tally"]


def _taken_up(earlier: RunRow) -> str:
    if earlier.state == "planned":
        return f"Doing what was planned by run {earlier.id}, and no more."
    return f"Going on with run {earlier.id}, which stopped while it was {earlier.phase}."


def _earlier(
    spec: PipelineSpec, journal: Journal, progress: Progress, options: Options, plan: Plan | None
) -> RunRow | None:
    """The run that is taken up again, or that was planned; None where this is a new one.

    Raises:
        ConfigError: `BD-PIPELINE-UNFINISHED`, another run than the planned one stopped while it wrote.
    """
    for dead in journal.bury_the_dead(spec.name):
        if dead.kind == "preview":
            RejectFile(journal.directory).close(Which(run=dead.id), "superseded")
        if not dead.writing:
            progress.note(f"Run {dead.id} ended without a word before it wrote anything; this one starts anew.")
    found = journal.unfinished(spec.name)
    if plan is not None:
        planned = planned_run(plan, spec, journal)
        if found is not None and found.id != planned.id:
            message = f"Run {found.id} stopped while it wrote, and is to be ended before a plan is applied"
            raise ConfigError(message, code="BD-PIPELINE-UNFINISHED", hint="Run the same command without --apply")
        return planned
    if found is None or options.dry_run or options.save_plan:
        return None
    if not options.restart:
        return found
    tell_doubts(journal, found.id, within=True)
    journal.end(found.id, "interrupted", "given up: a new run was started", phase="ended")
    journal.forget_spool(found.id)
    progress.note(f"Run {found.id} is given up; what it has written stays. This one starts anew.")
    return None


def _guarded(run: Run, connect: Callable[[str], Connection]) -> RunReport:
    """Do everything; the report of a run that failed is left too, and the error raised."""
    try:
        with heard(run.warnings):
            state = _all(run, connect)
    except BaseException as error:
        if is_interrupt(error):
            leave(run, "interrupted")
            run.progress.note(f"Interrupted. {how_to_go_on(run, 'interrupted')}")
            raise KeyboardInterrupt from None
        left = leave(run, "failed", error)
        if isinstance(error, BiodataError):
            error.report = left
        run.progress.note(how_to_go_on(run, "failed", error))
        raise
    report = finish(run, state)
    if state == "done" and not run.options.dry_run and not run.options.apply:
        _after(run, connect)
    if state == "withheld":
        withheld = _withheld(run, report)
        withheld.report = report
        raise withheld
    return report


def _after(run: Run, connect: Callable[[str], Connection]) -> None:
    """What earlier runs left waiting for records that are there now."""
    try:
        replayed = replay_waiting(run, connect)
    except BiodataError as error:
        run.progress.note(f"What waits for a parent could not be sent again; the next run tries: {error.message}")
        return
    if replayed is not None:
        run.progress.note(f"What waited for a parent was sent again: {replayed.summary()}")


def _withheld(run: Run, report: RunReport) -> CheckFailed:
    if run.held_back:
        told = "; ".join(
            f"{name}: {number:,} {'record' if number == 1 else 'records'}" for name, number in run.held_back.items()
        )
        return CheckFailed(
            f"Not everything is as it was approved, and was not written: {told}",
            code="BD-PIPELINE-NOT-APPROVED",
            hint="The target has changed since; make a new plan with --save-plan",
        )
    return CheckFailed(
        "All rows are loaded, and deletes are withheld: " + "; ".join(report.withheld),
        code="BD-PIPELINE-WITHHELD",
        hint="Look at them with --dry-run; where they are right, approve them: --save-plan, then --apply",
    )


def _all(run: Run, connect: Callable[[str], Connection]) -> str:
    """Everything; how it ended."""
    with ExitStack() as stack:
        spool = Spool(run.directory / "spool")
        connections = connected(run.spec, connect, stack)
        check_flows(run.spec, connections)
        if run.taken_up:
            _bind_targets(run, connections)
        else:
            run.patiently(partial(prepare_all, run, connections))
            identify(run, connections)
            read_all(run, spool, connections)
            write_manifest(manifest_of(run), run.directory)
            run.enter("sealed")
        return write_all(run, spool)


def _bind_targets(run: Run, connections: Mapping[str, Connection]) -> None:
    """The targets of a run that is taken up again, if they are as they were; sources are not asked any more."""
    sealed = {one.name: one for one in read_manifest(run.directory).steps}
    told = {one.profile: one for one in flows(run.spec, connections)}
    asked: set[str] = set()
    for work in run.works:
        load = work.step.load
        if load is None:
            continue
        name = load.target.profile
        if name not in asked:
            now = run.patiently(partial(identified, told[name], connections[name]))
            _raise_for_another(run, now)
            run.profiles[name] = now
            asked.add(name)
        work.target = run.patiently(partial(target_of, run.spec, work.step, _columns(work), connections, run.works))
        if work.target and work.target.new and (sealed[work.step.name].target or run.begun(work)):
            raise changed(run.id, f"the table {load.target} is not there any more", planned=_is_plan(run))
        if work.target and not same_shape(sealed[work.step.name], work.target):
            raise changed(run.id, f"the table {load.target} has another shape since", planned=_is_plan(run))


def _raise_for_another(run: Run, now: ProfileFacts) -> None:
    """A profile may lead somewhere else since: half of the records would be there, and half here."""
    then = run.profiles.get(now.profile)
    if then is not None and identity_text(then) != identity_text(now):
        what = f"the profile {now.profile} was {identity_text(then)} then, and is {identity_text(now)} now"
        raise changed(run.id, what, planned=_is_plan(run))


def _columns(work: Any) -> Any:
    from biodata.pipelines.rows import NUMBER

    schema = work.passed.schema()
    return schema.remove(schema.get_field_index(NUMBER))
