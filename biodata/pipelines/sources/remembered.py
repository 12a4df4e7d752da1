"""The fields of a source with their types, as one run leaves them for the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import SchemaError
from biodata.pipelines.loading.tables import schema_for
from biodata.pipelines.state.memory import remembering
from biodata.records.types import AnyType, List, Object

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

__all__ = ["dotted", "remembered", "type_of", "types_in", "word"]

FIELDS = "fields"


def type_of(field: pa.Field[Any]) -> AnyType | str:
    """The type of a column; Arrow's word for it where no table can hold such values."""
    import pyarrow as pa

    try:
        return schema_for("", (), pa.schema([field])).fields[0].type
    except SchemaError:
        return str(field.type)


def remembered(types: Mapping[str, AnyType | str]) -> dict[str, Any]:
    """What goes into `Source.seen` of some fields."""
    return {FIELDS: msgspec.to_builtins(dict(types))}


def types_in(seen: Mapping[str, Any]) -> dict[str, AnyType | str]:
    """The types that an earlier run left in `StepMemory.seen`; empty where there was none."""
    found: dict[str, Any] = seen.get(FIELDS, {})
    with remembering():
        return {
            name: kind if isinstance(kind, str) else msgspec.convert(kind, AnyType) for name, kind in found.items()
        }


def word(type_: AnyType | str) -> str:
    """A type in words, with those of an object's fields: `list[object{at: date}]`."""
    if isinstance(type_, List):
        return f"list[{word(type_.item)}]"
    if isinstance(type_, Object):
        return f"object{{{', '.join(f'{field.name}: {word(field.type)}' for field in type_.fields)}}}"
    return str(type_)


def dotted(types: Mapping[str, AnyType | str], before: str = "") -> dict[str, AnyType]:
    """The same, and the types of the fields of objects, by their dotted names."""
    found: dict[str, AnyType] = {}
    for name, kind in types.items():
        if not isinstance(kind, str):
            found[before + name] = kind
        if isinstance(kind, Object):
            found |= dotted({field.name: field.type for field in kind.fields}, f"{before}{name}.")
    return found
