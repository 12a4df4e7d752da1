"""What the server's refusals mean: five forms of body, D-codes, and statuses that mislead.

Sources: protocols/molgenis.md, a5 (statuses and codes), h14 (the forms of a body).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import BiodataError, NotFound, ProtocolError, QueryError, RemoteError
from biodata.http.redaction import VALUE, mask_values, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata.http import Response

__all__ = ["Complaint", "complaints", "failure", "masked", "words"]

UNKNOWN_TABLE = "D01"
UNKNOWN_ROW = "D02"
UNKNOWN_FIELD = "D04"
_CLIENT, _SERVER = 400, 500


class Complaint(msgspec.Struct, frozen=True):
    """One violation, as the server words it.

    Attributes:
        code: the server's own, `D24a`; empty where it gives none.
    """

    message: str
    code: str = ""


class _Error(msgspec.Struct):
    message: str | None = None
    detail: str | None = None
    code: str = ""
    errorCode: str = ""  # noqa: N815 - the server's name


class _Body(msgspec.Struct):
    errors: list[_Error] = []
    detail: str | None = None
    title: str | None = None
    errorCode: str = ""  # noqa: N815 - the server's name


def complaints(response: Response) -> tuple[Complaint, ...]:
    """All that the body says is wrong; one without words where it says nothing.

    Reads `errors[]` of v1 and v2, problem+json with and without `detail`, the importer's plain text, the title of
    a proxy's or container's HTML page, and an empty body.
    """
    text = response.text.strip()
    if text.startswith("<"):
        title = re.search(r"(?is)<title>(.*?)</title>", text)
        return (Complaint(title[1].strip() if title else "a page of HTML"),)
    try:
        body = msgspec.json.decode(response.body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return (Complaint(text),)
    found = tuple(Complaint(one.message or one.detail or "", one.code or one.errorCode) for one in body.errors)
    return found or (Complaint(body.detail or body.title or "", body.errorCode),)


def words(response: Response, values: Iterable[Any] = ()) -> str:
    """What the server says, in one line, with `values` masked."""
    said = "; ".join(dict.fromkeys(filter(None, (one.message for one in complaints(response)))))
    return masked(said, values)


def masked(said: str, values: Iterable[Any] = ()) -> str:
    """The server's words without `values`, and without a record's value where the wording shows that it is one."""
    text = _innermost(said)
    for pattern in _QUOTED:
        text = pattern.sub(rf"\1{VALUE}\2", text)
    return shortened(mask_values(text, values)).strip().rstrip(".")


_QUOTED = (
    re.compile(r"(?s)([Vv]alue ').*(' for )"),
    re.compile(r"(?s)(value \[).*(\] (?:as|for) )"),
    re.compile(r"(?s)(For input string: \").*(\")"),
    re.compile(r"(?s)(entity with '[^']*' ').*(' of type)"),
    re.compile(r"(?s)(with id \[).*(\] because it does not)"),
)


def _innermost(text: str) -> str:
    """The last of the exceptions that Spring nests: those around it repeat the whole query."""
    return text.rpartition("nested exception is ")[2].rpartition("Exception: ")[2] or text


def failure(response: Response, table: str | None = None, values: Iterable[Any] = ()) -> BiodataError:
    """The error that a refused answer to a read means; writes have their own (`write.py`)."""
    code = complaints(response)[0].code
    said = words(response, values) or "no reason given"
    message = f"{response.request}: {said} (HTTP {response.status})"
    if code.startswith(UNKNOWN_TABLE):
        return NotFound("There is no such table", code="BD-NOT-FOUND-TABLE", table=table)
    if code.startswith(UNKNOWN_ROW):
        return NotFound(message, table=table)
    if code.startswith(UNKNOWN_FIELD):
        return QueryError(
            message,
            code="BD-QUERY-FIELD",
            table=table,
            hint="The table has changed since its schema was read: ask for it with refresh=True.",
        )
    if response.status >= _SERVER:
        return RemoteError(message, status=response.status, table=table)
    if response.status == _CLIENT:
        return QueryError(message, code="BD-QUERY-REFUSED", table=table)
    return ProtocolError(message, status=response.status, table=table, hint="Is the profile's url that of MOLGENIS?")
