"""Where a step's records come from and go to, and what became of them there."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from biodata.pipelines.reports.facts import counts
from biodata.pipelines.reports.page.words import Html, code
from biodata.pipelines.reports.summary import would

if TYPE_CHECKING:
    from biodata.pipelines.reports.facts import StepReport

__all__ = ["outcome", "way"]


def way(step: StepReport) -> Html:
    """`umcg/SampleAse → local/ase (merge)`."""
    if not step.target:
        return code(step.source)
    return Html(f"{code(step.source)} → {code(step.target)} ({escape(step.mode or '')})")


def outcome(step: StepReport) -> str:
    """What the target did, or would do; empty for a step that loads nothing."""
    if not step.target:
        return ""
    if step.preview:
        return f"would {would(step)}"
    return counts(step.outcome) if step.outcome or step.state == "done" else "not loaded"
