"""The table that Arrow columns make, for a target that does not exist yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.errors import SchemaError
from biodata.records import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

__all__ = ["plain_type", "schema_for"]

DIGITS = 38
HUGE = 128
"""Of the decimals that DuckDB knows, and bits of its largest ints, which hold as many."""


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The Arrow type in which biodata keeps values of a type: times in UTC, no dictionaries, no views.

    Decimals of 256 bits and floats of 16, which DuckDB does not know, are those of 128 and 32; a cast tells which
    values do not fit there.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(plain_type(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(plain_type(field.type)) for field in kind])
    return _plain_scalar(kind)


def _plain_scalar(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", "UTC")
    if pa.types.is_null(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_decimal256(kind) and kind.scale <= DIGITS:
        return pa.decimal128(DIGITS, kind.scale)
    return pa.float32() if pa.types.is_float16(kind) else kind


def schema_for(table: str, key: tuple[str, ...], columns: pa.Schema, *, exact: bool = False) -> t.Schema:
    """The schema of a table of these columns; the key's fields are required.

    Args:
        table: its name.
        key: its fields that name a record.
        columns: what it is to hold.
        exact: whether its decimals are to have the scale of the columns, and are ints where that is none.

    Raises:
        SchemaError: `BD-PIPELINE-TYPE`, a column of a type that no table can hold.
    """
    fields = tuple(
        t.Field(column.name, _type(column, column.type, exact), required=column.name in key) for column in columns
    )
    return t.Schema(table=table, key=key[0] if len(key) == 1 else key, fields=fields)


def _type(column: pa.Field[Any], kind: pa.DataType, exact: bool) -> t.AnyType:  # noqa: FBT001 - of schema_for
    import pyarrow as pa

    if pa.types.is_list(kind):
        item = _type(column, kind.value_type, exact)
        if isinstance(item, t.List):
            raise _no_word(column)
        return t.List(item)
    if pa.types.is_struct(kind):
        return t.Object(tuple(t.Field(inner.name, _type(inner, inner.type, exact)) for inner in kind))
    if (column.metadata or {}).get(b"biodata") == b"json":
        return t.Json()
    if exact and pa.types.is_decimal(kind):
        return t.Decimal(DIGITS, kind.scale) if kind.scale > 0 else t.Integer(HUGE)
    for test, type_ in _scalars():
        if test(kind):
            return type_
    raise _no_word(column)


def _scalars() -> tuple[tuple[Callable[[pa.DataType], bool], t.AnyType], ...]:
    from pyarrow import types as kinds

    return (
        (kinds.is_string, t.String()),
        (kinds.is_boolean, t.Boolean()),
        (kinds.is_integer, t.Integer()),
        (kinds.is_floating, t.Float()),
        (kinds.is_decimal, t.Decimal()),
        (kinds.is_date, t.Date()),
        (kinds.is_timestamp, t.DateTime()),
    )


def _no_word(column: pa.Field[Any]) -> SchemaError:
    return SchemaError(
        f"The column {column.name!r} is of type {column.type}, which no table can hold",
        code="BD-PIPELINE-TYPE",
        hint="CAST it to another type",
    )
