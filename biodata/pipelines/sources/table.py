"""A query on one table, bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.pipelines.rows import Rows, nested, no_rows
from biodata.pipelines.sources.filters import bound
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

__all__ = ["TableSource", "counted"]


def counted(batches: Iterator[pa.RecordBatch]) -> Iterator[Rows]:
    """The batches with each row's number, from 1."""
    first = 1
    for batch in batches:
        yield Rows.counted(batch, first)
        first += batch.num_rows


class TableSource:
    """A query on one table, bound; no record is asked for yet.

    Raises:
        NotFound: there is no such table.
        QueryError: the filter or a field does not fit the table.
    """

    waits = False

    def __init__(self, binding: Binding, extract: Extract, also: Node | None = None) -> None:
        """Bind it; `also` is one more filter, joined by AND."""
        self.title, self.where = str(extract.source), extract.where
        connection = binding.connections[extract.source.profile]
        where = bound(extract.where, binding.values)
        both = where if also is None else also if isinstance(where, Always) else where & also
        self._result = connection[extract.source.table].query(both, fields=extract.fields)
        self._countable = self._result.plan.residual is None and connection.adapter.has("count")
        self.schema = nested(no_rows(self._result.arrow_schema)).schema
        self.notes: list[str] = []

    def count(self) -> int | None:
        return self._result.count() if self._countable else None

    def key_of(self, record: Record) -> Key:
        return self._result.query.schema.key_of(record)

    def explain(self) -> str | None:
        return str(self._result.explain())

    def rows(self, spool: Spool) -> Iterator[Rows | Fault]:  # noqa: ARG002 - the shape of a Source
        yield from counted(map(nested, self._result.to_batches()))

    def seen(self) -> dict[str, Any]:
        return {}
