"""Reading the values at a path out of a record, as a compiled function."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from biodata.errors import SchemaError
from biodata.query.paths import resolve
from biodata.records.types import DataType, Date, DateTime, Decimal, Float, Reference, element, is_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from biodata.query.paths import Lookup
    from biodata.records.types import Path, Record, Schema

    Reader: TypeAlias = Callable[[Any], list[Any]]

__all__ = ["one_at", "values_at"]


def values_at(schema: Schema, path: Path, lookup: Lookup | None = None) -> Callable[[Record], list[Any]]:
    """A function from a record to the values at the path: none for null, one, or each element of a list.

    A reference is its key, also where the record holds the referenced record. NaN and null elements are no values.

    Raises:
        SchemaError: by the function, where a record holds a key but the path goes on into the referenced record.
    """
    steps = [_step(schema, path[: length + 1], lookup) for length in range(len(path))]
    tidy = _TIDY.get(type(_compared(element(resolve(schema, path, lookup).type))))
    last = _key_reader(schema, path, lookup)

    def read(record: Record) -> list[Any]:
        found: list[Any] = [record]
        for step in steps:
            found = step(found)
        found = last(found) if last else found
        return [value for value in map(tidy, found) if value is not None] if tidy else found

    return read


def one_at(schema: Schema, path: Path, lookup: Lookup | None = None) -> Callable[[Record], Any]:
    """A function from a record to the single value at the path; None for null."""
    values = values_at(schema, path, lookup)

    def read(record: Record) -> Any:
        found = values(record)
        return found[0] if found else None

    return read


def _step(schema: Schema, path: Path, lookup: Lookup | None) -> Reader:
    """From the holders of a field to the values of that field, nulls left out and lists flattened."""
    name = path[-1]
    before = element(resolve(schema, path[:-1], lookup).type) if len(path) > 1 else None
    own = resolve(schema, path, lookup).type
    many = is_list(own) and (before is None or _field_is_list(schema, path, lookup))
    over = isinstance(before, Reference)

    def read(holders: list[Any]) -> list[Any]:
        if over:
            _check_expanded(holders, path)
        values = (holder.get(name) for holder in holders)
        found = [value for value in values if value is not None]
        return [item for items in found for item in items if item is not None] if many else found

    return read


def _field_is_list(schema: Schema, path: Path, lookup: Lookup | None) -> bool:
    inner = element(resolve(schema, path[:-1], lookup).type)
    if isinstance(inner, Reference) and lookup:
        return is_list(lookup(inner.table)[path[-1]].type)
    fields = getattr(inner, "fields", ())
    return any(field.name == path[-1] and is_list(field.type) for field in fields)


def _check_expanded(holders: Iterable[Any], path: Path) -> None:
    if not all(isinstance(holder, dict) for holder in holders):
        place = ".".join(path[:-1])
        raise SchemaError(f"'{place}' holds a key, and '{'.'.join(path)}' needs the record", code="BD-QUERY-JOIN")


def _key_reader(schema: Schema, path: Path, lookup: Lookup | None) -> Reader | None:
    type_ = element(resolve(schema, path, lookup).type)
    if not isinstance(type_, Reference):
        return None

    def key(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return lookup(type_.table).key_of(value) if lookup else next(iter(value.values()), None)

    return lambda found: [known for known in map(key, found) if known is not None]


def _compared(type_: DataType) -> DataType:
    return type_.key if isinstance(type_, Reference) else type_


def _number(value: Any) -> Any:
    return None if value != value else value  # noqa: PLR0124 - only NaN differs from itself


def _decimal(value: Any) -> Any:
    number = decimal.Decimal(repr(value)) if isinstance(value, float) else value
    return None if number != number else number  # noqa: PLR0124 - only NaN differs from itself


def _date(value: Any) -> Any:
    return value.date() if isinstance(value, dt.datetime) else value


def _instant(value: Any) -> Any:
    if not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time(), dt.UTC)
    return value if value.tzinfo else value.replace(tzinfo=dt.UTC)


_TIDY: dict[type[DataType], Callable[[Any], Any]] = {
    Float: _number,
    Decimal: _decimal,
    Date: _date,
    DateTime: _instant,
}
