"""Records to Arrow and back.

Ints are nullable, a decimal is a float64, a date a date32, a datetime a microsecond timestamp in UTC, a list an
Arrow list, a reference its key, an object a struct; JSON and files are JSON text, marked in the field's metadata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.records import types as t

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

    from biodata.records.types import DataType, Path, Record, Schema

__all__ = ["arrow_schema", "arrow_type", "from_arrow", "to_batch"]

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


def arrow_schema(schema: Schema, fields: Sequence[Path] | None = None) -> pa.Schema:
    """The Arrow schema of a table, or of some of its fields; a nested path is one column with a dotted name."""
    import pyarrow as pa

    paths = [(name,) for name in schema.names] if fields is None else list(fields)
    return pa.schema([_column(schema, path) for path in paths])


def _column(schema: Schema, path: Path) -> pa.Field[Any]:
    import pyarrow as pa

    type_: DataType = schema[path[0]].type
    many = t.is_list(type_)
    for name in path[1:]:
        inner = t.element(type_)
        nested = {field.name: field.type for field in inner.fields} if isinstance(inner, t.Object) else {}
        type_ = nested.get(name, t.Json())
        many = many or t.is_list(type_)
    scalar = t.element(type_)
    metadata = JSON_TEXT if scalar.kind in {"json", "file"} else None
    kind = pa.list_(arrow_type(scalar)) if many else arrow_type(scalar)
    return pa.field(".".join(path), kind, metadata=metadata)


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
    return [_as_float(value) for value in values] if pa.types.is_floating(kind) else values


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
    rows: Iterable[Record] = table.to_pylist()
    for row in rows:
        for name in texts:
            row[name] = _decoded(row[name])
        yield row


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    return None if value is None else msgspec.json.decode(value)
