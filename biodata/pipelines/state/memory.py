"""What is remembered of a step from the last run that was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection

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

    def forgetting(self, names: Collection[str]) -> StepMemory:
        """The same without some of what the source left."""
        return msgspec.structs.replace(self, seen={name: one for name, one in self.seen.items() if name not in names})
