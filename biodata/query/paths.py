"""Where a path leads: through objects freely, over references to other tables, through lists to each element."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from biodata.errors import QueryError, near_match
from biodata.query.pushdown import Via  # noqa: TC001 - msgspec reads annotations at run time
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
    from collections.abc import Callable

    Lookup: TypeAlias = Callable[[str], Schema]
    """From a table's name to its schema."""

__all__ = ["Target", "path_of", "resolve"]

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
    target = Target(path[:1], schema[path[0]].type)
    for name in path[1:]:
        target = _step(target, name, schema, lookup)
    return target


def path_of(schema: Schema, name: str | Path) -> Path:
    """The path of a name as people write it: a field of the table, dots and all, or names joined by dots.

    Raises:
        QueryError: `BD-QUERY-FIELD`, when it is empty.
    """
    path = name if isinstance(name, tuple) else (name,) if name in schema else tuple(name.split("."))
    if not path or not all(path):
        raise QueryError("A field needs a name", code="BD-QUERY-FIELD", table=schema.table)
    return path


def _step(target: Target, name: str, schema: Schema, lookup: Lookup | None) -> Target:
    inner = element(target.type)
    if isinstance(inner, Reference):
        return _over(target, inner, name, schema, lookup)
    fields = inner.fields if isinstance(inner, Object) else _FILE_FIELDS if isinstance(inner, File) else ()
    if not fields:
        raise _leads_nowhere(target, name, schema.table)
    via: Via = "reference" if target.via == "reference" else "object"
    return _stepped(target, name, fields, via, schema.table)


def _over(target: Target, ref: Reference, name: str, schema: Schema, lookup: Lookup | None) -> Target:
    if lookup is None:
        raise _leads_nowhere(target, name, schema.table)
    other = lookup(ref.table)
    stepped = _stepped(target, name, other.fields, "reference", schema.table)
    return msgspec.structs.replace(stepped, to_key=name == other.key)


def _stepped(target: Target, name: str, fields: tuple[Field, ...], via: Via, table: str) -> Target:
    field = next((field for field in fields if field.name == name), None)
    if field is None:
        raise _unknown(target.path, name, tuple(field.name for field in fields), table)
    return Target((*target.path, name), _many(field.type) if is_list(target.type) else field.type, via)


def _many(type_: DataType) -> DataType:
    return type_ if isinstance(type_, List) else List(type_)  # type: ignore[arg-type]  # only a list is no element


def _unknown(before: Path, name: str, known: tuple[str, ...], table: str) -> QueryError:
    near = near_match(name, known)
    place = ".".join(before)
    hint = f"Did you mean '{place}.{near}'?" if near else f"'{place}' has: {', '.join(known[:20])}."
    return QueryError(f"There is no field '{place}.{name}'", code="BD-QUERY-FIELD", table=table, hint=hint)


def _leads_nowhere(target: Target, name: str, table: str) -> QueryError:
    place = ".".join(target.path)
    return QueryError(
        f"There is no field '{place}.{name}': '{place}' is of type {target.type}, which cannot be looked into",
        code="BD-QUERY-FIELD",
        table=table,
    )
