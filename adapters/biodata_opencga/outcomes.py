"""What became of each record of a batch: answers may be half done (protocols/opencga.md, section 3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from biodata.errors import BiodataError, PermissionDenied
from biodata.http import mask_values, shortened
from biodata.receipts import Outcome, Receipt, Status
from biodata_opencga.answers import code_of, failure, field_of, opened, received, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from biodata.adapter import WriteBatch
    from biodata.http import Response
    from biodata_opencga.answers import Envelope

__all__ = ["Outcomes"]

_ERROR = 400
_REFUSED = frozenset({400, 404, 500})
_UNREADABLE = "text/plain"
_ALREADY = "already updated"
_QUOTED = re.compile(r"'[^']*'")


class Outcomes:
    """Those of one batch, by the position of the record."""

    def __init__(self, batch: WriteBatch) -> None:
        self._batch = batch
        self._table = batch.schema.table
        self._done: dict[int, Outcome] = {}
        self._under_way: Sequence[int] = ()

    def broken_off(self, error: BiodataError) -> Receipt:
        """What was done and what was not sent; of what was under way the error tells."""
        for index in range(len(self._batch.records)):
            if index not in self._done and index not in self._under_way:
                self._note(index, "not_sent", error.code)
        return Receipt(self._batch.operation, self._table, tuple(self._done.values()))

    def outcomes(self) -> list[Outcome]:
        """In the order of the records."""
        return [self._done[index] for index in range(len(self._batch.records))]

    def _note(self, index: int, status: Status, code: str = "", message: str = "", **more: Any) -> None:
        row, key = self._batch.rows[index], more.pop("key", self._batch.key(index))
        self._done[index] = Outcome(row, status, key, code=code, message=message, **more)

    def _absent(self, index: int, status: Status) -> None:
        if status == "refused":
            self._note(index, status, "BD-NOT-FOUND", "no record has this key")
        else:
            self._note(index, status)

    def _read(self, indexes: Sequence[int], response: Response, done: Status) -> None:
        """Outcomes of an answer that may be half done."""
        envelope = opened(response) if response.status >= _ERROR else received(response, self._table)
        problems = {one.id: one.message for one in envelope.result.events if one.type == "ERROR"}
        if response.status >= _ERROR and not problems:
            self._refused(indexes, response, envelope)
            return
        keys = [str(self._batch.key(index)) for index in indexes]
        if not self._done and all(code_of(problems.get(key, "")) == "BD-WRITE-DENIED" for key in keys):
            raise PermissionDenied(self._masked(indexes, envelope), table=self._table)
        same = {one.id for one in envelope.result.events if one.type == "WARNING" and _ALREADY in one.message}
        job = {"id": envelope.result.results[0].get("id")} if done == "queued" and envelope.result.results else {}
        for index, key in zip(indexes, keys, strict=True):
            if key in problems:
                self._problem(index, problems[key], done)
            else:
                self._note(index, "unchanged" if key in same else done, **job)

    def _problem(self, index: int, message: str, done: Status) -> None:
        """A record that an event names; `Missing samples: … not found` may be of one that it refers to."""
        missing = message.startswith("Missing ") and f"'{self._batch.key(index)}' not found" in message
        if missing:
            self._absent(index, "refused" if done == "updated" else "unchanged")
            return
        quiet = _quiet(mask_values(message, self._values([index])))
        self._note(index, "refused", code_of(message), quiet, field=self._field(index, message))

    def _field(self, index: int, message: str) -> str | None:
        return field_of(self._batch.schema, self._batch.records[index], message)

    def _refused(self, indexes: Sequence[int], response: Response, envelope: Envelope) -> None:
        """A call that was refused as a whole: the records' fault, or an error."""
        said = words(envelope)
        code = code_of(said)
        if code == "BD-WRITE-DENIED":
            raise PermissionDenied(self._masked(indexes, envelope), table=self._table)
        of_records = code != "BD-WRITE-REFUSED" or response.content_type == _UNREADABLE
        parameter = any(one.name == "CatalogParameterException" for one in envelope.errors)
        if response.status not in _REFUSED or not (of_records or parameter):
            raise failure(response, self._table, self._values(indexes))
        for index in indexes:
            self._note(index, "refused", code, self._masked(indexes, envelope), field=self._field(index, said))

    def _masked(self, indexes: Sequence[int], envelope: Envelope) -> str:
        return _quiet(words(envelope, self._values(indexes))) or "the server refuses it and gives no reason"

    def _values(self, indexes: Sequence[int]) -> list[Any]:
        return list(_flat(self._batch.records[index] for index in indexes))


def _quiet(message: str) -> str:
    """The message without the ids that the server quotes: they may be those of other records."""
    return shortened(_QUOTED.sub("'…'", message)).rstrip(".")


def _flat(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _flat(one)
    elif isinstance(value, str | int | float | bool) or value is None:
        yield value
    else:
        for one in value:
            yield from _flat(one)
