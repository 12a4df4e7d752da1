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
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    import pyarrow as pa

    from biodata.records.types import DataType, Path, Record, Schema

    Convert: TypeAlias = Callable[[Any], Any]
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
        return pa.struct([_arrow_field(field.name, field.type) for field in type_.fields])
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
    type_: DataType = schema[path[0]].type
    many = t.is_list(type_)
    for name in path[1:]:
        type_ = _inside(t.element(type_), lookup).get(name, t.Json())
        many = many or t.is_list(type_)
    return _arrow_field(".".join(path), t.List(t.element(type_)) if many else type_)  # type: ignore[arg-type]


def _arrow_field(name: str, type_: DataType) -> pa.Field[Any]:
    import pyarrow as pa

    return pa.field(
        name, arrow_type(type_), metadata=JSON_TEXT if t.element(type_).kind in {"json", "file"} else None
    )


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
    name = field.name
    if records and name not in records[0] and "." in name:
        path = tuple(name.split("."))
        values = [_at(record, path) for record in records]
    else:
        values = [record.get(name) for record in records]
    return _each(values, _encoder(field))


def _each(values: Iterable[Any], convert: Convert | None) -> list[Any]:
    if convert is None:
        return list(values)
    return [None if value is None else convert(value) for value in values]


def _nested(field: pa.Field[Any], scalar: Callable[[pa.Field[Any]], Convert | None]) -> Convert | None:
    """What `scalar` makes of a field, inside lists and structs too; None where values stay as they are."""
    import pyarrow as pa

    if pa.types.is_list(field.type):
        item = _nested(pa.field(field.name, field.type.value_type, metadata=field.metadata), scalar)
        return (lambda values: _each(values, item)) if item else None
    if pa.types.is_struct(field.type):
        inner = {part.name: convert for part in field.type if (convert := _nested(part, scalar))}
        return (lambda value: _parts(value, inner)) if inner else None
    return scalar(field)


def _parts(value: Mapping[str, Any], inner: Mapping[str, Convert]) -> Record:
    return {name: inner[name](v) if v is not None and name in inner else v for name, v in value.items()}


def _is_json(field: pa.Field[Any]) -> bool:
    return field.metadata is not None and field.metadata.get(b"biodata") == b"json"


def _encoder(field: pa.Field[Any]) -> Convert | None:
    import pyarrow as pa

    def scalar(inner: pa.Field[Any]) -> Convert | None:
        if _is_json(inner):
            return lambda value: msgspec.json.encode(value).decode()
        if pa.types.is_decimal(inner.type):
            return lambda value: _within(value, field.name)
        return float if pa.types.is_floating(inner.type) else None

    return _nested(field, scalar)


def _within(value: int, name: str) -> int:
    """A whole number that a decimal128 can hold."""
    if abs(value) >= MOST:
        raise SchemaError(f"Field '{name}' has a whole number of more than 38 digits: Arrow cannot hold it")
    return value


def _at(value: Any, path: Path) -> Any:
    for index, name in enumerate(path):
        if isinstance(value, list):
            inner = [_at(item, path[index:]) for item in value]
            return [item for item in inner if item is not None]
        value = value.get(name) if isinstance(value, dict) else None
    return value


def from_arrow(table: pa.Table | pa.RecordBatch) -> Iterator[Record]:
    """The rows as records; JSON text that we marked becomes values again."""
    decoders = {field.name: decode for field in table.schema if (decode := _nested(field, _decoder))}
    for batch in table.to_batches() if hasattr(table, "to_batches") else [table]:
        rows: list[Record] = batch.to_pylist()
        yield from (_parts(row, decoders) for row in rows) if decoders else rows


def _decoder(field: pa.Field[Any]) -> Convert | None:
    return msgspec.json.decode if _is_json(field) else None
