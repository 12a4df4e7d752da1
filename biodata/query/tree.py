"""The filter tree: what every form of a filter becomes.

A tree is immutable and has a JSON form (`msgspec.json.encode`). A leaf compares the value at a path; which
table it belongs to is not known before it is bound (`biodata.query.bind`). `&`, `|` and `~` join trees;
`and`, `or` and `not` cannot be overloaded in Python, so `bool()` of a tree is an error that says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias

import msgspec

from biodata.errors import QueryError
from biodata.records.types import Path

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NEGATED", "Always", "And", "Filter", "Leaf", "Native", "Node", "Not", "Op", "Or", "Quantifier", "folded"]

Op: TypeAlias = Literal[
    "==", "!=", "<", "<=", ">", ">=", "in", "not in", "between", "not between", "like", "not like",
    "ilike", "not ilike", "contains", "not contains", "starts_with", "not starts_with",
    "is null", "is not null",
]  # fmt: skip

Quantifier: TypeAlias = Literal["any", "none"]
"""On a list: `any` element makes the comparison true, or `none` does. On one value it is always `any`."""

NEGATED: dict[str, Op] = {
    "==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">",
    "in": "not in", "not in": "in", "between": "not between", "not between": "between",
    "like": "not like", "not like": "like", "ilike": "not ilike", "not ilike": "ilike",
    "contains": "not contains", "not contains": "contains",
    "starts_with": "not starts_with", "not starts_with": "starts_with",
    "is null": "is not null", "is not null": "is null",
}  # fmt: skip
"""The operator that is true where the other is false, null (never true) aside."""


class Filter(msgspec.Struct, frozen=True, tag_field="filter", forbid_unknown_fields=True):
    """A predicate over records."""

    def __and__(self, other: Node) -> Node:
        return And((*_parts(self, And), *_parts(_node(other), And)))

    def __or__(self, other: Node) -> Node:
        return Or((*_parts(self, Or), *_parts(_node(other), Or)))

    def __rand__(self, other: object) -> Node:
        return _node(other) & self

    def __ror__(self, other: object) -> Node:
        return _node(other) | self

    def __invert__(self) -> Node:
        return Not(_node(self))

    def __bool__(self) -> NoReturn:
        raise QueryError(
            "A filter is neither true nor false by itself",
            code="BD-QUERY-BOOL",
            hint="Join with & | ~ and put each comparison in brackets: (col('a') > 1) & (col('b') < 2).",
        )


class Leaf(Filter, frozen=True, tag="leaf"):
    r"""One comparison.

    Attributes:
        path: the names that lead to the value.
        op: the operator.
        value: one value; a tuple for `in`; (low, high) for `between`; None for `is null`; the pattern for
            `like` and `ilike` (`%` any text, `_` one character, `\` before them or itself for that one).
    """

    path: Path
    op: Op
    value: Any = None
    quantifier: Quantifier = "any"


class And(Filter, frozen=True, tag="and"):
    """True where every part is."""

    parts: tuple[Node, ...]


class Or(Filter, frozen=True, tag="or"):
    """True where any part is."""

    parts: tuple[Node, ...]


class Not(Filter, frozen=True, tag="not"):
    """True where the part is false; binding turns it into leaves with the opposite operator or quantifier."""

    part: Node


class Native(Filter, frozen=True, tag="native"):
    """A platform's own query text, accepted for that platform only."""

    text: str


class Always(Filter, frozen=True, tag="always"):
    """True of every record, or of none."""

    value: bool = True


Node: TypeAlias = Leaf | And | Or | Not | Native | Always


def folded(kind: type[And | Or], parts: Iterable[Node]) -> Node:
    """The parts joined, with nested parts of one kind and constants folded away, and no part twice."""
    decides = Always(kind is Or)
    flat: dict[Node, None] = {}
    for part in parts:
        flat.update(dict.fromkeys(part.parts if isinstance(part, kind) else (part,)))
    flat.pop(Always(kind is And), None)
    if decides in flat:
        return decides
    if len(flat) == 1:
        return next(iter(flat))
    return kind(tuple(flat)) if flat else Always(kind is And)


def _node(value: object) -> Node:
    if isinstance(value, Leaf | And | Or | Not | Native | Always):
        return value
    raise QueryError(
        f"A filter cannot be joined with a {type(value).__name__}",
        code="BD-QUERY-BOOL",
        hint="Put each comparison in brackets: & and | bind tighter than == and <.",
    )


def _parts(node: Filter, kind: type[And | Or]) -> tuple[Node, ...]:
    return node.parts if isinstance(node, kind) else (_node(node),)
