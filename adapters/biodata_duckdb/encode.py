"""Records as one Arrow table that DuckDB reads in place: how batches go in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from biodata.records import types as t
from biodata_duckdb.types import fits, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from biodata.records.types import DataType, Field, Record, Schema

    Encoder: TypeAlias = Callable[[Any], Any]

__all__ = ["Unstorable", "arrow_table", "check_storable", "is_limited", "position_column"]

_BITS = 64
_FILE_PARTS = ("id", "filename", "url")


class Unstorable(ValueError):
    """A value that its column cannot hold; the message does not show it."""


def position_column(schema: Schema) -> str:
    """A name, not one of the table's own, for the column that says where a record stood in its batch."""
    taken, name = {one.lower() for one in schema.names}, "biodata position"
    while name in taken:
        name += "_"
    return name


def arrow_table(
    schema: Schema, names: Sequence[str], records: Sequence[Record], positions: Sequence[int]
) -> pa.Table:
    """The records' values of these fields, and their positions."""
    import pyarrow as pa

    arrays: dict[str, pa.Array[Any]] = {position_column(schema): pa.array(positions, pa.int64())}
    for name in names:
        type_ = schema[name].type
        encode = _encoder(type_)
        values = [record[name] for record in records]
        arrays[name] = pa.array([None if value is None else encode(value) for value in values], _arrow(type_))
    return pa.table(arrays)


def is_limited(field: Field) -> bool:
    """Whether there are values of the field's type that its column cannot hold."""
    inner = t.element(field.type)
    if isinstance(inner, t.Object):
        return any(map(is_limited, inner.fields))
    return isinstance(inner, t.Decimal | t.File) or (isinstance(inner, t.Integer) and inner.bits is None)


def check_storable(field: Field, value: Any) -> None:
    """Hold a value to what its column can take without changing it.

    Raises:
        Unstorable: a decimal that would be rounded, a number beyond 128 bits, a file that is not stored yet.
    """
    if value is None:
        return
    inner = t.element(field.type)
    for one in value if isinstance(value, list) else (value,):
        if isinstance(inner, t.Object):
            _check_parts(inner, one)
        if isinstance(inner, t.Decimal) and not fits(one, *shape_of(inner)):
            raise Unstorable("it has more digits than the column holds")
        if isinstance(inner, t.Integer) and inner.bits is None and not -(2**127) < one < 2**127:
            raise Unstorable("it does not fit in 128 bits")
        if isinstance(inner, t.File) and not isinstance(one, Mapping):
            raise Unstorable("DuckDB stores no files, only what names one: id, filename, url")


def _check_parts(type_: t.Object, value: Mapping[str, Any]) -> None:
    for part in type_.fields:
        try:
            check_storable(part, value.get(part.name))
        except Unstorable as error:
            raise Unstorable(f"{part.name}: {error}") from None


def _arrow(type_: DataType) -> pa.DataType:
    import pyarrow as pa

    if isinstance(type_, t.List):
        return pa.list_(_arrow(type_.item))
    if isinstance(type_, t.Object):
        return pa.struct([pa.field(field.name, _arrow(field.type)) for field in type_.fields])
    if isinstance(type_, t.Reference):
        return _arrow(type_.key)
    if isinstance(type_, t.Integer):
        return pa.int64() if (type_.bits or 2 * _BITS) <= _BITS else pa.string()
    if isinstance(type_, t.File):
        return pa.struct([pa.field(part, pa.string()) for part in _FILE_PARTS])
    plain: dict[str, pa.DataType] = {"float": pa.float64(), "bool": pa.bool_(), "date": pa.date32()}
    return plain.get(type_.kind, pa.string())


def _encoder(type_: DataType) -> Encoder:
    """To what `_arrow` says; what Arrow cannot say goes as text, which DuckDB casts."""
    if isinstance(type_, t.List):
        item = _encoder(type_.item)
        return lambda values: [item(value) for value in values] or None
    if isinstance(type_, t.Object):
        return _object(type_)
    if isinstance(type_, t.Reference):
        return _encoder(type_.key)
    if isinstance(type_, t.Integer) and (type_.bits or 2 * _BITS) > _BITS:
        return str
    return _ENCODERS.get(type(type_), lambda value: value)


def _object(type_: t.Object) -> Encoder:
    inner = {field.name: _encoder(field.type) for field in type_.fields}

    def encoded(value: Any) -> dict[str, Any]:
        return {name: None if part is None else inner[name](part) for name, part in value.items()}

    return encoded


_ENCODERS: dict[type[DataType], Encoder] = {
    t.DateTime: lambda value: value.isoformat(),
    t.Decimal: lambda value: format(value, "f"),
    t.Json: lambda value: msgspec.json.encode(value).decode(),
}
