"""Dates that lie ahead of now: what says that it is from the day after tomorrow is a mistake, and no news."""

from __future__ import annotations

import datetime as dt
from typing import Any

__all__ = ["AHEAD", "believed"]

AHEAD = dt.timedelta(days=1)
"""How far ahead of now a date may be to be believed: clocks and time zones differ."""


def believed(values: Any, now: dt.datetime) -> tuple[Any, int]:
    """Those of some dates or moments that do not lie more than a day ahead of now; and how many do."""
    import pyarrow as pa
    import pyarrow.compute as pc

    latest = now + AHEAD
    limit = pa.scalar(latest.date() if pa.types.is_date(values.type) else latest, values.type)
    kept = values.filter(pc.less_equal(values, limit))
    return kept, len(values) - values.null_count - len(kept)
