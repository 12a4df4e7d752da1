"""Plots of a report, as SVG that needs nothing from outside."""

from __future__ import annotations

from decimal import Decimal
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Literal, TypeGuard

import msgspec

from biodata.pipelines.reports.axes import Axis, axis_for
from biodata.pipelines.reports.style import PLOT_STYLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from biodata.pipelines.spec import Plot
    from biodata.pipelines.state.spool import Sealed

__all__ = ["POINTS_SHOWN", "ScatterData", "collect", "scatter", "scatter_svg"]

POINTS_SHOWN = 2000
WIDTH, HEIGHT = 640, 560
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 20, 64


class ScatterData(msgspec.Struct, frozen=True, tag_field="plot", tag="scatter"):
    """What a scatter plot shows.

    Attributes:
        x: the name of the horizontal column.
        y: the name of the vertical one.
        points: (x, y) pairs, evenly picked when there are more rows than a plot can show.
        rows: all rows, shown or not.
        without: rows in which either is null or no number.
    """

    x: str
    y: str
    line: Literal["equality"] | None
    points: tuple[tuple[float, float], ...]
    rows: int
    without: int


def collect(plot: Plot, rows: Sealed) -> ScatterData:
    """Read the two columns; every n-th row where there are many."""
    every = max(1, -(-rows.rows // POINTS_SHOWN))
    points: list[tuple[float, float]] = []
    without = seen = 0
    for batch in rows.batches():
        for x, y in zip(batch.column(plot.x).to_pylist(), batch.column(plot.y).to_pylist(), strict=True):
            if not (_is_number(x) and _is_number(y)):
                without += 1
            elif seen % every == 0:
                points.append((float(x), float(y)))
            seen += 1
    return ScatterData(plot.x, plot.y, plot.line, tuple(points), rows.rows, without)


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
    known = [(float(one), float(other)) for one, other in points if _is_number(one) and _is_number(other)]
    shown = tuple(known[:: max(1, -(-len(known) // POINTS_SHOWN))])
    return _standalone(scatter_svg(ScatterData(x, y, line, shown, len(known), 0)))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and isfinite(value)


def scatter_svg(data: ScatterData) -> str:
    """The plot; axes are logarithmic where values span more than two decades.

    With a line of equality both axes are the same, so that the line is the diagonal.
    """
    xs, ys = [x for x, _ in data.points], [y for _, y in data.points]
    axis_x, axis_y = (axis_for(xs + ys),) * 2 if data.line else (axis_for(xs), axis_for(ys))
    body = "".join(
        (*_grid(axis_x, axis_y), *_line(data, axis_x), *_points(data, axis_x, axis_y), *_labels(data, axis_x, axis_y))
    )
    title = f"{data.y} against {data.x}"
    about = f"Scatter plot of {len(data.points)} rows, {_scale(axis_x)} horizontal and {_scale(axis_y)} vertical axis"
    about += ", with the line where both are equal." if data.line else "."
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title><desc>{escape(about)}</desc>{body}</svg>'
    )


def _standalone(svg: str) -> str:
    """A plot as a file of its own, with its colours, for a page or a slide."""
    head, _, rest = svg.partition(">")
    return f"{head}><style>{PLOT_STYLE}</style>{rest}\n"


def _scale(axis: Axis) -> str:
    return "logarithmic" if axis.log else "linear"


def _x(axis: Axis) -> Callable[[float], float]:
    return lambda value: LEFT + axis.at(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis) -> Callable[[float], float]:
    return lambda value: HEIGHT - BOTTOM - axis.at(value) * (HEIGHT - TOP - BOTTOM)


def _grid(axis_x: Axis, axis_y: Axis) -> Iterator[str]:
    at_x, at_y, bottom, right = _x(axis_x), _y(axis_y), HEIGHT - BOTTOM, WIDTH - RIGHT
    for value in axis_x.ticks:
        x = at_x(value)
        yield f'<path class="grid" d="M{x:.1f} {TOP}V{bottom}"/>'
        yield f'<text class="tick" x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{axis_x.label(value)}</text>'
    for value in axis_y.ticks:
        y = at_y(value)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{right}"/>'
        yield f'<text class="tick" x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{axis_y.label(value)}</text>'
    yield from (f'<path class="axis" d="M{at_x(value):.1f} {bottom}v5"/>' for value in axis_x.minor)
    yield from (f'<path class="axis" d="M{LEFT} {at_y(value):.1f}h-5"/>' for value in axis_y.minor)
    yield f'<path class="axis" d="M{LEFT} {TOP}V{bottom}H{right}"/>'


def _line(data: ScatterData, axis: Axis) -> Iterator[str]:
    if data.line and data.points:
        at_x, at_y = _x(axis), _y(axis)
        ends = f"M{at_x(axis.low):.1f} {at_y(axis.low):.1f}L{at_x(axis.high):.1f} {at_y(axis.high):.1f}"
        yield f'<path class="equality" d="{ends}"><title>{escape(data.y)} = {escape(data.x)}</title></path>'
        yield (
            f'<text class="note" x="{at_x(axis.high) - 12:.1f}" y="{at_y(axis.high) + 84:.1f}" text-anchor="end">'
            f"{escape(data.y)} = {escape(data.x)}</text>"
        )


def _points(data: ScatterData, axis_x: Axis, axis_y: Axis) -> Iterator[str]:
    at_x, at_y = _x(axis_x), _y(axis_y)
    radius = 5 if len(data.points) <= 200 else 2.5  # noqa: PLR2004 - smaller where they crowd
    for x, y in data.points:
        name = f"{escape(data.x)} {axis_x.label(x)}, {escape(data.y)} {axis_y.label(y)}"
        place = f'cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="{radius}"'
        yield f'<circle class="point" {place}><title>{name}</title></circle>'
    if not data.points:
        yield f'<text class="note" x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">no rows to show</text>'


def _labels(data: ScatterData, axis_x: Axis, axis_y: Axis) -> Iterator[str]:
    across, up = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
    yield f'<text class="label" x="{across}" y="{HEIGHT - 14}" text-anchor="middle">{_named(data.x, axis_x)}</text>'
    yield (
        f'<text class="label" transform="translate(20 {up}) rotate(-90)" text-anchor="middle">'
        f"{_named(data.y, axis_y)}</text>"
    )


def _named(name: str, axis: Axis) -> str:
    return escape(name) + (" (log scale)" if axis.log else "")
