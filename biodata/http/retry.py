"""When to try again, how long to wait before it, and when to stop."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from biodata.http.request import Response


class RetryPolicy(msgspec.Struct, frozen=True):
    """The budget of one request, and the quota of the session.

    Attributes:
        attempts: how often one request is sent at most; a replay after a renewed token comes on top.
        total: seconds after which no retry starts.
        base: seconds; the wait before the n-th retry is random between 0 and `base * 2**(n-1)`.
        cap: the longest such wait.
        retry_after: seconds that a server may ask for; a longer wait is an error that says so.
        reserve: retries that a session may make out of the blue.
        share: retries that each further request earns: 0.1 lets one in ten be retried.
    """

    attempts: int = 4
    total: float = 60.0
    base: float = 0.5
    cap: float = 8.0
    retry_after: float = 30.0
    reserve: float = 10.0
    share: float = 0.1

    def backoff(self, retry: int, chance: float) -> float:
        """Seconds before the `retry`-th retry (from 1); `chance` lies in [0, 1): full jitter."""
        return min(self.cap, self.base * 2.0 ** (retry - 1)) * chance


class Quota:
    """A token bucket over all requests of a session, so that a dying server is not hammered."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._left = policy.reserve
        self._lock = threading.Lock()

    def earn(self) -> None:
        """Count a request."""
        with self._lock:
            self._left = min(self._policy.reserve, self._left + self._policy.share)

    def spend(self) -> bool:
        """Take one retry, if there is one."""
        with self._lock:
            granted = self._left >= 1.0
            self._left -= 1.0 if granted else 0.0
            return granted


def retry_after(response: Response) -> float | None:
    """Seconds that the server asks to wait (`Retry-After`: seconds or a date); None when it does not say."""
    asked = response.headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return float(asked)
    until = _date(asked)
    if until is None:
        return None
    now = _date(response.headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _date(text: str) -> datetime | None:
    from email.utils import parsedate_to_datetime

    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
