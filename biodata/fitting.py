"""Whether a record fits its table, found out before anything is sent."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from biodata.errors import near_match
from biodata.records.types import Record
from biodata.records.values import plain, to_type

if TYPE_CHECKING:
    from biodata.records.types import Field, Schema

__all__ = ["Misfit", "Prepared", "fit", "prepare", "same"]


class Misfit(Exception):
    """A record does not fit; it becomes a refused outcome."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.field = code, message, field


def fit(schema: Schema, record: Record, operation: Literal["add", "update", "upsert"]) -> Record:
    """The record with its values in the fields' types.

    Raises:
        Misfit: `BD-WRITE-UNKNOWN-FIELD`, `BD-WRITE-TYPE`, `BD-WRITE-REQUIRED`, `BD-WRITE-READ-ONLY`,
            `BD-KEY-EMPTY`; the message holds no value.
    """
    fitted = {name: _value(_field(schema, name), value) for name, value in record.items()}
    _check_key(schema, fitted, operation)
    for field in schema.guarded:
        _check_presence(field, fitted, operation)
    return fitted


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same to a platform: no value and no element are."""
    if one is None or one == []:
        return other is None or other == []
    return type(one) is type(other) and bool(one == other) if isinstance(one, bool) else bool(one == other)


def _field(schema: Schema, name: str) -> Field:
    field = schema.by_name.get(name)
    if field is None:
        near = near_match(str(name), schema.names)
        hint = f"; did you mean '{near}'?" if near else ""
        raise Misfit("BD-WRITE-UNKNOWN-FIELD", f"the table has no field '{name}'{hint}", name)
    return field


def _value(field: Field, value: Any) -> Any:
    try:
        return to_type(value, field.type)
    except ValueError as error:
        raise Misfit("BD-WRITE-TYPE", f"field '{field.name}' is {field.type}: {error}", field.name) from None


def _check_key(schema: Schema, record: Record, operation: str) -> None:
    for name in schema.key_fields:
        if record.get(name) in (None, "") and not (operation == "add" and schema[name].generated):
            raise Misfit("BD-KEY-EMPTY", f"the key field '{name}' is missing or empty", name)


def _check_presence(field: Field, record: Record, operation: str) -> None:
    given, empty = field.name in record, record.get(field.name) in (None, [])
    if field.read_only and given and not empty and (operation == "update" or field.generated):
        raise Misfit("BD-WRITE-READ-ONLY", f"field '{field.name}' cannot be written", field.name)
    if not field.required or not empty or field.generated:
        return
    absent_is_fine = operation != "add" or field.default is not None
    if given or not absent_is_fine:
        raise Misfit("BD-WRITE-REQUIRED", f"the required field '{field.name}' has no value", field.name)


class Prepared(msgspec.Struct, frozen=True):
    """One record on its way: where it stood in what was given, and what it became or why it cannot go."""

    row: int
    record: Record
    misfit: Misfit | None = None


def prepare(schema: Schema, row: int, record: Record, operation: Literal["add", "update", "upsert"]) -> Prepared:
    """The record on its way, or why it cannot go; of one that cannot, the key alone."""
    try:
        return Prepared(row, fit(schema, record, operation))
    except Misfit as misfit:
        return Prepared(row, {name: _nameable(record.get(name)) for name in schema.key_fields}, misfit)


def _nameable(value: Any) -> Any:
    """What stands in a key field, where a receipt can show it."""
    known = plain(value)
    return known if isinstance(known, str | int | float | decimal.Decimal | dt.date) else None
