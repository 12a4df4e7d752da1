"""All that is kept of one pipeline is removed, whatever its age, as if it had never run here.

The next run is a first one. What the pipeline has written elsewhere stays: in targets, reports and plan files. So
does the audit log, which has no value of anybody in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.errors import NotFound, near_match
from biodata.pipelines.state.kept import Left, kept_of, pipelines_kept, remove
from biodata.pipelines.state.reject import OPEN
from biodata.pipelines.state.reject_file import RejectFile, Which
from biodata.pipelines.state.removal import Purged, Removal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.state.journal import Journal

__all__ = ["Forgetting"]


class Forgetting(Removal):
    """All of one pipeline: every run, every reject, what its steps have seen, and the file that sync has written."""

    def __init__(self, journal: Journal, pipeline: str) -> None:
        """Find it.

        Raises:
            NotFound: `BD-PIPELINE-UNKNOWN`, nothing is kept of such a pipeline.
        """
        known = _known(journal)
        if pipeline not in known:
            near = near_match(pipeline, known)
            hint = f"Did you mean {near!r}?" if near else "biodata runs list lists what has run"
            message = f"Nothing is kept of a pipeline {pipeline!r}"
            raise NotFound(message, code="BD-PIPELINE-UNKNOWN", hint=hint)
        super().__init__(journal, Which(pipeline=pipeline), journal.runs(pipeline))
        self.pipeline = pipeline

    def left(self) -> list[Left]:
        """All that is kept of it between runs."""
        return kept_of(self.journal.directory, self.pipeline)

    def carry_out(self) -> Purged:
        """Remove it, what steps have seen first: a run that finds only a part of it stops rather than adds twice.

        Raises:
            ConfigError: `BD-PIPELINE-HELD`, a run is under way; `BD-CONFIG-STATE`, something cannot be removed.
        """
        with self.journal.hold(self.pipeline):
            runs, left = self.journal.runs(self.pipeline), self.left()
            size = sum(map(self.size, runs))
            for one in left:
                remove(one.path)
            for run in runs:
                self.forget(run)
            return self.told(runs, size, self.rejects.remove(self.which), left)

    def losses(self) -> Iterator[str]:
        """What will be missed, in words for whoever has to confirm it."""
        yield (
            f"The next run of {self.pipeline} will be a first one: incremental steps read everything again, and "
            "append adds it again; guards of deletes, shares and contracts know no last run."
        )
        opened = sum(one.count for one in self.rejects.counts(Which(pipeline=self.pipeline, states=OPEN)))
        if opened:
            yield f"{opened:,} of the rejects are open: their records are lost."
        halted = [run.id for run in self.runs if run.writing or run.state == "planned"]
        if halted:
            yield f"Runs that stopped while they wrote, and plans, cannot be gone on with: {', '.join(halted)}."


def _known(journal: Journal) -> set[str]:
    runs = {run.pipeline for run in journal.runs()}
    rejects = {one.pipeline for one in RejectFile(journal.directory).counts(Which())}
    return runs | rejects | pipelines_kept(journal.directory)
