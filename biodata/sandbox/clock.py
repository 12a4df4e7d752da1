"""The clock that the sandbox's servers live by: the real time or another one, which a test may push forward."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

__all__ = ["Clock"]


class Clock:
    """Starts at the real time, or at `start`, and runs with it; `advance` adds to it, for all servers of a sandbox.

    Args:
        start: aware; without it, the real time.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._ahead = 0.0 if start is None else start.timestamp() - time.time()
        self._lock = threading.Lock()

    def time(self) -> float:
        """Seconds since the epoch, by this clock."""
        with self._lock:
            return time.time() + self._ahead

    def now(self) -> datetime:
        """The same as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Push the clock forward; tokens whose lifetime ends before the new time are dead at once.

        Raises:
            ValueError: a negative number, because a server's clock does not run backwards.
        """
        if seconds < 0:
            raise ValueError("the clock only goes forward")
        with self._lock:
            self._ahead += seconds
