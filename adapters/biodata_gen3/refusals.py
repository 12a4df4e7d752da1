"""What a refused transaction means: which record, field and rule (protocols/gen3.md, b: Transaction report)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import BatchRefused
from biodata.errors import BiodataError, PermissionDenied
from biodata.http.redaction import mask_values
from biodata_gen3.errors import failure, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biodata.adapter import WriteBatch
    from biodata.http import Response

__all__ = ["NotThere", "Race", "refusal"]

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
        if response.status == _CLIENT and "Project is in state" in response.text:
            return PermissionDenied(words(response), code="BD-WRITE-LOCKED", table=batch.schema.table)
        return failure(response, batch.schema.table, _values(batch))
    if ids is not None:
        return _of_deletion(report, batch, ids)
    return _of_upload(report, batch, sent)


def _report(response: Response) -> _Report | None:
    try:
        return msgspec.json.decode(response.body, type=_Report)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _of_upload(report: _Report, batch: WriteBatch, sent: list[int]) -> BatchRefused:
    for at, entity in enumerate(report.entities):
        if entity.errors and at < len(sent):
            return _blame(entity.errors[0], batch, sent[at])
    said = "; ".join(one["message"] if isinstance(one, dict) else str(one) for one in report.transactional_errors)
    code = _DUPLICATE if "not unique" in said else "BD-WRITE-REFUSED"
    return BatchRefused(mask_values(said, _values(batch)) or "no reason given", code=code)


def _blame(error: _Error, batch: WriteBatch, index: int) -> BatchRefused:
    code = _CODES.get(error.type) or next(
        (code for text, code in _TEXTS if text in error.message), "BD-WRITE-REFUSED"
    )
    field = error.keys[0].partition(".")[0] if error.keys else None
    field = field if field in batch.schema.by_name else None
    message = mask_values(error.message, _values(batch)).rstrip(".")
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
