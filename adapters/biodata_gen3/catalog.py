"""The data dictionary, as far as the adapter needs it (protocols/gen3.md, g: the dictionary differs per commons)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import ProtocolError
from biodata.http import Request
from biodata_gen3.server import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.http import HttpSession

__all__ = ["PROJECT", "Catalog", "Link", "NodeType", "read_catalog"]

PROJECT = "project"
_HIDDEN = frozenset({"id", "type", "project_id", "state", "created_datetime", "updated_datetime"})


class Link(msgspec.Struct, frozen=True):
    """A link to a parent.

    Attributes:
        key: the parent's property that names it.
        many: whether a record can have several parents.
        only_child: whether a parent can have one such child at most.
        paged: whether the number of parents to show can be said (`reserved`).
        backref: its name on the parent's side.
    """

    name: str
    target: str
    key: str
    many: bool
    required: bool
    only_child: bool = False
    paged: bool = True
    backref: str = ""


class NodeType(msgspec.Struct, frozen=True, dict=True):
    """One node type: `properties` are the dictionary's rules by name, without links and the server's own."""

    label: str
    title: str
    description: str
    key: str
    properties: dict[str, dict[str, Any]]
    links: dict[str, Link]
    required: tuple[str, ...]
    writable: bool

    @property
    def resent(self) -> tuple[str, ...]:
        """What every PUT must hold beside the key: required properties and links (protocols/gen3.md, fact 4)."""
        links = [link.name for link in self.links.values() if link.required]
        names = dict.fromkeys((*self.required, *links))
        return tuple(name for name in names if name != self.key and (name in self.properties or name in self.links))


class Catalog(msgspec.Struct, frozen=True):
    """The node types that can be tables: those whose records belong to a project, and the project itself."""

    types: dict[str, NodeType]

    def parents_first(self) -> list[str]:
        """The node types, each after those that its links lead to; where links form a circle, as they are listed."""
        placed: dict[str, None] = {}
        waiting = list(self.types)
        while waiting:
            ready = [label for label in waiting if self._parents(label) <= placed.keys()] or waiting[:1]
            placed |= dict.fromkeys(ready)
            waiting = [label for label in waiting if label not in placed]
        return list(placed)

    def _parents(self, label: str) -> set[str]:
        return {link.target for link in self.types[label].links.values() if link.target in self.types} - {label}

    def children(self, label: str) -> list[tuple[str, Link]]:
        """The links of node types that lead to this one."""
        return [
            (one.label, link) for one in self.types.values() for link in one.links.values() if link.target == label
        ]


def read_catalog(session: HttpSession) -> Catalog:
    """Ask for the dictionary; it needs no token.

    Raises:
        ProtocolError: `BD-REMOTE-FORMAT`, it is none.
    """
    request = Request(method="GET", path="api/v0/submission/_dictionary/_all", anonymous=True)
    raw: dict[str, Any] = read_json(session, request, dict[str, Any])
    nodes = {label: one for label, one in raw.items() if not label.startswith("_") and label != "metaschema"}
    try:
        types = {label: _node_type(label, one, nodes) for label, one in nodes.items() if _is_table(label, one)}
    except (AttributeError, KeyError, TypeError, ValueError):
        types = {}
    if not types:
        raise ProtocolError(
            "What the commons gives as its data dictionary cannot be read as one",
            code="BD-REMOTE-FORMAT",
            hint="Check that the profile's url is that of a commons",
        )
    return Catalog(types)


def _is_table(label: str, node: dict[str, Any]) -> bool:
    properties = node.get("properties") or {}
    return label == PROJECT or {"project_id", "submitter_id"} <= properties.keys()


def _node_type(label: str, node: dict[str, Any], nodes: dict[str, dict[str, Any]]) -> NodeType:
    links = {link["name"]: _link(link, nodes) for link in _links(node.get("links") or [])}
    links = {} if label == PROJECT else links
    parents = {link["name"] for link in _links(node.get("links") or [])}
    hidden = _HIDDEN | set(node.get("systemProperties") or ()) | parents
    properties = {name: rule for name, rule in node["properties"].items() if name not in hidden}
    return NodeType(
        label=label,
        title=node.get("title") or label,
        description=" ".join(str(node.get("description") or "").split()),
        key="code" if label == PROJECT else "submitter_id",
        properties=properties,
        links=links,
        required=tuple(node.get("required") or ()),
        writable=label != PROJECT,
    )


def _links(listed: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A subgroup holds links of which some rule says how many must be there; that is the server's to check."""
    for one in listed:
        if "subgroup" in one:
            yield from _links(one["subgroup"])
        else:
            yield one


def _link(link: dict[str, Any], nodes: dict[str, dict[str, Any]]) -> Link:
    target, multiplicity = link["target_type"], link["multiplicity"]
    return Link(
        name=link["name"],
        target=target,
        key="code" if target == PROJECT else "submitter_id",
        many=multiplicity in ("many_to_many", "one_to_many"),
        required=bool(link.get("required")),
        only_child=multiplicity in ("one_to_one", "one_to_many"),
        paged="first" not in (nodes.get(target, {}).get("properties") or ()),
        backref=str(link.get("backref") or ""),
    )
