"""Runs whose process is gone, told apart by who only looks.

The journal calls them running until the next run buries them. Here nothing is changed: a run is dead when nobody
holds its pipeline's lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.state.journal import Journal, RunRow

__all__ = ["DIED", "WITHOUT_A_WORD", "as_they_are"]

DIED = "died"
WITHOUT_A_WORD = "the process ended without a word"


def as_they_are(journal: Journal, pipeline: str | None = None) -> list[RunRow]:
    """The runs in order, those that the journal calls running and that are not as `died`."""
    runs = journal.runs(pipeline)
    gone = {id_ for name in _running(runs) for id_ in _gone(journal, name)}
    return [_told(run) if run.id in gone else run for run in runs]


def _running(runs: list[RunRow]) -> dict[str, None]:
    return dict.fromkeys(run.pipeline for run in runs if run.state == "running")


def _gone(journal: Journal, pipeline: str) -> Iterator[str]:
    """The ids of a pipeline's dead runs: asked while nobody can begin one, so that none has ended in between."""
    with journal.nobody_runs(pipeline) as free:
        if free:
            yield from (run.id for run in journal.runs(pipeline) if run.state == "running")


def _told(run: RunRow) -> RunRow:
    if run.phase == "planned":  # it died before anything was done: it is a plan again
        return msgspec.structs.replace(run, state="planned")
    again = (
        "while it wrote: the same command goes on" if run.writing else "before it wrote: the same command starts anew"
    )
    return msgspec.structs.replace(run, state=DIED, message=f"{WITHOUT_A_WORD} {again}")
