"""What is left of old runs is removed: their directories, what the journal knows of them, and closed rejects.

What the next run needs stays: runs that can be taken up again, the last one that was done, and what a step has seen
when it was last loaded. What is kept of a pipeline between runs goes when the last run goes that it belongs to. The
audit log stays whole.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from biodata.errors import ConfigError
from biodata.pipelines.state.instants import instant
from biodata.pipelines.state.kept import Left, left_over, pipelines_kept, remove
from biodata.pipelines.state.reject import CLOSED, OPEN
from biodata.pipelines.state.reject_file import Which
from biodata.pipelines.state.removal import Purged, Removal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from biodata.pipelines.state.journal import Journal, RunRow

__all__ = ["Purge", "Purged", "retention", "tidy"]

VARIABLE = "BIODATA_RETENTION"
DAYS = 90
LOADED = frozenset({"loaded", "done"})
HELD = "BD-PIPELINE-HELD"


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


def tidy(journal: Journal, now: datetime | None = None, *, held: str = "") -> Purged:
    """Remove what is older than the retention, at the start of a run of the pipeline that the caller holds.

    Raises:
        ConfigError: `BD-CONFIG-RETENTION`; `BD-CONFIG-STATE`, something cannot be removed.
    """
    kept = retention()
    return Purged() if kept is None else Purge(journal, (now or datetime.now(UTC)) - kept, held=held).carry_out()


class Purge(Removal):
    """What is to be removed because it is old.

    Args:
        journal: of the state directory.
        until: runs that ended before this, and rejects that were closed before this.
        pipeline: of one pipeline only.
        rejects: those that are open or waiting too.
        unfinished: runs that could be taken up again too, and plans.
        held: the pipeline whose lock the caller holds, because it is about to run it.
    """

    def __init__(
        self,
        journal: Journal,
        until: datetime,
        *,
        pipeline: str | None = None,
        rejects: bool = False,
        unfinished: bool = False,
        held: str = "",
    ) -> None:
        self.unfinished, self._since, self._held = unfinished, until, held
        self.until = instant(until)
        which = Which(pipeline=pipeline, until=self.until, states=CLOSED + OPEN if rejects else CLOSED)
        super().__init__(journal, which, ())
        self.runs = tuple(self._old())

    def left(self) -> list[Left]:
        """What no run needs once those that are to go are gone."""
        gone = {run.id for run in self.runs}
        return [one for name in self._names() for one in self._left(name, gone)]

    def carry_out(self) -> Purged:
        """Remove it; a purge that dies in between is finished by the next.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, something cannot be removed.
        """
        removed, size = [], 0
        for run in self.runs:
            bytes_ = self.size(run)
            if self._remove(run):
                removed.append(run)
                size += bytes_
        rejects = self.rejects.remove(self.which)
        left = [one for name in self._names() for one in self._removed(name)]
        return self.told(removed, size, rejects, left)

    def _names(self) -> list[str]:
        kept = pipelines_kept(self.journal.directory)
        return sorted(kept if self.which.pipeline is None else kept & {self.which.pipeline})

    def _left(self, pipeline: str, gone: Collection[str] = ()) -> list[Left]:
        """What is kept of a pipeline and no run needs, once those that are `gone` are."""
        needed = pipeline == self._held or self._stays_open(pipeline)
        return list(left_over(self.journal, pipeline, self._since, gone, needed=needed))

    def _stays_open(self, pipeline: str) -> bool:
        """Whether there are rejects to be replayed that are not to go."""
        still = self._open(Which(pipeline=pipeline, states=OPEN))
        going = msgspec.structs.replace(self.which, pipeline=pipeline, states=OPEN)
        return still > (self._open(going) if OPEN[0] in self.which.states else 0)

    def _open(self, which: Which) -> int:
        return sum(one.count for one in self.rejects.counts(which))

    def _removed(self, pipeline: str) -> list[Left]:
        """Remove what is left of a pipeline, but not where another process runs it."""
        if not self._left(pipeline):
            return []
        with self._holding(pipeline) as free:
            found = self._left(pipeline) if free else []
            for one in found:
                remove(one.path)
        return found

    @contextmanager
    def _holding(self, pipeline: str) -> Iterator[bool]:
        """Hold a pipeline, so that no run of it begins; false where another process does."""
        with ExitStack() as stack:
            try:
                if pipeline != self._held:
                    stack.enter_context(self.journal.hold(pipeline))
            except ConfigError as error:
                if error.code != HELD:
                    raise
                yield False
            else:
                yield True

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
            self.forget(run)
            return True
        with self._holding(run.pipeline) as free:
            if free:
                self.forget(run)
            return free
