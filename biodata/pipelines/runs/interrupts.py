"""Ctrl-C while a run is under way: known even where something swallows it, and not in the midst of noting the end."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["Interrupts"]


class Interrupts:
    """Those of one run. What a signal does is left to whoever has said so; where nobody has, nothing is changed.

    DuckDB makes an error of its own of an interrupt, as does Arrow where it asks a generator of ours for rows, and
    Python drops one that comes in a finalizer; so it is noted here that one came.

    Attributes:
        came: whether one came.
    """

    def __init__(self) -> None:
        self.came = False
        self._held = False
        self._waiting: tuple[int, FrameType | None] | None = None
        self._before: dict[int, Any] = {}

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note those that come inside the block; in the main thread, which is the one that gets them."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                handler = signal.getsignal(number)
                if callable(handler):
                    self._before[number] = handler
                    signal.signal(number, self._take)
        try:
            yield
        finally:
            for taken, before in self._before.items():
                signal.signal(taken, before)

    @contextmanager
    def held(self) -> Iterator[None]:
        """One that comes inside the block is raised at its end, unless the block raises something itself."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            self._pass_on(*waiting)

    def raise_for_swallowed(self) -> None:
        """Go on where none came.

        Raises:
            KeyboardInterrupt: one came, and something has swallowed it.
        """
        if self.came and not self._held:
            raise KeyboardInterrupt

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        if self._held:
            self._waiting = self._waiting or (number, frame)
        else:
            self._pass_on(number, frame)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        self._before[number](number, frame)
