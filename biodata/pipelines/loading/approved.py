"""What was approved to be done with each row of a step; a row with which anything else would be done is held back."""

from __future__ import annotations

from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.comparing import Change
    from biodata.pipelines.state.spool import Sealed, Spool

__all__ = ["ACTIONS", "NOT_APPROVED", "Approved", "action_of", "is_approved"]

ACTIONS = ".actions"
"""How the file of the spool is called, behind the step's name."""
NOT_APPROVED = "it is not what was approved: the target has changed since the plan was made"
"""Why a row is held back."""


def action_of(change: Change | None) -> tuple[str, bytes]:
    """What is done with a row, and a digest of what changes from what to what."""
    if change is None:
        return "wait", b""
    told: Any = (change.action, change.key, change.before, change.after)
    text = msgspec.json.encode(told, enc_hook=str, order="deterministic")
    return change.action, sha256(text).digest()


class Approved:
    """What was approved of a step, read along with its rows."""

    def __init__(self, actions: Sealed) -> None:
        """Begin with the first row.

        Args:
            actions: sealed in the order of the step's rows.
        """
        self._rows = _rows(actions)

    @classmethod
    def of(cls, spool: Spool, step: str) -> Approved | None:
        """What was approved of a step; None where the run was not planned, so that everything is."""
        found = spool.sealed(f"{step}{ACTIONS}")
        return cls(found) if found else None

    def take(self, size: int) -> list[tuple[str, bytes]]:
        """What was approved of the next rows."""
        return list(islice(self._rows, size))


def is_approved(change: Change | None, approved: tuple[str, bytes]) -> bool:
    """Whether with a row is done what was approved, or nothing: it is so already, or its parent is not there."""
    return change is None or change.action == "unchanged" or action_of(change) == approved


def _rows(actions: Sealed) -> Iterator[tuple[str, bytes]]:
    for batch in actions.batches():
        yield from zip(batch.column("action").to_pylist(), batch.column("digest").to_pylist(), strict=True)
