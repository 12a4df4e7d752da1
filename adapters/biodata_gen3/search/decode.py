"""Rows of Guppy as records: numbers by the schema, nested documents field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.records.decoding import decoded, flag, text, whole
from biodata.records.types import Boolean, Float, Integer, List, Object, String, element

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biodata.records.types import DataType, Record, Schema

__all__ = ["records"]


def records(schema: Schema, rows: Sequence[dict[str, Any]], fields: Sequence[str], start: int = 0) -> list[Record]:
    """Normalised records with these fields.

    Raises:
        ProtocolError: `BD-REMOTE-FORMAT`, a value that is not of its field's type; row and field are named.
    """
    return decoded(rows, schema, {name: _decoder(schema[name].type) for name in fields}, start)


def _decoder(type_: DataType) -> Callable[[Any], Any]:
    decode = _one(element(type_))
    return _listed(decode) if isinstance(type_, List) else decode


def _listed(decode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A list's elements; the index does not tell one value from a list of it."""

    def elements(value: Any) -> list[Any]:
        return [decode(one) for one in (value if isinstance(value, list) else [value]) if one is not None]

    return elements


def _one(type_: DataType) -> Callable[[Any], Any]:
    if isinstance(type_, Object):
        return _object(type_)
    return _SCALARS.get(type(type_), lambda value: value)


def _object(type_: Object) -> Callable[[Any], Any]:
    inner = {field.name: (_decoder(field.type), isinstance(field.type, List)) for field in type_.fields}

    def document(value: dict[str, Any]) -> dict[str, Any]:
        return {
            name: decode(value[name]) if value.get(name) is not None else [] if many else None
            for name, (decode, many) in inner.items()
        }

    return document


def _fraction(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("no number")
    return float(value)


_SCALARS: dict[type, Callable[[Any], Any]] = {Boolean: flag, String: text, Integer: whole, Float: _fraction}
