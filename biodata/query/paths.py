"""Where a path leads: through objects freely, over references to other tables, through lists to each element."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from biodata.errors import QueryError, near_match
from biodata.query.pushdown import Via
from biodata.records.types import (
    DataType,
    Field,
    File,
    List,
    Object,
    Path,
    Reference,
    Schema,
    String,
    element,
    is_list,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    Lookup: TypeAlias = Callable[[str], Schema]
    """From a table's name to its schema."""

__all__ = ["Target", "crossing", "fields_along", "path_of", "referenced", "resolve", "with_keys"]

_FILE_FIELDS = tuple(Field(name, String()) for name in ("id", "filename", "url"))


class Target(msgspec.Struct, frozen=True):
    """Where a path leads.

    Attributes:
        type: what is there; a List when the path goes through a list or ends at one.
        via: the strongest step of the path.
        to_key: whether the last step only names the key of the reference before it.
    """

    path: Path
    type: DataType
    via: Via = "field"
    to_key: bool = False


def resolve(schema: Schema, path: Path, lookup: Lookup | None = None) -> Target:
    """Where the path leads from a record of the table.

    Raises:
        QueryError: `BD-QUERY-FIELD`, for a step to a field that is not there or into a value without fields.
    """
    fields = fields_along(schema, path, lookup)
    inner = [element(field.type) for field in fields[:-1]]
    over = any(isinstance(type_, Reference) for type_ in inner)
    return Target(
        path,
        _many(fields[-1].type) if any(is_list(field.type) for field in fields) else fields[-1].type,
        "reference" if over else "object" if inner else "field",
        to_key=bool(inner) and _is_key(inner[-1], path[-1], lookup),
    )


def fields_along(schema: Schema, path: Path, lookup: Lookup | None = None) -> tuple[Field, ...]:
    """The field at each step of the path.

    Raises:
        QueryError: as `resolve`.
    """
    fields = [schema[path[0]]]
    for length in range(1, len(path)):
        known = _fields_in(element(fields[-1].type), lookup)
        field = next((field for field in known if field.name == path[length]), None)
        if field is None:
            raise _unknown(path[: length + 1], fields[-1].type, known).located(table=schema.table)
        fields.append(field)
    return tuple(fields)


def crossing(schema: Schema, path: Path) -> tuple[Path, Reference] | None:
    """Where a path steps over its first reference: the path that leads to it, and its type."""
    fields = schema.by_name
    for depth, name in enumerate(path[:-1], start=1):
        type_ = element(fields[name].type)
        if isinstance(type_, Reference):
            return path[:depth], type_
        if not isinstance(type_, Object):
            return None
        fields = {field.name: field for field in type_.fields}
    return None


def with_keys(paths: Collection[Path], schema: Schema, lookup: Lookup) -> Iterator[Path]:
    """The paths; a reference that stands beside fields beyond it becomes the field of its key."""
    for path in paths:
        inner = element(resolve(schema, path, lookup).type)
        stepped = any(len(other) > len(path) and other[: len(path)] == path for other in paths)
        if isinstance(inner, Reference) and stepped:
            yield from ((*path, name) for name in lookup(inner.table).key_fields)
        else:
            yield path


def path_of(schema: Schema, name: str | Path) -> Path:
    """The path of a name as people write it: a field of the table, dots and all, or names joined by dots.

    Raises:
        QueryError: `BD-QUERY-FIELD`, when it is empty or no name at all.
    """
    if not isinstance(name, str | tuple | list):
        raise QueryError(
            f"A field is named by text, not by a {type(name).__name__}", code="BD-QUERY-FIELD", table=schema.table
        )
    path = tuple(name) if not isinstance(name, str) else (name,) if name in schema else tuple(name.split("."))
    if not path or not all(path):
        raise QueryError("A field needs a name", code="BD-QUERY-FIELD", table=schema.table)
    return path


def _fields_in(type_: DataType, lookup: Lookup | None) -> tuple[Field, ...]:
    if isinstance(type_, Object):
        return type_.fields
    if isinstance(type_, File):
        return _FILE_FIELDS
    return referenced(lookup(type_.table)) if isinstance(type_, Reference) and lookup else ()


def referenced(schema: Schema) -> tuple[Field, ...]:
    """The fields of a table that a path steps into.

    Raises:
        QueryError: `BD-QUERY-FIELD`, its key is not one field, so that no reference can hold it.
    """
    if not isinstance(schema.key, str):
        raise QueryError(
            f"No path can step into '{schema.table}': a reference holds one value, and its key is not one field",
            code="BD-QUERY-FIELD",
        )
    return schema.fields


def _is_key(type_: DataType, name: str, lookup: Lookup | None) -> bool:
    return isinstance(type_, Reference) and lookup is not None and lookup(type_.table).key == name


def _many(type_: DataType) -> DataType:
    return type_ if isinstance(type_, List) else List(type_)  # type: ignore[arg-type]  # only a list is no element


def _unknown(path: Path, before: DataType, known: tuple[Field, ...]) -> QueryError:
    name, place = ".".join(path), ".".join(path[:-1])
    names = [field.name for field in known]
    near = near_match(path[-1], names)
    hint = f"'{place}' is of type {before}, which cannot be looked into."
    if names:
        hint = f"Did you mean '{place}.{near}'?" if near else f"'{place}' has: {', '.join(names[:20])}."
    return QueryError(f"There is no field '{name}'", code="BD-QUERY-FIELD", hint=hint)
