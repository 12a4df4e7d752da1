"""What a sandbox server was asked, for tests to count. Tokens and passwords never get into it."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Received", "RequestLog", "redact_headers", "redact_target"]

REDACTED = "<redacted>"
_SECRET_NAME = re.compile(r"token|authorization|cookie|secret|password|api[-_]?key", re.IGNORECASE)
_PARAMETER = re.compile(r"([?&])([^=&]*)=([^&]*)")


class Received(msgspec.Struct, frozen=True):
    """One request as it came, and what was answered.

    `target` is the raw request target (path and query, still percent-encoded); `status` is 0 where the
    connection was dropped; `request_bytes` and `response_bytes` count bodies only.
    """

    method: str
    target: str
    headers: dict[str, str]
    status: int
    request_bytes: int
    response_bytes: int

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


class RequestLog:
    """The requests of one server in the order in which they were answered; safe to read from any thread."""

    def __init__(self) -> None:
        self._received: list[Received] = []
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Received]:
        with self._lock:
            return iter(tuple(self._received))

    def __len__(self) -> int:
        with self._lock:
            return len(self._received)

    def __getitem__(self, index: int) -> Received:
        with self._lock:
            return self._received[index]

    def append(self, received: Received) -> None:
        """Note one more request."""
        with self._lock:
            self._received.append(received)

    def clear(self) -> None:
        """Forget what came so far."""
        with self._lock:
            self._received.clear()

    def count(self, method: str | None = None, path: str | None = None) -> int:
        """How many requests had this method and this raw path (None: any)."""
        return sum(method in (None, seen.method) and path in (None, seen.path) for seen in self)


def redact_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by lower-case name, with the values of those that carry a secret replaced."""
    return {name.lower(): REDACTED if _SECRET_NAME.search(name) else value for name, value in headers}


def redact_target(target: str) -> str:
    """The request target with the values of secret query parameters replaced."""

    def hide(match: re.Match[str]) -> str:
        mark, name, value = match.groups()
        return f"{mark}{name}={REDACTED if _SECRET_NAME.search(name) else value}"

    return _PARAMETER.sub(hide, target)
