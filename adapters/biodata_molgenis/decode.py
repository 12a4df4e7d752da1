"""Values of the server's JSON as the house keeps them (protocols/molgenis.md, b2, f)."""

from __future__ import annotations

from datetime import date
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from biodata.records.decoding import decoded, flag, instant, text, whole
from biodata.records.types import Boolean, Date, DateTime, File, Float, Integer, List, Reference, String

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biodata.records.types import Field, Record, Schema

__all__ = ["records"]


def records(items: Sequence[dict[str, Any]], names: Sequence[str], schema: Schema, start: int = 0) -> list[Record]:
    """JSON rows as records with the fields `names`; an absent key is null, a list without elements is empty.

    Raises:
        ProtocolError: a value that the schema does not allow; field and number are named, from `start`.
    """
    return decoded(items, schema, {name: _decoder(schema[name]) for name in names}, start)


def _decoder(field: Field) -> Callable[[Any], Any] | None:
    ref_id = field.options.get("ref_id", "id")
    if isinstance(field.type, List):
        return lambda value: [one[ref_id] for one in _elements(value)]
    if isinstance(field.type, Reference):
        return itemgetter(ref_id)
    return _DECODERS.get(type(field.type))


def _elements(value: dict[str, Any] | list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The elements of a list: an envelope has them in v1, v2 gives them as they are (a3, b2)."""
    items: list[dict[str, Any]] = value["items"] if isinstance(value, dict) else value
    return items


def _file(value: dict[str, Any]) -> dict[str, Any]:
    return {"id": value["id"], **{name: value[name] for name in ("filename", "url") if name in value}}


_DECODERS: dict[type, Callable[[Any], Any]] = {
    String: text,
    Integer: whole,
    Float: float,
    Boolean: flag,
    Date: date.fromisoformat,
    DateTime: instant,
    File: _file,
}
