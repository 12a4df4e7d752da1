"""How much a line of the audit log tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["told_in"]

TOLD = ("created", "updated", "deleted", "hidden", "queued", "unknown")
"""What may have become of records that were written to."""


def told_in(line: Mapping[str, Any]) -> int:
    """Of how many records that were, or may have been, written to a line tells."""
    counts = line.get("counts", {})
    return sum(counts.get(status, 0) for status in TOLD)
