"""A histogram: how many rows have a value in each interval of a column of numbers or dates."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from biodata.pipelines.reports.plots.axes import linear_axis, spelled, time_axis, whole_axis
from biodata.pipelines.reports.plots.frame import Frame, svg
from biodata.pipelines.reports.plots.intervals import intervals, spread_of
from biodata.pipelines.reports.plots.measures import Kind, kind_of
from biodata.pipelines.reports.plots.times import instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.spec import HistogramPlot
    from biodata.pipelines.state.spool import Sealed

__all__ = ["HistogramData", "collect_histogram", "histogram_svg", "interval"]

HEIGHT = 320
GAP = 1
"""What bars keep free beside each other."""


class HistogramData(msgspec.Struct, frozen=True, tag_field="plot", tag="histogram"):
    """What a histogram shows.

    Attributes:
        column: the column's name.
        edges: where intervals begin, and where the last one ends; a date or an instant is its seconds since 1970
            in UTC. Each has its beginning in it, and the last one its end too.
        counts: rows in each interval.
        rows: all rows; `without` of them have no value, and `others` one that has no place on an axis.
        kind: what the values are.
        whole: whether all are whole numbers by their type.
    """

    column: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    rows: int
    without: int = 0
    others: int = 0
    kind: Kind = "number"
    whole: bool = False


def collect_histogram(plot: HistogramPlot, rows: Sealed) -> HistogramData:
    """Count the values of the column in intervals, as many as the file says or as suit the values."""
    from pyarrow import types

    kind = rows.schema().field(plot.column).type
    spread = spread_of(plot.column, rows, kind_of(kind), whole=types.is_integer(kind))
    edges, counts = intervals(plot.column, rows, spread, plot.bins)
    others = rows.rows - spread.known - spread.without
    return HistogramData(plot.column, edges, counts, rows.rows, spread.without, others, spread.kind, spread.whole)


def histogram_svg(data: HistogramData) -> str:
    """The plot, with the axis of numbers of rows from zero."""
    ends = data.edges or (0.0, 1.0)
    across = linear_axis(ends[0], ends[-1]) if data.kind == "number" else time_axis(ends[0], ends[-1], data.kind)
    frame = Frame(across, whole_axis(max(data.counts, default=1)), (data.column, "rows"), HEIGHT)
    return svg(f"Rows by {data.column}", _about(data), (*frame.drawn(), *_bars(data, frame)), height=HEIGHT)


def interval(data: HistogramData, index: int) -> str:
    """An interval in words: `5`, `10 to 19`, `0.5 to 1`, `2026-01-01 to 2026-01-31`."""
    low, high = data.edges[index], data.edges[index + 1]
    match data.kind:
        case "date":
            first, last = str(instant(low).date()), str(instant(high - 1).date())
        case "instant":
            first, last = str(instant(low))[:19], str(instant(high))[:19]
        case _:
            whole = data.whole and low.is_integer() and high.is_integer()
            first, last = spelled(low), spelled(high - 1 if whole else high)
    return first if first == last else f"{first} to {last}"


def _about(data: HistogramData) -> str:
    if not data.counts:
        return "Histogram without rows."
    tallest = max(range(len(data.counts)), key=lambda index: data.counts[index])
    return (
        f"Histogram of {sum(data.counts):,} rows in {len(data.counts)} intervals; most, {data.counts[tallest]:,}, "
        f"have {interval(data, tallest)}."
    )


def _bars(data: HistogramData, frame: Frame) -> Iterator[str]:
    for index, (low, high) in enumerate(pairwise(data.edges)):
        left, right, top = frame.x(low), frame.x(high), frame.y(data.counts[index])
        if data.counts[index]:
            size = f'width="{max(right - left - GAP, 0.5):.1f}" height="{max(frame.bottom - top, 0.5):.1f}"'
            name = f"{data.column} {interval(data, index)}: {data.counts[index]:,} rows"
            yield f'<rect class="bar" x="{left:.1f}" y="{top:.1f}" {size}><title>{escape(name)}</title></rect>'
    if not data.counts:
        yield '<text class="note" x="50%" y="50%" text-anchor="middle">no rows to show</text>'
