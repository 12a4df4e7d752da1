"""Writing: batches of at most 1000 records, each one transaction of the server (protocols/molgenis.md, b1).

A partial update cannot be sent as rows: the server's PUT of a row replaces it whole (h1). It goes field by field
(`PUT /api/v2/{table}/{field}`, a batch each), or record by record (`PATCH /api/data/{table}/{id}`, c) where that
is fewer requests and the values are plain.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import BatchRefused
from biodata.errors import BiodataError, RemoteError
from biodata.http import Request, was_maybe_sent
from biodata.receipts import Outcome
from biodata.records.types import Boolean, Date, DateTime, File, Float, Integer, List, Reference, String
from biodata.records.uploads import brings_file, is_upload
from biodata_molgenis.errors import UNKNOWN_ROW
from biodata_molgenis.read import fetch
from biodata_molgenis.refusals import refusal
from biodata_molgenis.render import EXACT_FLOAT, text_of
from biodata_molgenis.server import refuse_stranger, table_path
from biodata_molgenis.uploads import add_request, check_files, key_of_answer, update_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from biodata.adapter import ListMode, WriteBatch
    from biodata.http import HttpSession, Response
    from biodata.records.types import Field, Key, Record, Schema

__all__ = ["BATCH", "entity", "send", "write"]

BATCH = 1000
"""The server's limit for one batch (protocols/molgenis.md, b1)."""

_REFUSED = 400
_NOTHING: tuple[Any, ...] = (None, [], "")
_PLAIN = (String, Integer, Float, Boolean, Date, DateTime)


def write(session: HttpSession, batch: WriteBatch) -> list[Outcome]:
    """Send a batch.

    Raises:
        BatchRefused: nothing of it was written.
        PermissionDenied: the user may not write to the table.
    """
    if batch.operation == "add":
        return _add(session, batch)
    if batch.operation == "update":
        return _Update(session, batch).run()
    return _delete(session, batch)


def send(session: HttpSession, request: Request, schema: Schema, records: Sequence[Record]) -> Response:
    """Send a write that holds these records, and see that the server took it.

    Raises:
        BatchRefused: nothing of it was written.
        BiodataError: as `refusal`.
    """
    response = session.send(request)
    if response.status >= _REFUSED:
        raise refusal(response, schema, records)
    refuse_stranger(request, response, schema.table)
    return response


def _encoded(value: Any) -> Any:
    """A value as JSON that the server reads without loss (protocols/molgenis.md, f); a file's name keeps it (a6)."""
    if isinstance(value, dict):
        return value["filename"]
    if isinstance(value, list):
        return list(map(_encoded, value))
    if isinstance(value, datetime | date):
        return text_of(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT_FLOAT:
        return str(value)
    return value


def _cleared(field: Field) -> Any:
    return [] if isinstance(field.type, List) else None


# --- add ---------------------------------------------------------------------------------------------------


class _Created(msgspec.Struct):
    href: str


class _Resources(msgspec.Struct):
    resources: list[_Created]


def _add(session: HttpSession, batch: WriteBatch) -> list[Outcome]:
    check_files(batch.schema, dict(enumerate(batch.records)))
    form = brings_file(batch.records[0])
    request = add_request(batch.schema, batch.records[0]) if form else _batch_request(batch)
    try:
        response = send(session, request, batch.schema, batch.records)
    except BiodataError as error:
        if not was_maybe_sent(error):
            raise
        return _look_up(session, batch, error)
    keys = [key_of_answer(batch.schema, response)] if form else _keys(batch, response)
    return [Outcome(row, "created", key) for row, key in zip(batch.rows, keys, strict=True)]


def _batch_request(batch: WriteBatch) -> Request:
    entities = [entity(batch.schema, record) for record in batch.records]
    return Request.json("POST", table_path("v2", batch.schema.table), {"entities": entities})


def entity(schema: Schema, record: Record) -> dict[str, Any]:
    """The record as JSON; null stays null, which keeps the server's default away, unless the field is generated."""
    filled = {name: value for name, value in record.items() if value is not None or not schema[name].generated}
    return {name: _encoded(_cleared(schema[name]) if value is None else value) for name, value in filled.items()}


def _keys(batch: WriteBatch, response: Response) -> list[Key]:
    given = [batch.key(index) for index in range(len(batch.records))]
    if None not in given:
        return given
    from urllib.parse import unquote

    answer: _Resources = response.decode(_Resources)
    made = [unquote(one.href.rpartition("/")[2]) for one in answer.resources]
    whole = isinstance(batch.schema[str(batch.schema.key)].type, Integer)
    generated = [int(key) if whole else key for key in made]
    return [one if one is not None else other for one, other in zip(given, generated, strict=True)]


def _look_up(session: HttpSession, batch: WriteBatch, lost: BiodataError) -> list[Outcome]:
    """What became of a batch whose answer was lost: a record that is there now, and as it was given, is created.

    Raises:
        RemoteError: `lost`, when the server cannot be asked either.
    """
    schema = batch.schema
    names = list(dict.fromkeys(name for record in batch.records for name in record))
    keys = [key for index in range(len(batch.records)) if (key := batch.key(index)) is not None]
    try:
        there = {schema.key_of(record): record for record in fetch(session, schema, keys, names)}
    except RemoteError:
        raise lost from None
    return [
        _judged(row, batch.key(index), record, there.get(batch.key(index)))
        for index, (row, record) in enumerate(zip(batch.rows, batch.records, strict=True))
    ]


def _judged(row: int, key: Key, given: Record, stored: Record | None) -> Outcome:
    kept = {name: value for name, value in given.items() if not is_upload(value)}
    if stored is not None and all(_same(stored[name], value) for name, value in kept.items()):
        return Outcome(row, "created", key)
    reason = "the answer was lost, and the record is not there" if stored is None else "the answer was lost"
    return Outcome(row, "unknown", key, code="BD-WRITE-UNKNOWN", message=reason)


def _same(stored: Any, given: Any) -> bool:
    """Whether the server keeps a value as what is there; an empty text is kept as null (f, h16)."""
    return bool(stored == given) or (stored in _NOTHING and given in _NOTHING)


# --- update ------------------------------------------------------------------------------------------------


class _Update:
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
        if any(map(brings_file, pending.values())):
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
        if batch.compared and not any(value == "" for record in batch.records for value in record.values()):
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
        mode, fields = self._batch.list_mode, self._schema.by_name
        wanted = {name: _merged(stored[name], value, mode) for name, value in given.items()}
        return {name: value for name, value in wanted.items() if not _kept(fields[name], stored[name], value)}

    def _refuse(self, index: int, code: str, message: str, field: str | None = None) -> None:
        written = self._written.get(index)
        rest = f" (changed before that: {', '.join(written)})" if written else ""
        row, key = self._batch.rows[index], self._batch.key(index)
        self._outcomes[index] = Outcome(row, "refused", key, code=code, message=message + rest, field=field)

    # the record that brings a file: its row read, and sent whole

    def _form(self, pending: Mapping[int, Record]) -> None:
        for index, values in pending.items():
            key = self._batch.key(index)
            if not _in_path(key):
                raise BatchRefused(
                    "a file cannot be sent to a record with a slash, % or ; in its key",
                    code="BD-WRITE-FILE",
                    index=index,
                )
            stored = next(iter(fetch(self._session, self._schema, [key], self._schema.names)), None)
            if stored is None:
                raise BatchRefused("no record has this key", code="BD-NOT-FOUND", index=index)
            request = update_request(self._schema, stored | values)
            send(self._session, request, self._schema, [self._batch.records[index]])

    # record by record: one request each, atomic

    def _by_record(self, pending: Mapping[int, Record]) -> bool:
        fields = {name for values in pending.values() for name in values}
        plain = all(isinstance(self._schema[name].type, _PLAIN) for name in fields)
        safe = all(_in_path(self._batch.key(index)) for index in pending)
        small = all(_exact(value) for values in pending.values() for value in values.values())
        return plain and safe and small and len(pending) < len(fields)

    def _patch(self, index: int, values: Record) -> None:
        body = {name: _encoded(value) for name, value in values.items()}
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
        values = [_cleared(field) if pending[index][name] is None else pending[index][name] for index in indexes]
        entities = [
            {key: _encoded(self._batch.key(index)), name: _encoded(value)}
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


def _merged(stored: Any, given: Any, mode: ListMode) -> Any:
    """What a list becomes: the elements given in its place, added to it, or taken from it."""
    if mode == "replace" or not isinstance(stored, list):
        return given
    given = given or []
    if mode == "add":
        return [*stored, *(one for one in dict.fromkeys(given) if one not in stored)]
    return [one for one in stored if one not in given]


def _kept(field: Field, stored: Any, given: Any) -> bool:
    """Whether a value is there already: a file by its id or its name, the back side of a reference in any order."""
    if isinstance(field.type, File) and stored is not None and not is_upload(given):
        known = stored["filename"] if isinstance(given, str) else stored["id"]
        return bool(known == (given.get("id") if isinstance(given, dict) else given))
    if field.options.get("type") == "one_to_many":
        return set(stored or ()) == set(given or ())
    return _same(stored, given)


def _in_path(key: Key) -> bool:
    """Whether a key can stand in a path: the server's container refuses an encoded slash or backslash (h17)."""
    text = text_of(key)
    return bool(text.strip(". ")) and not set(text) & set("/\\;%")


def _exact(value: Any) -> bool:
    return not isinstance(value, int) or abs(value) <= EXACT_FLOAT


def _risky(field: Field) -> bool:
    return field.unique or isinstance(field.type, Reference | List) or "not_null" in field.options


# --- delete ------------------------------------------------------------------------------------------------


def _delete(session: HttpSession, batch: WriteBatch) -> list[Outcome]:
    schema = batch.schema
    keys = [batch.key(index) for index in range(len(batch.records))]
    there = {schema.key_of(record) for record in fetch(session, schema, keys, ())}
    found = [record for record in batch.records if schema.key_of(record) in there]
    if found:
        body = {"entityIds": [text_of(schema.key_of(record)) for record in found]}
        try:
            send(session, Request.json("DELETE", table_path("v2", schema.table), body), schema, found)
        except BatchRefused as refused:
            index = None if refused.index is None else batch.records.index(found[refused.index])
            raise BatchRefused(refused.message, code=refused.code, index=index, field=refused.field) from None
    return [
        Outcome(row, "deleted" if key in there else "unchanged", key)
        for row, key in zip(batch.rows, keys, strict=True)
    ]
