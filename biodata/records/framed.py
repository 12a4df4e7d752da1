"""JSON in frames of pandas and polars, which hold it as text: what `Result.to_pandas` gives can be written again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from biodata.records.types import File, Json, List, Object

if TYPE_CHECKING:
    from biodata.records.types import DataType, Field, Record, Schema

__all__ = ["json_read"]

Reader: TypeAlias = Callable[[Any], Any]


def json_read(records: Iterator[Record], schema: Schema) -> Iterator[Record]:
    """The records with the JSON text in their JSON fields read; text that is no JSON stays the text that it is."""
    readers = _readers(schema)
    return (_parts(record, readers) for record in records) if readers else records


def _readers(fields: Iterable[Field]) -> dict[str, Reader]:
    return {field.name: reader for field in fields if (reader := _reader(field.type))}


def _reader(type_: DataType) -> Reader | None:
    """What reads the values of a type; None where they hold no JSON."""
    if isinstance(type_, Json | File):
        return _read
    if isinstance(type_, List):
        item = _reader(type_.item)
        return (lambda values: _each(values, item)) if item else None
    inner = _readers(type_.fields) if isinstance(type_, Object) else {}
    return (lambda value: _parts(value, inner)) if inner else None


def _read(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value


def _each(values: Any, item: Reader) -> Any:
    whole = not isinstance(values, Iterable) or isinstance(values, str | bytes | Mapping)
    return values if whole else [item(value) for value in values]


def _parts(value: Any, readers: Mapping[str, Reader]) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name: readers[name](one) if name in readers else one for name, one in value.items()}
