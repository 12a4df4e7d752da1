"""The frame of a plot: its size, axes with ticks and names, and the SVG around it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import msgspec

from biodata.pipelines.reports.plots.axes import Axis

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["HEIGHT", "WIDTH", "Frame", "svg"]

WIDTH, HEIGHT = 480, 400
RIGHT, TOP, BOTTOM = 20, 16, 56
LETTER = 8.3
"""How wide a digit of a tick is in the widest of the usual fonts, in the units of the plot."""
GAP, LINE = 8, 18
"""What labels keep free beside each other, and above each other."""


class Frame(msgspec.Struct, frozen=True):
    """A pair of axes, and where on the plot their values lie.

    Attributes:
        across: the horizontal axis; `up` the vertical one.
        names: what the two are called.
    """

    across: Axis
    up: Axis
    names: tuple[str, str]
    height: int = HEIGHT

    @property
    def left(self) -> float:
        """Where the vertical axis stands: beside its longest label."""
        return 40 + LETTER * max(len(self.up.label(tick)) for tick in self.up.ticks)

    @property
    def right(self) -> float:
        """Where the horizontal axis ends: its last label has room."""
        return WIDTH - max(RIGHT, LETTER / 2 * len(self.across.label(self.across.ticks[-1])))

    @property
    def bottom(self) -> float:
        """Where the horizontal axis lies."""
        return self.height - BOTTOM

    def x(self, value: float) -> float:
        """The place of a value of the horizontal axis."""
        return self.left + self.across.at(value) * (self.right - self.left)

    def y(self, value: float) -> float:
        """The place of a value of the vertical axis."""
        return self.bottom - self.up.at(value) * (self.bottom - TOP)

    def drawn(self) -> Iterator[str]:
        """Lines, ticks and names."""
        yield from self._across()
        yield from self._up()
        yield f'<path class="axis" d="M{self.left:.1f} {TOP}V{self.bottom}H{self.right:.1f}"/>'
        yield from self._names()

    def _across(self) -> Iterator[str]:
        length = self.right - self.left
        labelled = self.across.labelled(lambda text: (LETTER * len(text) + GAP) / length)
        for tick in self.across.ticks:
            yield f'<path class="grid" d="M{self.x(tick):.1f} {TOP}V{self.bottom}"/>'
        for tick in labelled:
            yield _tick(self.x(tick), self.bottom + 20, "middle", self.across.label(tick))
        yield from (f'<path class="axis" d="M{self.x(tick):.1f} {self.bottom}v5"/>' for tick in self.across.minor)

    def _up(self) -> Iterator[str]:
        labelled = self.up.labelled(lambda _: LINE / (self.bottom - TOP))
        for tick in self.up.ticks:
            yield f'<path class="grid" d="M{self.left:.1f} {self.y(tick):.1f}H{self.right:.1f}"/>'
        for tick in labelled:
            yield _tick(self.left - 10, self.y(tick) + 5, "end", self.up.label(tick))
        yield from (f'<path class="axis" d="M{self.left:.1f} {self.y(tick):.1f}h-5"/>' for tick in self.up.minor)

    def _names(self) -> Iterator[str]:
        middle_x, middle_y = (self.left + self.right) / 2, (TOP + self.bottom) / 2
        room_x, room_y = self.right - self.left, self.bottom - TOP
        across, up = _named(self.names[0], self.across, room_x), _named(self.names[1], self.up, room_y)
        yield f'<text class="label" x="{middle_x:.1f}" y="{self.height - 10}" text-anchor="middle">{across}</text>'
        place = f'transform="translate(18 {middle_y:.1f}) rotate(-90)"'
        yield f'<text class="label" {place} text-anchor="middle">{up}</text>'


def svg(title: str, about: str, body: Iterable[str], *, height: int = HEIGHT) -> str:
    """The picture, with its name and what it shows for who cannot see it; `body` is SVG already."""
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(f"{title}. {about}")}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title><desc>{escape(about)}</desc>'
        f"{''.join(body)}</svg>"
    )


def _tick(x: float, y: float, anchor: str, text: str) -> str:
    return f'<text class="tick" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _named(name: str, axis: Axis, room: float) -> str:
    """The column's name, cut where it is longer than its axis; and what the axis is, where that needs a word."""
    more = " (log scale)" if axis.log else " (UTC)" if ":" in axis.form else ""
    most = int(room / (LETTER + 1)) - len(more)
    return escape(name if len(name) <= most else f"{name[: most - 1]}…") + more
