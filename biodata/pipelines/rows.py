"""Rows on their way through a step: batches with the number of each row, and rows that cannot go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from biodata.records.arrow import JSON_TEXT

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyRelation

__all__ = ["NUMBER", "Fault", "Rows", "arrow_of", "is_json", "nested", "no_rows", "struct_of"]

ARROW_JSON: dict[bytes | str, bytes | str] = {b"ARROW:extension:name": b"arrow.json"}

NUMBER = "\x01row"
"""The column of a spooled file that holds the rows' numbers."""


class Fault(msgspec.Struct, frozen=True):
    """A row that cannot go on; `stage` is `transform` or `check`."""

    row: int
    stage: Literal["transform", "check"]
    rule: str
    reason: str


class Rows(msgspec.Struct, frozen=True):
    """Some rows, and the number of each."""

    batch: Any
    numbers: Any

    @classmethod
    def counted(cls, batch: pa.RecordBatch, first: int) -> Rows:
        """The rows of a batch, numbered on from `first`."""
        import pyarrow as pa

        return cls(batch, pa.array(range(first, first + batch.num_rows), pa.int64()))

    @classmethod
    def numbered(cls, batch: pa.RecordBatch) -> Rows:
        """The rows of a spooled batch that brings its numbers along."""
        return cls(batch.drop_columns([NUMBER]), batch.column(NUMBER))

    def with_numbers(self) -> pa.RecordBatch:
        """The batch with the numbers as a column, for the spool."""
        import pyarrow as pa

        batch: pa.RecordBatch = self.batch.append_column(pa.field(NUMBER, pa.int64()), self.numbers)
        return batch

    def part(self, start: int, length: int) -> Rows:
        """Some of them."""
        return Rows(self.batch.slice(start, length), self.numbers.slice(start, length))

    def where(self, mask: pa.BooleanArray) -> Rows:
        """Those for which the mask is true."""
        return Rows(self.batch.filter(mask), self.numbers.filter(mask))

    def __len__(self) -> int:
        return int(self.batch.num_rows)


def nested(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with columns named `sex.id`, `sex.label` put together as the fields of one struct `sex`."""
    import pyarrow as pa

    groups: dict[str, list[tuple[str, int]]] = {}
    for index, name in enumerate(batch.schema.names):
        first, dot, rest = name.partition(".")
        whole = not dot or first in batch.schema.names
        groups.setdefault(name if whole else first, []).append(("" if whole else rest, index))
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


def struct_of(batch: pa.RecordBatch) -> pa.StructArray:
    """The rows as one column of structs, with text that is JSON marked as DuckDB knows it."""
    import pyarrow as pa

    fields = [field.with_metadata(ARROW_JSON) if is_json(field) else field for field in batch.schema]
    return pa.StructArray.from_arrays(batch.columns, fields=fields)


def is_json(field: pa.Field[Any]) -> bool:
    """Whether a column of text holds JSON, by our mark."""
    return field.metadata == JSON_TEXT


def arrow_of(answer: DuckDBPyRelation) -> pa.Table:
    """An answer of DuckDB, with our mark on the columns that it calls JSON and Arrow calls text."""
    import pyarrow as pa

    mark = cast("dict[bytes | str, bytes | str]", JSON_TEXT)
    table: pa.Table = answer.to_arrow_table()
    fields = zip(table.schema, map(str, answer.types), strict=True)
    return table.cast(pa.schema([field.with_metadata(mark) if kind == "JSON" else field for field, kind in fields]))


def no_rows(schema: pa.Schema) -> pa.RecordBatch:
    """A batch of that schema without rows."""
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)
