"""Rows of GraphQL answers and of exports as records.

GraphQL gives integers as floats (protocols/gen3.md, fact 5): they are made integers again by the schema, and those
that a float cannot hold are read anew from an export, which gives them whole.
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from biodata.records.decoding import decoded, flag, instant, text, whole
from biodata.records.types import EXACT_FLOAT, Boolean, Date, DateTime, Float, Integer, Json, List, Reference, element

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biodata.records.types import DataType, Record, Schema

__all__ = ["inexact", "records"]


def records(schema: Schema, rows: Sequence[dict[str, Any]], fields: Sequence[str], start: int = 0) -> list[Record]:
    """Normalised records with these fields.

    Raises:
        ProtocolError: `BD-REMOTE-FORMAT`, a value that is not of its field's type; row and field are named.
    """
    return decoded(rows, schema, {name: _decoder(schema[name].type) for name in dict.fromkeys(fields)}, start)


def inexact(schema: Schema, found: Sequence[Record]) -> list[Record]:
    """The records with an integer so large that a float may have rounded it."""
    names = [name for name in (found[0] if found else ()) if isinstance(element(schema[name].type), Integer)]
    return [record for record in found if any(_is_large(record[name]) for name in names)]


def _is_large(value: Any) -> bool:
    return any(abs(one) >= EXACT_FLOAT for one in (value if isinstance(value, list) else [value]) if one is not None)


def _decoder(type_: DataType) -> Callable[[Any], Any] | None:
    one = element(type_)
    if isinstance(one, Reference):
        return _keys if isinstance(type_, List) else lambda ends: next(iter(_keys(ends)), None)
    decode = _SCALARS.get(type(one), text)
    if not isinstance(type_, List):
        return decode
    return _listed(_from_text(decode) if decode and isinstance(one, Integer | Float | Boolean) else decode)


def _from_text(decode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """For an element that GraphQL gives as text: every list is `[String]` there (protocols/gen3.md, c)."""
    return lambda value: decode(json.loads(value) if isinstance(value, str) else value)


def _listed(decode: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    """A list's elements; one value that is not in a list is a list of it."""

    def elements(value: Any) -> list[Any]:
        items = value if isinstance(value, list) else [value]
        return [one if decode is None else decode(one) for one in items if one is not None]

    return elements


def _keys(ends: list[dict[str, Any]]) -> list[str]:
    return [text(end["code"] if "code" in end else end["submitter_id"]) for end in ends]


_SCALARS: dict[type, Callable[[Any], Any] | None] = {
    Boolean: flag,
    Integer: whole,
    Float: float,
    DateTime: instant,
    Date: lambda value: date.fromisoformat(value[:10]),
    Json: None,
}
