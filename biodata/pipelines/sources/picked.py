"""Some of a batch's rows by a filter, some of its fields by dotted names; the same rules as on a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.pipelines.loading.tables import schema_for
from biodata.pipelines.rows import nested, no_rows
from biodata.pipelines.sources.filters import bound
from biodata.query.bind import bind_query
from biodata.query.masks import batch_mask
from biodata.records.arrow import arrow_schema, to_batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

__all__ = ["Picked"]


class Picked:
    """A filter and fields, bound to columns.

    Attributes:
        schema: the Arrow schema of what is left.
    """

    def __init__(
        self,
        name: str,
        columns: pa.Schema,
        where: str | None,
        fields: Sequence[str] | None,
        values: Mapping[str, Any],
    ) -> None:
        """Bind them.

        Raises:
            QueryError: an unknown field, or a literal that does not fit its field.
        """
        self._table = schema_for(name, (), columns)
        self._query = bind_query(self._table, where=bound(where, values), fields=fields)
        self._all = fields is None
        self._whole = self._all or all("." not in field for field in fields or ())
        self._names = list(columns.names if fields is None else fields)
        flat = columns if self._all else arrow_schema(self._table, [tuple(field.split(".")) for field in self._names])
        self._flat = flat
        self.schema = columns if self._all else nested(no_rows(flat)).schema

    def of(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Those rows and fields of a batch."""
        kept = batch.filter(batch_mask(self._query.filter, self._table, batch))
        if self._all:
            return kept
        if self._whole:
            return kept.select(self._names).cast(self.schema)
        return nested(to_batch(kept.to_pylist(), self._flat))
