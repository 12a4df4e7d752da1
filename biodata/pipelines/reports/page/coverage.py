"""How far code lists, ontologies and units covered the values of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.pipelines.reports.page.tables import bar, table
from biodata.pipelines.reports.page.words import number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.reports.facts import Coverage, StepReport

__all__ = ["coverage"]


def coverage(step: StepReport) -> Iterator[str]:
    """A row for each list; below, the values that have no target, the most frequent first."""
    if step.coverage:
        yield "<h3>Coverage of lists</h3>"
        head = ("Column", "List", "Values", "Mapped", "Share", "Different ones without")
        rows = [_row(one) for one in step.coverage]
        yield table(f"How far lists cover the values of {step.name}", head, rows, numbers={2, 3, 5})
    lacking = [row for one in step.coverage for row in _lacking(one)]
    if lacking:
        yield "<h3>Values without a target</h3>"
        yield table(f"Values of {step.name} that lists lack", ("Column", "Value", "Rows"), lacking, numbers={2})


def _row(one: Coverage) -> tuple[str, ...]:
    name = f"{one.list} {one.version}".strip()
    share = bar(one.mapped / one.rows if one.rows else 1)
    return (one.column, name, number(one.rows), percent(one.mapped, one.rows), share, one.different)


def _lacking(one: Coverage) -> Iterator[tuple[str, ...]]:
    yield from ((one.column, value.value, number(value.rows)) for value in one.unmapped)
    rest = one.rows - one.mapped - sum(value.rows for value in one.unmapped)
    if rest > 0:
        yield (one.column, "all others", number(rest))
