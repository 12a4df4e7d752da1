"""A filter on a whole Arrow batch at once.

Comparisons of single values go by Arrow's own functions where those say exactly what `evaluate.predicate` says of
each row; all others (patterns, decimals, lists, what lies inside objects) ask the predicate, of the rows alone that
the others leave open. A column of another Arrow type than the field's own is one of those too.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from biodata.query.evaluate import predicate
from biodata.query.split import paths_in
from biodata.query.tree import NEGATED, Always, And, Leaf, Node, Or
from biodata.records.arrow import INT64, arrow_type
from biodata.records.types import Boolean, Date, DateTime, Float, Integer, Reference, String

if TYPE_CHECKING:
    import pyarrow as pa

    from biodata.query.paths import Lookup
    from biodata.records.types import DataType, Schema

__all__ = ["batch_mask"]

_COMPARED = {
    "==": "equal", "!=": "not_equal", "<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal",
}  # fmt: skip
_MATCHED = {"contains": "match_substring", "starts_with": "starts_with"}
_ORDERED = frozenset({*_COMPARED, "in", "not in", "between", "not between", "is null", "is not null"})
_TEXTUAL = _ORDERED | {"contains", "starts_with", "not contains", "not starts_with"}


def batch_mask(
    node: Node | None, schema: Schema, batch: pa.RecordBatch, lookup: Lookup | None = None
) -> pa.BooleanArray:
    """Whether the filter is true of each row of a batch: true or false, never null.

    Args:
        node: a bound filter (`bind_query`); None for every record.
        schema: of the table that the rows are of.
        batch: with a column for each field that the filter names.
        lookup: gives the schema of a referenced table that a path steps into (`query.lookup`).
    """
    node = Always() if node is None else node
    if isinstance(node, Leaf) and _is_plain(node, schema, batch):
        mask: pa.BooleanArray = _leaf(node, batch)
        return mask
    if isinstance(node, And | Or):
        return _joined(node, schema, batch, lookup)
    return _by_row(node, schema, batch, lookup)


def _by_row(node: Node, schema: Schema, batch: pa.RecordBatch, lookup: Lookup | None) -> pa.BooleanArray:
    import pyarrow as pa

    test = predicate(node, schema, lookup)
    names = list(dict.fromkeys(path[0] for path in paths_in(node)))
    rows = batch.select(names).to_pylist() if names else [{}] * batch.num_rows
    return pa.array([test(row) for row in rows], pa.bool_())


def _joined(node: And | Or, schema: Schema, batch: pa.RecordBatch, lookup: Lookup | None) -> pa.BooleanArray:
    """The parts that Arrow does first, then the others on the rows that are still open."""
    import pyarrow.compute as pc

    kind, join = (And, pc.and_) if isinstance(node, And) else (Or, pc.or_)
    quick = [part for part in node.parts if _is_quick(part, schema, batch)]
    slow = tuple(part for part in node.parts if part not in quick)
    if not quick:
        return _by_row(node, schema, batch, lookup)
    mask: pa.BooleanArray = reduce(join, (batch_mask(part, schema, batch, lookup) for part in quick))
    if not slow:
        return mask
    open_ = mask if kind is And else pc.invert(mask)
    found = _by_row(kind(slow), schema, batch.filter(open_), lookup)
    whole: pa.BooleanArray = pc.replace_with_mask(mask, open_, found)
    return whole


def _is_quick(node: Node, schema: Schema, batch: pa.RecordBatch) -> bool:
    if isinstance(node, And | Or):
        return all(_is_quick(part, schema, batch) for part in node.parts)
    return isinstance(node, Leaf) and _is_plain(node, schema, batch)


def _is_plain(leaf: Leaf, schema: Schema, batch: pa.RecordBatch) -> bool:
    """Whether Arrow says of a single value what the predicate says."""
    if len(leaf.path) > 1:
        return False
    type_: DataType = schema[leaf.path[0]].type
    if batch.schema.field(leaf.path[0]).type != arrow_type(type_):
        return False
    inner = type_.key if isinstance(type_, Reference) else type_
    if isinstance(inner, String):
        return leaf.op in _TEXTUAL
    if isinstance(inner, Integer):
        return leaf.op in _ORDERED and inner.bits is not None and inner.bits <= INT64
    return isinstance(inner, Float | Boolean | Date | DateTime) and leaf.op in _ORDERED


def _leaf(leaf: Leaf, batch: pa.RecordBatch) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    column: Any = batch.column(leaf.path[0])
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    if leaf.op in {"is null", "is not null"}:
        return pc.is_null(column) if leaf.op == "is null" else pc.is_valid(column)
    negative = leaf.op.startswith("not ")
    mask = _positive(NEGATED[leaf.op] if negative else leaf.op, leaf.value, column)
    return pc.fill_null(pc.invert(mask) if negative else mask, pa.scalar(value=False))


def _positive(op: str, value: Any, column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if op in _MATCHED:
        return getattr(pc, _MATCHED[op])(column, value)
    values = pa.array(value if isinstance(value, tuple) else (value,), column.type)
    if op == "between":
        return pc.and_(pc.greater_equal(column, values[0]), pc.less_equal(column, values[1]))
    if op == "in" and pa.types.is_floating(column.type):  # is_in tells -0.0 from 0.0
        return reduce(pc.or_, (pc.equal(column, one) for one in values))
    if op == "in":
        return pc.if_else(pc.is_valid(column), pc.is_in(column, value_set=values), None)
    return getattr(pc, _COMPARED[op])(column, values[0])
