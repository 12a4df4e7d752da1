"""Round dates and instants: where ticks and intervals of a time axis begin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import floor
from typing import Literal, TypeAlias

import msgspec

from biodata.pipelines.reports.plots.measures import LATEST

__all__ = ["LADDER", "TimeStep", "edges", "instant", "step_for"]

Unit: TypeAlias = Literal["second", "minute", "hour", "day", "month", "year"]

SIZES: dict[Unit, float] = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "month": 2_629_746,
    "year": 31_556_952,
}
FORMS: dict[Unit, str] = {
    "second": "%H:%M:%S",
    "minute": "%m-%d %H:%M",
    "hour": "%m-%d %H:%M",
    "day": "%Y-%m-%d",
    "month": "%Y-%m",
    "year": "%Y",
}
MONDAY = 4 * 86_400
"""The first Monday after the beginning of 1970."""
END = 12 * 10_000
"""The first month, counted from year 0, that no calendar of ours has."""


class TimeStep(msgspec.Struct, frozen=True):
    """So many of a unit."""

    count: int
    unit: Unit

    @property
    def seconds(self) -> float:
        """How long it is, on the average where units differ."""
        return self.count * SIZES[self.unit]

    @property
    def form(self) -> str:
        """How an instant at the beginning of one is written, for `strftime`."""
        return FORMS[self.unit]


_COUNTS: dict[Unit, tuple[int, ...]] = {
    "second": (1, 5, 15, 30),
    "minute": (1, 5, 15, 30),
    "hour": (1, 3, 6, 12),
    "day": (1, 7),
    "month": (1, 3, 6),
    "year": (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000),
}
LADDER = tuple(TimeStep(count, unit) for unit, counts in _COUNTS.items() for count in counts)
"""The steps that people count time in, short ones first."""


def step_for(span: float, most: float, shortest: Unit = "second") -> TimeStep:
    """The shortest step of which at most so many fill a span of seconds."""
    fitting = [step for step in LADDER if SIZES[step.unit] >= SIZES[shortest]]
    return next((step for step in fitting if span / step.seconds <= most), fitting[-1])


def edges(low: float, high: float, step: TimeStep) -> tuple[float, ...]:
    """Beginnings of steps, in seconds since 1970: the first is not after `low`, the last is after `high`."""
    if step.unit in {"month", "year"}:
        return _calendar(low, high, step.count * (12 if step.unit == "year" else 1))
    shift = MONDAY if step == TimeStep(7, "day") else 0
    first, last = (floor((value - shift) / step.seconds) for value in (low, high))
    return tuple(min(index * step.seconds + shift, LATEST) for index in range(first, last + 2))


def _calendar(low: float, high: float, months: int) -> tuple[float, ...]:
    first, last = ((at.year * 12 + at.month - 1) // months for at in (instant(low), instant(high)))
    return tuple(_begin(index * months) for index in range(first, last + 2))


def _begin(month: int) -> float:
    """The beginning of a month, counted from year 0."""
    month = max(month, 12)
    return LATEST if month >= END else datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp()


def instant(seconds: float) -> datetime:
    """The instant so many seconds after the beginning of 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
