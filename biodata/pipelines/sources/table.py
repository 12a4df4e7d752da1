"""A query on one table, bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.errors import QueryError
from biodata.pipelines.rows import Rows, nested, no_rows
from biodata.pipelines.sources.filters import bound
from biodata.pipelines.sources.shown import masked, shown, stand_ins, standing_in
from biodata.query.tree import Always

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from biodata.pipelines.rows import Fault
    from biodata.pipelines.sources.base import Binding
    from biodata.pipelines.spec import Extract
    from biodata.pipelines.state.spool import Spool
    from biodata.query.tree import Node
    from biodata.records.types import Key, Record

__all__ = ["TableSource", "counted", "joined"]


def counted(batches: Iterator[pa.RecordBatch]) -> Iterator[Rows]:
    """The batches with each row's number, from 1."""
    first = 1
    for batch in batches:
        yield Rows.counted(batch, first)
        first += batch.num_rows


def joined(where: Node, also: Node | None) -> Node:
    """Two filters by AND."""
    return where if also is None else also if isinstance(where, Always) else where & also


class TableSource:
    """A query on one table, bound; no record is asked for yet.

    Raises:
        NotFound: there is no such table.
        QueryError: the filter or a field does not fit the table.
    """

    waits = False
    unchanged = 0

    def __init__(self, binding: Binding, extract: Extract, also: Node | None = None) -> None:
        """Bind it; `also` is one more filter, joined by AND."""
        self._binding, self._extract, self._also = binding, extract, also
        self.title, self.where = str(extract.source), shown(extract.where, binding.hidden)
        connection = binding.connections[extract.source.profile]
        self._table = connection[extract.source.table]
        where = joined(bound(extract.where, binding.values), also)
        self._result = self._table.query(where, fields=extract.fields)
        self._countable = self._result.plan.residual is None and connection.adapter.has("count")
        self.schema = nested(no_rows(self._result.arrow_schema)).schema
        self.notes: list[str] = []

    def count(self) -> int | None:
        return self._result.count() if self._countable else None

    def key_of(self, record: Record) -> Key:
        return self._result.query.schema.key_of(record)

    def explain(self) -> str | None:
        """Of the same query with stand-ins for the values that are not to be shown."""
        where = stand_ins(self._extract.where, self._binding.values, self._binding.hidden)
        also = None if self._also is None else standing_in(self._also)
        try:
            told = self._table.query(joined(where, also), fields=self._extract.fields).explain()
        except QueryError:  # no stand-in is one of the few values that the field may have
            return f"{self.title}\n  filter    {self.where}"
        return masked(str(told))

    def rows(self, spool: Spool) -> Iterator[Rows | Fault]:  # noqa: ARG002 - the shape of a Source
        yield from counted(map(nested, self._result.to_batches()))

    def seen(self) -> dict[str, Any]:
        return {}
