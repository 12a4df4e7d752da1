"""A run in one line: for the terminal, and for the mail that cron sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.pipelines.reports.facts import counts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.reports.facts import RunReport, StepReport

__all__ = ["summary", "would"]


def summary(report: RunReport) -> str:
    """The line; what went wrong comes first.

    `ase-counts: 21 rows read, 0 rejected; counts: 21 created, 0 updated, 0 unchanged`
    """
    return f"{report.pipeline}: " + "; ".join((*_wrong(report), _rows(report), *_targets(report), *_quiet(report)))


def _wrong(report: RunReport) -> Iterator[str]:
    if report.state in {"failed", "interrupted"}:
        code = f" [{report.error_code}]" if report.error_code else ""
        yield f"{report.state}: {_first(report.error or 'it was told to stop')}{code}"
    if report.withheld:
        yield f"deletes {'would be ' if report.would else ''}withheld: {'; '.join(report.withheld)}"


def _first(text: str) -> str:
    """The first of several lines, and how many more there are."""
    first, *more = text.strip().splitlines() or [""]
    return first + (f" (and {len(more)} more)" if more else "")


def _rows(report: RunReport) -> str:
    read = sum(step.rows_read or 0 for step in report.steps)
    waiting = f" ({report.waiting:,} waiting for a parent)" if report.waiting else ""
    return f"{read:,} rows read, {report.rejected:,} rejected{waiting}"


def _targets(report: RunReport) -> Iterator[str]:
    for step in report.steps:
        if step.target and report.would:
            yield f"{step.name}: would {would(step)}"
        elif step.target and (report.state in {"done", "withheld"} or step.outcome):
            yield f"{step.name}: {counts(step.outcome)}"


def would(step: StepReport) -> str:
    """What the target of a dry run would get: `add 3, change 1, leave 17`."""
    return ", ".join(f"{word} {number:,}" for word, number in step.preview.items() if number) or "do nothing"


def _quiet(report: RunReport) -> Iterator[str]:
    if report.would:
        yield f"{'dry run' if report.dry_run else 'planned'}, nothing was written"
    elif report.state == "done" and any(step.target for step in report.steps) and not report.changed:
        yield "nothing changed"
