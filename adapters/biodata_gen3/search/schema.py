"""Indices and their fields, from the service's own GraphQL schema: one introspection for all.

Text is String there, a 32-bit integer Int, and any other number Float, a 64-bit integer too (protocols/gen3.md, d).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import TableInfo
from biodata.errors import NotFound, near_match
from biodata.records.types import Boolean, Field, Float, Integer, Json, List, Object, Schema, String
from biodata_gen3.search.server import shaped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biodata_gen3.search.server import Guppy

__all__ = ["list_tables", "make_schema", "read_indices", "schema_named"]

_TYPE = "type{kind name ofType{kind name ofType{kind name}}}"
_QUERY = f"{{__schema{{queryType{{fields{{name {_TYPE}}}}} types{{name fields{{name {_TYPE}}}}}}}}}"
_MATCHED = "_matched"
_INT_BITS = 32
_SCALARS: dict[str, Any] = {
    "String": String(),
    "Int": Integer(bits=_INT_BITS),
    "Float": Float(),
    "Boolean": Boolean(),
}


class _Type(msgspec.Struct, rename="camel"):
    kind: str
    name: str | None = None
    of_type: _Type | None = None


class _Field(msgspec.Struct):
    name: str
    type: _Type


class _Named(msgspec.Struct):
    name: str
    fields: list[_Field] | None = None


class _Query(msgspec.Struct):
    fields: list[_Field]


class _Schema(msgspec.Struct, rename="camel"):
    query_type: _Query
    types: list[_Named]


def read_indices(guppy: Guppy) -> Mapping[str, Schema]:
    """The schema of each index, by its name."""
    found = shaped(guppy.ask(_QUERY, {}).get("__schema"), _Schema, None)
    types = {one.name: one.fields or [] for one in found.types}
    return {
        one.name: make_schema(one.name, types[_core(one.type)], types)
        for one in found.query_type.fields
        if not one.name.startswith("_")
    }


def list_tables(schemas: Mapping[str, Schema]) -> Sequence[TableInfo]:
    """The indices."""
    return [TableInfo(name, description="search index, filled from the graph now and then") for name in schemas]


def schema_named(schemas: Mapping[str, Schema], table: str) -> Schema:
    """The schema of an index.

    Raises:
        NotFound: `BD-NOT-FOUND-TABLE`.
    """
    if table not in schemas:
        near = near_match(table, tuple(schemas))
        hint = f"Did you mean '{near}'?" if near else f"It has: {', '.join(schemas) or 'none'}."
        raise NotFound(f"There is no index '{table}'", code="BD-NOT-FOUND-TABLE", table=table, hint=hint)
    return schemas[table]


def make_schema(name: str, fields: Sequence[_Field], types: Mapping[str, list[_Field]]) -> Schema:
    """The shape of an index; without a key where none of the names that keys have is there."""
    held = [one for one in fields if one.name != _MATCHED]
    names = {one.name for one in held}
    key = next((one for one in (f"_{name}_id", f"{name}_id", "node_id", "object_id", "id") if one in names), ())
    made = [_field(one, types, key=one.name == key) for one in held]
    return Schema(table=name, key=key, fields=tuple(made), label=name, writable=False)


def _field(one: _Field, types: Mapping[str, list[_Field]], *, key: bool = False) -> Field:
    return Field(one.name, _type(one.type, types), required=key, unique=key, read_only=True)


def _core(type_: _Type) -> str:
    while type_.of_type is not None:
        type_ = type_.of_type
    return type_.name or ""


def _type(type_: _Type, types: Mapping[str, list[_Field]]) -> Any:
    if type_.kind == "NON_NULL" and type_.of_type is not None:
        return _type(type_.of_type, types)
    if type_.kind == "LIST" and type_.of_type is not None:
        item = _type(type_.of_type, types)
        return List(Json() if isinstance(item, List) else item)
    if type_.kind == "OBJECT":
        return Object(tuple(_field(one, types) for one in types.get(type_.name or "", ())))
    return _SCALARS.get(type_.name or "", Json())
