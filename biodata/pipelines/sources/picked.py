"""Some of a batch's rows by a filter, some of its fields by dotted names; the same rules as on a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.errors import SchemaError
from biodata.pipelines.loading.tables import schema_for
from biodata.pipelines.rows import Rows, nested, no_rows
from biodata.pipelines.sources.stepping import column_at
from biodata.query.bind import bind_query
from biodata.query.masks import batch_mask
from biodata.query.split import paths_in
from biodata.query.tree import Always
from biodata.records.arrow import arrow_type
from biodata.records.types import Field, Json, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from biodata.query.tree import Node

__all__ = ["Picked"]

_DOT = "\x02"
"""A dot that is part of a column's own name, while those between names are looked for."""


class Picked:
    """A filter and fields, bound to columns.

    Attributes:
        schema: the Arrow schema of what is left.
        needs: the columns that have to be there, in their order.
    """

    def __init__(self, name: str, columns: pa.Schema, where: Node, fields: Sequence[str] | None) -> None:
        """Bind them.

        Raises:
            QueryError: an unknown field, or a literal that does not fit its field.
        """
        self._table = _table(name, columns)
        query = bind_query(self._table, where, fields=fields)
        self._filter, self._fields = query.filter, query.fields
        kept = columns.names if query.fields is None else {path[0] for path in query.fields}
        asked = {path[0] for path in paths_in(query.filter)}
        self.needs = [one for one in columns.names if one in kept or one in asked]
        self._asked = [one for one in columns.names if one in asked]
        self.schema = self._chosen(no_rows(columns)).schema

    def of(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Those rows and fields of a batch, which has at least the columns that are needed."""
        chosen: pa.RecordBatch = self.rows(Rows.counted(batch, 1)).batch
        return chosen

    def rows(self, rows: Rows) -> Rows:
        """The same with the rows' numbers."""
        if self._filter != Always():
            rows = rows.where(batch_mask(self._filter, self._table, self._comparable(rows.batch)))
        return rows.having(self._chosen(rows.batch))

    def _comparable(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with the numbers that the filter looks at as wide as the filter's own."""
        for name in self._asked:
            at, wide = batch.schema.get_field_index(name), arrow_type(self._table[name].type)
            if _narrower(batch.column(at).type, wide):
                batch = batch.set_column(at, name, batch.column(at).cast(wide))
        return batch

    def _chosen(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        import pyarrow as pa

        if self._fields is None:
            return batch
        columns = [column_at(batch, path) for path in self._fields]
        fields = [
            one.with_name(_DOT.join(one.name.split("."))) if one.name in batch.schema.names else one
            for one, _ in columns
        ]
        found = nested(pa.RecordBatch.from_arrays([array for _, array in columns], schema=pa.schema(fields)))
        return found.rename_columns([name.replace(_DOT, ".") for name in found.schema.names])


def _table(name: str, columns: pa.Schema) -> Schema:
    """The columns as the fields of a table; one of a type that no table can hold can be asked for null only."""
    import pyarrow as pa

    fields: list[Field] = []
    for column in columns:
        try:
            fields += schema_for(name, (), pa.schema([column])).fields
        except SchemaError:
            fields.append(Field(column.name, Json()))
    return Schema(name, (), tuple(fields))


def _narrower(kind: pa.DataType, wide: pa.DataType) -> bool:
    import pyarrow as pa

    integers = pa.types.is_integer(kind) and pa.types.is_int64(wide) and not pa.types.is_uint64(kind)
    return kind != wide and (integers or (pa.types.is_floating(kind) and pa.types.is_float64(wide)))
