"""Partial updates: rows cannot be sent for them, since the server's PUT of a row replaces it whole (h1).

They go field by field (`PUT /api/v2/{table}/{field}`, a batch each), or record by record (`PATCH
/api/data/{table}/{id}`, c) where that is fewer requests and the values are plain; a record that brings a file goes
as a form with all that its row has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.adapter import BatchRefused
from biodata.http import Request
from biodata.receipts import Outcome
from biodata.records.types import EXACT_FLOAT, Boolean, Date, DateTime, Float, Integer, List, Reference, String
from biodata.records.uploads import brings_file
from biodata_molgenis.compare import changes_of
from biodata_molgenis.encode import cleared, encoded, merged
from biodata_molgenis.errors import UNKNOWN_ROW
from biodata_molgenis.read import fetch
from biodata_molgenis.refusals import send
from biodata_molgenis.render import text_of
from biodata_molgenis.schema import read_schema
from biodata_molgenis.server import fits_path, table_path
from biodata_molgenis.uploads import check_files, update_request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self

    from biodata.adapter import WriteBatch
    from biodata.http import HttpSession
    from biodata.records.types import Field, Record

__all__ = ["Update"]

_PLAIN = (String, Integer, Float, Boolean, Date, DateTime)


class Update:
    """One batch of partial updates, and how far it has come."""

    def __init__(self, session: HttpSession, batch: WriteBatch) -> None:
        self._session = session
        self._batch = batch
        self._schema = batch.schema
        self._outcomes: dict[int, Outcome] = {}
        self._written: dict[int, list[str]] = {}

    def run(self: Self) -> list[Outcome]:
        """Look up what is there, and send what differs from it."""
        pending = self._pending()
        check_files(self._schema, pending)
        if any(brings_file(self._schema, values) for values in pending.values()):
            self._form(pending)
        elif self._by_record(pending):
            for index, values in pending.items():
                self._patch(index, values)
        else:
            self._by_field(pending)
        for index in pending:
            self._outcomes.setdefault(index, Outcome(self._batch.rows[index], "updated", self._batch.key(index)))
        return [self._outcomes[index] for index in range(len(self._batch.records))]

    def _pending(self) -> dict[int, Record]:
        """Position in the batch to the values that change."""
        batch, schema = self._batch, self._schema
        if batch.compared:
            return {index: self._without_key(record) for index, record in enumerate(batch.records)}
        names = list(dict.fromkeys(name for record in batch.records for name in record))
        keys = [batch.key(index) for index in range(len(batch.records))]
        there = {schema.key_of(record): record for record in fetch(self._session, schema, keys, names)}
        pending: dict[int, Record] = {}
        for index, (key, record) in enumerate(zip(keys, batch.records, strict=True)):
            stored = there.get(key)
            if stored is None:
                raise BatchRefused("no record has this key", code="BD-NOT-FOUND", index=index)
            if changes := self._changes(record, stored):
                pending[index] = changes
            else:
                self._outcomes[index] = Outcome(batch.rows[index], "unchanged", key)
        return pending

    def _without_key(self, record: Record) -> Record:
        return {name: value for name, value in record.items() if name != self._schema.key}

    def _changes(self, given: Record, stored: Record) -> Record:
        wanted = {name: merged(stored[name], value, self._batch.list_mode) for name, value in given.items()}
        return changes_of(self._schema, wanted, stored)

    def _refuse(self, index: int, code: str, message: str, field: str | None = None) -> None:
        written = self._written.get(index)
        rest = f" (changed before that: {', '.join(written)})" if written else ""
        row, key = self._batch.rows[index], self._batch.key(index)
        self._outcomes[index] = Outcome(row, "refused", key, code=code, message=message + rest, field=field)

    # the record that brings a file: its row read, and sent whole

    def _form(self, pending: Mapping[int, Record]) -> None:
        """The schema is read anew: the form would empty a field that the table was given since."""
        schema = read_schema(self._session, self._schema.table)
        for index, values in pending.items():
            stored = next(iter(fetch(self._session, schema, [self._batch.key(index)], schema.names)), None)
            if stored is None:
                raise BatchRefused("no record has this key", code="BD-NOT-FOUND", index=index)
            send(self._session, update_request(schema, stored | values), schema, [self._batch.records[index]])

    # record by record: one request each, atomic

    def _by_record(self, pending: Mapping[int, Record]) -> bool:
        fields = {name for values in pending.values() for name in values}
        plain = all(isinstance(self._schema[name].type, _PLAIN) for name in fields)
        safe = all(fits_path(text_of(self._batch.key(index))) for index in pending)
        small = all(_exact(value) for values in pending.values() for value in values.values())
        return plain and safe and small and len(pending) < len(fields)

    def _patch(self, index: int, values: Record) -> None:
        body = {name: encoded(value) for name, value in values.items()}
        path = table_path("data", self._schema.table, text_of(self._batch.key(index)))
        label = f"api/data/{self._schema.table}/{{id}}"
        request = Request.json("PATCH", path, body, idempotent=True, label=label)
        try:
            send(self._session, request, self._schema, [self._batch.records[index]])
        except BatchRefused as refused:
            gone = refused.code == UNKNOWN_ROW
            self._refuse(index, "BD-NOT-FOUND" if gone else refused.code, refused.message, refused.field)

    # field by field: one request for the whole batch each

    def _by_field(self, pending: Mapping[int, Record]) -> None:
        for name in self._risky_first({name for values in pending.values() for name in values}):
            indexes = [index for index, values in pending.items() if name in values and index not in self._outcomes]
            if not indexes:
                continue
            try:
                self._put(name, indexes, pending)
            except BatchRefused as refused:
                if not self._written:
                    raise
                self._isolate(name, indexes, pending, refused)

    def _risky_first(self, names: set[str]) -> list[str]:
        """What can be refused goes first, while the batch can still be refused as a whole."""
        fields = [self._schema[name] for name in sorted(names)]
        return [field.name for field in sorted(fields, key=lambda field: not _risky(field))]

    def _put(self, name: str, indexes: list[int], pending: Mapping[int, Record]) -> None:
        key, field = str(self._schema.key), self._schema[name]
        values = [cleared(field) if pending[index][name] is None else pending[index][name] for index in indexes]
        entities = [
            {key: encoded(self._batch.key(index)), name: encoded(value)}
            for index, value in zip(indexes, values, strict=True)
        ]
        request = Request.json("PUT", table_path("v2", self._schema.table, name), {"entities": entities})
        try:
            send(self._session, request, self._schema, [self._batch.records[index] for index in indexes])
        except BatchRefused as refused:
            at = None if refused.index is None else indexes[refused.index]
            raise BatchRefused(refused.message, code=refused.code, index=at, field=refused.field or name) from None
        for index in indexes:
            self._written.setdefault(index, []).append(name)

    def _isolate(self, name: str, indexes: list[int], pending: Mapping[int, Record], refused: BatchRefused) -> None:
        """Other fields are written, so the batch cannot be refused any more: find the records at fault here."""
        culprit = indexes[0] if len(indexes) == 1 else refused.index
        half = len(indexes) // 2
        rest = [indexes[:half], indexes[half:]]
        if culprit is not None:
            self._refuse(culprit, refused.code, refused.message, refused.field)
            rest = [[index for index in indexes if index != culprit]]
        for some in filter(None, rest):
            try:
                self._put(name, some, pending)
            except BatchRefused as again:
                self._isolate(name, some, pending, again)


def _exact(value: Any) -> bool:
    return not isinstance(value, int) or abs(value) <= EXACT_FLOAT


def _risky(field: Field) -> bool:
    return field.unique or isinstance(field.type, Reference | List) or "not_null" in field.options
