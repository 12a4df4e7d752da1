"""Hints: small changes of a query that would let the platform do it, found by asking its pushdown table.

A hint is another question, and so only ever told: nobody is given another answer than the one asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.query.examples import example
from biodata.query.paths import fields_along, resolve
from biodata.query.patterns import literal, split_pattern
from biodata.query.split import make_plan, sort_support, supports
from biodata.query.text import dotted, render
from biodata.query.tree import Always, And, Leaf, Native, Or
from biodata.records.types import Reference, element

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from biodata.query.plan import Order, Part, Plan, Query
    from biodata.query.pushdown import Pushdown, Rule, Support
    from biodata.query.tree import Node, Op

__all__ = ["fields_hint", "order_hint", "part_hint", "sort_reason"]

_RANKS: tuple[Support, ...] = ("exact", "inexact", "unsupported")
_NEAR: dict[Op, tuple[Op, ...]] = {
    "<": ("<=",), "<=": ("<",), ">": (">=",), ">=": (">",),
    "like": ("ilike",), "ilike": ("like",), "not like": ("not ilike",), "not ilike": ("not like",),
    "contains": ("starts_with",), "starts_with": ("contains",),
    "not contains": ("not starts_with",), "not starts_with": ("not contains",),
}  # fmt: skip


def part_hint(part: Part, query: Query, pushdown: Pushdown) -> str:
    """What of the platform comes near to a part that it does not do, or not exactly; empty where nothing does."""
    node = part.filter
    if part.support == "exact" or isinstance(node, Native | Always):
        return ""
    near = _nearest(node, part.support, query, pushdown)
    told = [*_rules_hints(node, query, pushdown), *([near] if near else [])]
    if not told and isinstance(node, Leaf):
        told = [*_by_key(node, query, pushdown), *_by_value(node, part.support, query, pushdown)]
    return " ".join(dict.fromkeys(told))


def sort_reason(query: Query, pushdown: Pushdown) -> str:
    """Why the platform does not sort so."""
    rules = [_sorts(order, query, pushdown) for order in query.order]
    return "; ".join(dict.fromkeys(rule.reason for rule in rules if rule.support != "exact" and rule.reason))


def order_hint(query: Query, pushdown: Pushdown) -> str:
    """An order like the one asked that the platform sorts by: a key less, or one the other way round."""
    for keys in _orders(query.order):
        if all(_sorts(order, query, pushdown).support == "exact" for order in keys):
            shown = ", ".join(("-" if order.descending else "") + ".".join(order.path) for order in keys)
            return f"Ordered by {shown}, it would be sorted by the platform."
    return ""


def fields_hint(plan: Plan) -> str:
    """The fields that make references be followed, where nothing else does."""
    query = plan.query
    needed = [path for path in plan.fields if _over(path, query)]
    only = [path for path in query.fields or () if _over(path, query)]
    if not needed or set(needed) - set(only):
        return ""
    return f"Without {', '.join(map(dotted, only))} no other table would be read."


def _over(path: tuple[str, ...], query: Query) -> bool:
    return resolve(query.schema, path, query.lookup).via == "reference"


def _support(node: Node, query: Query, pushdown: Pushdown) -> Support:
    """How the platform would do a filter, as its least part."""
    bare = msgspec.structs.replace(query, filter=node, native=None, order=(), limit=None, offset=0)
    parts = make_plan(bare, pushdown).parts
    return max((part.support for part in parts), key=_RANKS.index, default="exact")


def _better(one: Support, than: Support) -> bool:
    return _RANKS.index(one) < _RANKS.index(than)


def _nearest(node: Node, had: Support, query: Query, pushdown: Pushdown) -> str:
    found = [(candidate, _support(candidate, query, pushdown)) for candidate in _candidates(node, query, pushdown)]
    better = [(candidate, how) for candidate, how in found if _better(how, had)]
    if not better:
        return _one_by_one(node, query, pushdown)
    candidate, how = min(better, key=lambda pair: _RANKS.index(pair[1]))
    return f"{render(candidate)} would be {'done' if how == 'exact' else 'narrowed down'} by the platform."


def _candidates(node: Node, query: Query, pushdown: Pushdown) -> Iterator[Node]:
    """Filters that are like the one given."""
    if isinstance(node, Leaf):
        yield from _near(node)
    elif isinstance(node, Or):
        halves = [(part, _support(part, query, pushdown)) for part in node.parts]
        for most in ("exact", "inexact"):
            kept = [part for part, how in halves if not _better(most, how)]
            if 0 < len(kept) < len(halves):
                yield Or(tuple(kept)) if len(kept) > 1 else kept[0]


def _near(leaf: Leaf) -> Iterator[Leaf]:
    for op in _NEAR.get(leaf.op, ()):
        yield msgspec.structs.replace(leaf, op=op)
    if leaf.op in {"like", "ilike"}:
        parts = list(split_pattern(leaf.value))
        if parts and parts[0][0] == "text":
            yield msgspec.structs.replace(leaf, op="starts_with", value=parts[0][1])
        longest = max((text for kind, text in parts if kind == "text"), key=len, default="")
        yield from [msgspec.structs.replace(leaf, op="contains", value=longest)] * bool(longest)
    elif leaf.op in {"contains", "starts_with"}:
        before = "%" if leaf.op == "contains" else ""
        yield msgspec.structs.replace(leaf, op="ilike", value=f"{before}{literal(leaf.value)}%")


def _one_by_one(node: Node, query: Query, pushdown: Pushdown) -> str:
    """Of an OR that cannot go, whether its branches could each by itself."""
    if not isinstance(node, Or) or "or" in pushdown.connectives:
        return ""
    worst = max((_support(part, query, pushdown) for part in node.parts), key=_RANKS.index)
    if worst == "unsupported":
        return ""
    how = "do" if worst == "exact" else "narrow down"
    return f"Asked one after the other, the platform would {how} each of its {len(node.parts)} branches."


def _rules_hints(node: Node, query: Query, pushdown: Pushdown) -> Iterator[str]:
    """What the adapter's own rules say, of each comparison."""
    if isinstance(node, And | Or):
        for part in node.parts:
            yield from _rules_hints(part, query, pushdown)
    elif isinstance(node, Leaf):
        target = resolve(query.schema, node.path, query.lookup)
        rule = supports(pushdown, node, target.type, target.via)
        yield from [rule.hint] if rule.hint and rule.support != "exact" else []


def _by_key(leaf: Leaf, query: Query, pushdown: Pushdown) -> Iterator[str]:
    """Of a comparison beyond a reference: whether the platform compares the reference's key."""
    fields = fields_along(query.schema, leaf.path, query.lookup)
    at = next((at for at, one in enumerate(fields[:-1], 1) if isinstance(element(one.type), Reference)), None)
    if at is None:
        return
    key = example("==", leaf.path[:at], fields[at - 1].type)
    if key is not None and _support(key, query, pushdown) == "exact":
        yield f"{dotted(leaf.path[:at])}, the key of what it refers to, would be compared by the platform."


def _by_value(leaf: Leaf, had: Support, query: Query, pushdown: Pushdown) -> Iterator[str]:
    """Whether it is the value that the platform cannot do."""
    target = resolve(query.schema, leaf.path, query.lookup)
    other = example(leaf.op, leaf.path, target.type)
    if other is None:
        return
    other = msgspec.structs.replace(other, quantifier=leaf.quantifier)
    rule = supports(pushdown, other, target.type, target.via)
    if _better(rule.support, had):
        yield f"With another value, as in {render(other)}, the platform would do it."


def _sorts(order: Order, query: Query, pushdown: Pushdown) -> Rule:
    target = resolve(query.schema, order.path, query.lookup)
    return sort_support(pushdown, order, target.type, target.via)


def _orders(keys: Sequence[Order]) -> Iterator[tuple[Order, ...]]:
    """Orders near to the one given: without one key, then with one turned round, then by the first alone."""
    for at in reversed(range(len(keys))):
        if len(keys) > 1:
            yield (*keys[:at], *keys[at + 1 :])
    for at, key in enumerate(keys):
        turned = msgspec.structs.replace(key, descending=not key.descending)
        yield (*keys[:at], turned, *keys[at + 1 :])
    yield tuple(keys[:1])
