"""Showing how a run gets on: bars on a terminal, plain lines elsewhere, nothing when nobody looks.

Everything goes to standard error; standard output is for data. With NO_COLOR the bars have no colour.
"""

from __future__ import annotations

import os
import sys
from time import monotonic
from typing import TYPE_CHECKING, Protocol, TextIO

from biodata.pipelines.reports.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

__all__ = ["BarProgress", "LineProgress", "Progress", "Silent", "progress_for"]

FIRST, MOST = 10.0, 300.0
"""Seconds between two lines about the same task: ten at first, then twice as many each time, up to five minutes."""


class Progress(Protocol):
    """What a run tells about itself while it goes on; one task at a time."""

    def plan(self, steps: Sequence[str]) -> None:
        """The names of all steps, in order; a task of one of them begins with its name and a colon."""

    def begin(self, task: str, total: int | None = None) -> None:
        """A task starts; `total` rows, where that is known."""

    def advance(self, rows: int) -> None:
        """So many more rows are done."""

    def end(self, outcome: str) -> None:
        """The task is done; what came of it, in a few words."""

    def note(self, text: str) -> None:
        """A sentence for the person who watches."""

    def close(self) -> None:
        """Nothing more will come; a task that was begun may be unfinished."""


class Silent:
    """Shows nothing."""

    def plan(self, steps: Sequence[str]) -> None:
        """Do nothing."""

    def begin(self, task: str, total: int | None = None) -> None:
        """Do nothing."""

    def advance(self, rows: int) -> None:
        """Do nothing."""

    def end(self, outcome: str) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class _Planned:
    """What bars and lines have in common: the steps to come."""

    steps: Sequence[str] = ()

    def plan(self, steps: Sequence[str]) -> None:
        """Remember the steps."""
        self.steps = steps

    def placed(self, task: str) -> str:
        """The task, and of a run of several steps which of how many it belongs to: `2/3 cases: read …`."""
        step = task.partition(": ")[0]
        if len(self.steps) > 1 and step in self.steps:
            return f"{list(self.steps).index(step) + 1}/{len(self.steps)} {task}"
        return task


class LineProgress(_Planned):
    """A line when a task ends, and now and then one while it goes on."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = monotonic) -> None:
        self.stream = stream
        self._clock = clock
        self.begin("")

    def begin(self, task: str, total: int | None = None) -> None:
        """Remember the task."""
        self._task, self._pace = self.placed(task), Pace(total, self._clock)
        self._wait = self._due = FIRST

    def advance(self, rows: int) -> None:
        """Count, and say so now and then."""
        self._pace.advance(rows)
        if self._pace.seconds >= self._due:
            self._wait = min(2 * self._wait, MOST)
            self._due = self._pace.seconds + self._wait
            self.note(f"{self._task}: {self._pace}")

    def end(self, outcome: str) -> None:
        """Say what came of it."""
        self.note(f"{self._task}: {outcome}{self._pace.took}")

    def note(self, text: str) -> None:
        """Print the sentence."""
        print(text, file=self.stream, flush=True)

    def close(self) -> None:
        """Nothing is open."""


class BarProgress(_Planned):
    """A bar for the task that goes on, a line for each that is done."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = monotonic) -> None:
        from rich.console import Console

        self.console = Console(file=stream, highlight=False)
        self._clock = clock
        self._task = ""
        self._pace = Pace()
        self._bars: RichProgress | None = None
        self._bar: TaskID | None = None

    def begin(self, task: str, total: int | None = None) -> None:
        """Show a bar."""
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
        from rich.table import Column

        self._task, self._pace = self.placed(task), Pace(total, self._clock)
        name = TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"))
        look = (SpinnerColumn(), name, BarColumn(10), TextColumn("{task.fields[pace].brief}", markup=False))
        self._bars = Progress(*look, console=self.console, transient=True, expand=True)
        self._bar = self._bars.add_task(_plain(self._task), total=total, pace=self._pace)
        self._bars.start()

    def advance(self, rows: int) -> None:
        """Move the bar."""
        self._pace.advance(rows)
        if self._bars is not None and self._bar is not None:
            self._bars.update(self._bar, advance=rows)

    def end(self, outcome: str) -> None:
        """Put a line in the bar's place."""
        self.close()
        self.console.print(f"[green]✓[/green] {_plain(self._task)}: {_plain(outcome + self._pace.took)}")

    def note(self, text: str) -> None:
        """Print the sentence above the bar."""
        self.console.print(_plain(text))

    def close(self) -> None:
        """Take the bar away."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = self._bar = None


def progress_for(stream: TextIO | None = None) -> Progress:
    """Bars when the stream (standard error when None) is a terminal that can move its cursor, lines otherwise."""
    chosen = stream or sys.stderr
    able = chosen.isatty() and os.environ.get("TERM") != "dumb"
    return BarProgress(chosen) if able else LineProgress(chosen)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
