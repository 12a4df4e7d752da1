"""What is told about each exchange, to a hook and to the log: no header, no body, no value."""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

_log = logging.getLogger("biodata.http")


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it went over the wire.

    Attributes:
        method: in capitals.
        url: the address with each query value masked.
        status: None when no answer came.
        elapsed: seconds.
        sent: bytes of the body sent.
        received: bytes of the body received, packed as they came; of a stream, those so far.
        attempt: from 1.
        error: the code of the error, where no answer came.
    """

    method: str
    url: str
    status: int | None
    elapsed: float
    sent: int
    received: int
    attempt: int
    error: str | None = None


ExchangeHook = Callable[[Exchange], None]


def report(exchange: Exchange, hook: ExchangeHook | None) -> None:
    """Write it to the log `biodata.http` at debug level, and call the hook."""
    _log.debug(
        "%s %s: %s in %.0f ms, %d bytes sent, %d received, attempt %d",
        exchange.method,
        exchange.url,
        exchange.status or exchange.error,
        exchange.elapsed * 1000,
        exchange.sent,
        exchange.received,
        exchange.attempt,
    )
    if hook is not None:
        hook(exchange)
