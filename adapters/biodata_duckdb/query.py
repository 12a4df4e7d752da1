"""Filters and order as SQL, with every value a parameter.

Everything is exact but `ilike` outside ASCII, where the case rules of DuckDB and Python differ, and numbers beyond
DuckDB's range. What lies beyond a reference is a semi-join; an order by it is the core's. VARCHAR compares by its
UTF-8 bytes, which is the order of code points.
"""

from __future__ import annotations

import datetime as dt
import decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from biodata.query.pushdown import Pushdown, Rule
from biodata.query.tree import Always, And, Leaf, Node, Or
from biodata.records.types import (
    DataType,
    Decimal,
    Field,
    Float,
    Integer,
    List,
    Object,
    Path,
    Reference,
    Schema,
    element,
)
from biodata_duckdb.types import NATIVE, canonical, comparable, literal, shape_of, stored, wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.query.plan import Order
    from biodata_duckdb.schema import Table

    Tables: TypeAlias = Callable[[str], Table]
    """From a table's name to the table."""

__all__ = ["PUSHDOWN", "column", "condition", "sort_expression"]

Sql: TypeAlias = tuple[str, list[Any]]

_ILIKE = frozenset({"ilike", "not ilike"})
_NULLS = frozenset({"is null", "is not null"})
_SORTS = frozenset({"sort", "sort desc"})
_SCALAR = frozenset({"string", "int", "float", "decimal", "bool", "date", "datetime", "ref"})
_GROUPS = frozenset({"group", "distinct"})
_PLAIN = frozenset({"string", "int", "decimal", "bool", "date", "ref"})
_SYMBOLS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_LIKE = "LIKE ? ESCAPE '\\'"
_HUGE = 2**127


def _in_range(leaf: Leaf, type_: DataType) -> bool:
    values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    return all(_held(value, element(type_)) for value in values)


def _held(value: Any, type_: DataType) -> bool:
    if isinstance(value, decimal.Decimal):
        return comparable(value, *shape_of(type_ if isinstance(type_, Decimal) else Decimal()))
    return not isinstance(value, int) or -_HUGE < value < _HUGE


PUSHDOWN = Pushdown(
    rules=(
        Rule(
            "unsupported",
            ops=_SORTS | _GROUPS,
            via=frozenset({"reference"}),
            reason="referenced records are fetched by key",
        ),
        Rule("exact", ops=_NULLS),
        Rule("exact", ops=_SORTS, kinds=_SCALAR, lists=False),
        Rule("unsupported", ops=_SORTS, reason="only single values have an order"),
        Rule("exact", ops=_GROUPS, kinds=_SCALAR, lists=False),
        Rule("exact", ops=_GROUPS, kinds=_PLAIN, lists=True, via=frozenset({"field"})),
        Rule("unsupported", ops=_GROUPS, reason="lists of such values are laid flat here"),
        Rule("unsupported", ops=_ILIKE, quantifiers=frozenset({"none"}), reason="case rules differ outside ASCII"),
        Rule("inexact", ops=_ILIKE, kinds=frozenset({"string", "ref"}), reason="case rules differ outside ASCII"),
        Rule("exact", kinds=_SCALAR, when="in range"),
        Rule("unsupported", kinds=_SCALAR, reason="a number beyond DuckDB's range"),
    ),
    conditions={"in range": _in_range},
)


def condition(node: Node, schema: Schema, tables: Tables) -> Sql:
    """A bound filter as SQL.

    Args:
        node: the filter.
        schema: of the table that is asked.
        tables: gives a table that a path steps into.
    """
    match node:
        case Leaf():
            return _leaf(node, schema, tables)
        case And(parts):
            return _joined(" AND ", [condition(part, schema, tables) for part in parts])
        case Or(parts):
            return _joined(" OR ", [condition(part, schema, tables) for part in parts])
        case Always(value):
            return ("TRUE" if value else "FALSE"), []
    raise TypeError(f"a bound filter has no {type(node).__name__}")


def column(field: Field) -> str:
    """A field as it is read and compared: in our type, NaN as null, instants in UTC."""
    name, native, wanted = stored(field), field.options[NATIVE], canonical(wire(field.type))
    if native == "TIMESTAMP WITH TIME ZONE":
        return f"make_timestamp(epoch_us({name}))"
    if isinstance(field.type, Float):
        return f"nullif({name}, 'nan')"
    return name if isinstance(field.type, Integer) or native == wanted else f"CAST({name} AS {wanted})"


def sort_expression(order: Order, schema: Schema) -> str:
    """What an order sorts by."""
    field = schema[order.path[0]]
    return _inside(column(field), order.path[1:])


def _inside(expression: str, path: Path) -> str:
    for name in path:
        expression = f"struct_extract({expression}, {literal(name)})"
    return expression


def _joined(word: str, rendered: list[Sql]) -> Sql:
    text = word.join(sql for sql, _ in rendered)
    return f"({text})", [value for _, values in rendered for value in values]


def _leaf(leaf: Leaf, schema: Schema, tables: Tables) -> Sql:
    wanted = Leaf(leaf.path, "is not null") if leaf.op == "is null" else leaf
    field = schema[leaf.path[0]]
    sql, values = _Walk(wanted, tables).along(column(field), field.type, leaf.path[1:])
    return (f"NOT ({sql})" if leaf.op == "is null" or leaf.quantifier == "none" else sql), values


class _Walk:
    """The way down a leaf's path, to the comparison at its end."""

    def __init__(self, leaf: Leaf, tables: Tables) -> None:
        self._leaf = leaf
        self._tables = tables

    def along(self, expression: str, type_: DataType, path: Path, depth: int = 1) -> Sql:
        """Into structs, through lists to any of their elements, and over references."""
        if isinstance(type_, List):
            one = f'"biodata element {depth}"'  # no column is called so: a name of the table's own would hide it
            sql, values = self.along(one, type_.item, path, depth + 1)
            return f"EXISTS (SELECT 1 FROM (SELECT unnest({expression}) AS {one}) WHERE {sql})", values  # noqa: S608
        if not path:
            return _compared(expression, self._leaf)
        if isinstance(type_, Reference):
            return self._over(expression, self._tables(type_.table), path)
        inner = {field.name: field.type for field in type_.fields} if isinstance(type_, Object) else {}
        return self.along(_inside(expression, path[:1]), inner.get(path[0], type_), path[1:], depth)

    def _over(self, expression: str, table: Table, path: Path) -> Sql:
        """Never null, since no key is: NOT means the opposite, and a null or dangling reference has no values."""
        field, key = table.schema[path[0]], column(table.schema[str(table.schema.key)])
        sql, values = self.along(column(field), field.type, path[1:])
        keys = f"SELECT {key} FROM {table.relation} WHERE {sql}"  # noqa: S608
        return f"({expression} IS NOT NULL AND {expression} IN ({keys}))", values


def _compared(expression: str, leaf: Leaf) -> Sql:
    op, value = leaf.op, leaf.value
    if op == "is not null":
        return f"{expression} IS NOT NULL", []
    if op in _SYMBOLS:
        return f"{expression} {_SYMBOLS[op]} ?", [parameter(value)]
    negated, positive = ("NOT ", op.removeprefix("not ")) if op.startswith("not ") else ("", op)
    sql, values = _positive(expression, positive, value, negated)
    return sql, [parameter(one) for one in values]


def _positive(expression: str, op: str, value: Any, negated: str) -> Sql:
    match op:
        case "in":
            return f"{expression} {negated}IN ({', '.join('?' for _ in value)})", list(value)
        case "between":
            return f"{expression} {negated}BETWEEN ? AND ?", list(value)
        case "like":
            return f"{expression} {negated}{_LIKE}", [value]
        case "ilike":
            beyond = f"bit_length({expression}) <> 8 * length({expression})"
            return f"(lower({expression}) {negated}{_LIKE} OR {beyond})", [value.lower()]
        case "contains" | "starts_with":
            return f"{negated}{op}({expression}, ?)", [value]
    raise TypeError(f"no such operator: {op}")


def parameter(value: Any) -> Any:
    """A value as DuckDB takes it: an instant as UTC without a zone."""
    return value.astimezone(dt.UTC).replace(tzinfo=None) if isinstance(value, dt.datetime) else value
