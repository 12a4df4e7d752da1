"""A request as the routes see it, and the envelope in which every JSON answer goes (section 2)."""

from __future__ import annotations

import io
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import msgspec
from werkzeug.formparser import parse_form_data

from biodata_opencga.sandbox.errors import BadNumber, bad_parameter

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

__all__ = ["Answer", "Ask", "Part", "event"]

MAX_LIMIT = 5000
DEFAULT_LIMIT = 10


class Ask:
    """One request.

    Attributes:
        path: the segments below `/webservices/rest/{version}`, decoded one by one.
        path_params: what the route learnt from the path; echoed in the answer.
    """

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"].replace("HEAD", "GET")
        target = str(environ.get("REQUEST_URI") or environ["PATH_INFO"])
        self.raw_path, _, raw_query = target.partition("?")
        self.segments = [unquote(part) for part in _without_dots(self.raw_path) if part]
        self.query: dict[str, str] = {}
        for name, value in parse_qsl(raw_query, keep_blank_values=True):
            self.query.setdefault(name, value)
        self.body: bytes = environ["wsgi.input"].read()
        self.path_params: dict[str, str] = {}

    def header(self, name: str) -> str | None:
        """A header by name, None when it was not sent."""
        value = self.environ.get(f"HTTP_{name.upper().replace('-', '_')}")
        return None if value is None else str(value)

    @property
    def content_type(self) -> str:
        """The media type of the body; empty when none was sent."""
        return str(self.environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()

    @cached_property
    def form(self) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
        """The fields of a multipart form, and its files as (name, content)."""
        environ = {**self.environ, "wsgi.input": io.BytesIO(self.body), "CONTENT_LENGTH": str(len(self.body))}
        _, fields, files = parse_form_data(environ, stream_factory=lambda *_, **__: io.BytesIO())
        return dict(fields.items()), {name: (part.filename or "", part.read()) for name, part in files.items()}

    def flag(self, name: str) -> bool:
        """A boolean parameter: `true` in any case, and nothing else (section 5)."""
        return self.query.get(name, "").lower() == "true"

    def number(self, name: str, default: int) -> int:
        """A whole number.

        Raises:
            BadNumber: it is none.
        """
        try:
            return int(self.query.get(name) or default)
        except ValueError:
            raise BadNumber from None

    @cached_property
    def window(self) -> tuple[int, int]:
        """(skip, limit) of a search.

        Raises:
            Refusal: 404 for a limit out of range.
        """
        limit = self.number("limit", DEFAULT_LIMIT)
        if limit > MAX_LIMIT:
            raise bad_parameter(f"'limit' value cannot be higher than '{MAX_LIMIT}'.")
        if limit < 0:
            raise bad_parameter(f"'limit' must be a positive value lower or equal to '{MAX_LIMIT}'.")
        return self.number("skip", 0), limit


class Part(msgspec.Struct, kw_only=True):
    """The one response element of an answer.

    Attributes:
        top: events of the whole answer.
        absent: keys of the element that this answer leaves out, `events` or `attributes`.
        content: bytes in place of the envelope: a download.
    """

    results: list[Any] = []
    kind: str = ""
    matches: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    errors: int = 0
    events: list[dict[str, Any]] = []
    top: list[dict[str, Any]] = []
    absent: tuple[str, ...] = ()
    content: bytes | None = None

    @property
    def status(self) -> int:
        """401 where an ERROR event says "denied", 400 where there is another one, else 200 (section 3)."""
        errors = [str(one["message"]) for one in self.events if one["type"] == "ERROR"]
        if any("denied" in message for message in errors):
            return 401
        return 400 if errors else 200

    def element(self, node: dict[str, str]) -> dict[str, Any]:
        """Its JSON."""
        whole = {
            "time": 0,
            "events": self.events,
            "numResults": len(self.results),
            "results": self.results,
            "resultType": self.kind,
            "numMatches": self.matches,
            "numInserted": self.inserted,
            "numUpdated": self.updated,
            "numDeleted": self.deleted,
            "numErrors": self.errors,
            "attributes": {},
            "federationNode": node,
            "numTotalResults": self.matches,
        }
        return {key: value for key, value in whole.items() if key not in self.absent}


class Answer(msgspec.Struct, frozen=True):
    """Status, body and headers."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


def event(kind: str, entry: str, message: str) -> dict[str, Any]:
    """An event about one entry."""
    return {"type": kind, "code": 0, "id": entry, "message": message}


def _without_dots(path: str) -> list[str]:
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    return kept
