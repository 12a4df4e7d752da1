"""What one step did: from where to where, how many records, and what was found on the way."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from biodata.pipelines.reports.page.coverage import coverage
from biodata.pipelines.reports.page.figures import figure
from biodata.pipelines.reports.page.findings import checks, notes, rejects
from biodata.pipelines.reports.page.flow import flow
from biodata.pipelines.reports.page.previews import changes, explained
from biodata.pipelines.reports.page.tables import bar, table
from biodata.pipelines.reports.page.ways import way
from biodata.pipelines.reports.page.words import code, seconds, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.reports.facts import RunReport, StepReport

__all__ = ["steps"]


def steps(report: RunReport) -> Iterator[str]:
    """A section for each step."""
    for step in report.steps:
        name = escape(step.name)
        yield f'<section aria-labelledby="step-{name}"><h2 id="step-{name}">{name}</h2>'
        yield from _way(step)
        for part in (flow, checks, coverage, rejects, notes, explained):
            yield from part(step)
        yield from changes(step, shown=report.show_values)
        yield from _times(step)
        yield from (figure(data) for data in step.plots)
        yield "</section>"


def _way(step: StepReport) -> Iterator[str]:
    yield f"<p>{way(step)} {span(step.state, 'soft')}</p>"
    if step.where:
        yield f'<p class="soft">where {code(step.where)}</p>'


def _times(step: StepReport) -> Iterator[str]:
    longest = max(step.seconds.values(), default=0.0)
    if longest > 0:
        rows = [(stage, seconds(took), bar(took / longest)) for stage, took in step.seconds.items()]
        yield "<h3>Time</h3>"
        yield table(f"How long the stages of {step.name} took", ("Stage", "Time", "Share"), rows, numbers={1})
