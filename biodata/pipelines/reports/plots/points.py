"""A scatter plot: a point for each row, placed by two columns."""

from __future__ import annotations

from html import escape
from math import atan2, degrees
from typing import TYPE_CHECKING, Literal

import msgspec

from biodata.pipelines.reports.plots.axes import Axis, axis_for, spelled
from biodata.pipelines.reports.plots.colours import PLOT_STYLE
from biodata.pipelines.reports.plots.frame import Frame, svg
from biodata.pipelines.reports.plots.measures import Kind, kind_of, measure, measures
from biodata.pipelines.reports.plots.times import instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from biodata.pipelines.spec import Plot
    from biodata.pipelines.state.spool import Sealed

__all__ = ["POINTS_SHOWN", "ScatterData", "collect_points", "points_svg", "scatter"]

POINTS_SHOWN = 2000
CROWD = 200
"""More points than that are drawn smaller."""


class ScatterData(msgspec.Struct, frozen=True, tag_field="plot", tag="scatter"):
    """What a scatter plot shows.

    Attributes:
        x: the name of the horizontal column.
        y: the name of the vertical one.
        points: (x, y) pairs, evenly picked when there are more rows than a plot can show; a date or an instant is
            its seconds since 1970 in UTC.
        rows: all rows, shown or not.
        without: rows in which either is null or has no place on an axis.
        kinds: what the values of x and of y are.
    """

    x: str
    y: str
    line: Literal["equality"] | None
    points: tuple[tuple[float, float], ...]
    rows: int
    without: int
    kinds: tuple[Kind, Kind] = ("number", "number")


def collect_points(plot: Plot, rows: Sealed) -> ScatterData:
    """Read the two columns; every n-th of the rows that have both where there are many."""
    every = max(1, -(-rows.rows // POINTS_SHOWN))
    points: list[tuple[float, float]] = []
    seen = 0
    for batch in rows.batches():
        pairs = _pairs(batch, plot)
        points += pairs[-seen % every :: every]
        seen += len(pairs)
    schema = rows.schema()
    kinds = (kind_of(schema.field(plot.x).type), kind_of(schema.field(plot.y).type))
    return ScatterData(plot.x, plot.y, plot.line, tuple(points), rows.rows, rows.rows - seen, kinds)


def _pairs(batch: pa.RecordBatch, plot: Plot) -> list[tuple[float, float]]:
    import pyarrow.compute as pc

    x, y = measures(batch.column(plot.x)), measures(batch.column(plot.y))
    both = pc.and_(pc.is_valid(x), pc.is_valid(y))
    return list(zip(x.filter(both).to_pylist(), y.filter(both).to_pylist(), strict=True))


def scatter(
    x: str, y: str, points: Iterable[tuple[object, object]], *, line: Literal["equality"] | None = None
) -> str:
    """A scatter plot of pairs, as the text of an SVG file.

    Args:
        x: the name of the horizontal axis.
        y: the name of the vertical one.
        points: (x, y) pairs; one in which either is no number is left out. Of many every n-th is shown.
        line: draws where both are equal.
    """
    pairs = [(measure(one), measure(other)) for one, other in points]
    known = [(one, other) for one, other in pairs if one is not None and other is not None]
    shown = tuple(known[:: max(1, -(-len(known) // POINTS_SHOWN))])
    return _standalone(points_svg(ScatterData(x, y, line, shown, len(known), 0)))


def points_svg(data: ScatterData) -> str:
    """The plot; axes are logarithmic where numbers span more than two decades.

    With a line of equality both axes are the same, so that the line is the diagonal.
    """
    frame = Frame(*_axes(data), (data.x, data.y))
    about = f"{len(data.points):,} points, {_scale(frame.across)} horizontal and {_scale(frame.up)} vertical axis"
    about += ", with the line where both are equal." if data.line else "."
    body = (*frame.drawn(), *_line(data, frame), *_points(data, frame))
    return svg(f"{data.y} against {data.x}", f"Scatter plot of {about}", body)


def _axes(data: ScatterData) -> tuple[Axis, Axis]:
    xs, ys = [x for x, _ in data.points], [y for _, y in data.points]
    if data.line and data.kinds[0] == data.kinds[1]:
        return (axis_for(xs + ys, data.kinds[0]),) * 2
    return axis_for(xs, data.kinds[0]), axis_for(ys, data.kinds[1])


def _standalone(picture: str) -> str:
    """A plot as a file of its own, with its colours, for a page or a slide."""
    head, _, rest = picture.partition(">")
    return f"{head}><style>{PLOT_STYLE}</style>{rest}\n"


def _scale(axis: Axis) -> str:
    return "logarithmic" if axis.log else "time" if axis.form else "linear"


def _line(data: ScatterData, frame: Frame) -> Iterator[str]:
    if data.line and data.points and frame.across == frame.up:
        low, high = frame.across.low, frame.across.high
        ends = f"M{frame.x(low):.1f} {frame.y(low):.1f}L{frame.x(high):.1f} {frame.y(high):.1f}"
        yield f'<path class="equality" d="{ends}"/>'
        slope = degrees(atan2(frame.y(low) - frame.y(high), frame.x(high) - frame.x(low)))
        place = f"translate({frame.x(high):.1f} {frame.y(high):.1f}) rotate({-slope:.1f})"
        name = escape(f"{data.y} = {data.x}")
        yield f'<text class="note" transform="{place}" x="-12" y="18" text-anchor="end">{name}</text>'


def _points(data: ScatterData, frame: Frame) -> Iterator[str]:
    radius = 4 if len(data.points) <= CROWD else 2
    for x, y in data.points:
        name = f"{data.x} {_told(x, data.kinds[0])}, {data.y} {_told(y, data.kinds[1])}"
        place = f'cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="{radius}"'
        yield f'<circle class="point" {place}><title>{escape(name)}</title></circle>'
    if not data.points:
        yield '<text class="note" x="50%" y="50%" text-anchor="middle">no rows to show</text>'


def _told(value: float, kind: Kind) -> str:
    if kind == "number":
        return spelled(value)
    return f"{instant(value):%Y-%m-%d}" if kind == "date" else f"{instant(value):%Y-%m-%d %H:%M:%S} UTC"
