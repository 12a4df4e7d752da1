"""How many records came, went on, stayed behind, and arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.pipelines.reports.page.tables import bar, facts, table
from biodata.pipelines.reports.page.ways import outcome
from biodata.pipelines.reports.page.words import Html, code, number, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.reports.facts import Deletes, StepReport

__all__ = ["flow"]


def flow(step: StepReport) -> Iterator[str]:
    """The numbers from the source to the target, and those of the deletes."""
    rows = list(_rows(step))
    most = max((value or 0 for _, value in rows), default=0)
    cells = [(name, number(value), bar((value or 0) / (most or 1))) for name, value in rows]
    yield table(f"Records of {step.name} on their way", ("What", "Records", "Share"), cells, numbers={1})
    if step.target and not (step.preview or step.outcome):
        yield f"<p>{outcome(step)}</p>"
    if step.deletes:
        yield from _deletes(step, step.deletes)


def _rows(step: StepReport) -> Iterator[tuple[str, int | None]]:
    yield "read", step.rows_read
    if step.unchanged_since:
        yield "unchanged since the last run", step.unchanged_since
    if step.rejected:
        yield "rejected", step.rejected
    if step.waiting:
        yield "of them waiting for a parent", step.waiting
    yield "passed transform and row checks", step.rows_out
    if step.target:
        yield from ((f"would {word}", value) for word, value in step.preview.items())
        yield from ((word.replace("_", " "), value) for word, value in _arrived(step))


def _arrived(step: StepReport) -> Iterator[tuple[str, int]]:
    if step.tally or (step.state == "done" and not step.preview):
        usual = dict.fromkeys(("created", "updated", "unchanged"), 0)
        yield from (usual | step.tally).items()


def _deletes(step: StepReport, deletes: Deletes) -> Iterator[str]:
    yield "<h3>Records that the source no longer has</h3>"
    where = f" where {code(deletes.scope)}" if deletes.scope else ""
    rows: list[tuple[str, str]] = [
        ("In", Html(f"{code(step.target or '')}{where}")),
        ("Records there before", number(deletes.there)),
        ("Not in the source", number(deletes.missing)),
        ("May be deleted", number(deletes.most)),
    ]
    if deletes.withheld:
        rows.append(("Withheld", span(deletes.withheld, "warn")))
    rows += [(word.replace("_", " ").capitalize(), number(value)) for word, value in deletes.tally.items()]
    yield facts(rows)
