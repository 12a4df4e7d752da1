"""Sending a write, and what its refusal means: which record, which field, which rule.

The server refuses a batch as a whole and names the value at fault, not its position; the codes are those of
protocols/molgenis.md, a5, the texts those of recordings 021 to 038 and 140.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from biodata.adapter import BatchRefused
from biodata.errors import BiodataError, NotFound, RemoteError
from biodata_molgenis.errors import UNKNOWN_ROW, complaints, failure, words
from biodata_molgenis.render import text_of
from biodata_molgenis.server import refuse_stranger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.http import HttpSession, Request, Response
    from biodata.records.types import Record, Schema

__all__ = ["refusal", "send"]

_REFUSED, _SERVER_ERROR = 400, 500

_CODES = {
    "D17": "BD-WRITE-TOO-LONG",
    "D18": "BD-WRITE-READ-ONLY",
    "D19": "BD-WRITE-REFERENCED",
    "D21": "BD-WRITE-REQUIRED",
    "D22": "BD-WRITE-REFERENCED",
    "D23": "BD-WRITE-REFERENCE",
    "D24": "BD-WRITE-DUPLICATE",
    "D25": "BD-WRITE-DUPLICATE",
    "D26": "BD-WRITE-ENUM",
}
_TEXTS = (
    (re.compile(r"less than or equal to \d+ characters"), "BD-WRITE-TOO-LONG"),
    (re.compile(r"For input string|Failed to parse|instead of \[|Invalid \["), "BD-WRITE-TYPE"),
)
_PLACES = (
    re.compile(r"(?s)[Vv]alue '(?P<value>.*)' for (?:unique )?attribute '(?P<field>[^']+)'"),
    re.compile(r"(?s)attribute \[(?P<field>[^\]]+)\] value \[(?P<value>.*)\] as "),
)


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


def refusal(response: Response, schema: Schema, records: Sequence[Record]) -> BiodataError:
    """The error of a write that the server refused: BatchRefused, when it was the records' fault.

    Args:
        response: the answer, of 400 or more.
        schema: of the table.
        records: what was sent, in order; their values are masked in the message.
    """
    first = complaints(response)[0]
    code = _code(first.code, first.message)
    if response.status >= _SERVER_ERROR and code != "BD-WRITE-TYPE":
        return failure(response, schema.table, _values(records))
    other = failure(response, schema.table, _values(records))
    if isinstance(other, NotFound | RemoteError) and code == "BD-WRITE-REFUSED" and first.code != UNKNOWN_ROW:
        return other
    field, index = _place(first.message, schema, records)
    culprits = records if index is None else [records[index]]
    message = words(response, _values(culprits)) or "the server refuses it and gives no reason"
    return BatchRefused(message, code=code, index=index, field=field)


def _code(code: str, message: str) -> str:
    by_text = next((name for pattern, name in _TEXTS if pattern.search(message)), "BD-WRITE-REFUSED")
    return _CODES.get(code[:3], by_text)


def _place(message: str, schema: Schema, records: Sequence[Record]) -> tuple[str | None, int | None]:
    for pattern in _PLACES:
        found = pattern.search(message)
        if found and found["field"] in schema:
            field = found["field"]
            at_fault = [index for index, record in enumerate(records) if _holds(record.get(field), found["value"])]
            return field, at_fault[0] if len(at_fault) == 1 else (0 if len(records) == 1 else None)
    return None, 0 if len(records) == 1 else None


def _holds(value: Any, text: str) -> bool:
    if isinstance(value, list):
        return any(_holds(one, text) for one in value)
    return value is not None and text_of(value) == text


def _values(records: Sequence[Record]) -> list[Any]:
    return [value for record in records for value in record.values()]
