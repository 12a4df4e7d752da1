"""A request as the routes see it, and an answer as they give it."""

from __future__ import annotations

import io
import json
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import msgspec
from werkzeug.formparser import parse_form_data

from biodata_molgenis.sandbox.errors import ApiError, HtmlRefusal, Violation, bad_request

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from werkzeug.datastructures import FileStorage

__all__ = ["FORM", "JSON", "MULTIPART", "Answer", "Ask", "Upload", "empty", "json_answer", "text_answer"]

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_JSON_TYPE = "application/json;charset=UTF-8"
_REFUSED_IN_PATH = re.compile(r"%2f|%5c", re.IGNORECASE)
_ENCODER = msgspec.json.Encoder()


class Upload(NamedTuple):
    """A file part of a form."""

    filename: str
    content_type: str
    content: bytes


class Answer(NamedTuple):
    """Status, headers and body."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Ask:
    """One request. `user` is who asks, known once the credentials were looked at."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.environ = environ
        # A HEAD is answered as a GET whose body is not sent.
        sent: str = environ["REQUEST_METHOD"]
        self.method = "GET" if sent == "HEAD" else sent
        target = str(environ.get("REQUEST_URI") or environ["PATH_INFO"])
        self.raw_path, _, self.raw_query = target.partition("?")
        self.body: bytes = environ["wsgi.input"].read()
        self.user = ""
        self.token: str | None = None

    @property
    def base(self) -> str:
        """Scheme and host that the client used."""
        return f"{self.environ['wsgi.url_scheme']}://{self.header('Host') or 'localhost'}"

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The parts of the path, decoded one by one: a `+` stays one.

        Raises:
            HtmlRefusal: an encoded slash or backslash, which Tomcat refuses [C 115].
        """
        if _REFUSED_IN_PATH.search(self.raw_path):
            raise HtmlRefusal
        return tuple(unquote(part) for part in self.raw_path.split("/") if part)

    def header(self, name: str) -> str | None:
        """A header by name, None when it was not sent."""
        value = self.environ.get(f"HTTP_{name.upper().replace('-', '_')}")
        return None if value is None else str(value)

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters; the first of several wins."""
        return _first(parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def content_type(self) -> str:
        """The media type of the body, without parameters; empty when none was sent."""
        return str(self.environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()

    def require_type(self, *accepted: str) -> str:
        """The media type, if it is one of these.

        Raises:
            ApiError: 415 [C 034, 147].
        """
        if self.content_type in accepted:
            return self.content_type
        sent = str(self.environ.get("CONTENT_TYPE") or "application/octet-stream")
        if self.content_type.startswith("text/") and "charset" not in sent:
            sent += ";charset=UTF-8"
        raise ApiError(415, Violation(f"Content type '{sent}' not supported"))

    def json(self) -> Any:
        """The JSON body, numbers as doubles as the server reads them.

        Raises:
            ApiError: 400 for a body that is no JSON.
        """
        try:
            return json.loads(self.body, parse_int=float)
        except ValueError:
            raise bad_request("Invalid request body.") from None

    def json_object(self) -> dict[str, Any]:
        """The JSON body where an object is needed.

        Raises:
            ApiError: 400.
        """
        value = self.json()
        if not isinstance(value, dict):
            raise bad_request("Invalid request body.")
        return value

    @cached_property
    def form(self) -> dict[str, str]:
        """The text fields of a form; a repeated one is joined by commas, as the server does (d)."""
        if self.content_type == FORM:
            return _joined(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))
        return _joined(list(self._parts[0]))

    @cached_property
    def files(self) -> dict[str, Upload]:
        """The file parts of a multipart form by name."""
        return {
            name: Upload(part.filename or "", part.content_type or "application/octet-stream", part.read())
            for name, part in self._parts[1]
        }

    @cached_property
    def _parts(self) -> tuple[list[tuple[str, str]], list[tuple[str, FileStorage]]]:
        environ = {**self.environ, "wsgi.input": io.BytesIO(self.body), "CONTENT_LENGTH": str(len(self.body))}
        _, fields, files = parse_form_data(environ, stream_factory=lambda *_, **__: io.BytesIO())
        return list(fields.items(multi=True)), list(files.items(multi=True))


def json_answer(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, _ENCODER.encode(value), _JSON_TYPE, headers)


def text_answer(text: str, status: int = 200, content_type: str = "text/plain") -> Answer:
    """An answer with a text body."""
    return Answer(status, text.encode(), content_type)


def empty(status: int = 200, location: str | None = None) -> Answer:
    """An answer without a body."""
    return Answer(status, headers=(("Location", location),) if location is not None else ())


def _first(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found
