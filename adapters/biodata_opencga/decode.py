"""Values of the server's JSON as the house keeps them (protocols/opencga.md, sections 2 and 8).

A text that was never set is "" there, and an object that was never set has only such texts: both are null, and an
object has the keys alone that have a value, as people write it. Other records come as ids, as stubs or whole, and
become their keys.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from biodata.records.decoding import decoded, flag, text, whole
from biodata.records.types import Boolean, DateTime, Float, Integer, List, Object, Reference, String
from biodata_opencga.annotations import ANNOTATIONS, decoded_sets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biodata.records.types import DataType, Field, Record, Schema

__all__ = ["decoder", "records"]

DIGITS = 14


def records(items: Sequence[dict[str, Any]], names: Sequence[str], schema: Schema, start: int = 0) -> list[Record]:
    """Documents as records with the fields `names`.

    Raises:
        ProtocolError: a value that the schema does not allow; field and number are named, from `start`.
    """
    wired = {name: wire for name in names if (wire := schema[name].options.get("wire"))}
    if wired:
        items = [{**item, **{name: item.get(wire) for name, wire in wired.items()}} for item in items]
    return decoded(items, schema, {name: _of_field(schema[name]) for name in names}, start)


def _of_field(field: Field) -> Callable[[Any], Any]:
    if field.name == ANNOTATIONS and isinstance(field.type, Object):
        return decoded_sets(field.type, decoder)
    if "none" in field.options:
        return lambda value: None if str(value) == field.options["none"] else _whole(value)
    return decoder(field.type, field.options.get("include", "id"))


def _json(value: Any) -> Any:
    return value or None if isinstance(value, dict | list) else value


def decoder(type_: DataType, key: str = "id") -> Callable[[Any], Any]:
    """From a value of the server's JSON to one of that type; of another record it takes the field `key`."""
    if isinstance(type_, List) and isinstance(type_.item, Reference):
        return lambda value: [_key(item, key) for item in value or ()]
    if isinstance(type_, List):
        one = decoder(type_.item, key)
        return lambda value: [done for item in value or () if (done := one(item)) is not None]
    if isinstance(type_, Object):
        inner = [(field.name, decoder(field.type)) for field in type_.fields]
        return lambda value: _object(value, inner)
    if isinstance(type_, Reference):
        return lambda value: (value.get(key) if isinstance(value, dict) else _text(value)) or None
    return _SCALARS.get(type(type_), _json)


def _key(item: Any, key: str) -> str:
    """The key of one of a list's records; a stub without one would be a lost record, so it is an error."""
    found = _text(item.get(key) if isinstance(item, dict) else item)
    if found is None:
        raise ValueError
    return found


def _object(value: dict[str, Any] | None, inner: list[tuple[str, Callable[[Any], Any]]]) -> dict[str, Any] | None:
    if value is None:
        return None
    done = {name: decode(value.get(name)) for name, decode in inner}
    return {name: one for name, one in done.items() if one not in (None, [])} or None


def _text(value: Any) -> str | None:
    return (text(value) or None) if value is not None else None


def _whole(value: Any) -> int | None:
    return whole(value) if value is not None else None


def _flag(value: Any) -> bool | None:
    return flag(value) if value is not None else None


def _instant(value: Any) -> datetime | None:
    """14 digits in UTC (section 2)."""
    if value and len(value) != DIGITS:
        raise ValueError
    return datetime.fromisoformat(f"{value[:8]}T{value[8:]}").replace(tzinfo=UTC) if value else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool | str):
        raise TypeError
    return None if value is None else float(value)


_SCALARS: dict[type, Callable[[Any], Any]] = {
    String: _text,
    Float: _number,
    Integer: _whole,
    Boolean: _flag,
    DateTime: _instant,
}
