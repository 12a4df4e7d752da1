"""Replays that died between the writing and the settling of their rejects, and what is there because of them.

A replay tells the journal, before it writes, of which rejects a step's rows come. Where its mark is in the target,
those rows are there (`loading/marks.py`), so a later replay does not send them again.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from biodata.pipelines.loading import marks
from biodata.pipelines.state.reject import OPEN
from biodata.pipelines.state.reject_file import Which

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from biodata.connection import Connection
    from biodata.pipelines.state.journal import Journal
    from biodata.pipelines.state.reject_file import RejectFile

__all__ = ["SENT", "Unsettled"]

SENT = "rejects"
"""The name under which the journal has the ids (`seen` of a replay's step)."""


class Unsettled:
    """The replays of a pipeline that died; the caller holds the pipeline.

    Attributes:
        sent: run to step to the ids of the rejects whose rows it sent, or was about to, and that nobody has settled.
    """

    def __init__(self, journal: Journal, rejects: RejectFile, pipeline: str, *, but: str = "") -> None:
        """Look them up; `but` is the run that asks."""
        runs = [run for run in journal.runs(pipeline) if run.id != but]
        self._ids = {run.id for run in runs}
        self.sent: dict[str, dict[str, set[int]]] = {}
        for run in runs:
            if run.kind == "replay" and run.state != "done":
                settled = rejects.settled(run.id)
                seen = {step["name"]: json.loads(step["seen"]) for step in journal.steps(run.id)}
                self.sent[run.id] = {name: {*told[SENT]} - settled for name, told in seen.items() if SENT in told}

    def arrived(self, connection: Connection, step: str) -> dict[str, set[int]]:
        """Run to ids: of which rejects the rows are in the table that a step loads in one transaction."""
        told = {run: steps[step] for run, steps in self.sent.items() if steps.get(step)}
        return {run: ids for run, ids in told.items() if marks.find(connection, run, step) is not None}

    def may_have_arrived(self, step: str) -> bool:
        """Whether some of a step's rows may be in a table that is loaded batch by batch."""
        return any(steps.get(step) for steps in self.sent.values())

    def needless(self, rejects: RejectFile) -> Collection[str]:
        """The runs whose marks nobody will ask for: all but replays that died, until all of theirs is settled."""
        return self._ids - {run for run, steps in self.sent.items() if _any_open(rejects, steps)}


def _any_open(rejects: RejectFile, steps: Mapping[str, set[int]]) -> bool:
    ids = tuple({number for some in steps.values() for number in some})
    return bool(ids and rejects.counts(Which(ids=ids, states=OPEN)))
