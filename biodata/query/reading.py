"""Reading the values at a path out of a record, as a compiled function."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from biodata.errors import SchemaError
from biodata.query.paths import fields_along
from biodata.records.types import DataType, Date, DateTime, Decimal, Float, Reference, element, is_list

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biodata.query.paths import Lookup
    from biodata.records.types import Field, Path, Record, Schema

    Reader: TypeAlias = Callable[[Any], Sequence[Any]]

__all__ = ["one_at", "values_at"]


def values_at(schema: Schema, path: Path, lookup: Lookup | None = None) -> Callable[[Record], Sequence[Any]]:
    """A function from a record to the values at the path: none for null, one, or each element of a list.

    A reference is its key, also where the record holds the referenced record. NaN and null elements are no values.

    Raises:
        SchemaError: by the function, where a record holds a key but the path goes on into the referenced record.
    """
    fields = fields_along(schema, path, lookup)
    tidy = _tidy(element(fields[-1].type), lookup)
    if len(fields) == 1 and not is_list(fields[0].type):
        return _direct(path[0], tidy)
    before: tuple[Field | None, ...] = (None, *fields[:-1])
    steps = [_step(field, holder, path) for holder, field in zip(before, fields, strict=True)]

    def read(record: Record) -> Sequence[Any]:
        found: Sequence[Any] = (record,)
        for step in steps:
            found = step(found)
        return [value for value in map(tidy, found) if value is not None] if tidy else found

    return read


def one_at(schema: Schema, path: Path, lookup: Lookup | None = None) -> Callable[[Record], Any]:
    """A function from a record to the single value at the path; None for null."""
    values = values_at(schema, path, lookup)

    def read(record: Record) -> Any:
        found = values(record)
        return found[0] if found else None

    return read


def _direct(name: str, tidy: Callable[[Any], Any] | None) -> Callable[[Record], Sequence[Any]]:
    def read(record: Record) -> Sequence[Any]:
        value = record.get(name)
        if tidy and value is not None:
            value = tidy(value)
        return () if value is None else (value,)

    return read


def _step(field: Field, holder: Field | None, path: Path) -> Reader:
    """From what holds a field to the values of that field, nulls left out and lists laid flat."""
    name, many = field.name, is_list(field.type)
    over = holder is not None and isinstance(element(holder.type), Reference)

    def read(holders: Sequence[Any]) -> Sequence[Any]:
        if over and not all(isinstance(item, dict) for item in holders):
            raise SchemaError(f"'{'.'.join(path)}' needs the record, of which there is only the key")
        found = [value for item in holders if (value := item.get(name)) is not None]
        return [value for values in found for value in values if value is not None] if many else found

    return read


def _tidy(type_: DataType, lookup: Lookup | None) -> Callable[[Any], Any] | None:
    if not isinstance(type_, Reference):
        return _TIDY.get(type(type_))
    table = type_.table

    def key(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if lookup is None:
            raise SchemaError(f"The key of '{table}' must be known to read its records as keys")
        return lookup(table).key_of(value)

    return key


def _number(value: Any) -> Any:
    return None if value != value else value  # noqa: PLR0124 - only NaN differs from itself


def _decimal(value: Any) -> Any:
    return _number(decimal.Decimal(repr(value)) if isinstance(value, float) else value)


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
