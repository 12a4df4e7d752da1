"""`add`, `update`, `upsert` and `delete`: records fitted, batched and sent, each with its outcome."""

from __future__ import annotations

from collections import deque
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from biodata.adapter import BatchRefused, BatchTooLarge, ListMode, Operation, WriteBatch
from biodata.comparing import judged
from biodata.errors import BiodataError, QueryError, RemoteError, Unsupported
from biodata.fitting import Misfit, Prepared, prepare
from biodata.parents import parents_first
from biodata.receipts import Outcome, Receipt, Status
from biodata.records.incoming import incoming
from biodata.records.uploads import brings_file
from biodata.references import chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from biodata.records.types import Schema
    from biodata.repository import OnRefused, Repository

__all__ = ["Writer", "write"]


def write(
    repository: Repository,
    operation: Literal["add", "update", "upsert"],
    records: Any,
    *,
    on_refused: OnRefused = "stop",
    lists: ListMode = "replace",
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Receipt:
    """Send records; a Receipt with one outcome for each, in the order given.

    Raises:
        RemoteError: the way to the platform broke; `error.receipt` says what was done until then.
        SchemaError: `BD-WRITE-INPUT`, what is given is no record; `error.receipt` as well.
    """
    schema = repository.schema
    _check_possible(repository, schema, lists)
    given = (repository.adapter.given(schema, record) for record in incoming(records, schema))
    prepared = (prepare(schema, row, record, operation) for row, record in enumerate(given))
    later: list[Prepared] = []
    last_wins = operation == "upsert"
    ordered = prepared if operation == "update" else parents_first(prepared, schema, later, last_wins=last_wins)
    writer = Writer(repository, operation, on_refused=on_refused, lists=lists, dry_run=dry_run)
    receipt = writer.run(ordered, progress)
    return _linked(repository, receipt, later) if later and not dry_run else receipt


def _linked(repository: Repository, receipt: Receipt, later: list[Prepared]) -> Receipt:
    """Set the references that were held back, of the records that are there now.

    Raises:
        RemoteError: as `write`.
    """
    there = {one.row for one in receipt if one.status in {"created", "updated", "unchanged"}}
    writer = Writer(repository, "update", on_refused="isolate")
    try:
        return _joined(receipt, writer.run(one for one in later if one.row in there))
    except BiodataError as error:
        error.receipt = _joined(receipt, error.receipt or ())
        raise


def _joined(receipt: Receipt, links: Iterable[Outcome]) -> Receipt:
    """What became of each record, its held back references being a part of it."""
    second = {one.row: one for one in links}
    outcomes = (_of_both(one, second.get(one.row)) for one in receipt)
    return Receipt(receipt.operation, receipt.table, tuple(outcomes))


def _of_both(first: Outcome, link: Outcome | None) -> Outcome:
    if link is None or link.status == "unchanged" or (link.status == "updated" and first.status == "created"):
        return first
    if link.status == "updated":
        return link
    message = f"the record is there, without a reference to its own table: {link.message or link.code}"
    return msgspec.structs.replace(link, message=message)


def _check_possible(repository: Repository, schema: Schema, lists: ListMode) -> None:
    if not schema.writable:
        raise Unsupported("The table cannot be written", code="BD-UNSUPPORTED-WRITE")
    if lists not in repository.adapter.capabilities.list_modes:
        known = ", ".join(sorted(repository.adapter.capabilities.list_modes))
        raise Unsupported(f"lists='{lists}' is not possible here; possible: {known}", code="BD-UNSUPPORTED-LISTS")


class Writer:
    """One write on its way: it sends batches and notes an outcome for each record.

    After a refusal under `stop` nothing is sent any more, and what comes is noted as `not_sent`.
    """

    def __init__(
        self,
        repository: Repository,
        operation: Operation,
        *,
        on_refused: OnRefused,
        lists: ListMode = "replace",
        dry_run: bool = False,
    ) -> None:
        if on_refused not in {"stop", "isolate"}:
            raise QueryError(f"on_refused is stop or isolate, not {on_refused!r}", code="BD-WRITE-OPTION")
        self._adapter = repository.adapter
        self._schema = repository.schema
        self._operation = operation
        self._isolate = on_refused == "isolate"
        self._lists = lists
        self._dry_run = dry_run
        self._outcomes: dict[int, Outcome] = {}
        self._stopped = False
        self._most: int | None = None

    def run(self, prepared: Iterable[Prepared], progress: Callable[[int], None] | None = None) -> Receipt:
        """Send everything, or everything up to the first refusal."""
        try:
            for batch in self._batches(prepared):
                self._deal_with(batch)
                if progress is not None:
                    progress(len(self._outcomes))
        except BiodataError as error:
            error.receipt = self._receipt()
            raise
        except BaseException as error:
            error.add_note(f"What was written until then: {self._receipt()}")
            raise
        return self._receipt()

    def _receipt(self) -> Receipt:
        ordered = sorted(self._outcomes.values(), key=lambda outcome: outcome.row)
        return Receipt(self._operation, self._schema.table, tuple(ordered))

    def _note(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self._outcomes[outcome.row] = outcome
            self._stopped = self._stopped or (outcome.status == "refused" and not self._isolate)

    def _batches(self, prepared: Iterable[Prepared]) -> Iterator[list[Prepared]]:
        """Batches in order; a key that comes again begins a new one, so that the later record wins."""
        size, batch, keys = self._batch_size(), list[Prepared](), set[Any]()
        for one in prepared:
            key = None if one.misfit else self._schema.key_of(one.record)
            if batch and (len(batch) >= size or (key is not None and key in keys)):
                yield batch
                batch, keys = [], set()
            batch.append(one)
            keys.add(key)
        if batch:
            yield batch

    @property
    def _composed(self) -> bool:
        return self._operation == "upsert" and self._adapter.capabilities.upsert == "composed"

    def _batch_size(self) -> int:
        size = self._adapter.capabilities.batch_size
        return max(size["add"], size["update"]) if self._composed else size[self._operation]

    def _deal_with(self, batch: list[Prepared]) -> None:
        """Note an outcome for each record; where the way breaks, those that have none yet were not sent."""
        good = self._fitting(batch)
        try:
            if self._composed and not self._held:
                self._compose(good)
            else:
                self._send(self._operation, good)
        except BiodataError as error:
            left = [one for one in good if one.row not in self._outcomes]
            self._note(self._outcome(one, "not_sent", error.code) for one in left)
            raise

    @property
    def _held(self) -> bool:
        return self._stopped or self._dry_run

    def _fitting(self, batch: list[Prepared]) -> list[Prepared]:
        """The records that fit the table; the others are noted as refused."""
        self._note(self._refused(one, one.misfit) for one in batch if one.misfit)
        return [one for one in batch if not one.misfit]

    def _compose(self, batch: list[Prepared]) -> None:
        """Upsert by looking up: what is new is added, what differs updated, the rest is left alone."""
        new, changed = list[Prepared](), list[Prepared]()
        for one, change in zip(batch, judged(self._adapter, self._schema, batch), strict=True):
            if change.action == "create":
                new.append(one)
            elif change.action == "update":
                key = {name: one.record[name] for name in self._schema.key_fields}
                changed.append(Prepared(one.row, key | change.after))
            else:
                self._note([self._outcome(one, change.action, change.code, change.message, change.field)])
        self._send("add", new)
        self._send("update", changed)

    def _send(self, operation: Operation, records: list[Prepared]) -> None:
        """Send records in batches; what a refusal leaves of one is sent next."""
        size = self._adapter.capabilities.batch_size[operation]
        size = size if self._most is None else min(size, self._most)
        waiting = deque(self._portions(records, size))
        while waiting:
            batch = waiting.popleft()
            if self._held:
                self._note(self._outcome(one, "not_sent") for one in batch)
            else:
                waiting.extendleft(reversed(self._try(operation, batch)))

    def _portions(self, records: list[Prepared], size: int) -> Iterator[list[Prepared]]:
        """At most `size` records each, in order; one that brings a file stands alone."""
        for alone, some in groupby(records, lambda one: brings_file(self._schema, one.record)):
            yield from map(list, chunks(list(some), 1 if alone else size))

    def _try(self, operation: Operation, batch: list[Prepared]) -> list[list[Prepared]]:
        """Send one batch; what is left of it to be sent after a refusal."""
        try:
            self._note(self._adapter.write(self._batch(operation, batch)))
        except BatchRefused as refusal:
            return self._after(refusal, batch)
        except BaseException as error:
            if isinstance(error, BatchTooLarge) and len(batch) > 1:
                self._most = len(batch) // 2
                return _halves(batch)
            told = {one.row: one for one in getattr(error, "receipt", None) or ()}
            self._note(told.get(one.row) or self._broken(one, error) for one in batch)
            raise
        return []

    def _batch(self, operation: Operation, batch: list[Prepared]) -> WriteBatch:
        return WriteBatch(
            operation=operation,
            schema=self._schema,
            records=tuple(one.record for one in batch),
            rows=tuple(one.row for one in batch),
            list_mode=self._lists,
            compared=self._operation == "upsert" and operation == "update",
        )

    def _after(self, refusal: BatchRefused, batch: list[Prepared]) -> list[list[Prepared]]:
        culprits = {0: refusal} if len(batch) == 1 else {one.index: one for one in (refusal, *refusal.others)}
        culprits.pop(None, None)  # type: ignore[call-overload]  # one that is not known
        if culprits:
            self._note(self._refused(batch[at], why) for at, why in culprits.items() if at is not None)
            return _halves([one for at, one in enumerate(batch) if at not in culprits])
        if self._isolate:
            return _halves(batch)
        among = f" (one of these {len(batch)} records, and the platform does not say which)"
        self._note(self._refused(one, refusal, among) for one in batch)
        return []

    def _refused(self, one: Prepared, why: BatchRefused | Misfit, more: str = "") -> Outcome:
        return self._outcome(one, "refused", why.code, why.message + more, why.field)

    def _broken(self, one: Prepared, error: BaseException) -> Outcome:
        certain = isinstance(error, BiodataError) and not (
            isinstance(error, RemoteError) and error.maybe_sent is not False
        )
        return self._outcome(one, "not_sent" if certain else "unknown", getattr(error, "code", ""))

    def _outcome(
        self, one: Prepared, status: Status, code: str = "", message: str = "", field: str | None = None
    ) -> Outcome:
        key = self._schema.key_of(one.record)
        return Outcome(row=one.row, status=status, key=key, code=code, message=message, field=field)


def _halves(batch: list[Prepared]) -> list[list[Prepared]]:
    """Halves, also where the culprit is known: one that is refused record by record is not sent whole each time."""
    half = len(batch) // 2
    return [part for part in (batch[:half], batch[half:]) if part]
