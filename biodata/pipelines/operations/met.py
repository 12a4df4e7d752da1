"""What was met of one list: how many values, and which of them have no target; in bounded memory."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from biodata.pipelines.reports.facts import Coverage, Unmapped

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["COUNTED", "SHOWN", "Met"]

COUNTED = 5000
"""Different values without a target that are counted each by itself; of more it is only said that there are more."""

SHOWN = 50
"""The most frequent of them that a report has."""


class Met:
    """The tally of one list: what the values' column and the list are called, and what was met."""

    def __init__(self, column: str, name: str, version: str = "") -> None:
        self._column, self._name, self._version = column, name, version
        self._rows = self._lost = 0
        self._unmapped: Counter[str] = Counter()
        self._more = False

    def add(self, rows: int, unmapped: Mapping[str, int]) -> None:
        """Count values that were looked up, and among them those without a target, value to rows."""
        self._rows += rows
        self._lost += sum(unmapped.values())
        for value, count in unmapped.items():
            if value in self._unmapped or len(self._unmapped) < COUNTED:
                self._unmapped[value] += count
            else:
                self._more = True

    def coverage(self) -> Coverage:
        """All of it."""
        often = sorted(self._unmapped.items(), key=lambda pair: (-pair[1], pair[0]))[:SHOWN]
        return Coverage(
            column=self._column,
            list=self._name,
            version=self._version,
            rows=self._rows,
            mapped=self._rows - self._lost,
            distinct=len(self._unmapped),
            more=self._more,
            unmapped=tuple(Unmapped(value, rows) for value, rows in often),
        )
