"""The resolvers of peregrine's schema: what a user may see of the nodes. No rights are no error [255]."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from biodata_gen3.sandbox.filters import check_order, cut, select
from biodata_gen3.sandbox.state import Node, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import GraphQLResolveInfo

    from biodata_gen3.sandbox.dictionary import NodeType

__all__ = ["ROOT", "View"]

COMMON_FIELDS = ("id", "submitter_id", "type", "project_id", "created_datetime", "updated_datetime")
ROOT = object()
"""What the fields of the root are asked of."""


class View(msgspec.Struct, frozen=True):
    """The state as one user sees it: the nodes of some projects."""

    state: State
    projects: frozenset[str]

    def sees(self, node: Node) -> bool:
        """Whether the user may read a node; programs are for everybody [256]."""
        if node.type.label == "program":
            return True
        return self.project_id(node) in self.projects

    def project_id(self, node: Node) -> str | None:
        """The node's project; a project is in itself."""
        return f"{node.props['program']}-{node.key}" if node.type.label == "project" else node.project_id

    def of_type(self, label: str) -> list[Node]:
        """The nodes of a type that the user may read."""
        return [one for one in self.state.of_type(label) if self.sees(one)]


def _selected(view: View, found: Iterable[Node], args: dict[str, Any]) -> list[Node]:
    return select(view.state, found, args)


class Bare(msgspec.Struct, frozen=True):
    """A node that came among others of any type: it shows what all have, and its own properties are null [238]."""

    node: Node

    @property
    def type(self) -> NodeType:
        """Its type."""
        return self.node.type


def value(node: Node | Bare, info: GraphQLResolveInfo[Any]) -> Any:
    """A property; `project_id` of a project is computed."""
    name = info.field_name
    if isinstance(node, Bare):
        if name not in COMMON_FIELDS:
            return None
        node = node.node
    if name == "project_id":
        return info.context.project_id(node)
    held = node.value(name)
    # Numbers are floats here, integers too, however large (protocols/gen3.md, fact 5).
    return float(held) if isinstance(held, int) and not isinstance(held, bool) else held


def nodes(_: Any, info: GraphQLResolveInfo[Any], **args: Any) -> list[Node]:
    """The nodes of the type that the field is called after."""
    return cut(_of_label(info, info.field_name, args), args)


def _of_label(info: GraphQLResolveInfo[Any], label: str, args: dict[str, Any]) -> list[Node]:
    view: View = info.context
    check_order(label, view.state.dictionary[label].properties, args)
    if label == "project" and args.get("project_id") is not None:
        wanted = args.pop("project_id")
        found = [one for one in view.of_type(label) if view.project_id(one) in wanted]
    else:
        found = view.of_type(label)
    return _selected(view, found, args)


def count(_: Any, info: GraphQLResolveInfo[Any], **args: Any) -> int | None:
    """How many match; null for `first: 0`, which is otherwise ignored [540]."""
    if args.get("first") == 0:
        return None
    return len(_of_label(info, info.field_name[1 : -len("_count")], args))


def links(node: Node | Bare, info: GraphQLResolveInfo[Any], **args: Any) -> list[Node]:
    """The nodes at the other end of a link, ten of them unless `first` says otherwise [613]."""
    return cut(_linked(node, info, info.field_name, args), args)


def _linked(node: Node | Bare, info: GraphQLResolveInfo[Any], name: str, args: dict[str, Any]) -> list[Node]:
    view: View = info.context
    node = node.node if isinstance(node, Bare) else node
    found = [one for one in view.state.linked(node, name) if view.sees(one)]
    if found:
        check_order(found[0].type.label, found[0].type.properties, args)
    return _selected(view, found, args)


def link_count(node: Node | Bare, info: GraphQLResolveInfo[Any], **args: Any) -> int:
    """How many there are at the other end."""
    return len(_linked(node, info, info.field_name[1 : -len("_count")], args))


def all_links(node: Node | Bare, info: GraphQLResolveInfo[Any], **args: Any) -> list[Node]:
    """The nodes at the other ends of all links: parents, then children."""
    view: View = info.context
    node = node.node if isinstance(node, Bare) else node
    parents = [one for link in node.type.links for one in view.state.parents(node, link.name)]
    found = [one for one in (*parents, *view.state.children(node)) if view.sees(one)]
    return cut(_of_category(_selected(view, found, _without(args, "category")), args), args)


def any_node(_: Any, info: GraphQLResolveInfo[Any], **args: Any) -> list[Bare]:
    """Nodes of any type, or of some."""
    view: View = info.context
    labels = args.get("of_type") or list(view.state.dictionary.nodes)
    found = [one for label in labels if label in view.state.dictionary for one in view.of_type(label)]
    found = _of_category(_selected(view, found, _without(args, "of_type", "category")), args)
    return list(map(Bare, cut(found, args)))


def data_nodes(_: Any, info: GraphQLResolveInfo[Any], **args: Any) -> list[Node]:
    """Data files; a page is cut of each type, and then they are put together (protocols/gen3.md, c)."""
    view: View = info.context
    wanted = args.get("of_type") or ([args["type"]] if args.get("type") else None)
    types = [one for one in view.state.dictionary.nodes.values() if one.category in ("data_file", "metadata_file")]
    rest = _without(args, "of_type", "type")
    found: list[Node] = []
    for one in types:
        if wanted is None or one.label in wanted:
            found += cut(_selected(view, view.of_type(one.label), rest), args)
    return found


def _without(args: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: one for name, one in args.items() if name not in names}


def _of_category(found: list[Node], args: dict[str, Any]) -> list[Node]:
    wanted = args.get("category")
    return [one for one in found if wanted in (None, one.type.category)]


def node_types(_: Any, info: GraphQLResolveInfo[Any], **args: Any) -> list[dict[str, Any]]:
    """The entries of the dictionary, in its order or in another."""
    view: View = info.context
    entries = [one.schema for one in view.state.dictionary.nodes.values()]
    filters = _without(args, "first", "order_by_asc", "order_by_desc")
    entries = [one for one in entries if all(_entry_text(one, name) == text for name, text in filters.items())]
    for name in ("order_by_desc", "order_by_asc"):
        if args.get(name):
            entries.sort(key=lambda one: _entry_text(one, args[name]) or "", reverse=name.endswith("desc"))
    first = args.get("first", 10)
    return entries[:first] if first > 0 else entries


def entry_value(entry: dict[str, Any], info: GraphQLResolveInfo[Any]) -> str | None:
    """A part of a dictionary entry as text."""
    return _entry_text(entry, info.field_name)


def _entry_text(entry: dict[str, Any], name: str) -> str | None:
    held = entry.get(name)
    return held if held is None or isinstance(held, str) else json.dumps(held)
