"""Logging in, and telling a dead token from a missing right.

The server has no 403: a missing right is a 401, and a dead or unknown token silently makes the request
anonymous, whose refusal is a 401 too (protocols/molgenis.md, a1, a5, h11). So a token is renewed by the clock
before it ends, and after a 401 the server is asked whether it still knows the token.

What cannot be seen: a token that the server has thrown away early reads public tables as anonymous, without an
error.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from biodata.errors import AuthError, BiodataError, ConfigError
from biodata.http import HttpSession, Request, Response, Token, TokenSource, Verdict, by_status
from biodata_molgenis.errors import complaints
from biodata_molgenis.server import refuse_emx2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biodata_molgenis.settings import MolgenisSettings

__all__ = ["Gate", "Login", "log_out", "token_source"]

HEADER = "x-molgenis-token"
_METADATA = "sys_md_EntityType"
_UNAUTHORISED = 401
_SERVER_ERROR = 500
_OK = 200
_TRUSTED = 60.0
_REFUSALS = (
    (
        re.compile(r"(?i)two[ -]?factor"),
        "BD-AUTH-TWO-FACTOR",
        (
            "A program cannot give the second factor: log in on the website, make a token there, and put it in the "
            "profile as 'token:' in place of 'username:' and 'password:'"
        ),
    ),
    (
        re.compile(r"(?i)password reset"),
        "BD-AUTH-PASSWORD-RESET",
        "Log in on the website once and set a new password",
    ),
)


class _Answer(msgspec.Struct):
    token: str
    username: str = ""


class Login:
    """Gets a token for a user name and password; a login that was refused is not tried again by its TokenSource.

    Attributes:
        user: who the server says we are; None before the first login.
    """

    def __init__(self, session: HttpSession, settings: MolgenisSettings) -> None:
        self._session = session.with_auth(None, _of_login)
        self._settings = settings
        self.user: str | None = None

    def __call__(self) -> Token:
        """Log in (protocols/molgenis.md, a1).

        Raises:
            AuthError: the server does not take user name and password; `BD-AUTH-TWO-FACTOR` when it would take
                them with a second factor only, `BD-AUTH-PASSWORD-RESET` when it wants a new password first.
            ConfigError: it is an EMX2.
        """
        try:
            response = self._session.send(self._request())
        except AuthError as error:
            raise _explained(error) from None
        if response.status != _OK or response.content_type != "application/json":
            raise self._not_classic(response)
        answer: _Answer = response.decode(_Answer)
        self.user = answer.username
        return Token(answer.token, lifetime=self._settings.token_lifetime)

    def _request(self) -> Request:
        secret = self._settings.password
        body = {"username": self._settings.username, "password": secret.reveal() if secret else ""}
        return Request.json("POST", "api/v1/login", body, anonymous=True, idempotent=True)

    def _not_classic(self, response: Response) -> ConfigError:
        refuse_emx2(self._session)
        return ConfigError(
            f"{response.request} gives HTTP {response.status}, {response.content_type}: this is no classic MOLGENIS",
            code="BD-CONFIG-SERVER",
            hint="Check that the profile's url is the server's own address and not a proxy or a login page",
        )


def _explained(error: AuthError) -> AuthError:
    """A refusal whose reason is not the password says what helps."""
    for word, code, hint in _REFUSALS:
        if word.search(error.message):
            return AuthError(error.message, code=code, hint=hint)
    return error


class Gate:
    """Judges each answer of a session."""

    def __init__(self, session: HttpSession, source: TokenSource | None) -> None:
        self._session = session.with_auth(None, by_status)
        self._source = source

    def classify(self, response: Response) -> Verdict:
        """What an answer means for the session."""
        if response.status < 400:  # noqa: PLR2004 - all that are no errors
            return Verdict("ok")
        first = complaints(response)[0]
        if response.status == _UNAUTHORISED:
            return self._unauthorised(first.message)
        if response.status == _SERVER_ERROR and response.content_type == "text/html":
            return Verdict("transient", first.message)
        return by_status(response, first.message)

    def _unauthorised(self, message: str) -> Verdict:
        if self._source is None:
            return Verdict("denied", f"{message} This profile has no login, so it is anonymous")
        token = self._source.peek()
        if token is None or _METADATA in message or self._in_doubt(token, self._source):
            return Verdict("expired", message)
        return Verdict("denied", message)

    def _in_doubt(self, token: Token, source: TokenSource) -> bool:
        """Whether the token may be dead: the server does not show us the list of tables.

        Where it shows the list to everybody that proves nothing, and a token is trusted for a short time only.
        """
        if not self._shown(source.headers(token)):
            return True
        return source.now() - token.obtained > _trusted(token) and self._shown({})

    def _shown(self, headers: Mapping[str, str]) -> bool:
        params = (("num", "1"), ("attrs", "id"))
        pairs = tuple(headers.items())
        probe = Request(method="GET", path=f"api/v2/{_METADATA}", params=params, headers=pairs, anonymous=True)
        try:
            return self._session.send(probe).status == _OK
        except BiodataError:
            return False


def _trusted(token: Token) -> float:
    return _TRUSTED if token.lifetime is None else min(_TRUSTED, token.lifetime / 10)


def _of_login(response: Response) -> Verdict:
    message = complaints(response)[0].message if response.status == _UNAUTHORISED else ""
    return by_status(response, message)


def token_source(session: HttpSession, settings: MolgenisSettings) -> tuple[TokenSource | None, Login | None]:
    """Where the tokens come from; none for an anonymous profile."""
    if settings.token is not None:
        return TokenSource.static(settings.token.reveal(), header=HEADER, scheme=""), None
    if settings.username is None:
        return None, None
    login = Login(session, settings)
    return TokenSource(login, header=HEADER, scheme=""), login


def log_out(session: HttpSession) -> bool:
    """End the token at hand on the server, and forget it (protocols/molgenis.md, a1); False when there was none.

    A token that the server has forgotten already is no error.
    """
    source = session.auth
    token = source.peek() if source is not None else None
    if source is None or token is None:
        return False
    headers = tuple(source.headers(token).items())
    request = Request(method="POST", path="api/v1/logout", headers=headers, anonymous=True, idempotent=True)
    response = session.with_auth(None, by_status).send(request)
    source.forget()
    return response.status == _OK
