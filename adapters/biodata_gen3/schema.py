"""Tables and their fields, from the data dictionary.

The server's own properties (`state`, `created_datetime`, `updated_datetime`, `project_id`, `type`) are no fields:
exports do not hold them (protocols/gen3.md, b: Export). `connection.graphql` shows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.adapter import TableInfo
from biodata.errors import NotFound, near_match
from biodata.records.types import (
    Boolean,
    Date,
    DateTime,
    Field,
    Float,
    Integer,
    Json,
    List,
    Reference,
    Schema,
    String,
)
from biodata_gen3.reserved import NOT_PAGED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata_gen3.catalog import Catalog, Link, NodeType

__all__ = ["ID", "list_tables", "make_schema"]

ID = "id"
_FORMATS = {"date-time": DateTime(), "date": Date()}


def list_tables(catalog: Catalog) -> Sequence[TableInfo]:
    """All node types of the dictionary, whether they have records yet or not."""
    return [TableInfo(one.label, one.title, one.description) for one in catalog.types.values()]


def node_type(catalog: Catalog, table: str) -> NodeType:
    """A node type by its name.

    Raises:
        NotFound: `BD-NOT-FOUND-TABLE`.
    """
    found = catalog.types.get(table)
    if found is None:
        near = near_match(table, tuple(catalog.types))
        hint = f"Did you mean '{near}'?" if near else None
        raise NotFound(f"There is no table '{table}'", code="BD-NOT-FOUND-TABLE", table=table, hint=hint)
    return found


def make_schema(node: NodeType) -> Schema:
    """The shape of a node type's table."""
    return Schema(
        table=node.label,
        key=node.key,
        fields=(
            Field(
                node.key, String(), required=True, unique=True, read_only=True, description="the submitter's own name"
            ),
            Field(ID, String(), unique=True, read_only=True, generated=True, description="the commons' own identity"),
            *(_reference(link) for link in node.links.values()),
            *(_field(node, name, rule) for name, rule in sorted(node.properties.items()) if name != node.key),
        ),
        id=ID,
        label=node.title,
        description=node.description,
        writable=node.writable,
    )


def _reference(link: Link) -> Field:
    type_ = Reference(link.target)
    return Field(
        link.name,
        List(type_) if link.many else type_,
        required=link.required,
        unique=link.only_child and not link.many,
        description=f"link to {link.target}; it can be set, and added to where it is a list, and never removed",
        options={"link": link.target} | ({} if link.paged else {NOT_PAGED: "first"}),
    )


def _field(node: NodeType, name: str, rule: dict[str, Any]) -> Field:
    default = rule.get("default")
    return Field(
        name,
        value_type(rule),
        required=name in node.required,
        description=_described(rule),
        default=None if default is None else str(default),
    )


def _described(rule: dict[str, Any]) -> str:
    term = rule.get("term")
    text = rule.get("description") or (term.get("description") if isinstance(term, dict) else "") or ""
    return " ".join(str(text).split())


def value_type(rule: dict[str, Any]) -> Any:
    """The type of a property; what may be of several kinds is JSON. Bounds are the server's to check."""
    kinds = {kind: one for one in _alternatives(rule) for kind in _kinds(one)}
    if set(kinds) == {"integer", "number"}:
        return Float()
    if len(kinds) != 1:
        return Json() if kinds else String()
    kind, one = next(iter(kinds.items()))
    if kind == "array":
        item = value_type(one.get("items") or {})
        return List(item if not isinstance(item, List) else Json())
    if kind == "integer":
        return Integer()
    if kind == "string":
        return _FORMATS.get(str(one.get("format")), String(_choices(rule), one.get("maxLength")))
    scalars: dict[str, Any] = {"number": Float(), "boolean": Boolean()}
    return scalars.get(kind, Json())


def _alternatives(rule: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [*rule.get("oneOf", ()), *rule.get("anyOf", ())]
    return [one for part in inner for one in _alternatives(part)] if inner else [rule]


def _kinds(rule: dict[str, Any]) -> list[str]:
    stated = rule.get("type")
    if stated is None:
        return ["string"]
    return [kind for kind in ([stated] if isinstance(stated, str) else stated) if kind != "null"]


def _choices(rule: dict[str, Any]) -> tuple[str, ...] | None:
    listed = [one.get("enum") for one in _alternatives(rule) if one.get("type") != "null"]
    if not listed or any(one is None for one in listed):
        return None
    return tuple(str(value) for one in listed for value in one or () if value is not None)
