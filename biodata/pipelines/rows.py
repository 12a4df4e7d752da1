"""Rows on their way through a step: batches with the number of each row, and rows that cannot go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from biodata.records.arrow import JSON_TEXT

if TYPE_CHECKING:
    from collections.abc import Collection

    import pyarrow as pa
    from duckdb import DuckDBPyRelation
    from duckdb.sqltypes import DuckDBPyType

__all__ = [
    "NUMBER",
    "Fault",
    "Rows",
    "arrow_of",
    "from_the_start",
    "is_json",
    "marked",
    "nested",
    "no_rows",
    "relisted",
    "struct_of",
    "top_of",
    "with_field",
]

ARROW_JSON: dict[bytes | str, bytes | str] = {b"ARROW:extension:name": b"arrow.json"}

NUMBER = "\x01row"
"""The column of a spooled file that holds the rows' numbers."""


class Fault(msgspec.Struct, frozen=True):
    """A row that cannot go on.

    Attributes:
        row: its number, the position in what was read, from 1.
        place: its position in the batch that entered the chain's segment, from 0.
        rule: the column's, the check's or the list's name.
        reason: why, in words without the row's values.
        record: the record, where the batch cannot give it.
        values: columns of it whose values are known all the same.
    """

    row: int
    stage: Literal["extract", "transform", "check"]
    rule: str
    reason: str
    place: int = 0
    record: dict[str, Any] | None = None
    values: dict[str, Any] = {}


class Rows(msgspec.Struct, frozen=True):
    """Some rows on their way.

    Attributes:
        batch: the rows, an Arrow record batch.
        numbers: the number of each, its position in what was read; several rows may come from one.
        places: the position of each in the batch that entered the chain's segment.
    """

    batch: Any
    numbers: Any
    places: Any

    @classmethod
    def counted(cls, batch: pa.RecordBatch, first: int) -> Rows:
        """The rows of a batch, numbered on from `first`."""
        import pyarrow as pa

        return cls.entering(batch, pa.array(range(first, first + batch.num_rows), pa.int64()))

    @classmethod
    def entering(cls, batch: pa.RecordBatch, numbers: pa.Array[Any]) -> Rows:
        """Rows with these numbers, at the beginning of a segment."""
        import pyarrow as pa

        return cls(batch, numbers, pa.array(range(batch.num_rows), pa.int64()))

    @classmethod
    def numbered(cls, batch: pa.RecordBatch) -> Rows:
        """The rows of a spooled batch that brings its numbers along."""
        return cls.entering(batch.drop_columns([NUMBER]), batch.column(NUMBER))

    def with_numbers(self) -> pa.RecordBatch:
        """The batch with the numbers as a column, for the spool."""
        import pyarrow as pa

        batch: pa.RecordBatch = self.batch.append_column(pa.field(NUMBER, pa.int64()), self.numbers)
        return batch

    def having(self, batch: pa.RecordBatch) -> Rows:
        """The same rows with other columns."""
        return Rows(batch, self.numbers, self.places)

    def with_column(self, field: pa.Field[Any], values: pa.Array[Any]) -> Rows:
        """The same rows with a column, in the place of the one of that name, or at the end."""
        batch, index = self.batch, self.batch.schema.get_field_index(field.name)
        if index < 0:
            return self.having(batch.append_column(field, values))
        return self.having(batch.set_column(index, field, values))

    def part(self, start: int, length: int) -> Rows:
        """Some of them."""
        return Rows(*(part.slice(start, length) for part in (self.batch, self.numbers, self.places)))

    def where(self, mask: pa.BooleanArray) -> Rows:
        """Those for which the mask is true."""
        return Rows(*(part.filter(mask) for part in (self.batch, self.numbers, self.places)))

    def take(self, indices: pa.Int64Array) -> Rows:
        """Those at some positions, in that order; one may come more than once."""
        return Rows(*(part.take(indices) for part in (self.batch, self.numbers, self.places)))

    def fault(
        self,
        index: int,
        stage: Literal["extract", "transform", "check"],
        rule: str,
        reason: str,
        values: dict[str, Any] | None = None,
    ) -> Fault:
        """The row at an index as one that cannot go on; `values` are the columns known, the batch's if None."""
        known = self.batch.slice(index, 1).to_pylist()[0] if values is None else values
        return Fault(self.numbers[index].as_py(), stage, rule, reason, self.places[index].as_py(), None, known)

    def __len__(self) -> int:
        return int(self.batch.num_rows)


def nested(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with columns named `sex.id`, `sex.label` put together as the fields of one struct `sex`."""
    import pyarrow as pa

    groups: dict[str, list[tuple[str, int]]] = {}
    for index, name in enumerate(batch.schema.names):
        top = top_of(name, batch.schema.names)
        groups.setdefault(top, []).append((name[len(top) + 1 :], index))
    fields, arrays = [], []
    for name, members in groups.items():
        index = members[0][1]
        if not members[0][0]:
            fields.append(batch.schema.field(index))
            arrays.append(batch.column(index))
            continue
        inner = [batch.schema.field(at).with_name(rest) for rest, at in members]
        flat = pa.RecordBatch.from_arrays([batch.column(at) for _, at in members], schema=pa.schema(inner))
        arrays.append(struct_of(nested(flat)))
        fields.append(pa.field(name, arrays[-1].type))
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def top_of(name: str, names: Collection[str]) -> str:
    """The column that `nested` puts a column into: its own name, or what stands before the first dot of it."""
    top, _, rest = name.partition(".")
    return name if top in names or not top or not rest else top


def struct_of(batch: pa.RecordBatch) -> pa.StructArray:
    """The rows as one column of structs, with text that is JSON marked as DuckDB knows it."""
    import pyarrow as pa

    return pa.StructArray.from_arrays(batch.columns, fields=[marked(field) for field in batch.schema])


def from_the_start(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows, copied where they are a part of others: of such a part DuckDB reads no struct within a struct."""
    import pyarrow as pa

    parts = any(column.offset and pa.types.is_nested(column.type) for column in batch.columns)
    return batch.take(pa.array(range(batch.num_rows), pa.int64())) if parts else batch


def marked(field: pa.Field[Any]) -> pa.Field[Any]:
    """The field with text that is JSON marked as DuckDB knows it, within lists and structs too."""
    import pyarrow as pa

    kind = field.type
    if pa.types.is_struct(kind):
        return field.with_type(pa.struct([marked(inner) for inner in kind]))
    if pa.types.is_list(kind):
        return pa.field(field.name, pa.list_(marked(pa.field("item", kind.value_type, metadata=field.metadata))))
    return field.with_metadata(ARROW_JSON) if is_json(field) else field


def is_json(field: pa.Field[Any]) -> bool:
    """Whether a column of text, or of lists of text, holds JSON, by our mark."""
    return field.metadata == JSON_TEXT


def arrow_of(answer: DuckDBPyRelation) -> pa.Table:
    """An answer of DuckDB, with our mark on the columns that it calls JSON and Arrow calls text."""
    import pyarrow as pa

    table: pa.Table = answer.to_arrow_table()
    return table.cast(pa.schema([_ours(*pair) for pair in zip(table.schema, answer.types, strict=True)]))


def _ours(field: pa.Field[Any], kind: DuckDBPyType) -> pa.Field[Any]:
    import pyarrow as pa

    if str(kind) == "JSON":
        return field.with_metadata(cast("dict[bytes | str, bytes | str]", JSON_TEXT))
    if pa.types.is_list(field.type):
        item = _ours(field.type.value_field, _children(kind)["child"])
        return pa.field(field.name, pa.list_(item.remove_metadata()), metadata=item.metadata)
    if pa.types.is_struct(field.type):
        inner = _children(kind)
        return field.with_type(pa.struct([_ours(part, inner[part.name]) for part in field.type]))
    return field


def _children(kind: DuckDBPyType) -> dict[str, DuckDBPyType]:
    return dict(cast("list[tuple[str, DuckDBPyType]]", kind.children))


def with_field(schema: pa.Schema, field: pa.Field[Any]) -> pa.Schema:
    """The schema with a field, in the place of the one of that name, or at the end."""
    index = schema.get_field_index(field.name)
    return schema.append(field) if index < 0 else schema.set(index, field)


def relisted(lists: pa.ListArray[Any], elements: pa.Array[Any]) -> pa.ListArray[Any]:
    """The lists with other elements, one for each that they had, nulls left out; a list that is null stays null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    ends: Any = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(lengths)])
    there = elements.is_valid()
    kept: Any = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(there.cast(pa.int32()))])
    nulls: Any = lists.is_null()
    return pa.ListArray.from_arrays(kept.take(ends), elements.filter(there), mask=nulls)


def no_rows(schema: pa.Schema) -> pa.RecordBatch:
    """A batch of that schema without rows."""
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)
