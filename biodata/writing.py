"""`add`, `update`, `upsert` and `delete`: records fitted, batched and sent, each with its outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.adapter import BatchRefused, ListMode, Operation, WriteBatch
from biodata.errors import BiodataError, RemoteError, Unsupported
from biodata.fitting import Misfit, Prepared, fit, same
from biodata.receipts import Outcome, Receipt, Status
from biodata.records.incoming import incoming

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from biodata.records.types import Record, Schema
    from biodata.repository import OnRefused, Repository

__all__ = ["Writer", "write"]


def write(
    repository: Repository,
    operation: Operation,
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
    """
    schema = repository.schema
    _check_possible(repository, schema, lists)
    prepared = (_prepare(schema, row, record, operation) for row, record in enumerate(incoming(records)))
    writer = Writer(repository, operation, on_refused=on_refused, lists=lists, dry_run=dry_run)
    return writer.run(prepared, progress)


def _check_possible(repository: Repository, schema: Schema, lists: ListMode) -> None:
    if not schema.writable:
        raise Unsupported("The table cannot be written", code="BD-UNSUPPORTED-WRITE")
    if lists not in repository.adapter.capabilities.list_modes:
        known = ", ".join(sorted(repository.adapter.capabilities.list_modes))
        raise Unsupported(f"lists='{lists}' is not possible here; possible: {known}", code="BD-UNSUPPORTED-LISTS")


def _prepare(schema: Schema, row: int, record: Record, operation: Any) -> Prepared:
    try:
        return Prepared(row, fit(schema, record, operation))
    except Misfit as misfit:
        return Prepared(row, record, misfit)


class Writer:
    """One write on its way: it sends batches and collects outcomes."""

    def __init__(
        self,
        repository: Repository,
        operation: Operation,
        *,
        on_refused: OnRefused,
        lists: ListMode = "replace",
        dry_run: bool = False,
    ) -> None:
        self._adapter = repository.adapter
        self._schema = repository.schema
        self._operation = operation
        self._isolate = on_refused == "isolate"
        self._lists = lists
        self._dry_run = dry_run
        self._outcomes: list[Outcome] = []
        self._stopped = False

    def run(self, prepared: Iterable[Prepared], progress: Callable[[int], None] | None = None) -> Receipt:
        """Send everything, or everything up to the first refusal."""
        for batch in self._batches(prepared):
            try:
                self._outcomes += self._deal_with(batch)
            except BiodataError as error:
                self._outcomes += [self._broken(one, error) for one in batch]
                error.receipt = self._receipt()
                raise
            if progress is not None:
                progress(len(self._outcomes))
        return self._receipt()

    def _receipt(self) -> Receipt:
        ordered = sorted(self._outcomes, key=lambda outcome: outcome.row)
        return Receipt(self._operation, self._schema.table, tuple(ordered))

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

    def _batch_size(self) -> int:
        can = self._adapter.capabilities
        if self._operation == "upsert" and can.upsert == "composed":
            return max(can.batch_size["add"], can.batch_size["update"])
        return can.batch_size[self._operation]

    def _deal_with(self, batch: list[Prepared]) -> list[Outcome]:
        refused = [self._misfit(one) for one in batch if one.misfit]
        good = [one for one in batch if not one.misfit]
        if self._stopped or self._dry_run or (refused and not self._isolate):
            self._stopped = self._stopped or (bool(refused) and not self._isolate)
            return refused + [self._outcome(one, "not_sent") for one in good]
        if self._operation == "upsert" and self._adapter.capabilities.upsert == "composed":
            sent = self._compose(good)
        else:
            sent = self._send(self._operation, good)
        self._stopped = not self._isolate and any(outcome.status == "refused" for outcome in sent)
        return refused + sent

    def _compose(self, batch: list[Prepared]) -> list[Outcome]:
        """Upsert by looking up: what is new is added, what differs updated, the rest is left alone."""
        there = self._there(batch)
        new, changed, outcomes = [], [], list[Outcome]()
        for one in batch:
            present = there.get(self._schema.key_of(one.record))
            if present is None:
                new.append(_prepare(self._schema, one.row, one.record, "add"))
            elif differing := self._differing(one.record, present):
                changed.append(_prepare(self._schema, one.row, differing, "update"))
            else:
                outcomes.append(self._outcome(one, "unchanged"))
        for operation, part in (("add", new), ("update", changed)):
            outcomes += self._part(operation, part, held=not self._isolate and _any_refused(outcomes))  # type: ignore[arg-type]
        return outcomes

    def _part(self, operation: Operation, part: list[Prepared], *, held: bool) -> list[Outcome]:
        refused = [self._misfit(one) for one in part if one.misfit]
        good = [one for one in part if not one.misfit]
        if held or (refused and not self._isolate):
            return refused + [self._outcome(one, "not_sent") for one in good]
        size, outcomes = self._adapter.capabilities.batch_size[operation], refused
        for start in range(0, len(good), size):
            outcomes = outcomes + self._send(operation, good[start : start + size])
        return outcomes

    def _there(self, batch: list[Prepared]) -> dict[Any, Record]:
        if not batch:
            return {}
        keys = [self._schema.key_of(one.record) for one in batch]
        names = tuple(dict.fromkeys(name for one in batch for name in one.record))
        return {self._schema.key_of(row): row for row in self._adapter.fetch(self._schema, keys, names)}

    def _differing(self, record: Record, present: Record) -> Record:
        keys = self._schema.key_fields
        changed = {
            name: value for name, value in record.items() if name not in keys and not same(value, present.get(name))
        }
        return {**{name: record[name] for name in keys}, **changed} if changed else {}

    def _send(self, operation: Operation, batch: list[Prepared]) -> list[Outcome]:
        if not batch:
            return []
        try:
            return list(self._adapter.write(self._batch(operation, batch)))
        except BatchRefused as refusal:
            return self._refused(operation, batch, refusal)

    def _batch(self, operation: Operation, batch: list[Prepared]) -> WriteBatch:
        return WriteBatch(
            operation=operation,
            schema=self._schema,
            records=tuple(one.record for one in batch),
            rows=tuple(one.row for one in batch),
            list_mode=self._lists,
            compared=self._operation == "upsert" and operation == "update",
        )

    def _refused(self, operation: Operation, batch: list[Prepared], refusal: BatchRefused) -> list[Outcome]:
        if len(batch) == 1:
            return [self._blamed(batch[0], refusal)]
        if refusal.index is not None:
            culprit = batch[refusal.index]
            others = [one for one in batch if one is not culprit]
            rest = self._send(operation, others) if self._isolate else [self._outcome(o, "not_sent") for o in others]
            return [self._blamed(culprit, refusal), *rest]
        if self._isolate:
            half = len(batch) // 2
            return self._send(operation, batch[:half]) + self._send(operation, batch[half:])
        return [self._blamed(one, refusal, among=len(batch)) for one in batch]

    def _blamed(self, one: Prepared, refusal: BatchRefused, among: int = 1) -> Outcome:
        which = f" (one of these {among} records, and the platform does not say which)" if among > 1 else ""
        return self._outcome(one, "refused", refusal.code, refusal.message + which, refusal.field)

    def _misfit(self, one: Prepared) -> Outcome:
        misfit = one.misfit or Misfit("BD-WRITE-REFUSED", "it does not fit the table")
        return self._outcome(one, "refused", misfit.code, misfit.message, misfit.field)

    def _broken(self, one: Prepared, error: BiodataError) -> Outcome:
        if one.misfit:
            return self._misfit(one)
        sent = isinstance(error, RemoteError) and error.maybe_sent is not False
        return self._outcome(one, "unknown" if sent else "not_sent", error.code)

    def _outcome(
        self, one: Prepared, status: Status, code: str = "", message: str = "", field: str | None = None
    ) -> Outcome:
        key = self._schema.key_of(one.record)
        return Outcome(row=one.row, status=status, key=key, code=code, message=message, field=field)


def _any_refused(outcomes: list[Outcome]) -> bool:
    return any(outcome.status == "refused" for outcome in outcomes)
