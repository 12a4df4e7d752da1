"""A step's rows on their way into the target, batch by batch, so that a run that dies goes on where it was.

Where all rows arrive together, a mark in the target says that they are there. Elsewhere the journal notes each batch
before it is sent and when it is answered for; a batch in between is in doubt: a merge sends it again (what is so
already is not sent), an append looks up which of its records are there.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

from biodata.errors import Unavailable
from biodata.fitting import same
from biodata.pipelines.loading import marks
from biodata.pipelines.loading.approved import NOT_APPROVED, is_approved
from biodata.pipelines.loading.compared import with_parents
from biodata.pipelines.loading.missing import keys_of
from biodata.pipelines.rows import Rows
from biodata.pipelines.state.rejects import Reject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from biodata.pipelines.loading.approved import Approved
    from biodata.pipelines.loading.parents import Parents
    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.state.spool import Sealed
    from biodata.receipts import Outcome, Receipt
    from biodata.records.types import Key, Record

__all__ = ["Batch", "Desk", "Sending"]


class Batch:
    """Rows of one batch.

    Attributes:
        number: of the batch, from 1.
        records: as they are sent; `rows` the number of each.
    """

    def __init__(self, number: int, records: list[Record], rows: list[int]) -> None:
        self.number = number
        self.records = records
        self.rows = rows

    def without(self, gone: Sequence[bool]) -> Batch:
        """The batch without some of its rows."""
        kept = [at for at, out in enumerate(gone) if not out]
        return Batch(self.number, [self.records[at] for at in kept], [self.rows[at] for at in kept])


class Desk(Protocol):
    """Where it is noted what becomes of batches; the run."""

    id: str

    def begun(self, work: Work) -> dict[int, dict[str, int] | None]:
        """The batches that were sent before, by number: what the target has answered, None where it is in doubt."""

    def again(self, work: Work, batch: Batch | None) -> None:
        """A batch, or all rows of a step, are sent again: what was refused of them before does not count."""

    def sending(self, work: Work, batch: Batch, keys: list[Key]) -> None:
        """A batch is about to be sent, and in it these records."""

    def sent(self, work: Work, batch: Batch, tally: dict[str, int], receipt: Receipt) -> None:
        """The target has answered for a batch; may raise to stop."""

    def undone(self, work: Work) -> None:
        """Whatever a transaction did with the rows of a step is undone."""

    def arrived(self, work: Work) -> None:
        """All rows of a step are there at once, in one transaction."""

    def deletes_begun(self, work: Work) -> dict[int, dict[str, int] | None]:
        """The batches of deletes that were sent before, as `begun` has those of rows."""

    def deleting(self, work: Work, number: int, keys: list[Key]) -> None:
        """Some deletes are about to be sent."""

    def deleted(self, work: Work, number: int, tally: dict[str, int], receipt: Receipt) -> None:
        """The target has answered for some deletes."""

    def keep(self, reject: Reject) -> None:
        """A record cannot be loaded."""

    def hold_back(self, reject: Reject) -> None:
        """A record is not loaded, because that was not approved."""


class Sending:
    """One step's rows on their way."""

    def __init__(
        self,
        work: Work,
        target: Target,
        desk: Desk,
        parents: Parents,
        approved: Approved | None = None,
        missing: Sealed | None = None,
    ) -> None:
        self._work = work
        self._target = target
        self._desk = desk
        self._parents = parents
        self._approved = approved
        self._missing = missing
        self._begun = {} if target.together else desk.begun(work)

    def send(self) -> dict[str, int]:
        """Send everything that is not there yet; how many records ended in which way.

        Raises:
            Unavailable: what became of some records is not known; sending again finds out.
            BiodataError: the way broke, or the budget of rejects is used up.
        """
        self._target.make()
        return self._together() if self._target.together else dict(self._one_by_one())

    def _together(self) -> dict[str, int]:
        """All rows and the mark in one transaction."""
        connection, run, step = self._target.connection, self._desk.id, self._work.step.name
        marks.make(connection)
        there = marks.find(connection, run, step)
        if there is not None:
            self._desk.arrived(self._work)
            return there
        self._desk.again(self._work, None)
        self._desk.undone(self._work)
        tally: Counter[str] = Counter()
        with connection.transaction():
            tally.update(self._cleared())
            tally.update(self._one_by_one())
            marks.put(connection, run, step, dict(tally))
        self._desk.arrived(self._work)
        return dict(tally)

    def _cleared(self) -> Counter[str]:
        """What a replace deletes before the rows come."""
        tally: Counter[str] = Counter()
        if self._target.load.mode != "replace":
            return tally
        for number, receipt in enumerate(self._clearing(), start=1):
            self._desk.deleted(self._work, number, receipt.tally, receipt)
            tally.update(receipt.tally)
        return tally

    def _clearing(self) -> Iterator[Receipt]:
        repository = self._target.repository
        if self._missing is None:
            yield repository.delete(all=True)
            return
        for keys in keys_of(self._missing, self._target.schema, self._target.load.batch):
            yield repository.delete(keys)

    def _one_by_one(self) -> Counter[str]:
        tally: Counter[str] = Counter()
        for batch in self._batches():
            known = self._begun.get(batch.number)
            approved = self._approved.take(len(batch.records)) if self._approved else None
            tally.update(self._send(batch, approved) if known is None else known)
        return tally

    def _batches(self) -> Iterator[Batch]:
        """The rows in batches; of a table that refers to itself all at once, so that parents come first."""
        size = self._target.load.batch
        if self._target.refers_to_itself and not self._target.together:
            size = max(self._work.passed.rows, 1)
        for number, rows in enumerate(self._work.passed.batches(size), start=1):
            from biodata.records.arrow import from_arrow

            numbered = Rows.numbered(rows)
            yield Batch(number, list(from_arrow(numbered.batch)), numbered.numbers.to_pylist())

    def _send(self, batch: Batch, approved: list[tuple[str, bytes]] | None) -> dict[str, int]:
        adding, repository = self._target.adds, self._target.repository
        there = self._doubted(batch) if batch.number in self._begun else [False] * len(batch.records)
        rest = batch.without(there)
        if approved is not None:
            rest = self._as_approved(rest, [one for one, done in zip(approved, there, strict=True) if not done])
        ready = self._with_parents(rest)
        self._desk.sending(self._work, batch, list(map(self._target.schema.key_of, ready.records)))
        receipt = (repository.add if adding else repository.upsert)(ready.records, on_refused="isolate")
        self._refused(ready, receipt)
        self._raise_for_unknown(receipt)
        tally = dict(Counter(receipt.tally) + Counter({"created": sum(there)}))
        self._desk.sent(self._work, batch, tally, receipt)
        return tally

    def _doubted(self, batch: Batch) -> list[bool]:
        """Of a batch in doubt, which rows need not be sent again: a merge looks itself, an addition here."""
        self._desk.again(self._work, batch)
        return self._found(batch) if self._target.adds else [False] * len(batch.records)

    def _as_approved(self, batch: Batch, approved: list[tuple[str, bytes]]) -> Batch:
        """The rows with which is done what was approved; the others are held back."""
        changes = with_parents(self._target, batch.records, self._parents)
        held = [not is_approved(change, one) for change, one in zip(changes, approved, strict=True)]
        for record, row, change, out in zip(batch.records, batch.rows, changes, held, strict=True):
            if out and change is not None:
                self._desk.hold_back(self._held(record, row, change.key))
        return batch.without(held)

    def _held(self, record: Record, row: int, key: Key) -> Reject:
        return Reject(
            self._work.step.name, "load", "plan", NOT_APPROVED, row, "BD-PIPELINE-NOT-APPROVED", key, record
        )

    def _with_parents(self, batch: Batch) -> Batch:
        """The rows whose parents are there; the others wait."""
        waiting = [self._parents.lacks(record) for record in batch.records]
        for record, row, field in zip(batch.records, batch.rows, waiting, strict=True):
            if field is not None:
                self._desk.keep(self._waiting(record, row, field))
        return batch.without([field is not None for field in waiting])

    def _waiting(self, record: Record, row: int, field: str) -> Reject:
        reason = f"waiting for parent: the record that {field} refers to is not there"
        key = self._target.schema.key_of(record)
        code = "BD-PIPELINE-PARENT"
        return Reject(self._work.step.name, "load", field, reason, row, code, key, record, waiting=True)

    def _found(self, batch: Batch) -> list[bool]:
        """Which records are there as they were sent."""
        schema, repository = self._target.schema, self._target.repository
        keys = [schema.key_of(record) for record in batch.records]
        found = repository.get([key for key in keys if key is not None], fields=list(_names(batch.records)))
        there = {schema.key_of(record): record for record in found}
        return [_as_sent(record, there.get(key)) for record, key in zip(batch.records, keys, strict=True)]

    def _refused(self, batch: Batch, receipt: Receipt) -> None:
        for one in receipt.refused:
            self._desk.keep(self._rejected(one, batch.rows[one.row], batch.records[one.row]))

    def _rejected(self, one: Outcome, row: int, record: Record) -> Reject:
        rule, reason = one.field or one.code, one.message or one.code
        return Reject(self._work.step.name, "load", rule, reason, row, one.code, one.key, record)

    def _raise_for_unknown(self, receipt: Receipt) -> None:
        lost = receipt.count("unknown", "not_sent")
        if lost:
            raise Unavailable(
                f"step {self._work.step.name}: what became of {lost:,} records is not known",
                code="BD-PIPELINE-UNKNOWN",
                hint="Run the same command again: it looks up what is there",
            )


def _names(records: list[Record]) -> dict[str, None]:
    return dict.fromkeys(name for record in records for name in record)


def _as_sent(record: Record, there: dict[str, Any] | None) -> bool:
    return there is not None and all(same(value, there.get(name)) for name, value in record.items())
