"""Columns as numbers that a plot can place; a date or an instant is its seconds since 1970 in UTC."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DAY", "EARLIEST", "LARGEST", "LATEST", "Kind", "kind_of", "measure", "measures"]

Kind: TypeAlias = Literal["number", "date", "instant", "none"]
"""What a column's values are; `none` where no axis has a place for them."""

LARGEST = 1e300
"""A larger number is none for a plot, as the length of an axis could not be computed; one below 1e-300 is 0."""
EARLIEST, LATEST = -62_135_596_800.0, 253_402_300_799.0
"""The first instant of year 1 and the last second of year 9999."""
DAY = 86_400
PARTS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def kind_of(kind: pa.DataType) -> Kind:
    """What the values of an Arrow type are to a plot."""
    from pyarrow import types

    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    if types.is_date(kind):
        return "date"
    return "instant" if types.is_timestamp(kind) else "none"


def measures(column: Any) -> Any:
    """The values of an Arrow array as float64, null where there is none or no axis has a place for it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = kind_of(column.type)
    if kind == "none":
        return pa.nulls(len(column), pa.float64())
    values: Any = _floats(column)
    low, high = (-LARGEST, LARGEST) if kind == "number" else (EARLIEST, LATEST)
    near = pc.less(pc.abs(values), pa.scalar(1 / LARGEST))
    inside: Any = pc.and_(pc.greater_equal(values, pa.scalar(low)), pc.less_equal(values, pa.scalar(high)))
    return pc.if_else(inside, pc.if_else(near, pa.scalar(0.0), values), pa.scalar(None, pa.float64()))


def _floats(column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    match kind_of(column.type):
        case "date":
            return pc.multiply(column.cast(pa.date32()).cast(pa.int32()).cast(pa.float64()), DAY)
        case "instant":
            return pc.divide(column.cast(pa.int64()).cast(pa.float64(), safe=False), PARTS[column.type.unit])
    return column.cast(pa.float64(), safe=False)


def measure(value: object) -> float | None:
    """The same of one value of Python: numbers only."""
    if not isinstance(value, int | float | Decimal) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    if not abs(number) <= LARGEST:
        return None
    return number if abs(number) >= 1 / LARGEST else 0.0
