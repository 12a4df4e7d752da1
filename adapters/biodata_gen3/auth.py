"""Access tokens for an API key, and what an answer means (protocols/gen3.md, a).

Fence's errors are always pages of HTML. A token lives `exp - iat` seconds, whatever any document says; a key in
its last hour gives one only to those who ask for less.
"""

from __future__ import annotations

import logging
import re
import time
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from biodata.errors import AuthError, BiodataError, ConfigError
from biodata.http import Request, Response, Token, TokenSource, Verdict, by_status, jwt_lifetime
from biodata_gen3.errors import failure, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.http import HttpSession
    from biodata_gen3.keys import ApiKey

__all__ = ["Login", "classify", "expiry_note", "of_login", "said", "token_source"]

_LOG = logging.getLogger("biodata.gen3")
_DAY = 86_400.0
_WARNED_FROM = 7 * _DAY
_UNITS = (("days", _DAY), ("hours", 3600), ("minutes", 60))
_USUAL_LIFETIME = 3600
_MARGIN = 5
_REFUSED = 400
_SERVER_ERROR = 500
_UNAUTHORISED = 401
_FRESH = "Get new credentials from the profile page of the commons"
_INTRODUCTION = re.compile(r'(?is)<p class="introduction">(.*?)</p>')


class _Answer(msgspec.Struct):
    access_token: str


class Login:
    """Gets an access token for an API key; a key that was refused is not tried again by its TokenSource.

    Args:
        session: whose connections are used, without its tokens.
        key: the API key.
        now: seconds since the epoch, by the clock of this machine.
    """

    def __init__(self, session: HttpSession, key: ApiKey, now: Callable[[], float] = time.time) -> None:
        self._session = session.with_auth(None, of_login)
        self._now = now
        self._warned = False
        self.key = key

    @property
    def key_seconds(self) -> float | None:
        """How long the key will live, where it says so."""
        return None if self.key.expires is None else self.key.expires - self._now()

    @property
    def session(self) -> HttpSession:
        """The session of the key's commons, without tokens."""
        return self._session

    def __call__(self) -> Token:
        """Ask fence.

        Raises:
            AuthError: the key is malformed, expired or revoked.
            ConfigError: there is no fence.
            RemoteError: fence fails at it; a later login may go well.
        """
        self._warn()
        response = self._session.send(self._request())
        if response.status >= _REFUSED:
            raise self._refused(response)
        answer: _Answer = response.decode(_Answer)
        value = answer.access_token
        return Token(value, lifetime=jwt_lifetime(value))

    def _request(self) -> Request:
        return Request.json(
            "POST",
            "user/credentials/api/access_token",
            {"api_key": self.key.value},
            params=self._lifetime(),
            anonymous=True,
            idempotent=True,
        )

    def _lifetime(self) -> tuple[tuple[str, str], ...]:
        left = self.key_seconds
        if left is None or left > _USUAL_LIFETIME + _MARGIN or left <= 0:
            return ()
        return (("expires_in", str(max(1, int(left) - _MARGIN))),)

    def _refused(self, response: Response) -> BiodataError:
        if response.status >= _SERVER_ERROR:
            return failure(response)
        if response.status not in (_REFUSED, _UNAUTHORISED):
            return ConfigError(
                f"{response.request} gives HTTP {response.status}: this is no Gen3 commons",
                code="BD-CONFIG-SERVER",
                hint="Check the profile's url; left out, it is the address that the credentials name",
            )
        return self._unusable(said(response))

    def _unusable(self, words: str) -> AuthError:
        """Which of the reasons it is: by the key itself, and then by fence's words (protocols/gen3.md, a)."""
        left = self.key_seconds
        if self.key.purpose == "access":
            return AuthError("An access token stands where the API key should", hint="Give it as token:")
        if (left is not None and left <= 0) or "expired" in words:
            ended = "" if left is None or left > 0 else f" {_span(-left)} ago"
            return AuthError(f"The API key has expired{ended}", code="BD-AUTH-EXPIRED", hint=_FRESH)
        if "denylisted" in words:
            return AuthError("The API key was revoked", code="BD-AUTH-REVOKED", hint=_FRESH)
        if self.key.issuer and urlsplit(self.key.issuer).netloc != urlsplit(self._session.base_url).netloc:
            hint = f"These credentials are of {self.key.issuer}, and the profile's url is that of another commons"
            return AuthError(f"The API key is of another commons ({words})", code="BD-AUTH-FOREIGN", hint=hint)
        if left is None:
            return AuthError("The API key is malformed: it is no signed token", code="BD-AUTH-MALFORMED", hint=_FRESH)
        return AuthError(f"The API key is refused: {words}; by itself it is good for {_span(left)}", hint=_FRESH)

    def _warn(self) -> None:
        note = expiry_note(self.key_seconds)
        if note is not None and not self._warned:
            self._warned = True
            _LOG.warning("%s", note)


def expiry_note(seconds: float | None) -> str | None:
    """What to say of a key that ends within a week; None of another one."""
    if seconds is None or seconds > _WARNED_FROM:
        return None
    if seconds <= 0:
        return "the API key has expired: get new credentials from the profile page of the commons"
    return f"the API key ends in {_span(seconds)}: get new credentials from the profile page of the commons"


def _span(seconds: float) -> str:
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= 2 * size), ("seconds", 1))
    return f"{seconds / size:.0f} {unit}"


def said(response: Response) -> str:
    """The message of fence's page: its second introduction, the first being a number (protocols/gen3.md, a)."""
    found = _INTRODUCTION.findall(response.text)
    return unescape(re.sub(r"<[^>]+>", "", found[1])).strip() if len(found) > 1 else "no reason given"


def of_login(response: Response) -> Verdict:
    """What the answer to a login means: a 401 is final there."""
    if response.status == _UNAUTHORISED:
        return Verdict("refused")
    return _in_passing(response) or by_status(response)


def classify(response: Response) -> Verdict:
    """What an answer means for the session.

    The proxy in front turns every 502 to 504 into a 500 with a text of its own (protocols/gen3.md, fact 1). A
    server whose clock is behind refuses a fresh token for a moment (a: iat).
    """
    if response.status < _REFUSED:
        return Verdict("ok")
    message = words(response)
    if response.status == _UNAUTHORISED and "not yet valid" in message:
        return Verdict("transient", message)
    return _in_passing(response) or by_status(response, message)


def _in_passing(response: Response) -> Verdict | None:
    if response.status == _SERVER_ERROR and "service failure" in response.text:
        return Verdict("transient", "service failure")
    return None


def token_source(login: Callable[[], Token]) -> TokenSource:
    """The tokens of a login."""
    return TokenSource(login, scheme="bearer")
