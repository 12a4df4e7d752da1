"""What Guppy's filters can do, and the filters themselves (protocols/gen3.md, d).

Each range stands in a list of its own: of two in one list Guppy makes one, and of more it drops all.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from biodata.query.pushdown import Pushdown, Rule
from biodata.query.tree import And, Leaf, Or
from biodata.records.types import Float, element
from biodata_gen3.query import values_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.query.plan import Order
    from biodata.query.tree import Node
    from biodata.records.types import DataType, Schema

__all__ = ["NO_DATA", "PUSHDOWN", "filter_of", "literals", "sort_of"]


def _ops(*names: str) -> frozenset[str]:
    return frozenset(names)


def _kinds(*names: str) -> frozenset[str]:
    return frozenset(names)


NO_DATA = "no data"
"""What some commons, if they are so configured, count a missing value as, and find it by (protocols/gen3.md, d)."""
_RANGES = _ops("<", "<=", ">", ">=")
_ALIAS = f"a commons may find records without a value by '{NO_DATA}'"
_OLD_NULLS = "records without a value come too"
_SHORT = "the index may keep a number in 32 bits, so that near ones come too"
PUSHDOWN = Pushdown(
    rules=(
        Rule("unsupported", via=frozenset({"object"}), reason="what is inside nested documents is looked at here"),
        Rule("exact", _ops("group", "distinct"), _kinds("string"), lists=False),
        Rule(
            "unsupported", _ops("group", "distinct"), reason="only text is counted by value, of lists without nulls"
        ),
        Rule("inexact", _ops("==", "in"), _kinds("string"), when="alias", reason=_ALIAS),
        Rule("exact", _ops("==", "in"), _kinds("string")),
        Rule("inexact", _ops("!=", "not in"), _kinds("string"), lists=False, reason=_OLD_NULLS),
        Rule("unsupported", quantifiers=frozenset({"none"}), reason="only text can be excluded"),
        Rule("exact", _ops("==", "in"), _kinds("int")),
        Rule("exact", _RANGES, _kinds("int")),
        Rule("exact", _ops("between"), _kinds("int"), lists=False),
        Rule("inexact", _ops("==", "in") | _RANGES, _kinds("float"), when="finite", reason=_SHORT),
        Rule("inexact", _ops("between"), _kinds("float"), lists=False, when="finite", reason=_SHORT),
        Rule("exact", _ops("sort", "sort desc"), _kinds("string", "int"), lists=False),
        Rule("unsupported", _ops("sort", "sort desc"), reason="only text and integers sort there as they do here"),
        Rule("unsupported", _ops("is null", "is not null"), reason="what the index calls missing is configured"),
        Rule("unsupported", reason="there are equality and lists of values, and ranges of numbers"),
    ),
    conditions={
        "alias": lambda leaf, _: NO_DATA in values_of(leaf),
        "finite": lambda leaf, _: all(math.isfinite(one) for one in values_of(leaf)),
    },
)
_WIDER = {"<": "<=", ">": ">="}


def filter_of(schema: Schema, node: Node | None) -> dict[str, Any] | None:
    """A pushed filter as Guppy's JSON; None for none."""
    if node is None:
        return None
    if isinstance(node, And | Or):
        word = "AND" if isinstance(node, And) else "OR"
        return {word: [filter_of(schema, part) for part in node.parts]}
    if not isinstance(node, Leaf):
        raise TypeError(f"the pushdown table promised no {type(node).__name__}")
    return _leaf(element(schema[node.path[0]].type), node)


def _leaf(type_: DataType, leaf: Leaf) -> dict[str, Any]:
    if leaf.op == "between":
        low, high = leaf.value
        return {"AND": [_range(leaf.path[0], ">=", low), _range(leaf.path[0], "<=", high)]}
    if leaf.quantifier == "none" or leaf.op in ("!=", "not in"):
        return {"!=": {leaf.path[0]: list(values_of(leaf))}}
    if leaf.op in ("==", "in"):
        return {"in": {leaf.path[0]: list(values_of(leaf))}}
    # A number kept in 32 bits may have moved onto the bound: with it, none is lost.
    return _range(leaf.path[0], _WIDER.get(leaf.op, leaf.op) if isinstance(type_, Float) else leaf.op, leaf.value)


def _range(name: str, op: str, value: Any) -> dict[str, Any]:
    return {"AND": [{op: {name: value}}]}


def literals(node: Node | None) -> Iterator[Any]:
    """The values that a filter compares with, to be masked in messages."""
    for part in node.parts if isinstance(node, And | Or) else ():
        yield from literals(part)
    if isinstance(node, Leaf):
        yield from values_of(node)


def sort_of(schema: Schema, order: tuple[Order, ...]) -> list[dict[str, str]]:
    """The order, and after it the key: pages always follow a unique one."""
    named = {one.path[0]: "desc" if one.descending else "asc" for one in order}
    return [
        {name: way} for name, way in (named | {key: "asc" for key in schema.key_fields if key not in named}).items()
    ]
