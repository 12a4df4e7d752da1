"""What a platform's filters can do, as a table that an adapter declares.

The core looks each leaf up in the table, first matching rule wins, and splits a filter by what it finds; the
adapter only renders what it promised. The same table is printed in the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from biodata.query.tree import Leaf  # noqa: TC001 - msgspec reads annotations at run time

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.records.types import DataType

__all__ = ["Condition", "Pushdown", "Rule", "Support", "Via"]

Support: TypeAlias = Literal["exact", "inexact", "unsupported"]
"""exact: the platform gives what the house semantics say; inexact: a superset, checked again here."""

Via: TypeAlias = Literal["field", "object", "reference"]
"""How a path gets to its value: a field of the table, a step into an object, a step over a reference."""

Condition: TypeAlias = "Callable[[Leaf, DataType], bool]"
"""A named test of a leaf's value and of the type at its path, for what depends on the value."""


class Rule(msgspec.Struct, frozen=True):
    """One row of the table; an empty set means any.

    Attributes:
        ops: operators of `biodata.query.tree.Op`, and `sort`, `sort desc` for ordering; `group` and `distinct`,
            which a rule must name, for counting by value and for values alone.
        kinds: kinds of types (`string`, `int`, …; of a list, its element's; `enum` also names a string with
            choices).
        lists: for lists only (True), for single values only (False), for both (None).
        quantifiers: `any`, `none`.
        via: how the path gets there.
        when: the name of a condition of the table, which must hold too.
        fields: the only top-level field names that the rule is for.
        reason: why not exact, for explain and for the documentation.
        hint: what a person can do about it, where the core cannot find out by asking the table.
    """

    support: Support
    ops: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    lists: bool | None = None
    quantifiers: frozenset[str] = frozenset()
    via: frozenset[Via] = frozenset()
    when: str = ""
    fields: frozenset[str] = frozenset()
    reason: str = ""
    hint: str = ""


class Pushdown(msgspec.Struct, frozen=True):
    """The table.

    Attributes:
        rules: the first that matches decides; where none does, the comparison is unsupported.
        connectives: of `and`, `or`: what may stand between comparisons; without `and` a single one is sent.
        conditions: name to test, for `Rule.when`.
        most_keys: keys that one `in` over a reference may hold, the most of a key set (`biodata.query.semijoin`);
            0 for no key sets.
    """

    rules: tuple[Rule, ...]
    connectives: frozenset[Literal["and", "or"]] = frozenset({"and", "or"})
    conditions: Mapping[str, Condition] = {}
    most_keys: int = 500
