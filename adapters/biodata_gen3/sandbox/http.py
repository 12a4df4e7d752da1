"""A request as the routes see it, and an answer as they give it, in the shapes of the three services."""

from __future__ import annotations

import base64
import json
import re
import uuid
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from biodata_gen3.sandbox.users import User

__all__ = [
    "Answer",
    "Ask",
    "Failure",
    "attachment",
    "gunicorn_page",
    "html_page",
    "json_answer",
    "message",
    "require_method",
]

_STRING_OR_NAN = re.compile(r'"(?:\\.|[^"\\])*"|-?Infinity|NaN')
_NO_METHOD = "405 Method Not Allowed: The method is not allowed for the requested URL."
_HTML = "text/html; charset=utf-8"


class Answer(NamedTuple):
    """Status, headers and body."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Failure(Exception):
    """A request that ends here, with its answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Ask:
    """One request; `came` is when, by the sandbox's clock."""

    def __init__(self, environ: WSGIEnvironment, came: float) -> None:
        self.came = came
        self.method: str = environ["REQUEST_METHOD"]
        target = str(environ.get("REQUEST_URI") or environ["PATH_INFO"])
        self.line_length = len(f"{self.method} {target} HTTP/1.1\r\n")
        self.raw_path, _, self.raw_query = target.partition("?")
        self.body: bytes = environ["wsgi.input"].read()
        self.content_type = str(environ.get("CONTENT_TYPE") or "")
        self.authorization: str | None = environ.get("HTTP_AUTHORIZATION")
        self._host = str(environ.get("HTTP_HOST") or "localhost")
        self._scheme = str(environ["wsgi.url_scheme"])
        self.user: User | None = None

    @property
    def base(self) -> str:
        """Scheme and host that the client used."""
        return f"{self._scheme}://{self._host}"

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The decoded parts of the path; a slash at its end does not count."""
        return tuple(unquote(part) for part in self.raw_path.split("/") if part)

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters; the first of several wins."""
        return dict(reversed(parse_qsl(self.raw_query, keep_blank_values=True)))

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The query parameters, each as often as it is there."""
        return parse_qsl(self.raw_query, keep_blank_values=True)

    @cached_property
    def form(self) -> dict[str, str]:
        """A form-encoded body."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace")))

    @property
    def basic(self) -> tuple[str, str]:
        """Name and password of HTTP Basic; empty where they are not given."""
        scheme, _, given = (self.authorization or "").partition(" ")
        try:
            text = base64.b64decode(given, validate=True).decode() if scheme.lower() == "basic" else ""
        except ValueError:
            text = ""
        name, _, password = text.partition(":")
        return name, password

    def json(self) -> Any:
        """The JSON body.

        Raises:
            Failure: 400 with what is wrong with it, as sheepdog and peregrine say it [149, 150, 533, 534].
        """
        text = self.body.decode("utf-8", "replace")
        try:
            return json.loads(text, object_pairs_hook=_unique, parse_constant=lambda _: _no_constant(text))
        except json.JSONDecodeError as error:
            words = _in_two(error) if error.msg == "Extra data" else str(error)
        except ValueError as error:
            words = str(error)
        raise Failure(message(400, f"Unable to parse json: {words}"))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1] if len(set(names)) < len(names) else []
    if twice:
        raise ValueError(f"The document contains duplicate keys: {','.join(twice)}")
    return dict(pairs)


def _no_constant(text: str) -> Any:
    at = next((one.start() for one in _STRING_OR_NAN.finditer(text) if not one[0].startswith('"')), 0)
    raise json.JSONDecodeError("Expecting value", text, at)


def _in_two(error: json.JSONDecodeError) -> str:
    end = len(error.doc)
    line, column = error.doc.count("\n") + 1, end - (error.doc.rfind("\n") + 1) + 1
    start = f"line {error.lineno} column {error.colno} - line {line} column {column}"
    return f"Extra data: {start} (char {error.pos} - {end})"


def json_answer(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """An answer with a JSON body, its keys sorted as Flask sorts them."""
    return Answer(status, json.dumps(value, sort_keys=True).encode() + b"\n", "application/json", headers)


def message(status: int, text: str) -> Answer:
    """The error of sheepdog and peregrine."""
    return json_answer({"message": text}, status)


def require_method(ask: Ask, *methods: str) -> None:
    """See that sheepdog or peregrine has the method at this path.

    Raises:
        Failure: 405 [227, 444].
    """
    if ask.method not in methods and not (ask.method == "HEAD" and "GET" in methods):
        raise Failure(message(405, _NO_METHOD))


def html_page(status: int, text: str) -> Answer:
    """The error of fence, always a page; the second introduction is what it has to say (protocols/gen3.md, a)."""
    body = (
        f"<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>{status}</h1>"
        f'<p>Error ID:</p><p class="introduction">{uuid.uuid4()}</p>'
        f'<p>Error Message:</p><p class="introduction">{escape(text, quote=False)}</p></body></html>'
    )
    return Answer(status, body.encode(), _HTML)


def gunicorn_page(status: int, title: str, text: str = "") -> Answer:
    """What the server around the application says by itself."""
    body = (
        f"<html>\n  <head>\n    <title>{title}</title>\n  </head>\n"
        f"  <body>\n    <h1><p>{title}</p></h1>\n    {text}\n  </body>\n</html>\n"
    )
    return Answer(status, body.encode(), "text/html", (("Connection", "close"),))


def attachment(content: bytes, filename: str, content_type: str = "application/octet-stream") -> Answer:
    """A file to download."""
    headers = (("Content-Disposition", f"attachment; filename={filename}"),)
    return Answer(200, content, content_type, headers)
