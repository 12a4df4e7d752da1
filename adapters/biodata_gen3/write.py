"""Writing: batches of at most 100 records, each one transaction of the server (protocols/gen3.md, b).

A PUT merges: properties that are not sent stay, an explicit null clears. Required properties and links must be
sent every time, so that what is there is read first; links can be set and added to, never moved or removed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import BatchRefused, BatchTooLarge
from biodata.errors import ProtocolError, Unavailable, Unsupported
from biodata.http import Request
from biodata.receipts import Outcome
from biodata.records.types import Reference, element
from biodata_gen3.compare import changes_of, compared
from biodata_gen3.refusals import NotThere, Race, refusal
from biodata_gen3.schema import ID

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from biodata.adapter import WriteBatch
    from biodata.http import HttpSession, Response
    from biodata.receipts import Status
    from biodata.records.types import Field, Record, Schema
    from biodata_gen3.catalog import NodeType
    from biodata_gen3.read import Reader
    from biodata_gen3.server import Project

__all__ = ["BATCH", "Writer", "document"]

BATCH = 100
"""Records of a transaction: 100 ids fit into the line of a DELETE (protocols/gen3.md, b: Sizes)."""

_LONGEST_LINE = 4000
_UUID_AND_COMMA = 37
_TRIES = 3
_REFUSED, _TOO_LARGE = 400, 413
_ACTIONS: dict[Any, Status] = {"create": "created", "update": "updated"}


class Writer:
    """Writes to the tables of one project."""

    def __init__(self, session: HttpSession, project: Project, reader: Reader) -> None:
        self._session = session
        self._project = project
        self._reader = reader

    def write(self, batch: WriteBatch, node: NodeType) -> list[Outcome]:
        """Send a batch.

        Raises:
            BatchRefused: nothing of it was written.
            PermissionDenied: this user may not write, or the project's state does not let anybody.
        """
        if not node.writable:
            raise Unsupported(
                f"Table '{node.label}' cannot be written", code="BD-UNSUPPORTED-WRITE", table=node.label
            )
        if batch.operation == "delete":
            return self._delete(batch)
        if batch.operation == "add":
            return self._add(batch)
        return self._merge(batch, node)

    # add ---------------------------------------------------------------------------------------------------------

    def _add(self, batch: WriteBatch) -> list[Outcome]:
        docs = [document(batch.schema, record, record) for record in batch.records]
        return self._submit("POST", batch, docs, list(range(len(docs))))

    # update and upsert -------------------------------------------------------------------------------------------

    def _merge(self, batch: WriteBatch, node: NodeType) -> list[Outcome]:
        """Somebody may make a record between our look and our PUT, and then the server refuses it: look again."""
        for _ in range(_TRIES - 1):
            try:
                return self._merge_once(batch, node)
            except Race:
                continue
        return self._merge_once(batch, node)

    def _merge_once(self, batch: WriteBatch, node: NodeType) -> list[Outcome]:
        schema = batch.schema
        stored = self._stored(batch, node.resent)
        docs: list[dict[str, Any]] = []
        sent: list[int] = []
        said: dict[int, str] = {}
        outcomes: dict[int, Outcome] = {}
        for index, record in enumerate(batch.records):
            key = batch.key(index)
            present = stored.get(key)
            if present is None:
                if batch.operation == "update":
                    raise BatchRefused("there is no record with this key", code="BD-NOT-FOUND", index=index)
                changes, again = record, {}
            else:
                found = compared(schema, record, present)
                if found.refusal is not None:
                    found.refusal.index = index
                    raise found.refusal
                changes = found.changes
                again = {name: present[name] for name in node.resent}
                if not changes:
                    outcomes[index] = Outcome(batch.rows[index], "unchanged", key, present[ID])
                    continue
            docs.append(document(schema, {**again, **changes, str(schema.key): key}, changes))
            sent.append(index)
            said[index] = _sent_again(again.keys() - changes.keys())
        outcomes |= dict(zip(sent, self._submit("PUT", batch, docs, sent) if docs else (), strict=True))
        ordered = [outcomes[index] for index in range(len(batch.records))]
        return [msgspec.structs.replace(one, message=said.get(at, "")) for at, one in enumerate(ordered)]

    def _stored(self, batch: WriteBatch, more: Sequence[str] = ()) -> dict[Any, Record]:
        keys = [batch.key(index) for index in range(len(batch.records))]
        names = tuple(dict.fromkeys((*more, *(name for record in batch.records for name in record))))
        found = self._reader.fetch(batch.schema, keys, names)
        return {batch.schema.key_of(record): record for record in found}

    # one transaction ---------------------------------------------------------------------------------------------

    def _submit(self, method: str, batch: WriteBatch, docs: list[dict[str, Any]], sent: list[int]) -> list[Outcome]:
        try:
            response = self._session.send(Request.json(method, self._project.path(), docs))
        except Unavailable as error:
            if len(docs) == 1 or error.maybe_sent is False or (method == "POST" and error.status is None):
                raise
            return self._after_failure(error, method, batch, sent)
        if response.status == _TOO_LARGE and len(docs) > 1:
            raise _too_large(batch)
        if response.status >= _REFUSED:
            raise refusal(response, batch, sent)
        return self._outcomes(response, batch, sent)

    def _after_failure(self, error: Unavailable, method: str, batch: WriteBatch, sent: list[int]) -> list[Outcome]:
        """The server fell over a transaction, mostly by its time limit: all of it is there, or none.

        What a PUT did the next one finds done. A POST is looked up; records of these keys with other values were
        there before, and then what became of it is not known.

        Raises:
            BatchTooLarge: nothing of it is there.
        """
        if method != "POST":
            raise _too_large(batch) from error
        stored = self._stored(batch)
        if not stored:
            raise _too_large(batch) from error
        found = {at: stored.get(batch.key(at)) for at in sent}
        there = {at: one for at, one in found.items() if one and not changes_of(batch.schema, batch.records[at], one)}
        if len(there) < len(sent):
            raise error
        lost = "the answer was lost, and the record is there"
        return [Outcome(batch.rows[at], "created", batch.key(at), one[ID], message=lost) for at, one in there.items()]

    @staticmethod
    def _outcomes(response: Response, batch: WriteBatch, sent: list[int]) -> list[Outcome]:
        """One for each record, by the report: a success may have changed nothing (protocols/gen3.md, fact 3)."""
        report: _Uploaded = response.decode(_Uploaded)
        counted = report.created_entity_count + report.updated_entity_count
        actions = [_ACTIONS.get(one.action) for one in report.entities]
        if len(actions) != len(sent) or counted != len(sent) or None in actions:
            raise _short(batch, "written", counted, len(sent))
        return [
            Outcome(batch.rows[index], action or "unknown", batch.key(index), one.id)
            for index, action, one in zip(sent, actions, report.entities, strict=True)
        ]

    # delete ------------------------------------------------------------------------------------------------------

    def _delete(self, batch: WriteBatch) -> list[Outcome]:
        keys = [batch.key(index) for index in range(len(batch.records))]
        found = self._reader.fetch(batch.schema, keys, ())
        ids = {batch.schema.key_of(one): str(one[ID]) for one in found}
        there = [index for index, key in enumerate(keys) if key in ids]
        room = _LONGEST_LINE - len(self._session.base_url) - len(self._project.path("entities"))
        size = max(1, room // _UUID_AND_COMMA)
        for start in range(0, len(there), size):
            self._delete_some(batch, there[start : start + size], ids)
        return [
            Outcome(row, "deleted" if key in ids else "unchanged", key, ids.get(key))
            for row, key in zip(batch.rows, keys, strict=True)
        ]

    def _delete_some(self, batch: WriteBatch, indexes: list[int], ids: dict[Any, str]) -> None:
        """A request that came twice finds some gone: the rest is asked for again, without them."""
        wanted = [ids[batch.key(index)] for index in indexes]
        while wanted:
            path = self._project.path("entities", ",".join(wanted))
            label = self._project.path("entities", "{ids}")
            response = self._session.send(Request(method="DELETE", path=path, label=label))
            if response.status < _REFUSED:
                report: _Deleted = response.decode(_Deleted)
                if report.deleted_entity_count != len(wanted):
                    raise _short(batch, "deleted", report.deleted_entity_count, len(wanted))
                return
            try:
                raise refusal(response, batch, indexes, ids)
            except NotThere as gone:
                wanted = [one for one in wanted if one not in gone.ids]


def _too_large(batch: WriteBatch) -> BatchTooLarge:
    message = f"The commons does not get done with {len(batch.records)} records at once"
    return BatchTooLarge(message, table=batch.schema.table)


class _Written(msgspec.Struct):
    action: str | None = None
    id: str | None = None


class _Uploaded(msgspec.Struct):
    """The report of an upload that was taken."""

    created_entity_count: int
    updated_entity_count: int
    entities: list[_Written]


class _Deleted(msgspec.Struct):
    """The report of a deletion that was done."""

    deleted_entity_count: int


def _sent_again(names: Collection[str]) -> str:
    """What the receipt says of fields that a PUT must hold whether they change or not (protocols/gen3.md, fact 4)."""
    return f"sent again as they were, which the commons demands: {', '.join(sorted(names))}" if names else ""


def _short(batch: WriteBatch, done: str, counted: int, sent: int) -> ProtocolError:
    message = f"The commons reports {counted} records {done} of {sent}"
    return ProtocolError(message, code="BD-REMOTE-SHORT", table=batch.schema.table)


# --- records as documents ------------------------------------------------------------------------------------------


def document(schema: Schema, values: Record, given: Record) -> dict[str, Any]:
    """A record as sheepdog takes it; null only where it was given, to clear."""
    doc: dict[str, Any] = {"type": schema.table}
    for name, value in values.items():
        field = schema[name]
        empty = value is None or value == []
        if name == ID or (empty and (field.options.get("link") or name not in given)):
            continue
        doc[name] = None if empty else _encoded(field, value)
    return doc


def _encoded(field: Field, value: Any) -> Any:
    type_ = element(field.type)
    if isinstance(type_, Reference):
        key = "code" if type_.table == "project" else "submitter_id"
        return [{key: one} for one in value] if isinstance(value, list) else {key: value}
    return [_plain(one) for one in value] if isinstance(value, list) else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
