"""The questions of the differential test: filters, order, limit and offset over a table whose records are known.

The values of a filter are mostly those in the records, or near them, so that comparisons hit; most leaves
are such that each rule of the platform's table is met as often as any other.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from hypothesis import strategies as st

from biodata.query.plan import Order
from biodata.query.tree import And, Leaf, Node, Not, Op, Or, Quantifier
from biodata.testing.ground import Question
from biodata.testing.target import ValueDomain
from biodata.testing.values import near, of_type, pattern_near

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

    from biodata.query.pushdown import Rule
    from biodata.records.types import Path
    from biodata.testing.ground import Ground

    T = TypeVar("T")

__all__ = ["questions"]

_MOST = 4
_ANYTHING = ValueDomain(nul=True)
"""What can be asked for: also what cannot be stored."""


def questions(ground: Ground) -> SearchStrategy[Question]:
    """Questions about a table."""
    key = tuple(Order((name,)) for name in ground.schema.key_fields)
    orders = st.lists(_by_rule(ground.orders), min_size=1, max_size=2) if ground.orders else st.just([])
    none, no_group = st.none(), st.just(())
    groups = st.lists(_by_rule(ground.groups), min_size=1, max_size=2, unique=True)
    by_key = st.sampled_from([(), key, tuple(Order(one.path, descending=True) for one in key)])
    return st.builds(
        Question,
        where=none | _nodes(ground) if ground.by_rule else none,
        order_by=st.one_of(by_key, st.builds(lambda some, last: (*some, *last), orders, by_key)),
        limit=st.one_of(st.none(), st.none(), st.none(), st.integers(0, len(ground.records) + 2)),
        offset=st.sampled_from([0, 0, 0, 1, 5, len(ground.records)]),
        fields=st.none() | _fields(ground),
        page_size=st.sampled_from([None, None, None, 7]),
        by=st.one_of(no_group, no_group, groups.map(tuple)) if ground.groups else no_group,
    )


def _fields(ground: Ground) -> SearchStrategy[tuple[Path, ...]]:
    keys = tuple((name,) for name in ground.schema.key_fields)
    some = st.lists(st.sampled_from([(name,) for name in ground.schema.names]), max_size=_MOST)
    return some.map(lambda paths: tuple(dict.fromkeys((*keys, *paths))))


def _nodes(ground: Ground) -> SearchStrategy[Node]:
    anything = st.sampled_from(ground.leaves)
    decided, other = _by_rule(ground.by_rule), partial(_like, ground)
    leaf = st.one_of(decided, decided.flatmap(other), decided.flatmap(other), anything.flatmap(other))
    return st.one_of(leaf, leaf, _joined(leaf), st.recursive(leaf, _joined, max_leaves=6))


def _by_rule(met: Mapping[Rule, list[T]]) -> SearchStrategy[T]:
    """Each rule as often as any other, however few things it is about."""
    return st.sampled_from(list(met.values())).flatmap(st.sampled_from) if met else st.nothing()


def _joined(inner: SearchStrategy[Node]) -> SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(And, several), st.builds(Or, several), st.builds(Not, inner))


def _like(ground: Ground, leaf: Leaf) -> SearchStrategy[Node]:
    """The comparison with another value and any quantifier."""
    value, quantifier = _operand(ground, leaf.path, leaf.op), st.sampled_from(get_args(Quantifier))
    other = st.builds(Leaf, st.just(leaf.path), st.just(leaf.op), value, quantifier)
    return other.map(lambda one: one if ground.asks(one) else leaf)


def _operand(ground: Ground, path: Path, op: Op) -> SearchStrategy[Any]:
    name = op.removeprefix("not ")
    if name in {"is null", "is not null"}:
        return st.none()
    held = st.sampled_from(ground.values[path])
    odd = st.sampled_from([*ground.odd[path], *ground.values[path][:1]])
    alike = held.flatmap(near)
    value = st.one_of(held, held, alike, alike, odd, of_type(ground.type_at(path), _ANYTHING))
    if name == "in":
        return st.lists(value, min_size=1, max_size=_MOST).map(tuple)
    if name == "between":
        return st.tuples(value, value).map(lambda pair: tuple(sorted(pair)))
    if name in {"like", "ilike"}:
        return value.flatmap(pattern_near)
    return st.one_of(alike, alike, value) if name in {"contains", "starts_with"} else value
