"""Instants as the state directory keeps them: text in UTC that sorts by time."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["instant"]


def instant(at: datetime | None = None) -> str:
    """`2026-07-22T10:15:02.123+00:00`; now when None."""
    return (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds")
