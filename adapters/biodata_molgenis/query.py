"""What the server's filters and sorting can do, as the table that the core splits by.

The facts: protocols/molgenis.md, b4; recordings 0600 to 0634.
"""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

from biodata.query.pushdown import Pushdown, Rule
from biodata.records.types import Integer, Reference
from biodata_molgenis.encode import back_side
from biodata_molgenis.render import longest_run, values_of

if TYPE_CHECKING:
    from biodata.query.tree import Leaf
    from biodata.records.types import DataType, Field, Schema

__all__ = ["pushdown"]

_COMPARE = frozenset({"==", "!=", "<", "<=", ">", ">=", "between", "not between", "in", "not in"})
_EQUAL = frozenset({"==", "!=", "in", "not in"})
_GROUPS = frozenset({"group", "distinct"})
_NULL = frozenset({"is null", "is not null"})
_ORDERED = frozenset({"<", "<=", ">", ">=", "between", "not between"})
_PARTS = frozenset({"like", "ilike", "contains", "starts_with"})
_NOT_PARTS = frozenset(f"not {op}" for op in _PARTS)
_NUMBERS = frozenset({"int", "float", "date", "datetime"})


def pushdown(schema: Schema) -> Pushdown:
    """The table of a MOLGENIS table: the general one, with the schema's computed and never-null fields in it."""
    computed = _fields(schema, "computed")
    steps = frozenset(field.name for field in schema if back_side(field))
    filled = _fields(schema, "not_null")
    counted = frozenset(name for name in _fields(schema, "aggregatable") if _is_labelled(schema[name]))
    return Pushdown(
        rules=(
            *(
                _elsewhere(
                    computed, "the search engine answers for a computed field, with other semantics", _COMPUTED
                )
            ),
            *(_elsewhere(steps, "the back side of a reference is not asked for by the server's database", _BACK)),
            *(_elsewhere(_fields(schema, "tagged"), "a tag may make =like= tell case apart", ops=_ops("ilike"))),
            *((Rule("exact", _GROUPS, via=frozenset({"field"}), fields=counted),) if counted else ()),
            *_RULES,
            *((Rule("exact", _ops("sort desc"), _SORTED, lists=False, fields=filled),) if filled else ()),
            *_LAST,
        ),
        conditions={"empty": _has_empty, "beyond": _beyond, "no run": _has_no_run},
    )


def _is_labelled(field: Field) -> bool:
    """Whether an aggregate's labels give its values back: a text of unlimited length may not be indexed whole."""
    return field.options["type"] in {"bool", "enum", "string", "xref", "categorical"}


def _fields(schema: Schema, note: str) -> frozenset[str]:
    return frozenset(field.name for field in schema if note in field.options)


def _elsewhere(
    fields: frozenset[str], reason: str, hint: str = "", *, ops: frozenset[str] = frozenset()
) -> tuple[Rule, ...]:
    return (Rule("unsupported", ops, fields=fields, reason=reason, hint=hint),) if fields else ()


def _ops(*names: str) -> frozenset[str]:
    return frozenset(names)


_COMPUTED = "The fields that it is computed of may be compared by the platform."
_BACK = "The other table has the reference itself, which the platform compares."
_SORTED = _NUMBERS | {"bool"}
_TEXT = frozenset({"string"})

_NOT_COUNTED = "only texts, booleans, enums and single references that are marked aggregatable are counted there"
_RULES = (
    Rule("unsupported", _GROUPS, reason=_NOT_COUNTED, via=frozenset({"field"})),
    Rule(
        "unsupported",
        via=frozenset({"reference"}),
        reason="a path over a reference goes to the search engine, which ends at 10 000 records: it is joined here",
    ),
    Rule("unsupported", via=frozenset({"object"}), reason="the server cannot look into it"),
    Rule(
        "unsupported",
        lists=True,
        quantifiers=frozenset({"none"}),
        reason="'!=' on a list of the server's is true of any other element",
    ),
    Rule("unsupported", when="beyond", reason="the server answers such a value with an error"),
    Rule("inexact", _ops("!="), _TEXT | {"ref"}, lists=False, when="empty", reason="'' is null there"),
    Rule("unsupported", when="empty", reason="'' is null there"),
    Rule("exact", _ops("==", "in"), frozenset({"ref"}), lists=True, quantifiers=frozenset({"any"})),
    Rule("unsupported", lists=True, reason="only == and 'in' are known to mean any element"),
    Rule("exact", _NULL, _NUMBERS | _TEXT | {"bool", "ref", "enum"}),
    Rule("exact", _EQUAL, _TEXT | {"enum", "ref"}),
    Rule("unsupported", _PARTS, when="no run", reason="no stretch of plain text in it to search for"),
    Rule("inexact", _PARTS, _TEXT | {"enum"}, reason="=like= is a substring test that ignores case"),
    Rule("unsupported", _NOT_PARTS, _TEXT | {"enum"}, reason="=notlike= ignores case, so it leaves out too much"),
    Rule("unsupported", _ORDERED, _TEXT | {"enum", "ref"}, reason="the server orders numbers and dates only (WEB03)"),
    Rule("exact", _COMPARE, _NUMBERS),
    Rule("exact", _ops("==", "!=", "in"), frozenset({"bool"})),
    Rule("exact", _ops("sort"), _SORTED, lists=False),
)
_LAST = (
    Rule("unsupported", _ops("sort desc"), _SORTED, reason="the database puts nulls first"),
    Rule("unsupported", _ops("sort", "sort desc"), reason="the database's collation is not by code point"),
)


def _has_empty(leaf: Leaf, _: DataType) -> bool:
    return any(value == "" for value in values_of(leaf))


def _beyond(leaf: Leaf, type_: DataType) -> bool:
    """Whether a value is one that the server's parser of that type fails on, or may round."""
    whole = type_.key if isinstance(type_, Reference) else type_
    return any(_is_beyond(value, whole) for value in values_of(leaf))


def _is_beyond(value: Any, type_: DataType) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(type_, Integer) and value is not None:
        return not isinstance(value, int) or not -(2 ** ((type_.bits or 64) - 1)) <= value < 2 ** (
            (type_.bits or 64) - 1
        )
    if isinstance(value, float):
        return not isfinite(value)
    return isinstance(value, datetime) and value.microsecond != 0


def _has_no_run(leaf: Leaf, _: DataType) -> bool:
    return longest_run(leaf) == ""
