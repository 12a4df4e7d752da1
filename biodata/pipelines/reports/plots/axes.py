"""Scales and ticks of a plot's axes."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING

import msgspec

from biodata.pipelines.reports.plots.times import edges, instant, step_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from biodata.pipelines.reports.plots.measures import Kind

__all__ = ["Axis", "axis_for", "linear_axis", "round_step", "spelled", "time_axis", "whole_axis"]

LOG_FROM = 100.0
"""Positive values whose largest is more than so many times their smallest get a logarithmic axis."""
TICKS = 6
DECADES = 8
"""So many powers of ten have a label each; of more, every second or third."""
READABLE = 1e-4, 1e10
"""Where digits stop being readable, and powers of ten begin."""
SHORT = 1e6
"""From here on a logarithmic axis, where decades stand close, has powers of ten."""
SAME = 1e-12
"""Values closer to each other than that, as a share of themselves, are one place on an axis."""
FACTORS = (1, 2, 2.5, 5)


class Axis(msgspec.Struct, frozen=True):
    """A range of values laid out from 0 to 1.

    Attributes:
        ticks: values with a label, as far as there is room.
        minor: values with a mark only, on a logarithmic axis.
        form: how ticks of time are written, for `strftime`; empty for numbers.
    """

    low: float
    high: float
    log: bool
    ticks: tuple[float, ...]
    minor: tuple[float, ...] = ()
    form: str = ""

    def at(self, value: float) -> float:
        """Where the value lies, 0 at the axis's beginning and 1 at its end."""
        if self.log:
            return (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return (value - self.low) / (self.high - self.low)

    def label(self, value: float) -> str:
        """The tick's text: `1,000`, `0.25`, `2026-01`."""
        if self.form:
            return instant(value).strftime(self.form)
        far = max(abs(self.low), abs(self.high))
        if READABLE[0] <= far < (SHORT if self.log else READABLE[1]) or (self.log and value < SHORT):
            return spelled(value)
        return _power(value, value if self.log else self.ticks[1] - self.ticks[0])

    def labelled(self, size: Callable[[str], float]) -> tuple[float, ...]:
        """The ticks whose labels do not touch, round ones first; `size` is how much of the axis a label takes."""
        shown: list[tuple[float, float]] = []
        for tick in sorted(self.ticks, key=self._roughness):
            place, room = self.at(tick), size(self.label(tick)) / 2
            if all(abs(place - other) >= room + taken for other, taken in shown):
                shown.append((place, room))
        places = {place for place, _ in shown}
        return tuple(tick for tick in self.ticks if self.at(tick) in places)

    def _roughness(self, tick: float) -> tuple[int, float]:
        """Powers of ten come before what lies between them."""
        return (round(tick / 10.0 ** floor(log10(tick) + 1e-9)) if self.log else 0, tick)


def spelled(value: float) -> str:
    """A number as text, to ten decimals: `1,000`, `0.25`, `3e12`."""
    if value == 0:
        return "0"
    if READABLE[0] <= abs(value) < READABLE[1]:
        return f"{value:,.10f}".rstrip("0").rstrip(".")
    return _power(value, abs(value) * 1e-6)


def _power(value: float, precision: float) -> str:
    """With a power of ten, to as many digits as the precision needs."""
    if value == 0:
        return "0"
    digits = min(max(floor(log10(abs(value))) - floor(log10(precision) + 1e-9), 0), 12)
    mantissa, _, power = f"{value:.{digits}e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(power)}"


def axis_for(values: Sequence[float], kind: Kind = "number") -> Axis:
    """An axis on which all values have room; logarithmic where numbers span more than two decades."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if kind in {"date", "instant"}:
        return time_axis(low, high, kind)
    if low > 0 and high / low > LOG_FROM:
        return _log_axis(low, high)
    return linear_axis(low, high)


def whole_axis(most: int) -> Axis:
    """An axis for numbers of rows, from zero."""
    return _from_steps(0, max(most, 1), max(round_step(max(most, 1) / TICKS, (1, 2, 5)), 1))


def time_axis(low: float, high: float, kind: Kind) -> Axis:
    """An axis for seconds since 1970, with ticks where days, months or years begin."""
    step = step_for(high - low, TICKS, "day" if kind == "date" else "second")
    ticks = edges(low, high, step)
    ticks = ticks[:-1] if len(ticks) > 2 and ticks[-2] >= high else ticks  # noqa: PLR2004 - an axis has two ends
    return Axis(ticks[0], ticks[-1], log=False, ticks=ticks, form=step.form)


def linear_axis(low: float, high: float) -> Axis:
    """An axis for numbers from `low` to `high`; with some room on both sides where they are the same."""
    if high - low <= SAME * max(abs(low), abs(high)):
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    return _from_steps(low, high, round_step((high - low) / TICKS))


def _from_steps(low: float, high: float, step: float) -> Axis:
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    ticks = tuple(float(f"{index * step:.12g}") for index in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], log=False, ticks=ticks)


def round_step(rough: float, factors: Iterable[float] = FACTORS) -> float:
    """The smallest of the factors times a power of ten that is no smaller than `rough`."""
    power = 10.0 ** floor(log10(rough))
    return next((factor * power for factor in factors if factor * power >= rough * (1 - 1e-9)), 10 * power)


def _log_axis(low: float, high: float) -> Axis:
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    every = ceil(len(decades) / DECADES)
    if every > 1:
        ticks = tuple(10.0**power for power in range(decades[0], decades[-1] + every, every))
        return Axis(ticks[0], ticks[-1], log=True, ticks=ticks)
    fine = [factor * 10.0**power for power in decades for factor in range(1, 10)]
    start = max((value for value in fine if value <= low * 0.95), default=fine[0])
    end = min((value for value in fine if value >= high * 1.05), default=fine[-1])
    shown = [value for value in fine if start <= value <= end]
    ticks = tuple(value for value in shown if round(value / 10.0 ** floor(log10(value) + 1e-9)) in {1, 2, 5})
    return Axis(start, end, log=True, ticks=ticks, minor=tuple(value for value in shown if value not in ticks))
