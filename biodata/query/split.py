"""Splitting: what of a query the platform does, by the table that its adapter declares.

Each AND-part of the filter is exact, inexact or unsupported. What is inexact goes down as a superset and is
checked again here; what is unsupported is only checked here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from biodata.query.paths import resolve, with_keys
from biodata.query.plan import KeySet, Part, Plan
from biodata.query.pushdown import Rule, Support
from biodata.query.rewrite import forms, joined, simplified
from biodata.query.semijoin import key_sets_in, keyed, restored, stand_in
from biodata.query.tree import Always, And, Leaf, Native, Node, Or
from biodata.records.types import Reference, String, element, is_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.query.paths import Target
    from biodata.query.plan import Order, Query
    from biodata.query.pushdown import Pushdown, Via
    from biodata.records.types import DataType, Path

__all__ = ["group_support", "make_plan", "paths_in", "sort_support", "supports"]

_RANKS: dict[Support, int] = {"exact": 0, "inexact": 1, "unsupported": 2}
_NO_RULE = Rule("unsupported", reason="the platform has no such comparison")
_NO_GROUPS = Rule("unsupported", reason="the platform does not group by such a field")


class Half(msgspec.Struct, frozen=True):
    """What the platform does of a node: the same or a superset; None for nothing, which every record passes."""

    node: Node | None
    support: Support
    reason: str = ""


def supports(pushdown: Pushdown, leaf: Leaf, type_: DataType, via: Via = "field") -> Rule:
    """The first rule of the table that matches a bound leaf.

    Args:
        pushdown: the table.
        leaf: a bound comparison.
        type_: what is at its path; a List where the path goes through one.
        via: how the path gets there.
    """
    return _first(pushdown, leaf.op, leaf, type_, via)


def sort_support(pushdown: Pushdown, order: Order, type_: DataType, via: Via = "field") -> Rule:
    """The first rule that matches ordering by a field; a rule's condition sees an `is not null` leaf."""
    op = "sort desc" if order.descending else "sort"
    return _first(pushdown, op, Leaf(order.path, "is not null"), type_, via)


def group_support(pushdown: Pushdown, part: Literal["aggregate", "distinct"], target: Target) -> Rule:
    """The first rule that matches grouping by what a path leads to; without one it is unsupported.

    A rule that allows it has to name `group` (counts by value) or `distinct` (values alone), since what holds for
    comparisons says nothing of groups; its condition sees an `is not null` leaf.
    """
    op = "group" if part == "aggregate" else "distinct"
    rules = tuple(rule for rule in pushdown.rules if op in rule.ops or rule.support == "unsupported")
    named = msgspec.structs.replace(pushdown, rules=rules)
    rule = _first(named, op, Leaf(target.path, "is not null"), target.type, target.via)
    return _NO_GROUPS if rule is _NO_RULE else rule


def make_plan(query: Query, pushdown: Pushdown, *, page_size: int = 1000) -> Plan:
    """Who does what of a bound query.

    A comparison beyond a reference becomes a key set where the platform then does more of its AND-part.
    Order goes down where the platform sorts exactly as the house does; limit and offset where, besides, nothing
    is checked or sorted here. A filter that no record passes asks for no records (`limit` 0).
    """
    parts = tuple(_with_key_sets(query, pushdown))
    split = [_split(part, query, pushdown) for part in parts]
    halves = split if "and" in pushdown.connectives else _only_one(split)
    checked = [part for part, half in zip(parts, halves, strict=True) if half.support != "exact"]
    sort_here = not all(_sorts(key, query, pushdown) for key in query.order)
    whole = not checked and not sort_here
    plan = Plan(
        query,
        parts=(*_native_part(query), *map(_part, parts, halves)),
        pushed=_and([half.node for half in halves if half.node is not None]),
        residual=_and(checked),
        order=() if sort_here else query.order,
        sort_here=sort_here,
        limit=query.limit if whole else None,
        offset=query.offset if whole else 0,
        page_size=page_size,
        keyed=_and(list(parts)) if any(any(key_sets_in(part)) for part in parts) else None,
    )
    if query.limit == 0 or query.filter == Always(value=False):
        plan = msgspec.structs.replace(plan, limit=0)
    return msgspec.structs.replace(plan, fields=_fields(plan))


def paths_in(node: Node | None) -> Iterator[Path]:
    """The path of each leaf."""
    if isinstance(node, Leaf):
        yield node.path
    elif isinstance(node, And | Or):
        for part in node.parts:
            yield from paths_in(part)


def _first(pushdown: Pushdown, op: str, leaf: Leaf, type_: DataType, via: Via) -> Rule:
    kinds = _kinds(element(type_))
    for rule in pushdown.rules:
        if (
            (not rule.ops or op in rule.ops)
            and (not rule.kinds or rule.kinds & kinds)
            and (rule.lists is None or rule.lists is is_list(type_))
            and (not rule.quantifiers or leaf.quantifier in rule.quantifiers)
            and (not rule.via or via in rule.via)
            and (not rule.fields or leaf.path[0] in rule.fields)
            and (not rule.when or pushdown.conditions[rule.when](leaf, type_))
        ):
            return rule
    return _NO_RULE


def _kinds(type_: DataType) -> set[str]:
    return {type_.kind, "enum"} if isinstance(type_, String) and type_.choices is not None else {type_.kind}


def _and_parts(node: Node) -> tuple[Node, ...]:
    if isinstance(node, And):
        return node.parts
    return () if node == Always(value=True) else (node,)


def _and(parts: list[Node]) -> Node | None:
    return joined(And, parts) if parts else None


def _with_key_sets(query: Query, pushdown: Pushdown) -> Iterator[Node]:
    """The AND-parts of the filter, with key sets in those of which the platform then does more."""
    node = simplified(query.filter, query.schema, query.lookup)
    for part in _and_parts(keyed(node, query) if pushdown.most_keys else node):
        plain = _and_parts(restored(part))
        if any(key_sets_in(part)) and _rank(part, query, pushdown) >= max(_rank(p, query, pushdown) for p in plain):
            yield from plain
        else:
            yield part


def _rank(node: Node, query: Query, pushdown: Pushdown) -> int:
    return _RANKS[_split(node, query, pushdown).support]


def _split(node: Node, query: Query, pushdown: Pushdown) -> Half:
    if isinstance(node, Leaf) and isinstance(node.value, KeySet):
        half = _split(stand_in(node, query.schema), query, pushdown)
        return half if half.node is None else msgspec.structs.replace(half, node=node)
    match node:
        case Leaf():
            return _leaf(node, query, pushdown)
        case And(parts):
            return _all_that_go([_split(part, query, pushdown) for part in parts], pushdown)
        case Or(parts):
            return _any_of([_split(part, query, pushdown) for part in parts], pushdown)
    return Half(None, "unsupported", "no record can pass")


def _leaf(leaf: Leaf, query: Query, pushdown: Pushdown) -> Half:
    """The leaf as it is, or said in another form of which the platform does more."""
    target = resolve(query.schema, leaf.path, query.lookup)
    best = _plainly(leaf, target, pushdown)
    for form in forms(leaf, target.type) if best.support != "exact" else ():
        parts = form.parts if isinstance(form, And | Or) else (form,)
        halves = [_plainly(part, target, pushdown) for part in parts if isinstance(part, Leaf)]
        other = _any_of(halves, pushdown) if isinstance(form, Or) else _all_that_go(halves, pushdown)
        best = min(best, other, key=lambda half: _RANKS[half.support])
    return best


def _plainly(leaf: Leaf, target: Target, pushdown: Pushdown) -> Half:
    rule = supports(pushdown, leaf, target.type, target.via)
    sent = None if rule.support == "unsupported" else leaf
    return Half(sent, rule.support, "" if rule.support == "exact" else rule.reason)


def _all_that_go(halves: list[Half], pushdown: Pushdown) -> Half:
    return _all_of(halves if "and" in pushdown.connectives else _only_one(halves))


def _all_of(halves: list[Half]) -> Half:
    sent = _and([half.node for half in halves if half.node is not None])
    if all(half.support == "exact" for half in halves):
        return Half(sent, "exact")
    return Half(sent, "unsupported" if sent is None else "inexact", _reasons(halves))


def _any_of(halves: list[Half], pushdown: Pushdown) -> Half:
    if "or" not in pushdown.connectives:
        return Half(None, "unsupported", "the platform has no 'or'")
    sent = [half.node for half in halves if half.node is not None]
    if len(sent) < len(halves):
        return Half(None, "unsupported", _reasons([half for half in halves if half.node is None]))
    exact = all(half.support == "exact" for half in halves)
    return Half(joined(Or, sent), "exact" if exact else "inexact", _reasons(halves))


def _only_one(halves: list[Half]) -> list[Half]:
    sent = [half for half in halves if half.node is not None]
    best = next((half for half in sent if half.support == "exact"), sent[0] if sent else None)
    alone = Half(None, "unsupported", "the platform has no 'and'")
    return [half if half is best or half.node is None else alone for half in halves]


def _reasons(halves: list[Half]) -> str:
    return "; ".join(dict.fromkeys(half.reason for half in halves if half.reason))


def _part(node: Node, half: Half) -> Part:
    return Part(restored(node), half.support, half.reason, tuple(key_sets_in(node)))


def _native_part(query: Query) -> tuple[Part, ...]:
    return () if query.native is None else (Part(Native(query.native), "exact", "the platform's own text"),)


def _sorts(order: Order, query: Query, pushdown: Pushdown) -> bool:
    target = resolve(query.schema, order.path, query.lookup)
    return sort_support(pushdown, order, target.type, target.via).support == "exact"


def _fields(plan: Plan) -> tuple[Path, ...]:
    query = plan.query
    asked = query.fields if query.fields is not None else tuple((name,) for name in query.schema.names)
    sorting = tuple(order.path for order in query.order) if plan.sort_here else ()
    keys = tuple((name,) for name in query.schema.key_fields)
    wanted = dict.fromkeys((*asked, *paths_in(plan.residual), *sorting, *keys))
    keyed = with_keys(wanted, query.schema, query.lookup)
    return tuple(dict.fromkeys(path for path in keyed if not _covered(path, wanted, query)))


def _covered(path: Path, wanted: dict[Path, None], query: Query) -> bool:
    return any(
        path[:length] in wanted
        and not isinstance(element(resolve(query.schema, path[:length], query.lookup).type), Reference)
        for length in range(1, len(path))
    )
