"""What a refused transaction means: which record, field and rule (protocols/gen3.md, b: Transaction report)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import BatchRefused
from biodata.errors import BiodataError, PermissionDenied
from biodata.http.redaction import VALUE, mask_values
from biodata_gen3.errors import failure, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biodata.adapter import WriteBatch
    from biodata.http import Response

__all__ = ["NotThere", "Race", "judged", "refusal"]

_CLIENT = 400
_DUPLICATE = "BD-WRITE-DUPLICATE"
_CODES = {
    "MISSING_PROPERTY": "BD-WRITE-REQUIRED",
    "INVALID_VALUE": "BD-WRITE-TYPE",
    "INVALID_NUMERIC": "BD-WRITE-TYPE",
    "INVALID_TYPE": "BD-WRITE-TYPE",
    "INVALID_LINK": "BD-WRITE-REFERENCE",
    "INVALID_PROPERTY": "BD-WRITE-UNKNOWN-FIELD",
    "NOT_UNIQUE": _DUPLICATE,
    "INVALID_PERMISSIONS": "BD-WRITE-REFUSED",
}
_QUOTED = re.compile(r"\b(?:True|False|None)(?= (?:is|does|has) )")
"""A value that a schema's message begins with, and that is too common to be masked everywhere."""

_TEXTS = (
    ("already exists", _DUPLICATE),
    ("is not one of", "BD-WRITE-ENUM"),
    ("Additional properties", "BD-WRITE-UNKNOWN-FIELD"),
)


class Race(BatchRefused):
    """A record that was not there a moment ago is there now (protocols/gen3.md, b: four parallel PUTs)."""


class NotThere(BatchRefused):
    """Some ids of a deletion are not there any more."""

    def __init__(self, ids: frozenset[str]) -> None:
        super().__init__("some are not there any more", code="BD-NOT-FOUND")
        self.ids = ids


class _Dependent(msgspec.Struct):
    type: str = ""


class _Error(msgspec.Struct):
    message: str = ""
    type: str = ""
    keys: list[str] = []
    id: str | None = None
    dependents: list[_Dependent] = []


class _Entity(msgspec.Struct):
    action: str | None = None
    errors: list[_Error] = []
    id: str | None = None
    valid: bool = True


class _Report(msgspec.Struct):
    entities: list[_Entity]
    transactional_errors: list[Any] = []


def refusal(
    response: Response, batch: WriteBatch, sent: list[int], ids: Mapping[Any, str] | None = None
) -> BiodataError:
    """The error of a refused transaction: BatchRefused, when it was the records' fault.

    Args:
        response: the answer, of 400 or more.
        batch: whose values are masked in the message.
        sent: the positions in the batch of the records that were sent, in order.
        ids: for a deletion: key to id.
    """
    report = _report(response)
    if report is None:
        locked = _locked(response, batch.schema.table)
        return locked or failure(response, batch.schema.table, _values(batch))
    if ids is not None:
        return _of_deletion(report, batch, ids)
    return _of_upload(report, batch, sent)


def judged(response: Response, places: Sequence[tuple[WriteBatch, int]]) -> list[BatchRefused | str]:
    """What a dry run says of each record: why it is refused, or what would become of it.

    Args:
        response: the answer, whether the transaction would be taken or not.
        places: the batch of each record that was sent, and its position in it.

    Raises:
        BiodataError: the answer is no report.
    """
    report = _report(response)
    if report is None:
        raise _locked(response, None) or failure(
            response, None, [one for batch, _ in places for one in _values(batch)]
        )
    if len(report.entities) != len(places):
        return [_of_transaction(report, batch) for batch, _ in places]
    whole = "" if not report.transactional_errors else _of_transaction(report, places[0][0])
    return [
        _blame(entity.errors, batch, index) if entity.errors else whole or f"would {entity.action}"
        for entity, (batch, index) in zip(report.entities, places, strict=True)
    ]


def _locked(response: Response, table: str | None) -> PermissionDenied | None:
    if response.status == _CLIENT and "Project is in state" in response.text:
        return PermissionDenied(words(response), code="BD-WRITE-LOCKED", table=table)
    return None


def _report(response: Response) -> _Report | None:
    try:
        return msgspec.json.decode(response.body, type=_Report)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _of_upload(report: _Report, batch: WriteBatch, sent: list[int]) -> BatchRefused:
    """All records that the report blames; one that somebody just made is to be sent again, with the good ones."""
    blamed = [
        _blame(entity.errors, batch, sent[at])
        for at, entity in enumerate(report.entities)
        if entity.errors and at < len(sent)
    ]
    first, *others = (
        [one for one in blamed if not isinstance(one, Race)] or blamed or [_of_transaction(report, batch)]
    )
    first.others = tuple(others)
    return first


def _of_transaction(report: _Report, batch: WriteBatch) -> BatchRefused:
    said = "; ".join(one["message"] if isinstance(one, dict) else str(one) for one in report.transactional_errors)
    code = _DUPLICATE if "not unique" in said else "BD-WRITE-REFUSED"
    return BatchRefused(mask_values(said, _values(batch)) or "no reason given", code=code)


def _blame(errors: list[_Error], batch: WriteBatch, index: int) -> BatchRefused:
    """Code and field are the first error's, the words those of all."""
    error = errors[0]
    code = _CODES.get(error.type) or next(
        (code for text, code in _TEXTS if text in error.message), "BD-WRITE-REFUSED"
    )
    field = error.keys[0].partition(".")[0] if error.keys else None
    field = field if field in batch.schema.by_name else None
    said = "; ".join(dict.fromkeys(one.message.rstrip(".") for one in errors))
    message = mask_values(_QUOTED.sub(VALUE, said), _values(batch))
    kind = Race if code == _DUPLICATE and batch.operation == "upsert" else BatchRefused
    return kind(message, code=code, index=index, field=field)


def _of_deletion(report: _Report, batch: WriteBatch, ids: Mapping[Any, str]) -> BatchRefused:
    errors = [(entity, error) for entity in report.entities for error in entity.errors]
    gone = frozenset(error.id for _, error in errors if error.type == "NOT_FOUND" and error.id is not None)
    if gone:
        return NotThere(gone)
    indexes = {ids[batch.key(index)]: index for index in range(len(batch.records)) if batch.key(index) in ids}
    for entity, error in errors:
        types = ", ".join(sorted({one.type for one in error.dependents}))
        if entity.id in indexes:
            code = "BD-WRITE-REFERENCED" if error.type == "INVALID_LINK" else "BD-WRITE-REFUSED"
            message = f"records of {types} depend on it" if types else error.message
            return BatchRefused(message, code=code, index=indexes[entity.id])
    return BatchRefused("the deletion is refused", code="BD-WRITE-REFUSED")


def _values(batch: WriteBatch) -> list[Any]:
    return [value for record in batch.records for value in record.values()]
