"""Writing: a POST for each new record, updates of the same changes together, deletes by up to 100 ids.

An answer may be half done: single records stand in its events, the others are written (section 3).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import BiodataError, Unsupported
from biodata.http import Request, quote_segment, was_maybe_sent
from biodata.references import chunks
from biodata_opencga.administration import USERS, VARIABLE_SETS
from biodata_opencga.annotations import ANNOTATIONS
from biodata_opencga.answers import opened, received
from biodata_opencga.arrivals import ANNOTATION_SETS, as_shown, is_as_asked, is_as_given
from biodata_opencga.bodies import Unwritable, for_add, for_update
from biodata_opencga.catalogue import study_in_path
from biodata_opencga.compare import lost, taken_away
from biodata_opencga.outcomes import Outcomes
from biodata_opencga.read import fetch
from biodata_opencga.render import NO_VALUE, plain
from biodata_opencga.tables import table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.adapter import WriteBatch
    from biodata.http import HttpSession, Response
    from biodata.receipts import Outcome, Status
    from biodata.records.types import Key, Record
    from biodata_opencga.bodies import Body

__all__ = ["write"]

_ERROR = 400
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def write(session: HttpSession, study: str | None, batch: WriteBatch) -> list[Outcome]:
    """Send a batch; an outcome for each record.

    Raises:
        PermissionDenied: the user may do none of it.
        BiodataError: it broke off; `error.receipt` has the outcomes that are known.
    """
    writer = _Writer(session, study, batch)
    work = {"add": writer.add, "update": writer.update, "delete": writer.delete}[batch.operation]
    try:
        work()
    except BiodataError as error:
        error.receipt = writer.broken_off(error)
        raise
    return writer.outcomes()


class _Writer(Outcomes):
    """One batch on its way."""

    def __init__(self, session: HttpSession, study: str | None, batch: WriteBatch) -> None:
        super().__init__(batch)
        self._session = session
        self._resource = table_of(self._table)
        self._study_name = study
        self._study = (("study", study),) if study is not None and self._resource.searched else ()

    # add -------------------------------------------------------------------------------------------------------

    def add(self) -> None:
        """One POST for each record."""
        for index, record in enumerate(self._batch.records):
            try:
                body = for_add(self._batch.schema, record)
            except Unwritable as no:
                self._note(index, "refused", no.code, no.message, field=no.field)
            else:
                self._add(index, record, body)

    def _add(self, index: int, record: Record, body: Body) -> None:
        try:
            response = self._send([index], self._create(body))
        except BiodataError as error:
            if not was_maybe_sent(error):
                raise
            self._look_up(index, record)
            return
        if response.status >= _ERROR:
            self._refused([index], response, opened(response))
            return
        made = received(response, self._table).result.results
        first = made[0] if made and isinstance(made[0], dict) else {}
        key = first.get(self._resource.key) or self._batch.key(index)
        self._note(index, "created", key=key, id=first.get("uuid"))

    def _create(self, body: Body) -> Request:
        if self._resource is VARIABLE_SETS:
            return self._variable_set("ADD", body.content)
        shown = (("includeResult", "true"), ("include", "id,uuid")) if self._resource is not USERS else ()
        path = f"{self._resource.root}/create"
        return Request.json("POST", path, body.content, params=(*self._study, *body.params, *shown))

    def _variable_set(self, action: str, content: dict[str, Any]) -> Request:
        study = study_in_path(self._session, self._study_name)
        path = f"studies/{quote_segment(study)}/variableSets/update"
        return Request.json("POST", path, content, params=(("action", action),))

    def _look_up(self, index: int, record: Record) -> None:
        """What became of a create whose answer was lost: a record that is there as it was given is created."""
        schema, key = self._batch.schema, self._batch.key(index)
        try:
            there = next(iter(fetch(self._session, self._study_name, schema, [key], list(record))), None)
        except BiodataError:
            self._note(index, "unknown", "BD-WRITE-UNKNOWN", "the answer was lost, and it could not be looked up")
            return
        if there is not None and is_as_given(there, record):
            self._note(index, "created")
            return
        reason = "the answer was lost" + (", and the record is not there" if there is None else "")
        self._note(index, "unknown", "BD-WRITE-UNKNOWN", reason)

    # update ----------------------------------------------------------------------------------------------------

    def update(self) -> None:
        """One POST for all records with the same changes."""
        groups: dict[bytes, tuple[Body, list[int]]] = {}
        sets = self._annotation_sets()
        for index, record in enumerate(self._differing()):
            try:
                stored = sets.get(self._batch.key(index))
                body = for_update(self._batch.schema, record, self._batch.list_mode, stored)
            except Unwritable as no:
                self._note(index, "refused", no.code, no.message, field=no.field)
                continue
            if not body.content:
                self._note(index, "unchanged")
                continue
            groups.setdefault(msgspec.json.encode(body), (body, []))[1].append(index)
        for body, indexes in groups.values():
            there = self._possible(indexes)
            if not self._resource.searched:
                there = self._known(there, absent="refused")
            self._update(body, self._without_losses(body, there))

    def _differing(self) -> list[Record]:
        """The records without what only looks different: nulls and blanks in objects are not kept by the server.

        It would make a version of each such update. What is stored is asked for only where there may be some.
        """
        schema, records = self._batch.schema, list(self._batch.records)
        if self._batch.compared:
            return records
        blank = {index: names for index, record in enumerate(records) if (names := self._with_blanks(record))}
        keys = [self._batch.key(index) for index in blank]
        asked = list(dict.fromkeys(name for names in blank.values() for name in names))
        found = fetch(self._session, self._study_name, schema, keys, asked) if keys else ()
        there = {schema.key_of(one): one for one in found}
        for index, names in blank.items():
            stored = there.get(self._batch.key(index))
            if stored is not None:
                so = {name for name in names if is_as_asked(stored, {name: records[index][name]}, self._batch)}
                records[index] = {name: value for name, value in records[index].items() if name not in so}
        return records

    def _with_blanks(self, record: Record) -> list[str]:
        fields = [self._batch.schema[name] for name in record if name != ANNOTATIONS]
        return [field.name for field in fields if as_shown(record[field.name], field) != record[field.name]]

    def _annotation_sets(self) -> dict[Key, list[dict[str, Any]]]:
        """Those that are stored, of the records to be annotated: the server's list of them is written whole."""
        schema = self._batch.schema
        annotated = [index for index, record in enumerate(self._batch.records) if ANNOTATIONS in record]
        keys = [self._batch.key(index) for index in annotated]
        found = fetch(self._session, self._study_name, schema, keys, [ANNOTATION_SETS]) if keys else ()
        return {schema.key_of(one): one[ANNOTATION_SETS] for one in found}

    def _without_losses(self, body: Body, indexes: list[int]) -> list[int]:
        """Those that the server can change as asked: it merges `attributes` and cannot take a key away."""
        schema = self._batch.schema
        merged = [name for name in body.content if schema[name].options.get("merged")]
        if not merged or not indexes or self._batch.compared:
            return indexes
        keys = [self._batch.key(index) for index in indexes]
        there = {schema.key_of(one): one for one in fetch(self._session, self._study_name, schema, keys, merged)}
        kept = []
        for index in indexes:
            stored = there.get(self._batch.key(index), {})
            name = lost(merged, body.content, stored)
            if name is None:
                kept.append(index)
            else:
                self._note(index, "refused", "BD-WRITE-CLEAR", taken_away(name), field=name)
        return kept

    def _update(self, body: Body, indexes: list[int]) -> None:
        for some in chunks(indexes, self._resource.ids):
            self._change(body, some)

    def _change(self, body: Body, indexes: Sequence[int]) -> None:
        """Update some; where the answer was lost only those that are not as asked are sent once more.

        Every update makes a version, so none is repeated blindly.
        """
        try:
            response = self._send(indexes, self._changes(body, indexes))
        except BiodataError as error:
            if not was_maybe_sent(error):
                raise
            indexes = self._not_yet(indexes)
            if not indexes:
                return
            response = self._send(indexes, self._changes(body, indexes))
        self._read(indexes, response, "updated")

    def _changes(self, body: Body, indexes: Sequence[int]) -> Request:
        label = f"{self._resource.root}/{{ids}}/update"
        params = (*self._study, *body.params)
        return Request.json(
            "POST", self._path(indexes, "update"), body.content, params=params, idempotent=False, label=label
        )

    def _not_yet(self, indexes: Sequence[int]) -> list[int]:
        """Those that are not as asked; the others are updated."""
        schema, keys = self._batch.schema, [self._batch.key(index) for index in indexes]
        names = list(dict.fromkeys(name for index in indexes for name in self._batch.records[index]))
        shown = [*names, ANNOTATION_SETS] if ANNOTATIONS in names else names
        there = {schema.key_of(one): one for one in fetch(self._session, self._study_name, schema, keys, shown)}
        left = []
        for index in indexes:
            stored = there.get(self._batch.key(index), {})
            if is_as_asked(stored, self._batch.records[index], self._batch):
                self._note(index, "updated")
            else:
                left.append(index)
        return left

    # delete ----------------------------------------------------------------------------------------------------

    def delete(self) -> None:
        """By ids; of files the server makes a job."""
        done = self._resource.deletes
        if done is None:
            raise Unsupported(f"OpenCGA cannot delete {self._table}", code="BD-UNSUPPORTED-DELETE", table=self._table)
        indexes = self._possible(list(range(len(self._batch.records))), absent="unchanged")
        if done != "hidden":
            indexes = self._known(indexes)
        for some in chunks(indexes, self._resource.ids):
            self._remove(some, done)

    def _remove(self, indexes: Sequence[int], done: Status) -> None:
        """Delete some; where the answer was lost those that are gone are deleted, and the others once more."""
        try:
            response = self._send(indexes, self._removal(indexes))
        except BiodataError as error:
            if not was_maybe_sent(error):
                raise
            left = self._known(list(indexes), absent=done)
            if done == "queued":  # a job may wait for them already
                for index in left:
                    self._note(index, "unknown", "BD-WRITE-UNKNOWN", "the answer was lost, and it is still there")
            if done == "queued" or not left:
                return
            indexes, response = left, self._send(left, self._removal(left))
        self._read(indexes, response, done)

    def _removal(self, indexes: Sequence[int]) -> Request:
        if self._resource is VARIABLE_SETS:
            return self._variable_set("REMOVE", {"id": self._batch.key(indexes[0])})
        label = f"{self._resource.root}/{{ids}}/delete"
        path = self._path(indexes, "delete")
        return Request(method="DELETE", path=path, params=self._study, idempotent=False, label=label)

    def _known(self, indexes: list[int], absent: Status = "unchanged") -> list[int]:
        """Those that are there: the answer would not say."""
        keys = [self._batch.key(index) for index in indexes]
        schema = self._batch.schema
        there = {schema.key_of(one) for one in fetch(self._session, self._study_name, schema, keys, ())}
        for index in indexes:
            if self._batch.key(index) not in there:
                self._absent(index, absent)
        return [index for index in indexes if self._batch.key(index) in there]

    # what all need --------------------------------------------------------------------------------------------

    def _send(self, indexes: Sequence[int], request: Request) -> Response:
        self._under_way = indexes
        return self._session.send(request)

    def _possible(self, indexes: list[int], absent: Status = "refused") -> list[int]:
        """Those whose keys can stand in a path; no record has another one."""
        for index in indexes:
            if not _in_path(self._batch.key(index)):
                self._absent(index, absent)
        return [index for index in indexes if _in_path(self._batch.key(index))]

    def _path(self, indexes: Sequence[int], verb: str) -> str:
        ids = ",".join(quote_segment(str(self._batch.key(index))) for index in indexes)
        return f"{self._resource.root}/{ids}/{verb}"


def _in_path(key: Key) -> bool:
    """Whether the server takes it for an id: a uuid names the record that has it, and mixed with ids it is a 500."""
    return (
        (plain(key) or key == NO_VALUE) and "/" not in key and key.strip(".") != "" and _UUID.fullmatch(key) is None
    )
