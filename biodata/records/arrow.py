"""Records to Arrow and back.

Ints are nullable (beyond 64 bits they are decimals without a fraction), a decimal is a float64, a date a date32, a
datetime a microsecond timestamp in UTC, a list an Arrow list, a reference its key, an object a struct; JSON and files
are JSON text, marked in the field's metadata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import SchemaError
from biodata.records import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeAlias

    import pyarrow as pa

    from biodata.records.types import DataType, Path, Record, Schema

    Lookup: TypeAlias = Callable[[str], Schema]

__all__ = ["arrow_schema", "arrow_type", "from_arrow", "to_batch"]

INT64 = 64
MOST = 10**38
JSON_TEXT = {b"biodata": b"json"}
"""Metadata of an Arrow text field that holds JSON."""


def arrow_type(type_: DataType) -> pa.DataType:
    """The Arrow type of a type."""
    import pyarrow as pa

    if isinstance(type_, t.List):
        return pa.list_(arrow_type(type_.item))
    if isinstance(type_, t.Object):
        return pa.struct([pa.field(field.name, arrow_type(field.type)) for field in type_.fields])
    if isinstance(type_, t.Reference):
        return arrow_type(type_.key)
    if isinstance(type_, t.Integer) and (type_.bits is None or type_.bits > INT64):
        return pa.decimal128(38)
    return _scalars()[type_.kind]


def _scalars() -> dict[str, pa.DataType]:
    import pyarrow as pa

    return {
        "string": pa.string(),
        "int": pa.int64(),
        "float": pa.float64(),
        "decimal": pa.float64(),
        "bool": pa.bool_(),
        "date": pa.date32(),
        "datetime": pa.timestamp("us", "UTC"),
        "json": pa.string(),
        "file": pa.string(),
    }


def arrow_schema(schema: Schema, fields: Sequence[Path] | None = None, lookup: Lookup | None = None) -> pa.Schema:
    """The Arrow schema of a table, or of some of its fields; a nested path is one column with a dotted name.

    Args:
        schema: of the table.
        fields: the paths; all of the table's fields when None.
        lookup: gives the schema of a referenced table that a path steps into.
    """
    import pyarrow as pa

    paths = [(name,) for name in schema.names] if fields is None else list(fields)
    return pa.schema([_column(schema, path, lookup) for path in paths])


def _column(schema: Schema, path: Path, lookup: Lookup | None) -> pa.Field[Any]:
    import pyarrow as pa

    type_: DataType = schema[path[0]].type
    many = t.is_list(type_)
    for name in path[1:]:
        type_ = _inside(t.element(type_), lookup).get(name, t.Json())
        many = many or t.is_list(type_)
    scalar = t.element(type_)
    metadata = JSON_TEXT if scalar.kind in {"json", "file"} else None
    kind = pa.list_(arrow_type(scalar)) if many else arrow_type(scalar)
    return pa.field(".".join(path), kind, metadata=metadata)


def _inside(type_: DataType, lookup: Lookup | None) -> dict[str, DataType]:
    fields: Iterable[t.Field] = ()
    if isinstance(type_, t.Object):
        fields = type_.fields
    elif isinstance(type_, t.Reference) and lookup is not None:
        fields = lookup(type_.table)
    return {field.name: field.type for field in fields}


def to_batch(records: Sequence[Record], schema: pa.Schema) -> pa.RecordBatch:
    """One batch of the records, by the names of the Arrow schema; a dotted name looks into nested records."""
    import pyarrow as pa

    columns = [pa.array(_values(records, field), type=field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _values(records: Sequence[Record], field: pa.Field[Any]) -> list[Any]:
    import pyarrow as pa

    name = field.name
    if records and name not in records[0] and "." in name:
        path = tuple(name.split("."))
        values = [_at(record, path) for record in records]
    else:
        values = [record.get(name) for record in records]
    if field.metadata and field.metadata.get(b"biodata") == b"json":
        return _json_texts(values, listed=pa.types.is_list(field.type))
    kind = field.type.value_type if pa.types.is_list(field.type) else field.type
    if pa.types.is_decimal(kind):
        return _within(values, name)
    return [_as_float(value) for value in values] if pa.types.is_floating(kind) else values


def _within(values: list[Any], name: str) -> list[Any]:
    """Whole numbers that a decimal128 can hold."""
    if any(value is not None and abs(value) >= MOST for value in values if not isinstance(value, list)):
        raise SchemaError(f"Field '{name}' has a whole number of more than 38 digits: Arrow cannot hold it")
    return values


def _as_float(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_float(item) for item in value]
    return None if value is None else float(value)


def _json_texts(values: list[Any], *, listed: bool) -> list[Any]:
    def text(value: Any) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode()

    if listed:
        return [None if value is None else [text(item) for item in value] for value in values]
    return [text(value) for value in values]


def _at(value: Any, path: Path) -> Any:
    for index, name in enumerate(path):
        if isinstance(value, list):
            inner = [_at(item, path[index:]) for item in value]
            return [item for item in inner if item is not None]
        value = value.get(name) if isinstance(value, dict) else None
    return value


def from_arrow(table: pa.Table | pa.RecordBatch) -> Iterator[Record]:
    """The rows as records; JSON text that we marked becomes values again."""
    texts = [f.name for f in table.schema if f.metadata and f.metadata.get(b"biodata") == b"json"]
    for batch in table.to_batches() if hasattr(table, "to_batches") else [table]:
        for row in batch.to_pylist():
            for name in texts:
                row[name] = _decoded(row[name])
            yield row


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    return None if value is None else msgspec.json.decode(value)
