"""The server's envelope, and what its refusals mean (protocols/opencga.md, sections 2 and 3).

The status does not tell much: a duplicate is a 500, a missing right of one record a 401, an unknown key a text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import AuthError, BiodataError, NotFound, PermissionDenied, ProtocolError, QueryError, RemoteError
from biodata.http import mask_values, redact, shortened
from biodata.records.types import Reference, element

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata.http import HttpSession, Request, Response
    from biodata.records.types import Field, Record, Schema

__all__ = [
    "Envelope",
    "Event",
    "Result",
    "ask",
    "code_of",
    "failure",
    "field_of",
    "is_denied",
    "is_wrong_login",
    "opened",
    "received",
    "words",
]

_ERROR, _SERVER = 400, 500
_NOT_ALLOWED = frozenset({401, 403})
_CODES = (
    (re.compile(r"already exists|duplicate key", re.IGNORECASE), "BD-WRITE-DUPLICATE"),
    (re.compile(r"^Missing \w+( at \d+)?: .* not found", re.DOTALL), "BD-WRITE-REFERENCE"),
    (re.compile(r"is associated with|is a member of|Could not delete"), "BD-WRITE-REFERENCED"),
    (re.compile(r"Error in identifier"), "BD-WRITE-KEY"),
    (re.compile(r"Unrecognized field|Cannot (de)?serialize|Cannot construct|Unexpected character"), "BD-WRITE-TYPE"),
    (re.compile(r"^(Annotation|Missing required variable|VariableSet) ?", re.MULTILINE), "BD-WRITE-ANNOTATION"),
    (re.compile(r"denied"), "BD-WRITE-DENIED"),
)
_QUOTED = re.compile(r"'([^']*)'")
_ABSENT = re.compile(
    r"Not found or user does not have permissions|^Missing \w+( at \d+)?: .* not found", re.MULTILINE
)
_WRONG_LOGIN = "Incorrect user or password"
_NO_STUDY = re.compile(r"No (study|project) found|More than one study found")


class Event(msgspec.Struct, frozen=True):
    """What the server says beside its results; `id` names a record, or the class of an exception."""

    type: str = ""
    id: str = ""
    name: str = ""
    message: str = ""


class Result(msgspec.Struct):
    """The one element of `responses`."""

    results: list[Any] = []
    events: list[Event] = []
    numMatches: int = -1  # noqa: N815 - the server's names
    numInserted: int = 0  # noqa: N815
    numUpdated: int = 0  # noqa: N815
    numDeleted: int = 0  # noqa: N815


class Envelope(msgspec.Struct):
    """A JSON answer."""

    responses: list[Result] = []
    events: list[Event] = []

    @property
    def result(self) -> Result:
        """The element that every call gives."""
        return self.responses[0] if self.responses else Result()

    @property
    def errors(self) -> list[Event]:
        """What went wrong, of the whole call first."""
        return [one for one in (*self.events, *self.result.events) if one.type == "ERROR"]


def opened(response: Response) -> Envelope:
    """The envelope; a text or a page becomes one error event."""
    try:
        return msgspec.json.decode(response.body, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = response.text.strip()
        title = re.search(r"(?is)<title>(.*?)</title>", text) if text.startswith("<") else None
        said = title[1].strip() if title is not None else text.partition("\n at [Source")[0]
        return Envelope(events=[Event("ERROR", message=said)])


def is_denied(envelope: Envelope) -> bool:
    """Whether a right is missing for some record: a 401 that no new token cures (section 3)."""
    return any("denied" in one.message for one in envelope.errors)


def is_wrong_login(envelope: Envelope) -> bool:
    """Whether user and password are wrong: a 401 that no new token cures, and that locks the account (section 3)."""
    return any(_WRONG_LOGIN in one.message for one in envelope.errors)


def words(envelope: Envelope, values: Iterable[Any] = ()) -> str:
    """What the server says, in one line, without tokens and with `values` masked."""
    said = "; ".join(dict.fromkeys(one.message for one in envelope.errors if one.message))
    return mask_values(redact(said), values).strip().rstrip(".")


def code_of(message: str) -> str:
    """The code of a refused record."""
    return next((code for pattern, code in _CODES if pattern.search(message)), "BD-WRITE-REFUSED")


def field_of(schema: Schema, record: Record, message: str) -> str | None:
    """The field at fault in a refused record: the key, or the one reference to the id that the server quotes."""
    code = code_of(message)
    if code == "BD-WRITE-KEY":
        return schema.key_fields[0]
    if code != "BD-WRITE-REFERENCE":
        return None
    quoted = set(_QUOTED.findall(message))
    named = [name for name, value in record.items() if quoted & _ids(schema[name], value)]
    return named[0] if len(named) == 1 else None


def _ids(field: Field, value: Any) -> set[Any]:
    if not isinstance(element(field.type), Reference):
        return set()
    return set(value) if isinstance(value, list) else {value}


def failure(response: Response, table: str | None = None, values: Iterable[Any] = ()) -> BiodataError:
    """The error that a refused answer to a read means; writes have their own (`write.py`)."""
    envelope = opened(response)
    said = words(envelope, values) or "no reason given"
    message = f"{response.request}: {shortened(said)} (HTTP {response.status})"
    if _NO_STUDY.search(said):
        hint = "Write study: organization@project:study in the profile"
        return NotFound(message, code="BD-NOT-FOUND-STUDY", table=table, hint=hint)
    denied = response.status in _NOT_ALLOWED and "denied" in _QUOTED.sub("", said)
    if denied or is_wrong_login(envelope):
        return (PermissionDenied if denied else AuthError)(message, table=table)
    if _ABSENT.search(said):
        return NotFound(message, table=table)
    if any(one.name.startswith("Catalog") or one.name == "QueryParamException" for one in envelope.errors):
        return QueryError(message, code="BD-QUERY-REFUSED", table=table)
    if response.status >= _SERVER:
        return RemoteError(message, status=response.status, table=table)
    hint = "Is the profile's url that of OpenCGA, with its context path?"
    return ProtocolError(message, status=response.status, table=table, hint=hint)


def ask(session: HttpSession, request: Request, table: str | None = None, values: Iterable[Any] = ()) -> Envelope:
    """Send a request and open its answer.

    Raises:
        BiodataError: the server refuses, with `values` masked in what it says.
    """
    response = session.send(request)
    if response.status >= _ERROR:
        raise failure(response, table, values)
    return received(response, table)


def received(response: Response, table: str | None = None) -> Envelope:
    """The envelope of an answer that was not refused.

    Raises:
        ProtocolError: it is none, but the login page of a proxy, say: nothing was read or written there.
    """
    envelope: Envelope = response.decode(Envelope)
    if not envelope.responses or envelope.errors:
        raise ProtocolError(
            f"The answer to {response.request} (HTTP {response.status}) is none of OpenCGA's",
            status=response.status,
            code="BD-REMOTE-FORMAT",
            table=table,
            hint="Check that the profile's url is the platform's own address and not a proxy or a login page",
        )
    return envelope
