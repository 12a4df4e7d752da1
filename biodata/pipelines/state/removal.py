"""Runs, rejects and files that are to be removed: counted first, then removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.pipelines.state.kept import Left, remove
from biodata.pipelines.state.reject_file import RejectFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from biodata.pipelines.state.journal import Journal, RunRow
    from biodata.pipelines.state.reject_file import Which

__all__ = ["Purged", "Removal"]


class Purged(msgspec.Struct, frozen=True):
    """What was removed.

    Attributes:
        runs: their ids.
        size: the bytes of their files.
        rejects: how many.
        steps: how many steps' hashes of what they had seen.
        syncs: how many files that `biodata sync` had written.
    """

    runs: tuple[str, ...] = ()
    size: int = 0
    rejects: int = 0
    steps: int = 0
    syncs: int = 0

    def __str__(self) -> str:
        told = [f"{len(self.runs):,} runs ({self.size / 1e6:,.1f} MB)", f"{self.rejects:,} rejects"]
        told += [f"what {self.steps:,} steps have seen"] if self.steps else []
        told += [f"{self.syncs:,} files of biodata sync"] if self.syncs else []
        return f"{', '.join(told[:-1])} and {told[-1]}"


class Removal:
    """What is to be removed.

    Attributes:
        journal: of the state directory.
        which: the rejects.
        runs: the runs.
    """

    def __init__(self, journal: Journal, which: Which, runs: Sequence[RunRow]) -> None:
        self.journal, self.which, self.runs = journal, which, tuple(runs)
        self.rejects = RejectFile(journal.directory)

    def left(self) -> list[Left]:
        """What is kept of pipelines between runs, and goes too."""
        raise NotImplementedError

    def carry_out(self) -> Purged:
        """Remove it; a removal that dies in between is finished by the next.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, something cannot be removed.
        """
        raise NotImplementedError

    def preview(self) -> Purged:
        """What would be removed."""
        rejects = sum(one.count for one in self.rejects.counts(self.which))
        return self.told(self.runs, sum(map(self.size, self.runs)), rejects, self.left())

    def told(self, runs: Iterable[RunRow], size: int, rejects: int, left: Sequence[Left]) -> Purged:
        """What these are, counted."""
        steps = sum(one.steps for one in left)
        syncs = sum(one.path.suffix == ".yml" for one in left)
        return Purged(tuple(run.id for run in runs), size, rejects, steps, syncs)

    def size(self, run: RunRow) -> int:
        """The bytes of a run's files."""
        paths = self.journal.run_directory(run.id).rglob("*")
        return sum(path.lstat().st_size for path in paths if not path.is_dir())

    def forget(self, run: RunRow) -> None:
        """Remove a run's files, and what the journal knows of it."""
        remove(self.journal.run_directory(run.id))
        self.journal.forget(run.id)
