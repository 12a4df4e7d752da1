"""The books of a run: each batch in the journal before it is sent, and then in the audit log and the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.pipelines.state.journal_batches import Noted, Of
from biodata.pipelines.state.telling import tell_arrived, tell_doubts
from biodata.pipelines.state.told import told_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.pipelines.runs.run import Run
    from biodata.pipelines.runs.work import Work
    from biodata.receipts import Receipt
    from biodata.records.types import Key

__all__ = ["Books"]

LEFT_ALONE = frozenset({"unchanged", "refused", "not_sent"})
"""What becomes of records that were not written to."""


class Books:
    """Where it is noted what becomes of batches."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def begun(self, work: Work, of: Of) -> dict[int, dict[str, int] | None]:
        """The batches that were sent before, by number: what the target has answered, None where it is in doubt.

        Those in doubt are in the audit log then.
        """
        journal, name = self._run.journal, work.step.name
        tell_doubts(journal, self._run.id, name)
        found = journal.batches(self._run.id, name, of)
        return {one["number"]: one["tally"] if one["state"] == "done" else None for one in found}

    def sending(self, work: Work, of: Of, number: int, rows: int, keys: Sequence[Key]) -> None:
        """A batch of so many rows is about to be sent, and in it these records; a transaction is in no doubt."""
        if work.loading.together:
            return
        verb = "delete" if of == "deletes" else "add" if work.loading.adds else "upsert"
        line = self._line(work, verb, {"unknown": len(keys)}, keys) if keys else {}
        self._run.journal.note(self._noted(work, of, number, rows, line=line), "sent")

    def answered(self, work: Work, of: Of, number: int, rows: int, tally: dict[str, int], receipt: Receipt) -> None:
        """The target has answered for a batch; the audit log has which records were written to, and no others."""
        keys = [one.key for one in receipt if one.status not in LEFT_ALONE]
        line = self._line(work, receipt.operation, receipt.tally, keys) if keys or receipt.bulk else {}
        noted = self._noted(work, of, number, rows, tally=tally, line=line)
        if work.loading.together:
            self._run.journal.note(noted, "within")
            return
        if line:
            self._run.audit.append(line)
        lost = receipt.count("unknown", "not_sent")
        told = msgspec.structs.replace(noted, line={}, told=told_in(line))
        self._run.journal.note(told, "doubted" if lost else "done")

    def undone(self, work: Work) -> None:
        """What a transaction did with a step is undone."""
        self._run.journal.undo(self._run.id, work.step.name)

    def arrived(self, work: Work) -> None:
        """What a transaction did with a step is there."""
        tell_arrived(self._run.journal, self._run.id, work.step.name)

    def _noted(self, work: Work, of: Of, number: int, rows: int, **more: Any) -> Noted:
        return Noted(of=of, run=self._run.id, step=work.step.name, number=number, rows=rows, **more)

    def _line(self, work: Work, verb: str, counts: dict[str, int], keys: Sequence[Key]) -> dict[str, Any]:
        at = work.loading.load.target
        who = self._run.identities.get(at.profile)
        named = [key for key in keys if key is not None]
        place: dict[str, Any] = {"profile": at.profile, "table": at.table, "verb": verb, "identity": who}
        return self._run.audit.line(**place, counts=counts, keys=named)
