"""What an earlier step made, as the source of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.pipelines.rows import Rows
from biodata.pipelines.sources.filters import bound
from biodata.pipelines.sources.picked import Picked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.rows import Fault
    from biodata.pipelines.sources.base import Binding
    from biodata.pipelines.spec import StepExtract
    from biodata.pipelines.state.spool import Spool
    from biodata.records.types import Key, Record

__all__ = ["StepSource"]


class StepSource:
    """The rows that passed an earlier step, perhaps some of them, perhaps some of their fields.

    Raises:
        QueryError: the filter or a field does not fit them.
    """

    waits = True
    unchanged = 0

    def __init__(self, binding: Binding, extract: StepExtract) -> None:
        self._work = binding.earlier[extract.step]
        self.title, self.where = f"step {extract.step}", extract.where
        where = bound(extract.where, binding.values)
        self._picked = Picked(extract.step, self._work.schema, where, extract.fields)
        self.schema = self._picked.schema
        self.notes: list[str] = []

    def count(self) -> int | None:
        return None

    def key_of(self, record: Record) -> Key:
        load = self._work.step.load
        values = tuple(record.get(name) for name in load.key) if load else ()
        return None if not values or None in values else values[0] if len(values) == 1 else values

    def explain(self) -> str | None:
        return None

    def rows(self, spool: Spool) -> Iterator[Rows | Fault]:  # noqa: ARG002 - the shape of a Source
        first = 1
        for piece in self.handed_on():
            yield Rows.counted(piece.batch, first)
            first += len(piece)

    @property
    def made(self) -> bool:
        """Whether the earlier step has made its rows in this run."""
        return self._work.out is not None

    def handed_on(self) -> Iterator[Rows]:
        """The rows as the earlier step numbers them."""
        for batch in self._work.passed.batches():
            yield self._picked.rows(Rows.numbered(batch))

    def seen(self) -> dict[str, Any]:
        return {}
