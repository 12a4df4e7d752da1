"""Rows of GraphQL answers and of exports as records.

GraphQL gives integers as floats (protocols/gen3.md, fact 5): they are made integers again by the schema, and those
that a float cannot hold are read anew from an export, which gives them whole.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from biodata.errors import ProtocolError
from biodata.records.types import Date, DateTime, Float, Integer, Json, List, Reference, element

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from biodata.records.types import DataType, Field, Record, Schema

__all__ = ["is_inexact", "records"]

EXACT_FLOAT = 2**53


def records(schema: Schema, rows: Iterable[dict[str, Any]], fields: Sequence[str], start: int = 0) -> list[Record]:
    """Normalised records with these fields.

    Raises:
        ProtocolError: `BD-REMOTE-FORMAT`, a value that is not of its field's type; row and field are named.
    """
    wanted = [schema[name] for name in dict.fromkeys(fields)]
    return [{field.name: _field(field, row, start + at, schema) for field in wanted} for at, row in enumerate(rows)]


def is_inexact(schema: Schema, record: Record) -> bool:
    """Whether an integer is so large that a float may have rounded it."""
    return any(
        isinstance(one, int) and not isinstance(one, bool) and abs(one) >= EXACT_FLOAT
        for name, value in record.items()
        if isinstance(element(schema[name].type), Integer)
        for one in (value if isinstance(value, list) else [value])
    )


def _field(field: Field, row: dict[str, Any], number: int, schema: Schema) -> Any:
    value = row.get(field.name)
    try:
        return _value(value, field.type)
    except (ValueError, TypeError, AttributeError, KeyError):
        raise ProtocolError(
            f"Row {number}: field '{field.name}' is not {field.type}", code="BD-REMOTE-FORMAT", table=schema.table
        ) from None


def _value(value: Any, type_: DataType) -> Any:
    if isinstance(element(type_), Reference):
        keys = [_key(end) for end in value or ()]
        return keys if isinstance(type_, List) else next(iter(keys), None)
    if isinstance(type_, List):
        listed = value if isinstance(value, list) else [] if value is None else [value]
        return [_value(one, type_.item) for one in listed if one is not None]
    return None if value is None else _scalar(value, type_)


def _key(end: dict[str, Any]) -> str:
    key = end["code"] if "code" in end else end["submitter_id"]
    if not isinstance(key, str):
        raise TypeError("a link without a key")
    return key


def _scalar(value: Any, type_: DataType) -> Any:
    if isinstance(type_, Integer):
        return _integer(value)
    if isinstance(type_, Float):
        return float(value)
    if isinstance(type_, DateTime):
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(type_, Date):
        return date.fromisoformat(value[:10])
    if isinstance(type_, Json):
        return value
    kind = bool if type_.kind == "bool" else str
    if not isinstance(value, kind):
        raise TypeError("another type")
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or value != int(value):
        raise ValueError("a fraction")
    return int(value)
