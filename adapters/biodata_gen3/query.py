"""What peregrine's arguments can do, as the table that the core splits by (protocols/gen3.md, c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.query.pushdown import Pushdown, Rule
from biodata.records.types import Boolean, String
from biodata_gen3.reserved import RESERVED, cannot_be_paged

if TYPE_CHECKING:
    from biodata.query.tree import Leaf
    from biodata.records.types import DataType, Schema

__all__ = ["possible", "pushdown", "values_of"]

_LEAST_FRACTION, _MOST_FRACTION = 1e-4, 1e15


def pushdown(schema: Schema) -> Pushdown:
    """The table of a node type; the same for all, but for the names of key and id."""
    named = frozenset({*schema.key_fields, *([schema.id] if schema.id else [])})
    return Pushdown(
        rules=(*_reserved(schema), *_FIRST, *_by_name(named, schema.id), *_RULES),
        connectives=frozenset({"and"}),
        conditions={"nul": _has_nul, "fraction": _is_plain_fraction, "few": _has_few_values},
    )


def _ops(*names: str) -> frozenset[str]:
    return frozenset(names)


def _reserved(schema: Schema) -> tuple[Rule, ...]:
    if cannot_be_paged(schema):
        why = "a property is called as an argument for paging is, so that the table is read whole"
        return (Rule("unsupported", reason=why), Rule("unsupported", _ops("group", "distinct"), reason=why))
    taken = RESERVED.intersection(schema.names)
    hidden = {schema.id} if "ids" in taken and schema.id else set()
    sought = {*schema.key_fields, str(schema.id)} if "quick_search" in taken else set()
    why = "a property is called as an argument of the query is"
    rules = (
        Rule("unsupported", fields=frozenset(taken | hidden), reason=why),
        Rule("unsupported", _ops("group", "distinct"), fields=frozenset(taken), reason=why),
        Rule("unsupported", _ops("contains", "starts_with"), fields=frozenset(sought), reason=why),
    )
    return tuple(rule for rule in rules if rule.fields)


def _by_name(named: frozenset[str], id_: str | None) -> tuple[Rule, ...]:
    return (
        Rule(
            "unsupported",
            _ops("!="),
            fields=frozenset({id_ or "id"}),
            reason="'not' takes properties, and the id is none",
        ),
        Rule("exact", _ops("==", "in"), fields=named),
        Rule(
            "inexact",
            _ops("contains", "starts_with"),
            fields=named,
            reason="quick_search finds the text anywhere in key or id, in any case",
        ),
    )


_TEXT = frozenset({"string", "enum"})
_KNOWN = frozenset({"enum", "bool"})
_MOST_VALUES = 30
"""Each is a count of its own, of which one document would otherwise hold hundreds."""
_FIRST = (
    Rule("unsupported", via=frozenset({"reference"}), reason="a path over a link is joined here"),
    Rule("unsupported", via=frozenset({"object"}), reason="the commons cannot look into it"),
    Rule("unsupported", kinds=frozenset({"ref"}), reason="links are not properties: there is no argument for them"),
    Rule("unsupported", when="nul", reason="the database takes no character 0"),
)
_RULES = (
    Rule("exact", _ops("group", "distinct"), _KNOWN, lists=False, when="few"),
    Rule(
        "unsupported",
        _ops("group", "distinct"),
        reason=f"the commons counts, so only enums of up to {_MOST_VALUES} values and booleans are grouped there",
    ),
    Rule(
        "unsupported", kinds=frozenset({"int"}), reason="integers are asked for as 5.0 and stored as 5: none matches"
    ),
    Rule("exact", _ops("=="), _TEXT, lists=True, quantifiers=frozenset({"any"})),
    Rule("unsupported", lists=True, reason="several values for a list must all be in it"),
    Rule("exact", _ops("==", "in"), _TEXT | {"bool"}),
    Rule(
        "inexact",
        _ops("!="),
        _TEXT | {"bool"},
        reason="'not' leaves nulls out, as it should; how several are joined is not known",
    ),
    Rule("exact", _ops("==", "in"), frozenset({"float"}), when="fraction"),
    Rule("unsupported", kinds=frozenset({"float"}), reason="numbers are compared as text: 4 is not 4.0"),
    Rule(
        "unsupported",
        _ops("sort", "sort desc"),
        reason="the database puts nulls first and sorts text by its collation",
    ),
    Rule("unsupported", reason="there is no such comparison: only equality of one property"),
)


def possible(type_: DataType) -> tuple[Any, ...]:
    """The values that a field of this type can have; none where they are not known."""
    if isinstance(type_, Boolean):
        return (False, True)
    return type_.choices or () if isinstance(type_, String) else ()


def values_of(leaf: Leaf) -> tuple[Any, ...]:
    """The values that a leaf compares with."""
    return leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)


def _has_nul(leaf: Leaf, _: DataType) -> bool:
    return any(isinstance(value, str) and "\0" in value for value in values_of(leaf))


def _has_few_values(_: Leaf, type_: DataType) -> bool:
    return 0 < len(possible(type_)) <= _MOST_VALUES


def _is_plain_fraction(leaf: Leaf, _: DataType) -> bool:
    """Whether every value is written the same way by everybody: 4.5, but neither 4.0 nor 1e-7."""
    return all(
        isinstance(value, float) and value % 1 != 0 and _LEAST_FRACTION <= abs(value) < _MOST_FRACTION
        for value in values_of(leaf)
    )
