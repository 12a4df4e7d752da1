"""What a platform can do with each field of a table, found by asking its pushdown table about examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from biodata.errors import QueryError
from biodata.query.bind import bind_query
from biodata.query.examples import COMPARISONS, example
from biodata.query.paths import resolve
from biodata.query.plan import Order
from biodata.query.pushdown import Support
from biodata.query.split import group_support, make_plan, sort_support
from biodata.records.types import DataType, File, Json, Object, element

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.query.paths import Lookup
    from biodata.query.pushdown import Pushdown
    from biodata.query.tree import Leaf
    from biodata.records.types import Path, Schema

__all__ = ["Ability", "abilities", "by_value", "paths_of"]


class Ability(msgspec.Struct, frozen=True):
    """How the platform does one operator on one field, and why not exactly.

    Beside the comparisons there are `sort`, `sort desc`, and, for counting by value and for values, `group` and
    `distinct`.
    """

    op: str
    support: Support
    reason: str = ""


def abilities(pushdown: Pushdown, schema: Schema, path: Path, lookup: Lookup | None = None) -> tuple[Ability, ...]:
    """What the platform does with the value at a path; operators that do not fit its type are left out.

    It is asked with ordinary values: `by_value` tells where others are done in another way.
    """
    type_ = resolve(schema, path, lookup).type
    examples = [(op, example(op, path, type_)) for op in COMPARISONS]
    compared = [_compared(op, leaf, pushdown, schema, lookup) for op, leaf in examples if leaf is not None]
    return (*compared, *_sorted(pushdown, schema, path, lookup), *_grouped(pushdown, schema, path, lookup))


def _compared(op: str, leaf: Leaf, pushdown: Pushdown, schema: Schema, lookup: Lookup | None) -> Ability:
    (part,) = make_plan(bind_query(schema, leaf, lookup=lookup), pushdown).parts
    return Ability(op, part.support, part.reason)


def _sorted(pushdown: Pushdown, schema: Schema, path: Path, lookup: Lookup | None) -> Iterator[Ability]:
    try:
        query = bind_query(schema, order_by=[Order(path)], lookup=lookup)
    except QueryError:
        return
    for order in (query.order[0], Order(query.order[0].path, descending=True)):
        yield Ability("sort desc" if order.descending else "sort", *_sorting(pushdown, order, schema, lookup))


def _grouped(pushdown: Pushdown, schema: Schema, path: Path, lookup: Lookup | None) -> Iterator[Ability]:
    target = resolve(schema, path, lookup)
    if isinstance(element(target.type), Json | Object | File):
        return
    for op, part in _GROUPS.items():
        rule = group_support(pushdown, part, target)
        exact = rule.support == "exact"
        yield Ability(op, "exact" if exact else "unsupported", "" if exact else rule.reason)


_GROUPS: dict[str, Literal["aggregate", "distinct"]] = {"group": "aggregate", "distinct": "distinct"}


def _sorting(pushdown: Pushdown, order: Order, schema: Schema, lookup: Lookup | None) -> tuple[Support, str]:
    target = resolve(schema, order.path, lookup)
    rule = sort_support(pushdown, order, target.type, target.via)
    return ("exact", "") if rule.support == "exact" else ("unsupported", rule.reason)


def paths_of(schema: Schema) -> Iterator[Path]:
    """The paths to the fields of a table, those inside its objects too."""
    waiting: list[tuple[Path, DataType]] = [((field.name,), field.type) for field in reversed(schema.fields)]
    while waiting:
        path, type_ = waiting.pop()
        yield path
        inner = element(type_)
        if isinstance(inner, Object):
            waiting += [((*path, field.name), field.type) for field in reversed(inner.fields)]


def by_value(pushdown: Pushdown) -> tuple[str, ...]:
    """The reasons why some values are not compared as others are."""
    limits = (rule.reason for rule in pushdown.rules if rule.when and rule.support != "exact" and rule.reason)
    return tuple(dict.fromkeys(limits))
