"""Rewriting: other ways to say what a bound filter says, so that a platform can do more of it.

`simplified` gives the short form: `a = 1 or a = 2` is `a in (1, 2)`, `a >= 1 and a <= 5` of one value is a range, and
what all branches of an OR have in common stands before it. `forms` gives other ways to say one comparison, the long
ways back among them; so no platform gets less than of the filter as it was written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.query.paths import resolve
from biodata.query.patterns import literal, split_pattern
from biodata.query.tree import NEGATED, And, Leaf, Node, Or
from biodata.records.types import Reference, String, element, is_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from biodata.query.paths import Lookup
    from biodata.records.types import DataType, Path, Schema

__all__ = ["forms", "joined", "simplified"]

MOST_TERMS = 100
"""Values of a list up to which it is also tried one by one."""


def simplified(node: Node, schema: Schema, lookup: Lookup | None = None) -> Node:
    """The same filter in its short form.

    Args:
        node: a bound filter.
        schema: of the table.
        lookup: gives the schema of a referenced table that a path steps into (`query.lookup`).
    """
    match node:
        case Leaf():
            return _one_of([node]) if node.op in {"in", "not in"} else node
        case Or(parts):
            short = _flat(Or, [simplified(part, schema, lookup) for part in parts])
            return _factored(joined(Or, _merged(short, "any")))
        case And(parts):
            short = _flat(And, [simplified(part, schema, lookup) for part in parts])
            single = {part.path for part in short if isinstance(part, Leaf) and not _many(schema, part.path, lookup)}
            return joined(And, _ranged(_merged(short, "none"), single))
    return node


def forms(leaf: Leaf, type_: DataType) -> Iterator[Node]:
    """Other ways to say the same as a bound leaf, the likelier ones first."""
    op, value = leaf.op, leaf.value
    if op in {"in", "not in"} and len(value) <= MOST_TERMS:
        yield _each(leaf, value)
    elif op == "between" and not is_list(type_):
        yield And((_as(leaf, ">=", value[0]), _as(leaf, "<=", value[1])))
    elif op == "not between" and not is_list(type_):
        yield Or((_as(leaf, "<", value[0]), _as(leaf, ">", value[1])))
    elif op in {"==", "!="}:
        yield from _equal(leaf, type_)
    elif op in {"like", "not like"}:
        yield from _plain_pattern(leaf, type_)
    elif op in {"contains", "starts_with", "not contains", "not starts_with"}:
        yield from _patterns(leaf)


def joined(kind: type[And | Or], parts: Sequence[Node]) -> Node:
    """The parts joined, each once and none of them of the same kind; one alone as it is."""
    once = tuple(dict.fromkeys(_flat(kind, parts)))
    return once[0] if len(once) == 1 else kind(once)


# --- one leaf ----------------------------------------------------------------------------------------------


def _as(leaf: Leaf, op: Any, value: Any) -> Leaf:
    return msgspec.structs.replace(leaf, op=op, value=value)


def _plain_pattern(leaf: Leaf, type_: DataType) -> Iterator[Leaf]:
    """A pattern as the comparison that it is: with a whole text, or with its start or middle."""
    parts = list(split_pattern(leaf.value))
    text = "".join(part for kind, part in parts if kind == "text")
    op = _BY_SHAPE.get(tuple(kind for kind, _ in parts))
    if op is not None and (op != "==" or _may_equal(text, type_)):
        yield _as(leaf, NEGATED[op] if leaf.op == "not like" else op, text)


_BY_SHAPE = {
    (): "==",
    ("text",): "==",
    ("text", "any"): "starts_with",
    ("any", "text", "any"): "contains",
}


def _may_equal(text: str, type_: DataType) -> bool:
    """Whether the text can be compared for equality: a platform may refuse what is no value of an enum."""
    inner = element(type_)
    return not isinstance(inner, String) or inner.choices is None or text in inner.choices


def _each(leaf: Leaf, values: Iterable[Any]) -> Node:
    negative = leaf.op == "not in"
    leaves = [_as(leaf, "!=" if negative else "==", value) for value in values]
    return joined(And if negative or leaf.quantifier == "none" else Or, leaves)


def _equal(leaf: Leaf, type_: DataType) -> Iterator[Leaf]:
    negative = leaf.op == "!="
    yield _as(leaf, "not in" if negative else "in", (leaf.value,))
    inner = element(type_)
    inner = inner.key if isinstance(inner, Reference) else inner
    if isinstance(leaf.value, bool) and not is_list(type_):
        yield _as(leaf, NEGATED[leaf.op], not leaf.value)
    elif isinstance(inner, String):
        yield _as(leaf, "not like" if negative else "like", literal(leaf.value))


def _patterns(leaf: Leaf) -> Iterator[Leaf]:
    before = "%" if leaf.op.endswith("contains") else ""
    yield _as(leaf, "not like" if leaf.op.startswith("not ") else "like", f"{before}{literal(leaf.value)}%")


# --- several -----------------------------------------------------------------------------------------------


def _flat(kind: type[And | Or], parts: Iterable[Node]) -> list[Node]:
    return [inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))]


def _many(schema: Schema, path: Path, lookup: Lookup | None) -> bool:
    return is_list(resolve(schema, path, lookup).type)


def _merged(parts: Sequence[Node], quantifier: str) -> list[Node]:
    """Equalities with one path as one list: those of an OR, or what an AND rules out."""
    groups: dict[Any, list[Any]] = {}
    for part in parts:
        groups.setdefault(_group(part, quantifier), []).append(part)
    return [
        one
        for group, members in groups.items()
        for one in ([_one_of(members)] if isinstance(group, tuple) and len(members) > 1 else members[:1])
    ]


def _group(part: Node, quantifier: str) -> Any:
    """What a part may be merged by; the part itself where it stands alone."""
    if isinstance(part, Leaf):
        positive = part.op in {"==", "in"} and part.quantifier == quantifier
        if positive or (quantifier == "none" and part.op in {"!=", "not in"}):
            return part.path, positive
    return part


def _one_of(leaves: Sequence[Leaf]) -> Leaf:
    values = dict.fromkeys(value for leaf in leaves for value in _values(leaf))
    negative = leaves[0].op in {"!=", "not in"}
    if len(values) == 1:
        return _as(leaves[0], "!=" if negative else "==", next(iter(values)))
    return _as(leaves[0], "not in" if negative else "in", tuple(values))


def _values(leaf: Leaf) -> tuple[Any, ...]:
    return leaf.value if leaf.op in {"in", "not in"} else (leaf.value,)


def _ranged(parts: Sequence[Node], single: set[Path]) -> list[Node]:
    """The first lower and the first upper end for one value as a range, in the place of the earlier one."""
    ends: dict[tuple[Path, str], Leaf] = {}
    for part in parts:
        if isinstance(part, Leaf) and part.op in {">=", "<="} and part.path in single:
            ends.setdefault((part.path, part.op), part)
    ranges: dict[Node, Node] = {}
    for (path, op), low in ends.items():
        if op == ">=" and (high := ends.get((path, "<="))) is not None:
            whole = _as(low, "between", (low.value, high.value))
            ranges |= {low: whole, high: whole}
    return list(dict.fromkeys(ranges.get(part, part) for part in parts))


def _factored(node: Node) -> Node:
    """`(a and b) or (a and c)` as `a and (b or c)`; a branch that is `a` alone makes the others needless."""
    if not isinstance(node, Or):
        return node
    branches = [part.parts if isinstance(part, And) else (part,) for part in node.parts]
    common = [part for part in branches[0] if all(part in branch for branch in branches[1:])]
    rest = [tuple(part for part in branch if part not in common) for branch in branches]
    if not common or not all(rest):
        return joined(And, common) if common else node
    left = joined(Or, _merged(_flat(Or, [joined(And, parts) for parts in rest]), "any"))
    return joined(And, [*common, left])
