"""Writing: batches of at most 1000 records, each one transaction of the server (protocols/molgenis.md, b1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.adapter import BatchRefused
from biodata.errors import BiodataError, RemoteError
from biodata.http import Request, was_maybe_sent
from biodata.receipts import Outcome
from biodata.records.types import Integer
from biodata.records.uploads import brings_file, is_upload
from biodata_molgenis.encode import entity, kept
from biodata_molgenis.read import fetch
from biodata_molgenis.refusals import send
from biodata_molgenis.render import text_of
from biodata_molgenis.server import table_path
from biodata_molgenis.update import Update
from biodata_molgenis.uploads import add_request, check_files, key_of_answer

if TYPE_CHECKING:
    from biodata.adapter import WriteBatch
    from biodata.http import HttpSession, Response
    from biodata.records.types import Key, Record, Schema

__all__ = ["BATCH", "write"]

BATCH = 1000
"""The server's limit for one batch (protocols/molgenis.md, b1)."""


def write(session: HttpSession, batch: WriteBatch) -> list[Outcome]:
    """Send a batch.

    Raises:
        BatchRefused: nothing of it was written.
        PermissionDenied: the user may not write to the table.
    """
    if batch.operation == "add":
        return _add(session, batch)
    if batch.operation == "update":
        return Update(session, batch).run()
    return _delete(session, batch)


# --- add ---------------------------------------------------------------------------------------------------


class _Created(msgspec.Struct):
    href: str


class _Resources(msgspec.Struct):
    resources: list[_Created]


def _add(session: HttpSession, batch: WriteBatch) -> list[Outcome]:
    check_files(batch.schema, dict(enumerate(batch.records)))
    form = brings_file(batch.schema, batch.records[0])
    request = add_request(batch.schema, batch.records[0]) if form else _batch_request(batch)
    try:
        response = send(session, request, batch.schema, batch.records)
    except BiodataError as error:
        if not was_maybe_sent(error):
            raise
        return _look_up(session, batch, error)
    keys = [key_of_answer(batch.schema, batch.records[0], response)] if form else _keys(batch, response)
    return [Outcome(row, "created", key) for row, key in zip(batch.rows, keys, strict=True)]


def _batch_request(batch: WriteBatch) -> Request:
    entities = [entity(batch.schema, record) for record in batch.records]
    return Request.json("POST", table_path("v2", batch.schema.table), {"entities": entities})


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
        _judged(schema, row, record, there.get(batch.key(index)))
        for index, (row, record) in enumerate(zip(batch.rows, batch.records, strict=True))
    ]


def _judged(schema: Schema, row: int, given: Record, stored: Record | None) -> Outcome:
    key, plain = schema.key_of(given), {name: value for name, value in given.items() if not is_upload(value)}
    if stored is not None and all(kept(schema[name], stored[name], value) for name, value in plain.items()):
        return Outcome(row, "created", key)
    reason = "the answer was lost, and the record is not there" if stored is None else "the answer was lost"
    return Outcome(row, "unknown", key, code="BD-WRITE-UNKNOWN", message=reason)


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
