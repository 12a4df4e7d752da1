"""Keys as people give them, checked against the schema before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from biodata.errors import QueryError
from biodata.records.incoming import incoming, is_frame
from biodata.records.types import Integer, element
from biodata.records.values import plain, to_type

if TYPE_CHECKING:
    from biodata.records.types import Field, Key, Schema

__all__ = ["checked_key", "checked_keys", "is_one_key", "key_record"]

LONGEST_NUMBER = 400
"""Digits; Python itself refuses to read very long ones."""


def is_one_key(given: Any) -> bool:
    """Whether that is one key, or one record that holds it, and not a collection of them."""
    if is_frame(given):
        return False
    return isinstance(given, str | bytes | tuple | Mapping) or not isinstance(given, Iterable)


def checked_keys(schema: Schema, given: Iterable[Any]) -> list[Key]:
    """The keys in a collection of them, of records, or in a frame.

    Raises:
        QueryError: as `checked_key`.
    """
    return [checked_key(schema, key) for key in (incoming(given) if is_frame(given) else given)]


def checked_key(schema: Schema, key: Any) -> Key:
    """The key with its parts in their fields' types; of a record, the key that it holds.

    Raises:
        QueryError: `BD-KEY-EMPTY` for an empty or missing one, `BD-KEY-TYPE` for one that cannot be a key of
            this table, `BD-KEY-NONE` for a table without a key.
    """
    names = schema.key_fields
    if not names:
        raise QueryError("The table has no key", code="BD-KEY-NONE", table=schema.table, hint="Use query instead.")
    if isinstance(key, Mapping):
        key = tuple(key.get(name) for name in names)
    parts = key if isinstance(key, tuple | list) else (key,)
    if len(parts) != len(names):
        raise QueryError(
            f"The key has {len(names)} parts ({', '.join(names)}), and {len(parts)} are given",
            code="BD-KEY-TYPE",
            table=schema.table,
        )
    checked = tuple(_part(schema[name], part, schema.table) for name, part in zip(names, parts, strict=True))
    return checked if isinstance(schema.key, tuple) else checked[0]


def key_record(schema: Schema, key: Key) -> dict[str, Any]:
    """A record that holds the key alone."""
    parts = key if isinstance(schema.key, tuple) else (key,)
    return dict(zip(schema.key_fields, parts, strict=True))


def _part(field: Field, value: Any, table: str) -> Any:
    value = plain(value)
    if value is None or value == "":
        raise QueryError(
            f"An empty key names no record (field '{field.name}')",
            code="BD-KEY-EMPTY",
            table=table,
            hint="Give the key of a record. To delete every record, say so: all=True, or --all in the command.",
        )
    if isinstance(element(field.type), Integer) and isinstance(value, str):
        value = _number(value)
    try:
        return to_type(value, field.type)
    except ValueError as error:
        raise QueryError(
            f"That cannot be a key: field '{field.name}' is {field.type}: {error}", code="BD-KEY-TYPE", table=table
        ) from None


def _number(text: str) -> Any:
    digits = text.strip().removeprefix("-")
    return int(text) if digits.isdecimal() and len(digits) < LONGEST_NUMBER else text
