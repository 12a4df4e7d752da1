"""Evaluation of a bound filter, here: what the house semantics say of a record (of Arrow batches: `masks`).

A comparison is true when a value at the path makes it true; with the quantifier `none`, when no value does. Null
is no value, so no comparison with it is true, and a list without elements is null.
"""

from __future__ import annotations

from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, Any

from biodata.query.patterns import matcher
from biodata.query.reading import values_at
from biodata.query.tree import NEGATED, Always, And, Leaf, Node, Or

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from biodata.query.paths import Lookup
    from biodata.records.types import Record, Schema

    Test: TypeAlias = Callable[[Any], bool]

__all__ = ["predicate"]

_ORDERED = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


def predicate(node: Node | None, schema: Schema, lookup: Lookup | None = None) -> Callable[[Record], bool]:
    """A function that says of a record whether the filter is true of it.

    Args:
        node: a bound filter (`bind_query`); None for every record.
        schema: of the table that the records are of.
        lookup: gives the schema of a referenced table that a path steps into (`query.lookup`).
    """
    match node:
        case None:
            return lambda _: True
        case Always(value):
            return lambda _: value
        case And(parts):
            tests = [predicate(part, schema, lookup) for part in parts]
            return lambda record: all(test(record) for test in tests)
        case Or(parts):
            tests = [predicate(part, schema, lookup) for part in parts]
            return lambda record: any(test(record) for test in tests)
        case Leaf():
            return _leaf(node, schema, lookup)
    raise TypeError(f"a bound filter has no {type(node).__name__}")


def _leaf(leaf: Leaf, schema: Schema, lookup: Lookup | None) -> Callable[[Record], bool]:
    values = values_at(schema, leaf.path, lookup)
    if leaf.op == "is null":
        return lambda record: not values(record)
    if leaf.op == "is not null":
        return lambda record: bool(values(record))
    test = _test(leaf)
    if leaf.quantifier == "none":
        return lambda record: not any(test(value) for value in values(record))
    return lambda record: any(test(value) for value in values(record))


def _test(leaf: Leaf) -> Test:
    op, wanted = leaf.op, leaf.value
    if op in _ORDERED:
        compare = _ORDERED[op]
        return lambda value: bool(compare(value, wanted))
    if op.startswith("not "):
        positive = _positive(NEGATED[op], wanted)
        return lambda value: not positive(value)
    return _positive(op, wanted)


def _positive(op: str, wanted: Any) -> Test:
    match op:
        case "in":
            among = frozenset(wanted)
            return lambda value: value in among
        case "between":
            low, high = wanted
            return lambda value: bool(low <= value <= high)
        case "like":
            found = matcher(wanted).fullmatch
            return lambda value: found(value) is not None
        case "ilike":
            found = matcher(wanted.lower()).fullmatch
            return lambda value: found(value.lower()) is not None
        case "contains":
            return lambda value: wanted in value
        case "starts_with":
            return lambda value: bool(value.startswith(wanted))
    raise TypeError(f"no such operator: {op}")
