"""Ctrl-C (SIGINT), and the request to end that schedulers send (SIGTERM): both end a command in good order."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["stopped_by", "told_to_stop"]

AGAIN = 2.0
"""Seconds in which another signal is the same wish: the first one is being dealt with. A terminal's Ctrl-C may come
twice by itself, from the terminal and from a command that passes it on."""
USUAL = (signal.default_int_handler, signal.SIG_DFL)

_came: list[tuple[int, float]] = []
"""Number and moment of each that raised."""


def stopped_by() -> int | None:
    """The number of the signal that told this process to stop; None where none did."""
    return _came[0][0] if _came else None


@contextmanager
def told_to_stop() -> Iterator[None]:
    """Inside the block either signal raises KeyboardInterrupt; behind it the process ends.

    There a signal ends it at once, and one more changes nothing of how it ends. A signal that whoever started the
    process lets it ignore stays ignored.
    """
    ours = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) in USUAL]
    for number in ours:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_IGN if _came else signal.SIG_DFL)


def _stop(number: int, _frame: FrameType | None) -> None:
    if _came and monotonic() - _came[-1][1] < AGAIN:
        return
    _came.append((number, monotonic()))
    raise KeyboardInterrupt
