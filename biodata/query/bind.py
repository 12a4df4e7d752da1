"""Binding: a filter, fields and order meet the schema of a table.

What comes out has no Not and no native text inside the tree; every path leads to a value, every literal has its
field's type, and a leaf on a list carries its quantifier. NOT flips the operator of a leaf on one value and the
quantifier of a leaf on a list; of the rest it goes through by De Morgan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import QueryError
from biodata.query.literals import with_literal
from biodata.query.parser import MAX_DEPTH, filters_from
from biodata.query.paths import path_of, resolve, with_keys
from biodata.query.plan import Order, Query
from biodata.query.tree import NEGATED, Always, And, Leaf, Native, Node, Not, Or, folded
from biodata.records.types import File as FileType
from biodata.records.types import Json, Object, element, is_list
from biodata.records.values import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from biodata.query.paths import Target
    from biodata.records.types import Path, Schema

__all__ = ["bind_fields", "bind_filter", "bind_query", "whole_number"]

_NEGATIVE = {"!=", "not in", "not between", "not like", "not ilike", "not contains", "not starts_with"}


def bind_query(
    schema: Schema,
    where: str | Node | Mapping[str, Any] | None = None,
    *,
    fields: Sequence[str | Path] | str | None = None,
    order_by: Sequence[str | Order] | str | None = None,
    limit: int | None = None,
    offset: int = 0,
    native: str | None = None,
    lookup: Callable[[str], Schema] | None = None,
) -> Query:
    """The query, bound to the schema.

    Args:
        schema: of the table that is asked.
        where: a filter in any of its forms.
        fields: names or paths, in the order wanted; None for all of the table's fields.
        order_by: `"Pos"`, `"-Pos"` for descending, dotted paths, or `Order`.
        limit: how many records at most.
        offset: how many records to skip.
        native: the platform's own query text, joined by AND.
        lookup: gives the schema of a referenced table; without it no path can step over a reference.

    Raises:
        QueryError: what is asked cannot be understood or does not fit the table.
    """
    scope = _Scope(schema, lookup)
    node, natives = _without_natives(filters_from(where))
    texts = [text for text in (native, *natives) if text is not None]
    if len(texts) > 1:
        raise QueryError(
            "A query has one native text", table=schema.table, hint="Join them in the platform's language."
        )
    return Query(
        schema=schema,
        filter=_bind(node, scope, negated=False, depth=0),
        fields=None if fields is None else _fields(fields, scope),
        order=_order(order_by, scope),
        limit=None if limit is None else whole_number(limit, "limit"),
        offset=whole_number(offset, "offset"),
        native=texts[0] if texts else None,
        related=scope.related,
    )


def bind_filter(
    schema: Schema,
    where: str | Node | Mapping[str, Any] | None,
    lookup: Callable[[str], Schema] | None = None,
) -> Node:
    """The filter alone, bound; it cannot hold native text."""
    return _bind(filters_from(where), _Scope(schema, lookup), negated=False, depth=0)


def bind_fields(
    schema: Schema, fields: Sequence[str | Path] | str, lookup: Callable[[str], Schema] | None = None
) -> tuple[Path, ...]:
    """The paths of the fields asked for alone, bound."""
    return _fields(fields, _Scope(schema, lookup))


class _Scope:
    """A table's schema, and the schemas of the tables that paths stepped into so far."""

    def __init__(self, schema: Schema, lookup: Callable[[str], Schema] | None) -> None:
        self.schema = schema
        self.related: dict[str, Schema] = {}
        self._lookup = lookup

    def resolve(self, path: Path) -> Target:
        return resolve(self.schema, path, self.into if self._lookup else None)

    def into(self, table: str) -> Schema:
        """The schema of a table that a path steps into."""
        if table not in self.related and self._lookup:
            self.related[table] = self._lookup(table)
        return self.related[table]


def _without_natives(node: Node) -> tuple[Node, list[str]]:
    parts = node.parts if isinstance(node, And) else (node,)
    rest = tuple(part for part in parts if not isinstance(part, Native))
    return And(rest), [part.text for part in parts if isinstance(part, Native)]


def _bind(node: Node, scope: _Scope, *, negated: bool, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise QueryError(f"The filter is nested deeper than {MAX_DEPTH}", code="BD-QUERY-DEPTH")
    match node:
        case Always(value):
            return Always(value is not negated)
        case Not(part):
            return _bind(part, scope, negated=not negated, depth=depth + 1)
        case And(parts) | Or(parts):
            bound = [_bind(part, scope, negated=negated, depth=depth + 1) for part in parts]
            return folded(Or if isinstance(node, Or) is not negated else And, bound)
        case Leaf():
            return _leaf(node, scope, negated=negated)
        case Native():
            raise QueryError(
                "Native text stands beside a filter, joined by AND, and not inside it",
                code="BD-QUERY-NATIVE",
                table=scope.schema.table,
                hint="Write the whole condition in the platform's language.",
            )


def _leaf(leaf: Leaf, scope: _Scope, *, negated: bool) -> Node:
    target = scope.resolve(path_of(scope.schema, leaf.path))
    if leaf.quantifier == "none":
        negated = not negated
    leaf = msgspec.structs.replace(leaf, path=target.path[:-1] if target.to_key else target.path, quantifier="any")
    leaf = with_literal(leaf, target, scope.schema.table)
    if leaf.op in {"in", "not in"} and not leaf.value:
        return Always((leaf.op == "not in") is not negated)
    return _quantified(leaf, negated=negated) if is_list(target.type) else _flipped(leaf, negated=negated)


def _flipped(leaf: Leaf, *, negated: bool) -> Leaf:
    return msgspec.structs.replace(leaf, op=NEGATED[leaf.op]) if negated else leaf


def _quantified(leaf: Leaf, *, negated: bool) -> Leaf:
    if leaf.op in {"is null", "is not null"}:
        return _flipped(leaf, negated=negated)
    negative = leaf.op in _NEGATIVE
    op = NEGATED[leaf.op] if negative else leaf.op
    return msgspec.structs.replace(leaf, op=op, quantifier="none" if negative is not negated else "any")


def _fields(fields: Sequence[str | Path] | str, scope: _Scope) -> tuple[Path, ...]:
    names = (fields,) if isinstance(fields, str) else tuple(fields)
    if not names:
        raise QueryError(
            "The list of fields is empty", table=scope.schema.table, hint="Leave it out to get all fields."
        )
    paths = dict.fromkeys(scope.resolve(path_of(scope.schema, name)).path for name in names)
    return tuple(dict.fromkeys(with_keys(paths, scope.schema, scope.into)))


def _order(order_by: Sequence[str | Order] | str | None, scope: _Scope) -> tuple[Order, ...]:
    keys = (order_by,) if isinstance(order_by, str | Order) else tuple(order_by or ())
    orders: dict[Path, Order] = {}
    for key in keys:
        order = _order_key(key, scope)
        orders.setdefault(order.path, order)
    return tuple(orders.values())


def _order_key(key: Any, scope: _Scope) -> Order:
    if isinstance(key, Order):
        path, descending = key.path, key.descending
    else:
        descending = isinstance(key, str) and key.startswith("-") and key not in scope.schema
        path = path_of(scope.schema, key[1:] if descending else key)
    target = scope.resolve(path)
    if is_list(target.type) or isinstance(element(target.type), Object | Json | FileType):
        raise QueryError(
            f"Records cannot be ordered by '{'.'.join(path)}', which is of type {target.type}",
            code="BD-QUERY-ORDER",
            table=scope.schema.table,
        )
    return Order(target.path[:-1] if target.to_key else target.path, descending)


def whole_number(value: object, name: str, *, least: int = 0) -> int:
    """A number of records.

    Raises:
        QueryError: `BD-QUERY-LIMIT`, for anything else.
    """
    number = plain(value)
    if isinstance(number, bool) or not isinstance(number, int) or number < least:
        raise QueryError(f"{name} is a whole number of records, {least} or more", code="BD-QUERY-LIMIT")
    return number
