"""Values of the server's JSON as the house keeps them (protocols/molgenis.md, b2, f)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from biodata.errors import ProtocolError
from biodata.records.types import Boolean, Date, DateTime, File, Float, Integer, List, Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biodata.records.types import Field, Record, Schema

__all__ = ["records"]


def records(items: Sequence[dict[str, Any]], names: Sequence[str], schema: Schema, start: int = 0) -> list[Record]:
    """JSON rows as records with the fields `names`; an absent key is null, a list without elements is empty.

    Raises:
        ProtocolError: a value that the schema does not allow; field and number are named, from `start`.
    """
    wanted = [(name, _decoder(schema[name])) for name in names]
    return [_record(item, wanted, number) for number, item in enumerate(items, start)]


def _record(item: dict[str, Any], wanted: list[tuple[str, Callable[[Any], Any]]], number: int) -> Record:
    try:
        return {name: decode(item.get(name)) for name, decode in wanted}
    except (ValueError, TypeError, KeyError, AttributeError):
        name = next(name for name, decode in wanted if _fails(decode, item.get(name)))
        raise ProtocolError(
            f"Field '{name}' of record {number} is not what the table's schema says", code="BD-REMOTE-FORMAT"
        ) from None


def _fails(decode: Callable[[Any], Any], value: Any) -> bool:
    try:
        decode(value)
    except (ValueError, TypeError, KeyError, AttributeError):
        return True
    return False


def _decoder(field: Field) -> Callable[[Any], Any]:
    ref_id = field.options.get("ref_id", "id")
    if isinstance(field.type, List):
        return lambda value: [one[ref_id] for one in _elements(value)]
    if isinstance(field.type, Reference):
        return lambda value: None if value is None else value[ref_id]
    decode = _DECODERS.get(type(field.type))
    return _same if decode is None else lambda value: None if value is None else decode(value)


def _elements(value: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = value["items"] if isinstance(value, dict) else value or []
    return items


def _same(value: Any) -> Any:
    return value


def _whole(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError
    return int(value)


def _instant(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _file(value: dict[str, Any]) -> dict[str, Any]:
    return {name: value[name] for name in ("id", "filename", "url") if name in value}


_DECODERS: dict[type, Callable[[Any], Any]] = {
    Integer: _whole,
    Float: float,
    Boolean: _flag,
    Date: date.fromisoformat,
    DateTime: _instant,
    File: _file,
}
