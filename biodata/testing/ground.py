"""What the differential test asks about: a table whose records are known, and what can be asked of it."""

from __future__ import annotations

import datetime as dt
import decimal
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from biodata.errors import QueryError
from biodata.query.bind import bind_filter, bind_query
from biodata.query.paths import resolve
from biodata.query.plan import Order
from biodata.query.reading import values_at
from biodata.query.split import group_support, sort_support, supports
from biodata.query.tree import Leaf, Node, Op
from biodata.records.types import Field, File, Json, Object, Reference, String, element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from biodata.grouping import GroupPart
    from biodata.query.paths import Lookup, Target
    from biodata.query.pushdown import Pushdown, Rule
    from biodata.records.types import DataType, Path, Record, Schema

    T = TypeVar("T")

__all__ = ["Ground", "Question"]

_OPS: tuple[Op, ...] = get_args(Op)
_PARTS: tuple[GroupPart, ...] = ("aggregate", "distinct")
_SOME = 6
_EXAMPLES: tuple[Any, ...] = (
    "a", 1, 1.5, True, dt.date(2020, 2, 29), dt.datetime(2020, 2, 29, tzinfo=dt.UTC), decimal.Decimal("1.5")
)  # fmt: skip
"""To compare with where a field has no value at all."""

_ODD: tuple[Any, ...] = ("", "a", "a\0", decimal.Decimal("1e40"), 4.5, 0.0, -0.0, dt.datetime(1, 1, 1, tzinfo=dt.UTC))
"""To compare with besides what is there: platforms have rules of their own for these, and for no plain text."""

_FILE_FIELDS = tuple(Field(name, String()) for name in ("id", "filename", "url"))


@dataclass(frozen=True)
class Question:
    """What is asked of a table; as `Repository.query` takes it.

    Attributes:
        by: besides, what all records that pass the filter are grouped by.
    """

    where: Node | None
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    fields: tuple[Path, ...] | None = None
    page_size: int | None = None
    by: tuple[Path, ...] = ()


class Ground:
    """A table whose records are known, and what can be asked of it.

    Args:
        schema: of the table.
        lookup: gives the schema of another table.
        records: all of them; a record that is referred to stands in place of its key where it is known.
        related: the tables whose records are known, so that paths may step over references to them.
        pushdown: the platform's table of rules.
        other: another one: then mostly that is asked about which the two say different things.
    """

    def __init__(
        self,
        schema: Schema,
        lookup: Lookup,
        records: list[Record],
        related: frozenset[str],
        pushdown: Pushdown,
        other: Pushdown | None = None,
    ) -> None:
        self.schema = schema
        self.lookup = lookup
        self.records = records
        self._related = related
        self._pushdown = pushdown
        self._other = other

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """Every path to a value: into objects, and over one reference."""
        return tuple(path for field in self.schema for path in self._below((field.name,), field, steps=1))

    def _below(self, path: Path, field: Field, steps: int) -> Iterator[Path]:
        yield path
        type_ = element(field.type)
        inner: tuple[Field, ...] = _FILE_FIELDS if isinstance(type_, File) else ()
        if isinstance(type_, Object):
            inner = type_.fields
        elif isinstance(type_, Reference) and type_.table in self._related and steps:
            inner, steps = self.lookup(type_.table).fields, steps - 1
        for one in inner:
            yield from self._below((*path, one.name), one, steps)

    def type_at(self, path: Path) -> DataType:
        """What is compared at the path: of a list its elements, of a reference its key."""
        type_ = element(resolve(self.schema, path, self.lookup).type)
        return type_.key if isinstance(type_, Reference) else type_

    @cached_property
    def values(self) -> dict[Path, list[Any]]:
        """The different values at each path."""
        return {path: self._held(path) for path in self.paths}

    def _held(self, path: Path) -> list[Any]:
        read = values_at(self.schema, path, self.lookup)
        held = {repr(value): value for record in self.records for value in read(record)}
        return list(held.values()) or [one for one in _EXAMPLES if self.binds(Leaf(path, "==", one))]

    @cached_property
    def odd(self) -> dict[Path, list[Any]]:
        """Values of each path's type that platforms have rules of their own for."""
        return {
            path: [one for one in _ODD if self.binds(Leaf(path, "==", one) & Leaf(path, "<", one))]
            for path in self.paths
        }

    @cached_property
    def ops(self) -> dict[Path, tuple[Op, ...]]:
        """The operators that each path's type has."""
        return {path: tuple(op for op in _OPS if self._takes(path, op)) for path in self.paths}

    def _takes(self, path: Path, op: Op) -> bool:
        return self.binds(self._first(path, op))

    def _first(self, path: Path, op: Op) -> Leaf:
        return Leaf(path, op, _sample(op, next(iter(self.values[path]), None)))

    @cached_property
    def leaves(self) -> list[Leaf]:
        """A comparison of each path and operator."""
        return [self._first(path, op) for path, ops in self.ops.items() for op in ops]

    def binds(self, node: Node) -> bool:
        """Whether the filter fits the table."""
        try:
            bind_filter(self.schema, node, self.lookup)
        except QueryError:
            return False
        return True

    @cached_property
    def by_rule(self) -> dict[Rule, list[Leaf]]:
        """Comparisons that each rule of the platform's table decides about."""
        met: dict[Rule, list[Leaf]] = {}
        for path, ops in self.ops.items():
            for leaf in (leaf for op in ops for leaf in self._some(path, op)):
                node = self._bound(leaf)
                if node is not None and self._differs(node.path, partial(_of_leaf, node)):
                    met.setdefault(self.rule(node), []).append(leaf)
        return met

    def _some(self, path: Path, op: Op) -> Iterator[Leaf]:
        """The comparison with some values that are there, and with odd ones; with all where few of them matter."""
        held = self.values[path] or [None]
        values = (*(held if self._other else held[:_SOME]), *self.odd[path])
        different = {repr(one): one for one in (_sample(op, value) for value in values)}
        return (Leaf(path, op, one) for one in different.values())

    def _bound(self, leaf: Leaf) -> Leaf | None:
        """The leaf, bound; None where it does not fit the table, or where nothing is left to compare."""
        try:
            node = bind_filter(self.schema, leaf, self.lookup)
        except QueryError:
            return None
        return node if isinstance(node, Leaf) else None

    def asks(self, leaf: Leaf) -> bool:
        """Whether the comparison fits the table, and is one to be asked about."""
        if self._other is None:
            return self.binds(leaf)
        node = self._bound(leaf)
        return node is not None and self._differs(node.path, partial(_of_leaf, node))

    def of_each_rule(self) -> Iterator[Question]:
        """A question about each rule, and one that goes to the platform for each path where there is one."""
        paths: set[Path] = set()
        for rule, leaves in self.by_rule.items():
            new = [leaf for leaf in leaves if leaf.path not in paths and rule.support != "unsupported"]
            first = {leaf.path: leaf for leaf in new} or {(): leaves[0]}
            paths |= first.keys()
            yield from (Question(leaf) for leaf in first.values())
        yield from (Question(None, (orders[0],)) for orders in self.orders.values())
        yield from (Question(None, by=(paths[0],)) for paths in self.groups.values())

    def rule(self, leaf: Leaf) -> Rule:
        """The rule of the platform's table that decides about a bound leaf."""
        return _of_leaf(leaf, self._pushdown, resolve(self.schema, leaf.path, self.lookup))

    def sorting(self, order: Order) -> Rule:
        """The rule that decides about an order."""
        return _of_order(order, self._pushdown, resolve(self.schema, order.path, self.lookup))

    def grouping(self, part: GroupPart, path: Path) -> Rule:
        """The rule that decides about counting by the values at a path, or about those values alone."""
        return group_support(self._pushdown, part, resolve(self.schema, path, self.lookup))

    def _differs(self, path: Path, rule: Callable[[Pushdown, Target], Rule]) -> bool:
        if self._other is None:
            return True
        target = resolve(self.schema, path, self.lookup)
        return rule(self._pushdown, target).support != rule(self._other, target).support

    @cached_property
    def orders(self) -> dict[Rule, list[Order]]:
        """What records can be ordered by, by the rule that decides about it."""
        met: dict[Rule, list[Order]] = {}
        for order in (Order(path, down) for path in self.paths for down in (False, True)):
            if self._sorts(order) and self._differs(order.path, partial(_of_order, order)):
                met.setdefault(self.sorting(order), []).append(order)
        return met

    @cached_property
    def groups(self) -> dict[Rule, list[Path]]:
        """What records can be grouped by, by the rules that decide about it."""
        met: dict[Rule, list[Path]] = {}
        for path in self.paths:
            if isinstance(element(resolve(self.schema, path, self.lookup).type), Object | Json | File):
                continue
            for part in _PARTS:
                if self._differs(path, partial(_of_groups, part)):
                    met.setdefault(self.grouping(part, path), []).append(path)
        return met

    def _sorts(self, order: Order) -> bool:
        try:
            bind_query(self.schema, order_by=[order], lookup=self.lookup)
        except QueryError:
            return False
        return True


def _of_leaf(leaf: Leaf, pushdown: Pushdown, target: Target) -> Rule:
    return supports(pushdown, leaf, target.type, target.via)


def _of_order(order: Order, pushdown: Pushdown, target: Target) -> Rule:
    return sort_support(pushdown, order, target.type, target.via)


def _of_groups(part: GroupPart, pushdown: Pushdown, target: Target) -> Rule:
    return group_support(pushdown, part, target)


def _sample(op: Op, value: Any) -> Any:
    name = op.removeprefix("not ")
    if name in {"is null", "is not null"}:
        return None
    return (value,) if name == "in" else (value, value) if name == "between" else value
