"""All steps in one table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from biodata.pipelines.reports.page.tables import table
from biodata.pipelines.reports.page.ways import outcome, way
from biodata.pipelines.reports.page.words import Html, number, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.reports.facts import RunReport, StepReport

__all__ = ["overview"]


def overview(report: RunReport) -> Iterator[str]:
    """One row a step, where there are several; the details come below."""
    if len(report.steps) > 1:
        yield '<section aria-labelledby="steps"><h2 id="steps">Steps</h2>'
        head = ("Step", "From, to", "Read", "Rejected", "Target", "Time")
        yield table("The steps of the run", head, map(_row, report.steps), numbers={2, 3, 5})
        yield "</section>"


def _row(step: StepReport) -> tuple[str, ...]:
    link = Html(f'<a href="#step-{escape(step.name)}">{escape(step.name)}</a>')
    took = seconds(sum(step.seconds.values()))
    return (link, way(step), number(step.rows_read), number(step.rejected), outcome(step), took)
