"""What is left of old runs is removed: their directories, what the journal knows of them, and closed rejects.

What the next run needs stays: runs that can be taken up again, the last one that was done, and what a step has seen
when it was last loaded. The audit log stays whole.
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from errno import EIO
from typing import TYPE_CHECKING

import msgspec

from biodata.errors import ConfigError
from biodata.pipelines.state.instants import instant
from biodata.pipelines.state.reject import CLOSED, OPEN
from biodata.pipelines.state.reject_file import RejectFile, Which

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from biodata.pipelines.state.journal import Journal, RunRow

__all__ = ["Purge", "Purged", "retention", "tidy"]

VARIABLE = "BIODATA_RETENTION"
DAYS = 90
LOADED = frozenset({"loaded", "done"})


class Purged(msgspec.Struct, frozen=True):
    """What was removed: ids of runs, the bytes of their files, and how many rejects."""

    runs: tuple[str, ...] = ()
    size: int = 0
    rejects: int = 0

    def __str__(self) -> str:
        return f"{len(self.runs):,} runs ({self.size / 1e6:,.1f} MB) and {self.rejects:,} rejects"


def retention() -> timedelta | None:
    """How long state is kept: so many days as `BIODATA_RETENTION` says, 90 by default.

    None where it is `never`, or so many days that no calendar goes back so far: nothing is older than that.

    Raises:
        ConfigError: `BD-CONFIG-RETENTION`, it says neither.
    """
    said = os.environ.get(VARIABLE, "").strip() or str(DAYS)
    if said == "never":
        return None
    if not said.isdecimal():
        message = f"{VARIABLE} is a number of days or never"
        raise ConfigError(message, code="BD-CONFIG-RETENTION", hint=f"{VARIABLE}={DAYS}, say")
    days = said.lstrip("0") or "0"
    most = datetime.now(UTC).toordinal() - 1
    return None if len(days) > len(str(most)) or int(days) > most else timedelta(days=int(days))


def tidy(journal: Journal, now: datetime | None = None) -> Purged:
    """Remove what is older than the retention, at the start of a run.

    Raises:
        ConfigError: `BD-CONFIG-RETENTION`; `BD-CONFIG-STATE`, something cannot be removed.
    """
    kept = retention()
    return Purged() if kept is None else Purge(journal, (now or datetime.now(UTC)) - kept).carry_out()


class Purge:
    """What is to be removed.

    Args:
        journal: of the state directory.
        until: runs that ended before this, and rejects that were closed before this.
        pipeline: of one pipeline only.
        rejects: those that are open or waiting too.
        unfinished: runs that could be taken up again too, and plans.
    """

    def __init__(
        self,
        journal: Journal,
        until: datetime,
        *,
        pipeline: str | None = None,
        rejects: bool = False,
        unfinished: bool = False,
    ) -> None:
        self.journal = journal
        self.unfinished = unfinished
        self.until = instant(until)
        self.which = Which(pipeline=pipeline, until=self.until, states=CLOSED + OPEN if rejects else CLOSED)
        self.runs = tuple(self._old())

    def preview(self) -> Purged:
        """What would be removed."""
        rejects = sum(one.count for one in self._rejects().counts(self.which))
        return Purged(tuple(run.id for run in self.runs), sum(map(self.size, self.runs)), rejects)

    def carry_out(self) -> Purged:
        """Remove it; a purge that dies in between is finished by the next.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, something cannot be removed.
        """
        removed, size = [], 0
        for run in self.runs:
            bytes_ = self.size(run)
            if self._remove(run):
                removed.append(run.id)
                size += bytes_
        return Purged(tuple(removed), size, self._rejects().remove(self.which))

    def size(self, run: RunRow) -> int:
        """The bytes of a run's files."""
        return sum(path.lstat().st_size for path in self.journal.run_directory(run.id).rglob("*"))

    def _rejects(self) -> RejectFile:
        return RejectFile(self.journal.directory)

    def _old(self) -> Iterator[RunRow]:
        by_pipeline: dict[str, list[RunRow]] = {}
        for run in self.journal.runs(self.which.pipeline):
            by_pipeline.setdefault(run.pipeline, []).append(run)
        for runs in by_pipeline.values():
            old = [run for run in runs if run.state != "running" and (run.ended or run.started) < self.until]
            needed = set(self._needed(runs)) if old else set()
            yield from (run for run in old if run.id not in needed and (self.unfinished or not self._spool(run)))

    def _needed(self, runs: list[RunRow]) -> Iterator[str]:
        """The runs that the next one looks back to: the last that was done, and of each step the last loaded."""
        names: set[str] = set()
        for run in reversed(runs):
            if run.kind != "run":  # a preview, a plan or a replay
                continue
            loaded = {step["name"] for step in self.journal.steps(run.id) if step["state"] in LOADED}
            if run.state == "done" or loaded - names:
                yield run.id
            if run.state == "done":
                return
            names |= loaded

    def _spool(self, run: RunRow) -> bool:
        """Whether the run could be taken up again: what it read is still there."""
        return (self.journal.run_directory(run.id) / "spool").is_dir()

    def _remove(self, run: RunRow) -> bool:
        """Remove a run, but not one that another process has just taken up."""
        if not self._spool(run):
            return self._gone(run)
        try:
            with self.journal.hold(run.pipeline):
                return self._gone(run)
        except ConfigError as error:
            if error.code != "BD-PIPELINE-HELD":
                raise
            return False

    def _gone(self, run: RunRow) -> bool:
        _remove_tree(self.journal.run_directory(run.id))
        self.journal.forget(run.id)
        return True


def _remove_tree(directory: Path) -> None:
    try:
        shutil.rmtree(directory)
    except FileNotFoundError:
        return
    except OSError as error:
        message = f"{error.filename or directory} cannot be removed: {os.strerror(error.errno or EIO)}"
        raise ConfigError(message, code="BD-CONFIG-STATE") from None
