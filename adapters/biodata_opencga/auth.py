"""Logging in, and telling a dead token from a missing right (protocols/opencga.md, sections 3 and 4).

A missing right of one record is a 401 as a dead token is, a missing or unreadable token is a 500: the message
decides.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from biodata.config.prompt import ask_password
from biodata.errors import AuthError, BiodataError, ConfigError
from biodata.http import HttpSession, Request, Response, Token, TokenSource, Verdict, by_status, jwt_lifetime
from biodata_opencga.answers import failure, is_denied, is_wrong_login, opened, words
from biodata_opencga.session_file import session_login

if TYPE_CHECKING:
    from biodata.config.secrets import Secret
    from biodata_opencga.settings import OpencgaSettings

__all__ = ["Login", "classify", "token_source"]

_OK, _ERROR, _UNAUTHORISED, _FORBIDDEN, _SERVER = 200, 400, 401, 403, 500
_NO_TOKEN = re.compile(r"Missing token|Invalid JWT token|'jwt organization'")


class Login:
    """Gets a token for a user and password; a refused login is not tried again by its TokenSource."""

    def __init__(self, session: HttpSession, settings: OpencgaSettings) -> None:
        self._session = session.with_auth(None, _of_login)
        self._settings = settings
        self._asked: Secret | None = None

    def __call__(self) -> Token:
        """Log in; the token's life is what its claims say, `exp - iat`.

        Raises:
            AuthError: the server does not take user, password and organization.
            ConfigError: it is no OpenCGA.
            RemoteError: the server fails at it; a later login may go well.
        """
        response = self._session.send(self._request())
        if response.status != _OK:
            raise self._refused(response)
        results: list[Any] = opened(response).result.results
        token = results[0].get("token") if results and isinstance(results[0], dict) else None
        if not isinstance(token, str):
            raise _not_opencga(response)
        return Token(token, lifetime=jwt_lifetime(token))

    def _request(self) -> Request:
        settings = self._settings
        body = {"user": settings.user, "password": self._password().reveal()}
        if settings.organization is not None:
            body["organization"] = settings.organization
        return Request.json("POST", "users/login", body, anonymous=True, idempotent=True)

    def _password(self) -> Secret:
        """The profile's, or what a person types, once."""
        self._asked = self._asked or self._settings.password or ask_password(self._whom())
        return self._asked

    def _whom(self) -> str:
        return f"{self._settings.user} at {urlsplit(self._session.base_url).netloc}"

    def _refused(self, response: Response) -> BiodataError:
        """A login that names nobody is a 500 too, by an exception of the catalogue (section 3)."""
        envelope = opened(response)
        said = words(envelope)
        if response.status >= _SERVER and not any(one.name.startswith("Catalog") for one in envelope.errors):
            return failure(response)
        if response.content_type != "application/json":
            return _not_opencga(response)
        hint = "Check user, password and organization"
        if "'organization'" in said:
            hint = "Write the user's organization in the profile: the server has more than one"
        return AuthError(f"The login is refused: {said}", hint=hint)


def _not_opencga(response: Response) -> ConfigError:
    return ConfigError(
        f"{response.request} gives HTTP {response.status}, {response.content_type}: this is no OpenCGA",
        code="BD-CONFIG-SERVER",
        hint="Check that the profile's url is the server's own, with its context path: https://host/opencga",
    )


def _of_login(response: Response) -> Verdict:
    if response.status in (_UNAUTHORISED, _FORBIDDEN):
        return Verdict("refused")
    return by_status(response)


def classify(response: Response) -> Verdict:
    """What an answer means for the session; refusals of single records go to the adapter."""
    if response.status < _ERROR:
        return Verdict("ok")
    envelope = opened(response)
    said = words(envelope)
    if response.status == _UNAUTHORISED:
        answered = is_denied(envelope) or is_wrong_login(envelope)
        return Verdict("refused") if answered else Verdict("expired", said)
    if response.status == _SERVER and _NO_TOKEN.search(said):
        return Verdict("expired", said)
    return by_status(response, said)


def token_source(session: HttpSession, settings: OpencgaSettings) -> TokenSource:
    """Where the tokens come from.

    Raises:
        ConfigError: the session file is not there, or holds no login.
    """
    if settings.token is not None:
        return TokenSource.static(settings.token.reveal())
    if settings.session is not None:
        return session_login(settings.session)
    return TokenSource(Login(session, settings))
