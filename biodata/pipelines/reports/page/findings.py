"""What was found out about a step's records: checks, rejects, notes."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from biodata.pipelines.reports.page.tables import table
from biodata.pipelines.reports.page.words import number, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.reports.facts import StepReport
    from biodata.pipelines.state.rejects import RejectTally

__all__ = ["checks", "notes", "rejects"]


def checks(step: StepReport) -> Iterator[str]:
    """Each check, and how it came out."""
    if step.checks:
        rows = [
            (one.name, span("holds", "good") if one.ok else span("fails", "bad"), one.detail) for one in step.checks
        ]
        yield "<h3>Checks</h3>"
        yield table(f"Checks of {step.name}", ("Check", "Outcome", "Found"), rows)


def rejects(step: StepReport) -> Iterator[str]:
    """Each rule that rejected records, and the first of them by number."""
    if step.rejects:
        rows = [(one.rule, one.reason, _stage(one), number(one.count), _first(one)) for one in step.rejects]
        head = ("Rule", "Reason", "In", "Records", "Row numbers, from 1")
        yield "<h3>Rejected records</h3>"
        yield table(f"Rejected records of {step.name} by rule", head, rows, numbers={3})


def _stage(tally: RejectTally) -> str:
    return f"{tally.stage}, waiting" if tally.waiting else tally.stage


def _first(tally: RejectTally) -> str:
    return ", ".join(map(str, tally.rows)) + (" …" if tally.count > len(tally.rows) else "")


def notes(step: StepReport) -> Iterator[str]:
    """What a person should know besides."""
    if step.notes:
        yield "<h3>Notes</h3><ul>"
        yield from (f"<li>{escape(text)}</li>" for text in step.notes)
        yield "</ul>"
