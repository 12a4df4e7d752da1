"""What is remembered of a step from the last run that was done."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["StepMemory"]


class StepMemory(msgspec.Struct, frozen=True):
    """What a run may know of the last run of the same pipeline that was done.

    Attributes:
        run: that run's id; empty where there was none.
        rows_read: how many rows the step read then.
        identities: profile to who the platform took us for then.
        seen: what the step's source left for the next run (`Source.seen`).
    """

    run: str = ""
    rows_read: int | None = None
    identities: dict[str, str] = {}
    seen: dict[str, Any] = {}
