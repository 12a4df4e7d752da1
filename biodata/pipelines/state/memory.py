"""What is remembered of a step from the last run that was done."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["StepMemory", "remembering"]


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


@contextmanager
def remembering() -> Iterator[None]:
    """What is not as a step has left it is told.

    Raises:
        ConfigError: `BD-CONFIG-STATE`.
    """
    try:
        yield
    except (msgspec.MsgspecError, ValueError, TypeError, KeyError, ArithmeticError):
        raise ConfigError(
            "What the journal has of the last run of this step cannot be read",
            code="BD-CONFIG-STATE",
            hint="Put back a copy of the state directory; or let --full read everything again",
        ) from None
