"""Scales and ticks of a plot's axes."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Axis", "axis_for"]

LOG_FROM = 100.0
"""Positive values whose largest is more than so many times their smallest get a logarithmic axis."""
TICKS = 6


class Axis(msgspec.Struct, frozen=True):
    """A range of values laid out from 0 to 1.

    Attributes:
        ticks: values with a label.
        minor: values with a mark only, on a logarithmic axis.
    """

    low: float
    high: float
    log: bool
    ticks: tuple[float, ...]
    minor: tuple[float, ...] = ()

    def at(self, value: float) -> float:
        """Where the value lies, 0 at the axis's beginning and 1 at its end."""
        if self.log:
            return (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return (value - self.low) / (self.high - self.low)

    def label(self, value: float) -> str:
        """The tick's text: `1,000`, `0.25`."""
        if value == 0:
            return "0"
        if not 1e-4 <= abs(value) < 1e7:  # noqa: PLR2004 - where digits stop being readable
            return f"{value:.0e}".replace("e+0", "e").replace("e-0", "e-")
        return f"{value:,.10f}".rstrip("0").rstrip(".")


def axis_for(values: Sequence[float]) -> Axis:
    """An axis on which all values have room; logarithmic where they span more than two decades."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low > 0 and high / low > LOG_FROM:
        return _log_axis(low, high)
    if low == high:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    return _linear_axis(low, high)


def _linear_axis(low: float, high: float) -> Axis:
    step = _round_step((high - low) / TICKS)
    first, last = floor(low / step), ceil(high / step)
    ticks = tuple(round(index * step, 12) for index in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], log=False, ticks=ticks)


def _round_step(rough: float) -> float:
    power = 10.0 ** floor(log10(rough))
    return next((factor * power for factor in (1, 2, 2.5, 5) if factor * power >= rough), 10 * power)


def _log_axis(low: float, high: float) -> Axis:
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    fine = [factor * 10.0**power for power in decades for factor in range(1, 10)]
    start = max((value for value in fine if value <= low * 0.95), default=fine[0])
    end = min((value for value in fine if value >= high * 1.05), default=fine[-1])
    steps = (1, 2, 5) if len(decades) <= 5 else (1,)  # noqa: PLR2004 - more decades, fewer labels
    shown = [value for value in fine if start <= value <= end]
    ticks = tuple(value for value in shown if round(value / 10.0 ** floor(log10(value) + 1e-9)) in steps)
    return Axis(start, end, log=True, ticks=ticks, minor=tuple(value for value in shown if value not in ticks))
