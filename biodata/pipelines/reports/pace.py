"""How fast a task goes, and how long it will take."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

from biodata.pipelines.reports.page.words import seconds

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pace"]

RECENT = 30.0
"""The rate is that of the last half minute."""
SLOW = 2.0
"""A task that takes so many seconds has a rate; before that it would only flicker."""


class Pace:
    """Rows that are done, and when; as text: `12,000 of 400,000 rows, 3,210 rows/s, 2 min left`.

    Attributes:
        total: how many there will be; None where nobody knows.
        done: how many there were.
    """

    def __init__(self, total: int | None = None, clock: Callable[[], float] = monotonic) -> None:
        self.total = total
        self.done = 0
        self._clock = clock
        self._begun = clock()
        self._marks = deque([(0.0, 0)])

    @property
    def seconds(self) -> float:
        """Since the task began."""
        return self._clock() - self._begun

    def advance(self, rows: int) -> None:
        """So many more rows are done."""
        self.done += rows
        now = self.seconds
        if now - self._marks[-1][0] >= 1:
            self._marks.append((now, self.done))
        while len(self._marks) > 1 and self._marks[1][0] <= now - RECENT:
            self._marks.popleft()

    @property
    def rate(self) -> float:
        """Rows a second, of late; 0 as long as nobody can know."""
        then, before = self._marks[0]
        passed = self.seconds - then
        return (self.done - before) / passed if passed >= SLOW else 0.0

    @property
    def left(self) -> float | None:
        """Seconds that it will take still; None where that cannot be known."""
        if not self.total or not self.rate or self.done > self.total:
            return None
        return (self.total - self.done) / self.rate

    @property
    def took(self) -> str:
        """At the end, of a task that took its time: ` (12.0 s, 3,210 rows/s)`; otherwise nothing."""
        passed = self.seconds
        if passed < SLOW:
            return ""
        return f" ({seconds(passed)}" + (f", {self.done / passed:,.0f} rows/s)" if self.done else ")")

    @property
    def brief(self) -> str:
        """`12,000/400,000, 3,210/s, 2 min left`, for the end of a bar."""
        return str(self).replace(" of ", "/").replace(" rows", "", 1).replace(" rows/s", "/s")

    def __str__(self) -> str:
        of = f" of {self.total:,}" if self.total else ""
        rate = f", {self.rate:,.0f} rows/s" if self.rate else ""
        left = f", {_about(self.left)} left" if self.left is not None else ""
        return f"{self.done:,}{of} rows{rate}{left}"


def _about(left: float) -> str:
    """A time that is estimated: no finer than it can be known."""
    for size, word in ((3600, "h"), (60, "min")):
        if left >= 1.5 * size:
            return f"{left / size:.0f} {word}"
    return f"{left:.0f} s"
