"""Tables, and the server's metadata as a Schema.

A schema is read from the metadata in an empty v2 page, not from v3 or with `includeCategories`: those list every
row of a table that a categorical attribute refers to (protocols/molgenis.md, h21). Types: section f.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import TableInfo
from biodata.errors import AuthError, BiodataError, NotFound, PermissionDenied, SchemaError, near_match
from biodata.http import Request
from biodata.records.types import (
    Boolean,
    Date,
    DateTime,
    Field,
    File,
    Float,
    Integer,
    List,
    Reference,
    Schema,
    String,
)
from biodata_molgenis.server import read_json, table_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from biodata.http import HttpSession
    from biodata.records.types import AnyType

__all__ = ["EntityType", "list_tables", "read_schema", "to_schema"]

_PAGE = 10_000
_MANY = frozenset({"MREF", "CATEGORICAL_MREF", "ONE_TO_MANY"})
_ONE = frozenset({"XREF", "CATEGORICAL"})
_WRITES = frozenset({"ADD_DATA", "UPDATE_DATA", "DELETE_DATA"})
_INT_BITS = {"INT": 32, "LONG": 64}


class Range(msgspec.Struct):
    """Limits of a number."""

    min: int | None = None
    max: int | None = None


class Attribute(msgspec.Struct, rename="camel"):
    """An attribute, as a v2 page describes it."""

    name: str
    field_type: str
    label: str | None = None
    description: str | None = None
    attributes: list[Attribute] = []
    enum_options: list[str] | None = None
    max_length: int | None = None
    ref_entity: EntityType | None = None
    auto: bool = False
    nillable: bool = True
    read_only: bool = False
    unique: bool = False
    default_value: Any = None
    expression: str | None = None
    range: Range | None = None
    tags: list[Any] = []
    is_aggregatable: bool = False


class EntityType(msgspec.Struct, rename="camel"):
    """An entity type, as a v2 page describes it."""

    name: str
    label: str | None = None
    description: str | None = None
    attributes: list[Attribute] = []
    id_attribute: str | None = None
    is_abstract: bool = False
    writable: bool = True
    permissions: list[str] = []


class _Described(msgspec.Struct):
    meta: EntityType


class _Listed(msgspec.Struct, rename="camel"):
    id: str
    label: str | None = None
    description: str | None = None
    is_abstract: bool = False


class _List(msgspec.Struct):
    items: list[_Listed]
    total: int


def list_tables(session: HttpSession) -> list[TableInfo]:
    """The tables that this user may see, without abstract ones and the server's own (`sys_…`).

    Raises:
        PermissionDenied: the user, often `anonymous`, may not read the list of tables.
    """
    return [
        TableInfo(one.id, one.label or "", one.description or "")
        for one in _listed(session)
        if not one.is_abstract and not one.id.startswith("sys_")
    ]


def _listed(session: HttpSession) -> Iterator[_Listed]:
    start, total = 0, 1
    while start < total:
        try:
            page = read_json(session, _list_request(start), _List)
        except PermissionDenied as error:
            error.hint = "The list of tables is not public: log in, or name the table that you want"
            raise
        yield from page.items
        start, total = start + _PAGE, page.total


def _list_request(start: int) -> Request:
    params = {"attrs": "id,label,description,isAbstract", "sort": "id", "start": str(start), "num": str(_PAGE)}
    return Request(method="GET", path=table_path("v2", "sys_md_EntityType"), params=tuple(params.items()))


def read_meta(session: HttpSession, table: str) -> EntityType:
    """The table's metadata, by one request for a page of no rows.

    Raises:
        NotFound: `BD-NOT-FOUND-TABLE`, naming a near match where there is one.
    """
    request = Request(method="GET", path=table_path("v2", table), params=(("num", "0"),))
    try:
        return read_json(session, request, _Described, table).meta
    except NotFound as error:
        error.hint = error.hint or _near(session, table)
        raise


def _near(session: HttpSession, table: str) -> str | None:
    try:
        near = near_match(table, [one.name for one in list_tables(session)])
    except (AuthError, BiodataError):
        return None
    return f"Did you mean '{near}'?" if near else None


def read_schema(session: HttpSession, table: str) -> Schema:
    """The table's shape.

    Raises:
        NotFound: `BD-NOT-FOUND-TABLE`.
        SchemaError: an abstract entity type, which has no id attribute and no rows.
    """
    return to_schema(read_meta(session, table))


def check_rights(table: str, permissions: Collection[str], verbs: Collection[str]) -> None:
    """See that these permissions, as a page's `meta` lists them, are enough; a server that lists none says nothing.

    Raises:
        PermissionDenied: `BD-AUTH-DENIED`.
    """
    lacking = [verb for verb in verbs if f"{verb.upper()}_DATA" not in permissions]
    if permissions and lacking:
        raise PermissionDenied(
            f"This user may not {' or '.join(lacking)} records of this table",
            code="BD-AUTH-DENIED",
            table=table,
            hint="biodata doctor shows what this user may do",
        )


def to_schema(meta: EntityType) -> Schema:
    """The metadata as a Schema; the parts of a compound stand in its place, as they do in rows.

    `writable` is the table's, not the user's: the server says no to both, and a missing right is told by the
    write itself, as PermissionDenied.
    """
    if meta.id_attribute is None:
        raise SchemaError("An abstract entity type has no rows", code="BD-SCHEMA-ABSTRACT", table=meta.name)
    return Schema(
        table=meta.name,
        key=meta.id_attribute,
        fields=tuple(map(_field, _flat(meta.attributes))),
        label=meta.label or "",
        description=meta.description or "",
        writable=not meta.is_abstract and (meta.writable or not _WRITES & set(meta.permissions)),
    )


def _flat(attributes: list[Attribute]) -> Iterator[Attribute]:
    for attribute in attributes:
        if attribute.field_type == "COMPOUND":
            yield from _flat(attribute.attributes)
        else:
            yield attribute


def _field(attribute: Attribute) -> Field:
    derived = bool(attribute.expression)
    default = None if attribute.default_value is None else str(attribute.default_value)
    return Field(
        name=attribute.name,
        type=_type(attribute),
        required=not (attribute.nillable or attribute.auto or derived or default is not None),
        unique=attribute.unique,
        read_only=derived or (attribute.read_only and not attribute.auto),
        generated=derived or attribute.auto,
        label=attribute.label or "",
        description=attribute.description or "",
        default=default,
        options=_options(attribute),
    )


def _options(attribute: Attribute) -> dict[str, str]:
    """Notes for the other modules: the server's type, the id attribute referred to, what cannot be filtered on."""
    notes = {"type": attribute.field_type.lower()}
    if attribute.ref_entity is not None and attribute.ref_entity.id_attribute:
        notes["ref_id"] = attribute.ref_entity.id_attribute
    if attribute.expression:
        notes["computed"] = "yes"
    if attribute.tags:
        notes["tagged"] = "yes"
    if not attribute.nillable:
        notes["not_null"] = "yes"
    if attribute.is_aggregatable:
        notes["aggregatable"] = "yes"
    return notes


def _type(attribute: Attribute) -> AnyType:
    kind = attribute.field_type
    if kind in _MANY:
        return List(_reference(attribute))
    if kind in _ONE:
        return _reference(attribute)
    if kind in _INT_BITS:
        limits = attribute.range or Range()
        return Integer(_INT_BITS[kind], limits.min, limits.max)
    if kind == "ENUM":
        return String(choices=tuple(attribute.enum_options or ()))
    return _PLAIN.get(kind) or String(max_length=attribute.max_length)


_PLAIN: dict[str, AnyType] = {
    "BOOL": Boolean(),
    "DATE": Date(),
    "DATE_TIME": DateTime(),
    "DECIMAL": Float(),
    "FILE": File(),
}


def _reference(attribute: Attribute) -> Reference:
    other = attribute.ref_entity
    if other is None:
        raise SchemaError(f"Field '{attribute.name}' refers to no table", code="BD-SCHEMA-REFERENCE")
    ids = [one for one in _flat(other.attributes) if one.name == other.id_attribute]
    bits = _INT_BITS.get(ids[0].field_type) if ids else None
    return Reference(other.name, Integer(bits) if bits else String())
