"""What a load would do to each row, batch by batch: the ground of previews and plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.comparing import Change, compare
from biodata.pipelines.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from biodata.pipelines.loading.parents import Parents
    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.runs.work import Work
    from biodata.records.types import Record

__all__ = ["changes_of", "compared", "with_parents"]


def changes_of(work: Work, target: Target, parents: Parents) -> Iterator[list[Change | None]]:
    """Batch by batch, what would become of each row; None of one whose parent is not there."""
    from biodata.records.arrow import from_arrow

    for batch in work.passed.batches(target.load.batch):
        yield with_parents(target, list(from_arrow(Rows.numbered(batch).batch)), parents)


def with_parents(target: Target, records: Sequence[Record], parents: Parents) -> list[Change | None]:
    """What would become of each record; None of one whose parent is not there."""
    ready = [parents.lacks(record) is None for record in records]
    found = iter(compared(target, [record for record, fine in zip(records, ready, strict=True) if fine]))
    return [next(found) if fine else None for fine in ready]


def compared(target: Target, records: Sequence[Record]) -> list[Change]:
    """What would become of each record; of a table that has to be made, or that has no key, all are new."""
    if target.new or not target.schema.key_fields:
        key_of = target.schema.key_of
        return [Change(row, "create", key_of(record), after=record) for row, record in enumerate(records)]
    changes = compare(target.repository, records, batch_size=target.load.batch)
    return [_added(change) for change in changes] if target.adds else list(changes)


def _added(change: Change) -> Change:
    """What becomes of a record that is added: one whose key is there is refused."""
    if change.action not in {"update", "unchanged"}:
        return change
    message = "a record with this key is there"
    return Change(change.row, "refused", change.key, code="BD-WRITE-DUPLICATE", message=message)
