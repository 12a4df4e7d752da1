"""A bar plot: how many rows have each value of a column."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.spec import BarPlot
    from biodata.pipelines.state.spool import Sealed

__all__ = ["BarData", "bars_svg", "collect_bars"]

MOST = 24
WIDTH, ROW, LEFT, RIGHT = 640, 30, 220, 60


class BarData(msgspec.Struct, frozen=True, tag_field="plot", tag="bar"):
    """What a bar plot shows.

    Attributes:
        column: the column's name.
        bars: (value as text, number of rows), the most frequent first.
        rows: all rows; `without` of them have no value, and `others` a value that is not shown.
    """

    column: str
    bars: tuple[tuple[str, int], ...]
    rows: int
    without: int = 0
    others: int = 0


def collect_bars(plot: BarPlot, rows: Sealed) -> BarData:
    """Count the values of the column."""
    seen: Counter[str] = Counter()
    for batch in rows.batches():
        seen.update(str(value) for value in batch.column(plot.column).to_pylist() if value is not None)
    ranked = sorted(seen.items(), key=lambda bar: (-bar[1], bar[0]))
    others = sum(number for _, number in ranked[MOST:])
    return BarData(plot.column, tuple(ranked[:MOST]), rows.rows, rows.rows - seen.total(), others)


def bars_svg(data: BarData) -> str:
    """The plot, one bar a value, each with its number."""
    height = max(1, len(data.bars)) * ROW + 8
    title = f"Rows by {data.column}"
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>{"".join(_bars(data))}</svg>'
    )


def _bars(data: BarData) -> Iterator[str]:
    longest = max((number for _, number in data.bars), default=1)
    for index, (value, number) in enumerate(data.bars):
        top, width = index * ROW + 4, (WIDTH - LEFT - RIGHT) * number / longest
        yield f'<text class="tick" x="{LEFT - 10}" y="{top + 16}" text-anchor="end">{escape(value)}</text>'
        yield f'<rect class="bar" x="{LEFT}" y="{top}" width="{width:.1f}" height="{ROW - 8}"/>'
        yield f'<text class="tick" x="{LEFT + width + 8:.1f}" y="{top + 16}">{number:,}</text>'
    if not data.bars:
        yield f'<text class="note" x="{WIDTH / 2}" y="22" text-anchor="middle">no rows to show</text>'
