"""Tokens, and the one place that renews them."""

from __future__ import annotations

import base64
import copy
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import AuthError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

_MARGIN_SECONDS = 60.0
_MARGIN_PART = 10.0
_JWT_PARTS = 3


class Token(msgspec.Struct, frozen=True):
    """A token that a login gave.

    Attributes:
        value: the secret; the repr hides it.
        lifetime: seconds from the login's request, None when nobody knows.
        obtained: monotonic seconds at the start of the login's request; the TokenSource sets it.
    """

    value: str
    lifetime: float | None = None
    obtained: float = 0.0

    def __repr__(self) -> str:
        return f"Token(<secret>, lifetime={self.lifetime}, obtained={self.obtained})"

    @property
    def deadline(self) -> float | None:
        """When it is renewed by the clock: its end less the smaller of 60 s and a tenth of its life."""
        if self.lifetime is None:
            return None
        return self.obtained + self.lifetime - min(_MARGIN_SECONDS, self.lifetime / _MARGIN_PART)


class TokenSource:
    """Gives every thread the current token; one login at a time.

    Threads that need a token while a login is under way wait for it and share its result or its failure. A
    login that the platform refused (AuthError) is never tried again: accounts are locked after a few.

    Args:
        login: asks the platform for a token, with anonymous requests.
        header: the header that carries the token.
        scheme: the word before the token in that header; may be empty.
        monotonic: the clock, in seconds.
    """

    def __init__(
        self,
        login: Callable[[], Token],
        *,
        header: str = "Authorization",
        scheme: str = "Bearer",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._login: Callable[[], Token] | None = login
        self._header = header
        self._scheme = scheme
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._under_way: Future[Token] | None = None
        self._thread: int | None = None
        self._refusal: AuthError | None = None

    @classmethod
    def static(cls, value: str, *, header: str = "Authorization", scheme: str = "Bearer") -> Self:
        """A token that somebody gave: it cannot be renewed here."""
        source = cls(lambda: Token(value), header=header, scheme=scheme)
        source._login = None
        source._token = Token(value)
        return source

    @property
    def renewable(self) -> bool:
        """Whether there is a login behind it."""
        return self._login is not None

    def now(self) -> float:
        """The source's clock, to compare with `Token.obtained`."""
        return self._monotonic()

    def headers(self, token: Token) -> dict[str, str]:
        """The header that carries `token`."""
        return {self._header: f"{self._scheme} {token.value}".lstrip()}

    def current(self) -> Token:
        """A token that is good by the clock; logs in when there is none.

        Raises:
            AuthError: the login was refused, now or before.
            RemoteError: the login could not be made; the next call tries again.
        """
        token = self._token
        if token is not None and (token.deadline is None or self._monotonic() < token.deadline):
            return token
        return self._after(token)

    def renew(self, stale: Token) -> Token:
        """A newer token than `stale`, which the platform no longer takes; logs in unless somebody just did.

        Raises:
            AuthError: as `current`; with `BD-AUTH-EXPIRED` where there is no login.
        """
        return self._after(stale)

    def forget(self) -> None:
        """Give up the token at hand: the next request logs in anew, or is refused where there is no login."""
        with self._lock:
            self._token = None
            if self._login is None:
                self._refusal = AuthError(
                    "This connection has logged out, and there is no login to get another token with",
                    code="BD-AUTH-EXPIRED",
                    hint="Connect again with a token that is alive",
                )

    def peek(self) -> Token | None:
        """The token at hand, without a login; None before the first one."""
        return self._token

    def seconds_left(self) -> float | None:
        """How long the token at hand will live; None without one, or where its end is not known."""
        token = self._token
        if token is None or token.lifetime is None:
            return None
        return token.obtained + token.lifetime - self._monotonic()

    def _after(self, stale: Token | None) -> Token:
        with self._lock:
            if self._refusal is not None:
                raise copy.copy(self._refusal)
            if self._token is not None and self._token is not stale:
                return self._token
            flight, mine = self._join()
        if mine:
            self._fly(flight)
        return self._landed(flight, mine=mine)

    def _join(self) -> tuple[Future[Token], bool]:
        if self._login is None:
            raise AuthError(
                "The token is no longer accepted, and there is no login to renew it with",
                code="BD-AUTH-EXPIRED",
                hint="Get a new token, or give the profile a login in place of the token",
            )
        if self._under_way is None:
            self._under_way, self._thread = Future(), threading.get_ident()
            return self._under_way, True
        if self._thread == threading.get_ident():
            raise RuntimeError("a login must send anonymous requests: it waits for its own token")
        return self._under_way, False

    def _fly(self, flight: Future[Token]) -> None:
        started = self._monotonic()
        try:
            assert self._login is not None  # noqa: S101 - _join has seen to it
            token = msgspec.structs.replace(self._login(), obtained=started)
        except BaseException as error:  # noqa: BLE001 - the waiting threads must be told of an interrupt too
            with self._lock:
                self._refusal = error if isinstance(error, AuthError) else None
                self._under_way = None
            flight.set_exception(error)
        else:
            with self._lock:
                self._token, self._under_way = token, None
            flight.set_result(token)

    @staticmethod
    def _landed(flight: Future[Token], *, mine: bool) -> Token:
        error = flight.exception()
        if error is None:
            return flight.result()
        raise error if mine else copy.copy(error)


def jwt_claims(value: str) -> dict[str, Any]:
    """The claims of a JWT, unverified; empty when `value` is none."""
    parts = value.split(".")
    if len(parts) != _JWT_PARTS:
        return {}
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(payload, type=dict[str, Any])
    except (ValueError, RecursionError, msgspec.DecodeError):
        return {}


def jwt_seconds(claims: dict[str, Any], name: str) -> float | None:
    """A time of a JWT's claims, in seconds since the epoch; None where it is no such number."""
    value = claims.get(name)
    try:
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    except OverflowError:
        return None


def jwt_lifetime(value: str) -> float | None:
    """Seconds between a JWT's `iat` and `exp`; None when it does not say both.

    The difference needs no clock that agrees with the server's.
    """
    claims = jwt_claims(value)
    issued, expires = jwt_seconds(claims, "iat"), jwt_seconds(claims, "exp")
    return None if issued is None or expires is None else expires - issued
