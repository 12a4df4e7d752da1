"""Peregrine's arguments: which nodes match, in which order, and which page of them (protocols/gen3.md, c)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata_gen3.sandbox.state import Node, State

__all__ = ["COMMON", "ResolverError", "cut", "select"]

COMMON = frozenset({
    "id", "ids", "submitter_id", "quick_search", "first", "offset", "created_before", "created_after",
    "updated_before", "updated_after", "order_by_asc", "order_by_desc", "with_links", "with_links_any",
    "without_links", "with_path_to", "with_path_to_any", "without_path_to", "not",
})  # fmt: skip
_DEFAULT_PAGE = 10
_TIMES = ("created_before", "created_after", "updated_before", "updated_after")
_OWN = frozenset({"id", "created_datetime", "updated_datetime"})
_JSONB_ORDER = {"NoneType": 0, "str": 1, "int": 2, "float": 2, "bool": 3, "list": 4, "dict": 5}


class ResolverError(Exception):
    """What makes one field null and stands among the errors."""


def select(state: State, nodes: Iterable[Node], args: dict[str, Any]) -> list[Node]:
    """The nodes that all arguments let pass, in order."""
    found = [one for one in nodes if _has_identity(one, args)]
    for name in _TIMES:
        if args.get(name) is not None:
            found = _by_time(found, name, args[name])
    for name, value in args.items():
        if name not in COMMON and value is not None:
            found = [one for one in found if _holds(one.value(name), value)]
    for excluded in _listed(args.get("not")):
        found = [one for one in found if all(_differs(one.value(name), value) for name, value in excluded.items())]
    found = _by_links(state, found, args)
    return _ordered(found, args)


def cut(nodes: list[Node], args: dict[str, Any], default: int = _DEFAULT_PAGE) -> list[Node]:
    """One page: ten unless `first` says otherwise, all for zero or less [200, 201, 232]."""
    first = args.get("first")
    if not isinstance(first, int | None):
        raise ResolverError(f"a page of {first} rows cannot be made")  # a property has taken the argument's place
    first = default if first is None else first
    offset = args.get("offset") or 0
    start = max(0, offset) if isinstance(offset, int) else 0
    return nodes[start:] if first <= 0 else nodes[start : start + first]


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _has_identity(node: Node, args: dict[str, Any]) -> bool:
    if args.get("id") is not None and node.id != args["id"]:
        return False
    if args.get("ids") and node.id not in args["ids"]:
        return False
    if args.get("submitter_id") is not None and not _holds(node.value("submitter_id"), args["submitter_id"]):
        return False
    sought = args.get("quick_search")
    texts = (node.id, str(node.value("submitter_id") or ""))
    return not sought or any(sought.lower() in text.lower() for text in texts)


# --- properties ----------------------------------------------------------------------------------------------


def _holds(stored: Any, wanted: Any) -> bool:
    """Text against text: 5 was asked as 5.0, and an integer is stored as 5, so that they never match [209, 504]."""
    texts = [_text(one) for one in _listed(wanted)]
    if not texts:
        return True
    if isinstance(stored, list):
        return set(texts) <= {_text(one) for one in stored}
    return stored is not None and _text(stored) in texts


def _differs(stored: Any, excluded: Any) -> bool:
    """A row that lacks the property is out: SQL's null [718]."""
    return stored is not None and not _holds(stored, excluded)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _by_time(nodes: list[Node], name: str, text: str) -> list[Node]:
    until = _instant(text)
    which, _, side = name.partition("_")
    times = [(one, datetime.fromisoformat(one.created if which == "created" else one.updated)) for one in nodes]
    return [one for one, time in times if (time <= until if side == "before" else time >= until)]


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ResolverError(f"Unknown string format: {text}") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


# --- links and paths -----------------------------------------------------------------------------------------


def _by_links(state: State, nodes: list[Node], args: dict[str, Any]) -> list[Node]:
    for name, rule in (("with_links", all), ("with_links_any", any)):
        names = _listed(args.get(name))
        if names:
            nodes = [one for one in nodes if rule(bool(state.linked(one, link)) for link in names)]
    without = _listed(args.get("without_links"))
    nodes = [one for one in nodes if not any(state.linked(one, link) for link in without)]
    for name, rule in (("with_path_to", all), ("with_path_to_any", any)):
        ends = _listed(args.get(name))
        if ends:
            nodes = [one for one in nodes if rule(_has_path(state, one, end) for end in ends)]
    ends = _listed(args.get("without_path_to"))
    return [one for one in nodes if not any(_has_path(state, one, end) for end in ends)]


def _has_path(state: State, node: Node, end: dict[str, Any]) -> bool:
    """Whether such a node lies above or below; projects are not walked to [720]."""
    label = end["type"]
    props = {name: value for name, value in end.items() if name not in ("type", "id")}
    if label in ("project", "program"):
        return False
    for step in (state.children, lambda one: [parent for name in one.parents for parent in state.parents(one, name)]):
        seen, level = {node.id}, [node]
        while level:
            level = [far for one in level for far in step(one) if far.id not in seen]
            seen |= {one.id for one in level}
            if any(one.type.label == label and _fits(one, end.get("id"), props) for one in level):
                return True
    return False


def _fits(node: Node, id_: str | None, props: dict[str, Any]) -> bool:
    return id_ in (None, node.id) and all(_holds(node.value(name), value) for name, value in props.items())


# --- order ---------------------------------------------------------------------------------------------------


def _ordered(nodes: list[Node], args: dict[str, Any]) -> list[Node]:
    """By `order_by_asc`, then by `order_by_desc` [719]; without either in the database's own order."""
    for name in ("order_by_desc", "order_by_asc"):
        field = args.get(name)
        if field is not None:
            nodes = _sorted(nodes, field, descending=name.endswith("desc"))
    return nodes


def _sorted(nodes: list[Node], field: str, *, descending: bool) -> list[Node]:
    keyed = [(one, _sort_key(one, field)) for one in nodes]
    there = sorted(
        ((one, key) for one, key in keyed if key is not None), key=lambda pair: pair[1], reverse=descending
    )
    absent = [one for one, key in keyed if key is None]
    ordered = [one for one, _ in there]
    return absent + ordered if descending else ordered + absent


def _sort_key(node: Node, field: str) -> Any:
    """As JSONB sorts: an explicit null lowest; an absent property is no value at all [538, 709]."""
    if field in _OWN:
        return _JSONB_ORDER["str"], node.value(field)
    if field not in node.props:
        return None
    value = node.props[field]
    return _JSONB_ORDER[type(value).__name__], 0 if value is None else value


def check_order(label: str, properties: Iterable[str], args: dict[str, Any]) -> None:
    """See that the nodes can be ordered as asked.

    Raises:
        ResolverError: by a link, or by what is not there [230, 539].
    """
    known = {*properties, *_OWN}
    for name in ("order_by_asc", "order_by_desc"):
        if args.get(name) is not None and args[name] not in known:
            raise ResolverError(f"Cannot order by {args[name]} on {label}")
