"""Intervals of a column for a histogram, in constant memory.

The rows are read twice: for the smallest and the largest value, and to count in intervals much finer than those
shown. The fine counts give the quartiles, these the width (by Freedman and Diaconis, or by Sturges where that is
less), and then the fine intervals are put together.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from itertools import accumulate
from math import ceil, floor, log2
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.pipelines.reports.plots.axes import SAME, round_step
from biodata.pipelines.reports.plots.measures import Kind, measures
from biodata.pipelines.reports.plots.times import SIZES, TimeStep, Unit, edges, step_for

if TYPE_CHECKING:
    from biodata.pipelines.state.spool import Sealed

__all__ = ["Spread", "intervals", "spread_of"]

MOST = 30
"""About so many intervals are shown at most, where the file does not say how many."""
NEAR = 1.4
"""A round width may be so much smaller than the best one: of 2 and 5 the one that is nearer to it is taken."""
FINE, FINE_TIMES = 2000, 4000
FACTORS = (1, 2, 5)
"""Round widths are these times a power of ten, so that wide intervals are made of whole fine ones."""
HAIR = 1e-9
"""So far below an edge, as a share of an interval, a value still is at it: three times 0.1 is 0.3."""


class Spread(msgspec.Struct, frozen=True):
    """How far the values of a column reach.

    Attributes:
        known: values that have a place on an axis; `low` and `high` are the smallest and the largest.
        without: rows without a value.
        whole: whether they are whole numbers by their type.
    """

    kind: Kind
    whole: bool
    known: int = 0
    without: int = 0
    low: float = 0.0
    high: float = 0.0

    @property
    def point(self) -> bool:
        """Whether there is but one place."""
        return self.high - self.low <= SAME * max(abs(self.low), abs(self.high))


class Grid(msgspec.Struct, frozen=True):
    """Intervals that begin at `origin` and every `step` from there; or where a unit of time begins."""

    step: float
    origin: float = 0.0
    unit: Unit | None = None

    def begins(self, values: Any) -> Any:
        """Where the interval of each value begins."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.unit:
            whole: Any = pc.floor(values).cast(pa.int64()).cast(pa.timestamp("s"))
            begins: Any = pc.floor_temporal(whole, unit=self.unit)
            return begins.cast(pa.int64()).cast(pa.float64())
        index = pc.floor(pc.add(pc.divide(pc.subtract(values, self.origin), self.step), HAIR))
        return pc.add(pc.multiply(index, self.step), self.origin)


def spread_of(column: str, rows: Sealed, kind: Kind, *, whole: bool) -> Spread:
    """Read the rows for the first time."""
    import pyarrow.compute as pc

    found = Spread(kind, whole)
    for batch in rows.batches():
        values = measures(batch.column(column))
        known, without = len(values) - values.null_count, batch.column(column).null_count
        ends: Any = pc.min_max(values).as_py()
        low, high = (ends["min"], ends["max"]) if known else (found.low, found.high)
        if found.known:
            low, high = min(low, found.low), max(high, found.high)
        found = Spread(kind, whole, found.known + known, found.without + without, low, high)
    return found


def intervals(
    column: str, rows: Sealed, spread: Spread, bins: int | None
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Read the rows for the second time: where intervals begin, and where the last one ends; and rows in each."""
    if not spread.known:
        return (), ()
    if spread.point:
        return _one(spread), (spread.known,)
    grid = Grid((spread.high + spread.whole - spread.low) / bins, spread.low) if bins else _fine(spread)
    fine = _counted(column, rows, grid)
    ends = tuple(spread.low + index * grid.step for index in range(bins + 1)) if bins else _ends(spread, fine)
    return ends, _together(fine, ends)


def _one(spread: Spread) -> tuple[float, ...]:
    """The interval of the only value."""
    if spread.kind != "number":
        return edges(spread.low, spread.low, TimeStep(1, "day" if spread.kind == "date" else "second"))
    half = 0.5 if spread.whole else (abs(spread.low) or 1) / 2
    return (spread.low, spread.low + 1) if spread.whole else (spread.low - half, spread.low + half)


def _fine(spread: Spread) -> Grid:
    span = spread.high - spread.low
    if spread.kind == "number":
        step = round_step(span / FINE, FACTORS)
        return Grid(max(step, 1) if spread.whole else step)
    units = [unit for unit in SIZES if spread.kind == "instant" or SIZES[unit] >= SIZES["day"]]
    return Grid(0, unit=next((unit for unit in units if span / SIZES[unit] <= FINE_TIMES), "year"))


def _counted(column: str, rows: Sealed, grid: Grid) -> Counter[float]:
    """Rows in each interval of the grid that has any, by where it begins."""
    counts: Counter[float] = Counter()
    for batch in rows.batches():
        for entry in grid.begins(measures(batch.column(column)).drop_null()).value_counts().to_pylist():
            counts[entry["values"]] += entry["counts"]
    return counts


def _width(spread: Spread, fine: Counter[float]) -> float:
    """How wide intervals should be, before it is made round."""
    begins = sorted(fine)
    upto = list(accumulate(fine[begin] for begin in begins))
    quarter, three = (begins[bisect_right(upto, spread.known * share)] for share in (0.25, 0.75))
    span = spread.high - spread.low
    sturges = span / (ceil(log2(spread.known)) + 1)
    freedman = 2 * (three - quarter) / spread.known ** (1 / 3)
    return max(min(freedman or sturges, sturges), span / MOST)


def _ends(spread: Spread, fine: Counter[float]) -> tuple[float, ...]:
    width, span = _width(spread, fine), spread.high - spread.low
    if spread.kind != "number":
        shortest = _fine(spread).unit or "year"
        return edges(spread.low, spread.high, step_for(span, NEAR * span / width, shortest))
    step = round_step(width / NEAR, FACTORS)
    if spread.whole:
        step = 1 if span < MOST else max(step, 1)
    first, last = floor(spread.low / step + HAIR), floor(spread.high / step + HAIR)
    ends = tuple(float(f"{index * step:.12g}") for index in range(first, last + 2))
    closed = not spread.whole and spread.high <= ends[-2] + HAIR * step
    return ends[:-1] if closed else ends


def _together(fine: Counter[float], ends: tuple[float, ...]) -> tuple[int, ...]:
    counts = [0] * (len(ends) - 1)
    hair = HAIR * (ends[1] - ends[0])
    for begin, number in fine.items():
        counts[min(max(bisect_right(ends, begin + hair) - 1, 0), len(counts) - 1)] += number
    return tuple(counts)
