"""The end of a run: what is noted of it, its report, and what to do after one that did not get through."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from biodata.errors import BiodataError, ConfigError, RejectBudgetExceeded
from biodata.pipelines.reports.facts import RunReport
from biodata.pipelines.reports.html import write_reports
from biodata.pipelines.runs.plans import end_plans
from biodata.pipelines.state.reject_file import Which
from biodata.pipelines.state.rejects import SEEN_TO
from biodata.pipelines.state.telling import tell_doubts

if TYPE_CHECKING:
    from biodata.pipelines.runs.run import Run

__all__ = ["finish", "how_to_go_on", "is_interrupt", "leave"]


def leave(run: Run, state: str, error: BaseException | None = None) -> RunReport | None:
    """End a run that did not get through: whatever else fails now is told, and hides nothing."""
    try:
        tell_doubts(run.journal, run.id)
    except BiodataError as another:
        run.progress.note(another.message)
    try:
        report = finish(run, state, error)
    except BiodataError as another:
        run.progress.note(another.message)
        return None
    run.progress.note(f"Report: {report.html_path}")
    return report


def finish(run: Run, state: str, error: BaseException | None = None) -> RunReport:
    """Note how a run ended, and write its report.

    Raises:
        ConfigError: `BD-PIPELINE-REPORT`, the report cannot be written.
    """
    run.progress.close()
    run.rejects.flush()
    if run.is_whole:
        run.rejects.carry_on()
    report = _report(run, state, error)
    _tell(run, report)
    if run.options.dry_run:
        run.rejects.close(Which(run=run.id), "superseded")
        run.rejects.remove(Which(run=run.id, states=SEEN_TO))
    for step in report.steps:
        if step.rejected:
            run.journal.step(run.id, step.name, rejected=step.rejected)
    planned = "planned" in {state, run.phase}  # a plan of which nothing was done yet is a plan again
    kept = "planned" if planned else run.phase if _can_go_on(run, state, error) else "ended"
    run.journal.end(run.id, "planned" if planned else state, report.error or "", phase=kept)
    if kept == "ended":
        run.journal.forget_spool(run.id)
    end_plans(run)
    written = _written(run, report)
    run.journal.reported(run.id, written.html_path)
    return written


def _written(run: Run, report: RunReport) -> RunReport:
    own = run.options.report_dir is None
    place, name = (run.directory, "report") if own else (run.options.report_dir or run.directory, run.report_name)
    try:
        return write_reports(report, place, name)
    except OSError as problem:
        message = f"The run is {report.state}, and its report cannot be written to {place}: {problem.strerror}"
        raise ConfigError(message, code="BD-PIPELINE-REPORT") from None


def _tell(run: Run, report: RunReport) -> None:
    """The last event."""
    tally: Counter[str] = Counter()
    for step in report.steps:
        tally.update(step.tally)
    run.events.emit(
        "run.ended",
        state=report.state,
        rows_read=sum(step.rows_read or 0 for step in report.steps),
        rejected=report.rejected,
        waiting=report.waiting,
        tally=dict(tally),
        seconds=report.seconds,
        error_code=report.error_code,
    )
    run.events.close()


def _can_go_on(run: Run, state: str, error: BaseException | None) -> bool:
    """Whether the same command will go on where this run stopped.

    One that is over its budget starts anew; not where rows were added that a new run would add again.
    """
    stopped = state in {"failed", "interrupted"} and run.phase in {"loading", "deleting"}
    return stopped and (not isinstance(error, RejectBudgetExceeded) or _has_added(run))


def _has_added(run: Run) -> bool:
    return any(work.loaded and work.target and work.target.adds for work in run.works)


def how_to_go_on(run: Run, state: str, error: BaseException | None = None) -> str:
    """What a person should do after a run that did not get through."""
    if _can_go_on(run, state, error):
        anew = " With --restart it starts anew, and adds again what was added." if _has_added(run) else ""
        return f"Run the same command again: it goes on where this run stopped.{anew}"
    if not run.writing:
        return "Nothing was written; run the same command again to start anew."
    return f"Look at what run {run.id} has loaded before the same command is run again."


def _report(run: Run, state: str, error: BaseException | None) -> RunReport:
    from biodata import __version__

    text, code = _what_stopped(error)
    shown = run.options.show_values
    return RunReport(
        run_id=run.id,
        pipeline=run.spec.name,
        warnings=tuple(run.warnings),
        file=run.spec.file,
        sha256=run.spec.sha256,
        version=__version__,
        state=state,
        started=run.started.isoformat(timespec="milliseconds"),
        ended=datetime.now(UTC).isoformat(timespec="milliseconds"),
        seconds=run.seconds,
        steps=tuple(work.report(run.rejects) for work in run.works),
        budget=str(run.spec.budget),
        profiles=tuple(run.profiles.values()),
        parameters={name: str(value) if shown else "…" for name, value in run.values.items()},
        resumed=run.resumed,
        dry_run=run.options.dry_run,
        show_values=shown,
        error=text,
        error_code=code,
        error_hint=error.hint if isinstance(error, BiodataError) else None,
        go_on=how_to_go_on(run, state, error) if state in {"failed", "interrupted"} else "",
        plan_path=run.options.save_plan if state == "planned" else None,
        rejects_path=run.rejects.path if run.rejects.count() else None,
    )


def _what_stopped(error: BaseException | None) -> tuple[str | None, str | None]:
    """An error's words and code; those of an error that is not ours may hold values, so only its kind is told."""
    if error is None:
        return None, None
    if isinstance(error, BiodataError):
        return error.message, error.code
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno), "BD-OS"
    return f"an error of biodata itself: {type(error).__name__}", "BD-INTERNAL"


def is_interrupt(error: BaseException) -> bool:
    """Ctrl-C; DuckDB makes a RuntimeError of one that comes while it fetches."""
    return isinstance(error, KeyboardInterrupt) or (type(error) is RuntimeError and str(error) == "Query interrupted")
