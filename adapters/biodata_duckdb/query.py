"""Filters and order as SQL, with every value a parameter.

Everything is exact but what follows a reference (the core fetches that in bulk), `ilike` outside ASCII, where the
case rules of DuckDB and Python differ, and numbers beyond DuckDB's range. VARCHAR compares by its UTF-8 bytes,
which is the order of code points.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from biodata.query.pushdown import Pushdown, Rule
from biodata.query.tree import Always, And, Leaf, Node, Or
from biodata.records.types import DataType, Field, Float, Integer, List, Object, Path, Schema
from biodata_duckdb.types import NATIVE, canonical, fits, literal, stored, wire

if TYPE_CHECKING:
    from biodata.query.plan import Order

__all__ = ["PUSHDOWN", "column", "condition", "sort_expression"]

Sql: TypeAlias = tuple[str, list[Any]]

_ILIKE = frozenset({"ilike", "not ilike"})
_NULLS = frozenset({"is null", "is not null"})
_SORTS = frozenset({"sort", "sort desc"})
_SCALAR = frozenset({"string", "int", "float", "decimal", "bool", "date", "datetime", "ref"})
_SYMBOLS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_LIKE = "LIKE ? ESCAPE '\\'"
_HUGE = 2**127


def _in_range(leaf: Leaf, _: DataType) -> bool:
    values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    return all(_held(value) for value in values)


def _held(value: Any) -> bool:
    if isinstance(value, decimal.Decimal):
        return fits(value)
    return not isinstance(value, int) or -_HUGE < value < _HUGE


PUSHDOWN = Pushdown(
    rules=(
        Rule("unsupported", via=frozenset({"reference"}), reason="referenced records are fetched in bulk by key"),
        Rule("exact", ops=_NULLS),
        Rule("exact", ops=_SORTS, kinds=_SCALAR, lists=False),
        Rule("unsupported", ops=_SORTS, reason="only single values have an order"),
        Rule("unsupported", ops=_ILIKE, quantifiers=frozenset({"none"}), reason="case rules differ outside ASCII"),
        Rule("inexact", ops=_ILIKE, kinds=frozenset({"string", "ref"}), reason="case rules differ outside ASCII"),
        Rule("exact", kinds=_SCALAR, when="in range"),
        Rule("unsupported", kinds=_SCALAR, reason="a number beyond DuckDB's range"),
    ),
    conditions={"in range": _in_range},
)


def condition(node: Node, schema: Schema) -> Sql:
    """A bound filter as SQL."""
    match node:
        case Leaf():
            return _leaf(node, schema)
        case And(parts):
            return _joined(" AND ", parts, schema)
        case Or(parts):
            return _joined(" OR ", parts, schema)
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
    known = isinstance(field.type, Integer) or native == wanted or re.fullmatch(r"DECIMAL\(\d+,\d+\)", native)
    return name if known else f"CAST({name} AS {wanted})"


def sort_expression(order: Order, schema: Schema) -> str:
    """What an order sorts by."""
    field = schema[order.path[0]]
    return _inside(column(field), order.path[1:])


def _inside(expression: str, path: Path) -> str:
    for name in path:
        expression = f"struct_extract({expression}, {literal(name)})"
    return expression


def _joined(word: str, parts: tuple[Node, ...], schema: Schema) -> Sql:
    rendered = [condition(part, schema) for part in parts]
    text = word.join(sql for sql, _ in rendered)
    return f"({text})", [value for _, values in rendered for value in values]


def _leaf(leaf: Leaf, schema: Schema) -> Sql:
    field = schema[leaf.path[0]]
    if leaf.op == "is null":
        sql, values = _along(column(field), field.type, leaf.path[1:], Leaf(leaf.path, "is not null"), 1)
        return f"NOT ({sql})", values
    sql, values = _along(column(field), field.type, leaf.path[1:], leaf, 1)
    return (f"NOT ({sql})" if leaf.quantifier == "none" else sql), values


def _along(expression: str, type_: DataType, path: Path, leaf: Leaf, depth: int) -> Sql:
    """Down a path: into structs, and through lists to any of their elements."""
    if isinstance(type_, List):
        one = f'"biodata element {depth}"'  # no column is called so: a name of the table's own would hide it
        sql, values = _along(one, type_.item, path, leaf, depth + 1)
        return f"EXISTS (SELECT 1 FROM (SELECT unnest({expression}) AS {one}) WHERE {sql})", values  # noqa: S608
    if not path:
        return _compared(expression, leaf)
    inner = {field.name: field.type for field in type_.fields} if isinstance(type_, Object) else {}
    step = _inside(expression, path[:1])
    return _along(step, inner.get(path[0], type_), path[1:], leaf, depth)


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
