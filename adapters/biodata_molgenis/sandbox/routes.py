"""Which path is whose, and what every request goes through: credentials, errors, the lock."""

from __future__ import annotations

import base64
import binascii
import json
import re
from http import HTTPStatus
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from biodata_molgenis.sandbox import files, importer, metadata, v1, v2, v3
from biodata_molgenis.sandbox.errors import ApiError, HtmlRefusal, Violation
from biodata_molgenis.sandbox.http import FORM, Answer, Ask, json_answer
from biodata_molgenis.sandbox.state import ANONYMOUS, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    Handler = Callable[[State, Ask, tuple[str, ...]], Answer | None]

__all__ = ["Application"]

TOKEN_HEADER = "x-molgenis-token"  # noqa: S105 - a header's name
TOKEN_PARAMETER = "molgenis-token"  # noqa: S105 - a parameter's name
SESSION_COOKIE = "JSESSIONID"
_HANDLERS: dict[tuple[str, str], Handler] = {
    ("api", "v1"): v1.handle,
    ("api", "v2"): v2.handle,
    ("api", "data"): v3.handle,
    ("api", "metadata"): metadata.handle,
    ("api", "files"): files.handle,
    ("plugin", "importwizard"): importer.handle,
}
_PROBLEMS = (v3.handle, metadata.handle, files.handle)
_FUNCTION = re.compile(r"[A-Za-z_$][\w$.]{0,99}", re.ASCII)
_BAD_REQUEST_PAGE = (
    '<!doctype html><html lang="en"><head><title>HTTP Status 400 – Bad Request</title></head>'  # noqa: RUF001
    "<body><h1>HTTP Status 400 – Bad Request</h1></body></html>"  # noqa: RUF001
)


class Application:
    """The WSGI application of a MOLGENIS server."""

    def __init__(self, state: State) -> None:
        self.state = state

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        ask = Ask(environ)
        answer = _padded(ask, self._answer(ask))
        headers = list(answer.headers)
        if answer.content_type is not None:
            headers.append(("Content-Type", answer.content_type))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [answer.body]

    def _answer(self, ask: Ask) -> Answer:
        try:
            segments = ask.segments
        except HtmlRefusal:
            page = _BAD_REQUEST_PAGE.encode()
            return Answer(400, page, "text/html;charset=utf-8", (("Connection", "close"),))
        handler = _HANDLERS.get((*segments, "", "")[:2])  # type: ignore[arg-type]
        try:
            with self.state.lock:
                return self._handled(ask, handler, segments)
        except ApiError as error:
            if error.problem or handler in _PROBLEMS:
                return _problem(error.status, error.problem_body(ask.base))
            return json_answer(error.errors_body(), error.status)

    def _handled(self, ask: Ask, handler: Handler | None, segments: tuple[str, ...]) -> Answer:
        self.state.do_what_is_due()
        cookies = self._identify(ask)
        if segments[:1] == ("files",) and len(segments) == 2 and ask.method == "GET":  # noqa: PLR2004
            return files.download(self.state, ask, segments[1])
        if handler is None:
            raise ApiError(404, Violation("Not found"), problem=True)
        answer = handler(self.state, ask, segments[2:])
        if answer is None:
            known = len(segments) > 2 or handler in (metadata.handle, files.handle)  # noqa: PLR2004
            raise ApiError(405 if known else 404, problem=True)
        if handler is importer.handle and not cookies:
            cookies = (self._cookie(ask.user),)
        return answer._replace(headers=(*answer.headers, *cookies))

    def _identify(self, ask: Ask) -> tuple[tuple[str, str], ...]:
        """Find out who asks; a token that is unknown or dead makes anonymous, without a word (a1)."""
        ask.token = _token(ask)
        if ask.token is not None:
            ask.user = self.state.user_of_token(ask.token) or ANONYMOUS
            return ()
        basic = _basic(ask.header("Authorization"))
        if basic is not None:
            if self.state.passwords.get(basic[0]) != basic[1]:
                raise ApiError(401, Violation("Bad credentials"))
            ask.user = basic[0]
            return (self._cookie(ask.user),)
        cookie = SimpleCookie(ask.header("Cookie") or "").get(SESSION_COOKIE)
        held = self.state.user_of_session(cookie.value) if cookie is not None else None
        ask.user = held or ANONYMOUS
        return ()

    def _cookie(self, user: str) -> tuple[str, str]:
        session = self.state.open_session(user)
        return "Set-Cookie", f"{SESSION_COOKIE}={session}; Path=/; HttpOnly"


def _padded(ask: Ask, answer: Answer) -> Answer:
    """JSON in a call of the function that `callback` names, which servers before the present ones did (JSONP)."""
    function = ask.query.get("callback", "")
    asked = ask.method == "GET" and ask.raw_path.startswith(("/api/v1/", "/api/v2/"))
    if not asked or not _FUNCTION.fullmatch(function) or "json" not in (answer.content_type or ""):
        return answer
    body = function.encode() + b"(" + answer.body + b");"
    return answer._replace(body=body, content_type="application/javascript;charset=UTF-8")


def _token(ask: Ask) -> str | None:
    """The token of the header, else of a parameter in the address or in a form."""
    form = dict(parse_qsl(ask.body.decode("utf-8", "replace"))) if ask.content_type == FORM else {}
    found = ask.header(TOKEN_HEADER), ask.query.get(TOKEN_PARAMETER), form.get(TOKEN_PARAMETER)
    return next((one for one in found if one), None)


def _basic(header: str | None) -> tuple[str, str] | None:
    """Name and password of HTTP Basic; any other scheme is ignored, Bearer too [C 217]."""
    scheme, _, value = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


def _problem(status: int, body: dict[str, Any]) -> Answer:
    return Answer(status, json.dumps(body, ensure_ascii=False).encode(), "application/problem+json")
