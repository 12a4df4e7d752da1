"""An example of each comparison with each type, to ask a pushdown table what it can do."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import TYPE_CHECKING, Any, get_args

from biodata.errors import QueryError
from biodata.query.bind import bind_filter
from biodata.query.tree import Leaf, Op
from biodata.records.types import Field, Reference, Schema, String, element

if TYPE_CHECKING:
    from biodata.records.types import DataType, Path

__all__ = ["COMPARISONS", "example", "example_value"]

COMPARISONS: tuple[Op, ...] = get_args(Op)
_VALUES: dict[str, Any] = {
    "string": "text",
    "int": 42,
    "float": 4.5,
    "decimal": decimal.Decimal("4.5"),
    "bool": True,
    "date": dt.date(2020, 1, 31),
    "datetime": dt.datetime(2020, 1, 31, 12, tzinfo=dt.UTC),
}


def example_value(type_: DataType) -> Any:
    """A plain value of a type, one that every platform can hold; None where it has no literals."""
    inner = element(type_)
    inner = inner.key if isinstance(inner, Reference) else inner
    if isinstance(inner, String) and inner.choices:
        return inner.choices[0]
    return _VALUES.get(inner.kind)


def example(op: Op, path: Path, type_: DataType) -> Leaf | None:
    """A bound comparison with an example value; None where the type has no such operator."""
    value = example_value(type_)
    if op.endswith(("in", "between")):
        value = (value, value) if op.endswith("between") else (value,)
    elif op.endswith("like"):
        value = f"{value}%"
    name = ".".join(path)
    try:
        bound = bind_filter(Schema("example", name, (Field(name, type_),)), Leaf((name,), op, value))  # type: ignore[arg-type]
    except QueryError:
        return None
    return Leaf(path, bound.op, bound.value, bound.quantifier) if isinstance(bound, Leaf) else None
