"""What the server's searches can filter and sort, as the table that the core splits by.

Exact only where protocols/opencga.md, section 5, proves it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from biodata.query.pushdown import Pushdown, Rule
from biodata.records.types import element
from biodata_opencga.annotations import sayable
from biodata_opencga.render import LONGEST, known, longest_run, plain, values_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.query.pushdown import Condition
    from biodata.query.tree import Leaf
    from biodata.records.types import DataType, Schema

__all__ = ["pushdown"]


def _ops(*names: str) -> frozenset[str]:
    return frozenset(names)


_EQUAL = _ops("==", "in")
_PARTS = _ops("like", "ilike", "contains", "starts_with")
_ORDERED = _ops("==", "<", "<=", ">", ">=", "between")
_NUMBERS = frozenset({"int", "float"})
_SORT = _ops("sort", "sort desc")
_ANY = frozenset({"any"})
_RULES = (
    Rule("exact", _ops("distinct"), frozenset({"string", "enum", "bool"}), lists=False, when="value"),
    Rule("unsupported", _ops("distinct"), reason="the server keeps it in another form than it shows"),
    Rule("unsupported", _ops("group"), reason="not every version of the server counts by value"),
    Rule("unsupported", _SORT, reason="the server sorts by one field, and pages need the id"),
    Rule("unsupported", when="unmapped", reason="the server's search has no parameter for it"),
    Rule("unsupported", quantifiers=frozenset({"none"}), reason="a negated list is true of nearly everything there"),
    Rule("inexact", _EQUAL, when="ids", lists=True, reason="two such conditions on one list cannot both go"),
    Rule("exact", _EQUAL, when="annotated", lists=False),
    Rule("exact", _ORDERED, _NUMBERS, when="annotated", lists=False),
    Rule("inexact", _EQUAL, when="annotated", lists=True, reason="two such conditions on one list cannot both go"),
    Rule("exact", _EQUAL, when="text", lists=False),
    Rule("exact", _ops("=="), when="flag"),
    Rule("inexact", _EQUAL, when="term", reason="the server compares id or name of a term"),
    Rule("inexact", _ops("!="), when="text", lists=False, reason="the server gives records without a value too"),
    Rule("inexact", _PARTS, when="run", reason="the longest plain part goes as a regular expression"),
    Rule("inexact", _ORDERED, when="number", lists=False, reason="one end of a range goes, and is checked here"),
    Rule("inexact", _ORDERED, when="date", lists=False, reason="how the server rounds seconds is not known"),
    Rule("unsupported", reason="the server has no such condition, or the value would be read as another one"),
)


def pushdown(schema: Schema) -> Pushdown:
    """The table of one of OpenCGA's tables."""
    sorting = (Rule("exact", _SORT, fields=frozenset({"id"}), when="sorted"),)
    return Pushdown((*sorting, *_RULES), frozenset({"and"}), _conditions(schema.table), most_keys=LONGEST // 10)


def _conditions(table: str) -> dict[str, Condition]:
    def of_kind(*kinds: str) -> Callable[[Leaf], bool]:
        def test(leaf: Leaf) -> bool:
            parameter = known(table, leaf.path)
            return parameter is not None and parameter.kind in kinds

        return test

    def texts(*kinds: str) -> Condition:
        fits = of_kind(*kinds)
        return lambda leaf, _: fits(leaf) and _short(leaf) and all(map(plain, values_of(leaf)))

    def run(leaf: Leaf, _: DataType) -> bool:
        return of_kind("text", "term")(leaf) and longest_run(leaf).strip() != ""

    def date(leaf: Leaf, _: DataType) -> bool:
        return of_kind("date")(leaf) and all(_inside(value) for value in values_of(leaf))

    def number(leaf: Leaf, _: DataType) -> bool:
        return of_kind("number")(leaf) and all(isinstance(value, int) for value in values_of(leaf))

    def annotated(leaf: Leaf, type_: DataType) -> bool:
        return of_kind("annotation")(leaf) and _short(leaf) and sayable(leaf, element(type_))

    return {
        "annotated": annotated,
        "unmapped": lambda leaf, _: known(table, leaf.path) is None,
        "ids": texts("ids"),
        "text": texts("text"),
        "term": texts("term"),
        "flag": lambda leaf, _: of_kind("flag")(leaf),
        "value": lambda leaf, _: of_kind("text", "flag")(leaf),
        "run": run,
        "number": number,
        "date": date,
        "sorted": lambda leaf, _: known(table, leaf.path) is not None and leaf.path == ("id",),
    }


def _short(leaf: Leaf) -> bool:
    return sum(len(str(value).encode()) + 1 for value in values_of(leaf)) <= LONGEST


def _inside(value: object) -> bool:
    """Whether a second before and after it can be written with four digits of a year."""
    return isinstance(value, datetime) and 1 < value.year < 9999  # noqa: PLR2004
