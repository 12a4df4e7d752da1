"""Faults that a test orders: the next requests to an operation go wrong in a chosen way.

An operation is a method and a path pattern, `"POST /api/v2/*"`; `*` stands for anything, also as the method.
Faults are used in the order in which they were added, each as often as it says.
"""

from __future__ import annotations

import threading
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

__all__ = ["HTML_ERROR_PAGE", "Fault", "Faults"]

HTML_ERROR_PAGE = (
    "<!DOCTYPE html><html><head><title>{status} Error</title></head>"
    "<body><h1>{status} Error</h1><hr>proxy</body></html>"
)


class Fault(msgspec.Struct, frozen=True):
    """What goes wrong.

    Attributes:
        operation: method and path pattern.
        status: answer with this status in place of handling the request.
        body, content_type: what such an answer holds; without a body it is empty.
        headers: added to the answer, for example `{"Retry-After": "1"}`.
        html: the answer is a proxy's HTML error page.
        delay: seconds to wait before anything else.
        drop: close the connection `before` the request is handled, or `after` it (done, the answer lost).
        cut: send only this many bytes of the body, without Content-Length, and close.
    """

    operation: str
    status: int | None = None
    body: str | bytes = ""
    content_type: str = "application/json"
    headers: dict[str, str] = {}
    html: bool = False
    delay: float = 0.0
    drop: Literal["before", "after"] | None = None
    cut: int | None = None

    def matches(self, method: str, path: str) -> bool:
        """Whether a request with this method and raw path is meant."""
        wanted_method, _, wanted_path = self.operation.partition(" ")
        return fnmatchcase(method, wanted_method) and fnmatchcase(path, wanted_path or "*")

    def page(self) -> tuple[bytes, str]:
        """The body and content type that are answered with `status`."""
        if self.html:
            return HTML_ERROR_PAGE.format(status=self.status).encode(), "text/html;charset=utf-8"
        return self.body if isinstance(self.body, bytes) else self.body.encode(), self.content_type


class Faults:
    """The faults still to come, per sandbox server."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, int]] = []
        self._lock = threading.Lock()

    def add(  # noqa: PLR0913 - one keyword per way to go wrong
        self,
        operation: str,
        *,
        times: int = 1,
        status: int | None = None,
        body: str | bytes = "",
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
        html: bool = False,
        delay: float = 0.0,
        drop: Literal["before", "after"] | None = None,
        cut: int | None = None,
    ) -> Fault:
        """Order a fault for the next `times` requests that match `operation`; see `Fault` for the ways.

        Raises:
            ValueError: an operation without a path, fewer than one time, or a fault that does nothing.
        """
        fault = Fault(
            operation, status, body, content_type, headers or {}, html=html, delay=delay, drop=drop, cut=cut
        )
        if " " not in operation or times < 1:
            raise ValueError("an operation reads 'METHOD /path*' and happens at least once")
        if fault.status is None and not fault.delay and fault.drop is None and fault.cut is None:
            raise ValueError("a fault needs a status, a delay, a drop or a cut")
        with self._lock:
            self._waiting.append((fault, times))
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that waits for this request; it is used up by one."""
        with self._lock:
            for index, (fault, times) in enumerate(self._waiting):
                if fault.matches(method, path):
                    self._waiting[index : index + 1] = [(fault, times - 1)] if times > 1 else []
                    return fault
        return None

    def clear(self) -> None:
        """Forget the faults that did not happen."""
        with self._lock:
            self._waiting.clear()

    def __len__(self) -> int:
        with self._lock:
            return sum(times for _, times in self._waiting)
