"""The commands to go on with after a run, as they are typed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.reports.facts import RunReport

__all__ = ["commands", "listing", "replaying", "running"]

TABLE = "rejects.xlsx"


def commands(report: RunReport) -> Iterator[tuple[str, str]]:
    """(what for, command) of all that one may want to do next."""
    yield f"Run it {'for good' if report.dry_run else 'again'}", running(report)
    if not report.dry_run:
        yield "See what a run would do, and write nothing", running(report, "--dry-run")
    if report.rejected:
        yield "See the rejected records", listing(report)
        yield (
            "Have them in a table, to correct them",
            _typed("rejects", "export", "--run", report.run_id, "--output", TABLE),
        )
        yield "Load them as corrected", replaying(report, "--corrected", TABLE)
        yield "Load them as they are, when the trouble is mended", replaying(report, "--all")
    yield "See this run", _typed("runs", "show", report.run_id)
    yield "See the runs before it", _typed("runs", "list", "--pipeline", report.pipeline)


def running(report: RunReport, *more: str) -> str:
    """Run the same file, with the same parameters; `…` stands for a value that is not shown."""
    given = [word for name, value in report.parameters.items() for word in ("--param", f"{name}={value}")]
    return _typed("run", report.file, *given, *more)


def listing(report: RunReport, *more: str) -> str:
    """List what the run has rejected."""
    return _typed("rejects", "list", "--run", report.run_id, *more)


def replaying(report: RunReport, *more: str) -> str:
    """Send rejected records through the file again."""
    return _typed("rejects", "replay", report.file, *more)


def _typed(*words: str) -> str:
    return shlex.join(("biodata", *words))
