"""What the audit log is told of batches whose process could not do so itself: the journal has their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.pipelines.state.audit import audit_chain
from biodata.pipelines.state.told import told_in

if TYPE_CHECKING:
    from biodata.pipelines.state.journal_batches import JournalBatches, Noted, State

__all__ = ["tell_arrived", "tell_doubts"]


def tell_doubts(journal: JournalBatches, run: str, step: str = "", *, within: bool = False) -> None:
    """Tell of the batches that were sent and of which nobody heard again.

    Args:
        journal: of the state directory.
        run: whose process is gone, or waits for no answer any more.
        step: one of its steps; all when empty.
        within: also those of a transaction of which nobody will ask any more whether it was committed.
    """
    states: tuple[State, ...] = ("sent", "within") if within else ("sent",)
    for state in states:
        for one in journal.noted(run, state, step):
            doubtful = {**one.line, "counts": {"unknown": told_in(one.line)}} if one.line else {}
            _tell(journal, msgspec.structs.replace(one, line=doubtful), "doubted")


def tell_arrived(journal: JournalBatches, run: str, step: str) -> None:
    """Tell of the batches of a transaction that was committed."""
    for one in journal.noted(run, "within", step):
        _tell(journal, one, "done")


def _tell(journal: JournalBatches, batch: Noted, state: State) -> None:
    if batch.line:
        audit_chain(journal.directory).append(batch.line)
    journal.note(msgspec.structs.replace(batch, line={}, told=told_in(batch.line)), state)
