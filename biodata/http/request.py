"""What is sent and what comes back: plain values that know nothing of `requests`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar
from urllib.parse import quote, unquote

import msgspec

from biodata.errors import ProtocolError, QueryError
from biodata.http.sending import Pieces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

T = TypeVar("T")
Pairs = tuple[tuple[str, str], ...]

_REPLAYABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_MASK = "…"
_WORD = re.compile(r"[A-Za-z_]+|\d{1,4}")
FORM = "application/x-www-form-urlencoded"
"""The media type of a form in a body."""


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds to wait: for a connection, and for the next bytes of an answer."""

    connect: float = 10.0
    read: float = 120.0


class RequestOptions(TypedDict, total=False):
    """The optional fields of `Request`, for its constructors."""

    params: Pairs
    headers: Pairs
    idempotent: bool | None
    timeouts: Timeouts | None
    anonymous: bool
    label: str | None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request, relative to a session's base URL; picklable, and without a secret of the session.

    Attributes:
        method: in capitals.
        path: relative to the base URL and already percent-encoded (see `quote_segment`).
        params: query parameters in order, not encoded; a name may stand more than once.
        headers: further headers; the session adds the token's.
        body: the bytes to send, or the files that hold them.
        content_type: of the body.
        idempotent: whether the request may be sent again when its answer is lost; None: as HTTP says
            of the method (POST and PATCH may not).
        timeouts: in place of the session's.
        anonymous: send no token: for a login itself.
        label: the path to show in messages where the path holds a value: `api/v1/ASE/{id}`.

    Raises:
        QueryError: the path holds a `.` or `..` segment, which would address something else.
    """

    method: str
    path: str
    params: Pairs = ()
    headers: Pairs = ()
    body: bytes | Pieces | None = None
    content_type: str | None = None
    idempotent: bool | None = None
    timeouts: Timeouts | None = None
    anonymous: bool = False
    label: str | None = None

    def __post_init__(self) -> None:
        for segment in self.path.split("/"):
            _refuse_dots(segment)

    def __repr__(self) -> str:
        return f"<Request {self.describe()}>"

    @classmethod
    def json(cls, method: str, path: str, payload: Any, **options: Unpack[RequestOptions]) -> Request:
        """A request whose body is `payload` as JSON."""
        body = msgspec.json.encode(payload)
        return cls(method=method, path=path, body=body, content_type="application/json", **options)

    @property
    def replayable(self) -> bool:
        """Whether it may be sent again when nobody knows if the first one arrived."""
        return self.method in _REPLAYABLE if self.idempotent is None else self.idempotent

    @property
    def target(self) -> str:
        """The encoded path and query, without a leading slash."""
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in self.params)
        return self.path.lstrip("/") + (f"?{query}" if query else "")

    @property
    def line(self) -> str:
        """The whole request in one line, readable: parameters and a form's fields as they are before encoding."""
        query = "&".join(f"{name}={value}" for name, value in self.params)
        body = self.body.decode("utf-8", "replace") if isinstance(self.body, bytes) else ""
        shown = unquote(body) if self.content_type == FORM else body
        return f"{self.method} /{self.path.lstrip('/')}" + (query and f"?{query}") + (shown and f" {shown}")

    def values(self) -> Iterator[Any]:
        """What of it may be a record's, to be masked in what the platform says to it; nothing of a login.

        The JSON body, the segments that a label hides, and what stands in the query, mere words and pages aside.
        """
        if self.anonymous:
            return
        hidden = set(self.path.split("/")) - set(self.label.split("/")) if self.label is not None else ()
        for text in (*map(unquote, hidden), *(value for _, value in self.params)):
            yield from (part for part in {text, *text.split(",")} if not _WORD.fullmatch(part))
        if self.content_type == "application/json" and isinstance(self.body, bytes):
            yield msgspec.json.decode(self.body)

    def describe(self) -> str:
        """One line without any value: `GET /api/v2/ASE?num=…`."""
        query = "&".join(f"{name}={_MASK}" for name, _ in self.params)
        path = (self.path if self.label is None else self.label).lstrip("/")
        return f"{self.method} /{path}" + (f"?{query}" if query else "")


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """One whole answer.

    Attributes:
        status: the HTTP status.
        headers: names in lower case.
        body: unpacked bytes; empty for a stream that is still to be read.
        url: the address that answered, after redirects; it may hold values, so it is not for messages.
        elapsed: seconds from the start of the request to the end of the body.
        request: what was asked, as `Request.describe()` says it.
    """

    status: int
    headers: dict[str, str] = {}
    body: bytes = b""
    url: str = ""
    elapsed: float = 0.0
    request: str = ""

    @property
    def content_type(self) -> str:
        """The media type in lower case without its parameters; empty when it is not said."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as UTF-8; what is not UTF-8 becomes U+FFFD."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ProtocolError: it is something else; the message gives its media type, not its text.
        """
        return self.decode(Any)

    def decode(self, kind: type[T] | Any) -> T:
        """The body as JSON of the type `kind`, as msgspec does it.

        Raises:
            ProtocolError: not JSON, or JSON of another shape; the message has no values.
        """
        try:
            decoded: T = msgspec.json.decode(self.body, type=kind)
        except msgspec.ValidationError as error:
            raise self._unreadable(f"is JSON of an unexpected shape ({error})") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self._unreadable(self._other_form()) from None
        return decoded

    def _other_form(self) -> str:
        if self.content_type.endswith("json"):
            return "is JSON that is cut off or broken"
        return f"is not JSON but {self.content_type or 'of no stated type'}"

    def _unreadable(self, what: str) -> ProtocolError:
        asked = self.request or "the request"
        return ProtocolError(
            f"The answer to {asked} (HTTP {self.status}, {len(self.body)} bytes) {what}",
            status=self.status,
            code="BD-REMOTE-FORMAT",
            hint="Check that the profile's url is the platform's own address and not a proxy or a login page",
        )


def quote_segment(value: str) -> str:
    """One path segment, percent-encoded (`/` too).

    Raises:
        QueryError: an empty value, `.` or `..`: the address would mean something else.
    """
    if not value:
        raise QueryError("An empty key cannot stand in an address", code="BD-QUERY-KEY")
    _refuse_dots(value)
    return quote(value, safe="")


def _refuse_dots(segment: str) -> None:
    if segment.lower().replace("%2e", ".") in {".", ".."}:
        raise QueryError("A key that is only dots cannot stand in an address", code="BD-QUERY-KEY")
