"""Waiting for a server that is not to be reached, as long as the pipeline file allows."""

from __future__ import annotations

from time import monotonic, sleep
from typing import TYPE_CHECKING, TypeVar

from biodata.errors import RateLimited, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.pipelines.spec import Duration

__all__ = ["patiently"]

T = TypeVar("T")
FIRST, LONGEST = 0.5, 60.0
"""Seconds of the first pause and of the longest; each is twice as long as the one before."""


def patiently(wait: Duration | None, task: Callable[[], T], note: Callable[[str, float, str | None], None]) -> T:
    """Do a task that may be done again, until it is done or the server was away for too long.

    Args:
        wait: how long in all; a server that is away is an error at once when None.
        task: must do no harm when it is done again.
        note: told of each pause: in words, its seconds, and the profile that is waited for.

    Raises:
        Unavailable: the server is still away. RateLimited likewise.
    """
    give_up = monotonic() + (wait.seconds if wait else 0)
    pause = FIRST
    while True:
        try:
            return task()
        except (Unavailable, RateLimited) as error:
            left = give_up - monotonic()
            if left <= 0:
                raise
            pause = min(pause, left, LONGEST)
            text = f"{error.message} ({error.code}); trying again in {pause:.0f} s, for {wait} in all"
            note(text, pause, error.profile)
            sleep(pause)
            pause *= 2
