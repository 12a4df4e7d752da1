"""Rows of a platform's JSON made records, column by column: most of the time of a large read is spent here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from biodata.errors import ProtocolError
from biodata.records.types import is_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from biodata.records.types import Record, Schema

    Decode: TypeAlias = Callable[[Any], Any] | None

__all__ = ["decoded", "flag", "instant", "text", "whole"]

_UNFIT = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError)


def decoded(
    rows: Sequence[dict[str, Any]], schema: Schema, decoders: Mapping[str, Decode], start: int = 0
) -> list[Record]:
    """Normalised records with the fields that `decoders` names, in its order.

    Args:
        rows: as they came; an absent key is null.
        schema: of the table that they are of.
        decoders: field -> what makes one value of it, or None where it comes as it is kept. It is not asked about
            null: that stays None, or is a list without elements.
        start: the number of the first row, for messages.

    Raises:
        ProtocolError: `BD-REMOTE-FORMAT`, a value that its field cannot have; row and field are named.
    """
    blank: Record = dict.fromkeys(decoders)
    records = [blank.copy() for _ in rows]
    for name, decode in decoders.items():
        for record, value in zip(records, _column(rows, schema, name, decode, start), strict=True):
            record[name] = value
    return records


def _column(rows: Sequence[dict[str, Any]], schema: Schema, name: str, decode: Decode, start: int) -> list[Any]:
    values = [row.get(name) for row in rows]
    if is_list(schema[name].type):
        values = [[] if value is None else value for value in values]
    if decode is None:
        return values
    try:
        return [None if value is None else decode(value) for value in values]
    except _UNFIT:
        at = next(at for at, value in enumerate(values) if value is not None and _fails(decode, value))
        raise ProtocolError(
            f"Field '{name}' of record {start + at} is not {schema[name].type}, as the table's schema says",
            code="BD-REMOTE-FORMAT",
            table=schema.table,
        ) from None


def _fails(decode: Callable[[Any], Any], value: Any) -> bool:
    try:
        decode(value)
    except _UNFIT:
        return True
    return False


# --- what makes one value, on several platforms; ValueError or TypeError where it does not fit -------------


def text(value: Any) -> str:
    """Text as it is."""
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def flag(value: Any) -> bool:
    """True or false as it is."""
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def whole(value: Any) -> int:
    """An integer, which may have come as a float without a fraction."""
    if isinstance(value, bool) or value != int(value):
        raise ValueError("a fraction")
    return int(value)


def instant(value: str) -> datetime:
    """ISO text as a moment in UTC, which it is in where it names no zone."""
    found = datetime.fromisoformat(value)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
