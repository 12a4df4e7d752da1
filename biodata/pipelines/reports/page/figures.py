"""A step's plots, each with a sentence about what it leaves out."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from biodata.pipelines.reports.page.tables import bar, table
from biodata.pipelines.reports.page.words import number
from biodata.pipelines.reports.plots.bars import BarData
from biodata.pipelines.reports.plots.histogram import HistogramData, histogram_svg
from biodata.pipelines.reports.plots.points import ScatterData, points_svg

if TYPE_CHECKING:
    from biodata.pipelines.reports.facts import PlotData

__all__ = ["figure"]


def figure(data: PlotData) -> str:
    """The plot with its caption."""
    match data:
        case ScatterData():
            picture, caption = points_svg(data), _points(data)
        case HistogramData():
            picture, caption = histogram_svg(data), _histogram(data)
        case BarData():
            picture, caption = _bars(data), _rest(data)
    return f"<figure><figcaption>{escape(caption)}</figcaption>{picture}</figure>"


def _bars(data: BarData) -> str:
    longest = max((rows for _, rows in data.bars), default=1)
    rows: list[tuple[str, ...]] = [(value, number(count), bar(count / longest)) for value, count in data.bars]
    rows = rows or [("no rows to show", "", "")]
    return table(f"Rows by {data.column}", (data.column, "Rows", "Share"), rows, numbers={1})


def _points(data: ScatterData) -> str:
    without = f"; {data.without:,} without a number in both" if data.without else ""
    line = "; dashed: where both are equal" if data.line else ""
    return f"{data.y} against {data.x}, {len(data.points):,} of {data.rows:,} rows{without}{line}."


def _histogram(data: HistogramData) -> str:
    return _rest(data)


def _rest(data: BarData | HistogramData) -> str:
    rest = [f"{data.without:,} without a value"] if data.without else []
    word = "with other values" if isinstance(data, BarData) else "with one that is no number"
    rest += [f"{data.others:,} {word}"] if data.others else []
    return f"{data.rows:,} rows by {data.column}" + (f"; {', '.join(rest)}." if rest else ".")
