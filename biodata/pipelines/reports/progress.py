"""Showing how a run gets on: bars on a terminal, plain lines elsewhere, nothing when nobody looks.

Everything goes to standard error; standard output is for data. With NO_COLOR the bars have no colour.
"""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

__all__ = ["BarProgress", "LineProgress", "Progress", "Silent", "progress_for"]

LINE_EVERY = 10.0
"""Seconds between two lines about the same task."""


class Progress(Protocol):
    """What a run tells about itself while it goes on; one task at a time."""

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


class LineProgress:
    """A line when a task ends, and one every ten seconds while it goes on."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._task, self._total, self._done, self._spoke = "", None, 0, 0.0  # type: tuple[str, int | None, int, float]

    def begin(self, task: str, total: int | None = None) -> None:
        """Remember the task."""
        self._task, self._total, self._done, self._spoke = task, total, 0, monotonic()

    def advance(self, rows: int) -> None:
        """Count, and say so now and then."""
        self._done += rows
        if monotonic() - self._spoke >= LINE_EVERY:
            self._spoke = monotonic()
            of = f" of {self._total:,}" if self._total else ""
            self.note(f"{self._task}: {self._done:,}{of} rows")

    def end(self, outcome: str) -> None:
        """Say what came of it."""
        self.note(f"{self._task}: {outcome}")

    def note(self, text: str) -> None:
        """Print the sentence."""
        print(text, file=self.stream, flush=True)

    def close(self) -> None:
        """Nothing is open."""


class BarProgress:
    """A bar for the task that goes on, a line for each that is done."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console

        self.console = Console(file=stream, highlight=False)
        self._task = ""
        self._bars: RichProgress | None = None
        self._bar: TaskID | None = None

    def begin(self, task: str, total: int | None = None) -> None:
        """Show a bar."""
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        self._task = task
        look = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._bars = Progress(*look, console=self.console, transient=True)
        self._bar = self._bars.add_task(_plain(task), total=total)
        self._bars.start()

    def advance(self, rows: int) -> None:
        """Move the bar."""
        if self._bars is not None and self._bar is not None:
            self._bars.advance(self._bar, rows)

    def end(self, outcome: str) -> None:
        """Put a line in the bar's place."""
        self.close()
        self.console.print(f"[green]✓[/green] {_plain(self._task)}: {_plain(outcome)}")

    def note(self, text: str) -> None:
        """Print the sentence above the bar."""
        self.console.print(_plain(text))

    def close(self) -> None:
        """Take the bar away."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = self._bar = None


def progress_for(stream: TextIO | None = None) -> Progress:
    """Bars when the stream (standard error when None) is a terminal, lines otherwise."""
    chosen = stream or sys.stderr
    return BarProgress(chosen) if chosen.isatty() else LineProgress(chosen)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
