"""The session: sends requests to one platform, with its token, within limits."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from biodata.http.delivery import Delivery, Terms
from biodata.http.request import Timeouts
from biodata.http.retry import Quota, RetryPolicy
from biodata.http.verdict import by_status
from biodata.http.wire import Limits, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Self

    from biodata.http.delivery import Classify
    from biodata.http.exchange import ExchangeHook
    from biodata.http.request import Request, Response
    from biodata.http.tokens import TokenSource
    from biodata.http.wire import Reply


class HttpSession:
    """Sends requests to one platform; for use by many threads at once.

    Keeps no cookies, ignores `.netrc`, follows no redirect to another origin, and honours the environment's
    proxies (not to loopback) and CA bundle unless it is given its own.

    Args:
        base_url: the address below which all paths lie.
        auth: the tokens; None: every request is anonymous.
        classify: what an answer means; by the HTTP status unless the adapter knows better.
        retry: the budget of one request and the quota of the session.
        timeouts: seconds for a connection, and between bytes.
        limits: of bodies held in memory.
        proxy: for http and https, in place of the environment's.
        ca_bundle: a file of certificates to trust, in place of the environment's.
        user_agent: as sent.
        on_exchange: called after each exchange, by the thread that made it; it sees no header, body or value.
        clock: monotonic seconds, for the budget of retries.
        sleep: waits a number of seconds.
        chance: gives a number in [0, 1), for the jitter.

    Raises:
        ConfigError: `base_url` is no http or https address, or holds a user name.
    """

    def __init__(  # noqa: PLR0913 - all but the address have a default and are given by name
        self,
        base_url: str,
        *,
        auth: TokenSource | None = None,
        classify: Classify = by_status,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        limits: Limits = Limits(),  # noqa: B008 - frozen
        proxy: str | None = None,
        ca_bundle: Path | None = None,
        user_agent: str = "biodata",
        on_exchange: ExchangeHook | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        wire = Wire(
            base_url,
            timeouts=timeouts,
            limits=limits,
            proxy=proxy,
            ca_bundle=ca_bundle,
            user_agent=user_agent,
        )
        self._terms = Terms(wire, auth, classify, retry, Quota(retry), on_exchange, clock, sleep, chance)

    @property
    def base_url(self) -> str:
        """The address below which all paths lie, with a slash at its end."""
        return self._terms.wire.base_url

    @property
    def host(self) -> str:
        """Its host, with the port where the address has one: `localhost:8080`."""
        return urlsplit(self.base_url).netloc.lower()

    @property
    def path(self) -> str:
        """The context path below which it is, where its host holds several: `/opencga`; empty where it has none."""
        return urlsplit(self.base_url).path.rstrip("/")

    @property
    def auth(self) -> TokenSource | None:
        """The tokens that it sends."""
        return self._terms.auth

    def with_auth(self, auth: TokenSource | None, classify: Classify | None = None) -> HttpSession:
        """A session on the same connections and quota with other tokens; a login can use the one without."""
        other = object.__new__(type(self))
        classify = classify or self._terms.classify
        other._terms = msgspec.structs.replace(self._terms, auth=auth, classify=classify)
        return other

    def send(self, request: Request) -> Response:
        """Send a request; give its answer when it is judged `ok`, or `refused`: then the adapter raises.

        An expired token is renewed and the request replayed, once. What fails in passing is retried when the
        request is idempotent or was certainly not sent; so is every request that came too soon (a 429).

        Raises:
            AuthError: the login is refused, or a token without a login has ended.
            PermissionDenied: denied, or a token just obtained is not taken.
            RateLimited: the budget for waiting is used up.
            Unavailable: no host, connection or answer; `error.maybe_sent` is True when a request that is not
                idempotent may have arrived.
            ProtocolError: a redirect to elsewhere, or a body cut, too large or badly packed; also with
                `maybe_sent`.
            ConfigError: the CA bundle is not there.
        """
        return Delivery(self._terms, request, streamed=False).run().response

    @contextmanager
    def stream(self, request: Request) -> Iterator[Reply]:
        """Send a request whose body is too large to hold; iterate over what it gives to get pieces of bytes.

        The same tokens and retries as `send`, until the first piece is there; `response` has status and
        headers. An answer of 400 or more that is judged `refused` has its body in `response` and no pieces.

        Raises:
            BiodataError: as `send`; while iterating, ProtocolError or Unavailable when the body is cut.
        """
        reply = Delivery(self._terms, request, streamed=True).run()
        try:
            yield reply
        finally:
            reply.close()

    def close(self) -> None:
        """Close the idle connections."""
        self._terms.wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
