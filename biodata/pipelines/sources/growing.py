"""Texts as a cursor: those that grow by code point when what they spell grows.

Dates with the year first do, and texts that are all of one length and shape. `9` does not: it stands behind `10`; and
`31-12-2025` stands behind `01-01-2026`. What is new would lie before such a cursor, and would never be read. So all
texts have to have one form, and those of another form are asked for too, to be found.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from biodata.pipelines.ahead import AHEAD
from biodata.query.tree import Leaf, Or

if TYPE_CHECKING:
    from biodata.query.tree import Node
    from biodata.records.types import Path

__all__ = ["DOES_NOT_GROW", "Texts", "form_of", "from_text"]

DATE, UTC, OFFSET = "date", "date, Z", "date, offset"
DATES = frozenset({DATE, UTC, OFFSET})
DAY = 10
"""Characters of a day, with which all dates begin."""
FIRST = "____-__-__%"

_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:(Z)|([+-]\d\d(?::?\d\d)?)))?)?")
_DAY_FIRST = re.compile(r"\d{1,2}([-/. ])(\d{1,2}|[A-Za-z]{3,9})\1(\d{4}|\d\d)(\D.*)?")
_SIGNED = re.compile(r"[+-]\d.*")
_POWER = re.compile(r"\d+(\.\d+)?[eE][+-]\d+|\d+\.\d+[eE]\d+")

DOES_NOT_GROW = (
    "Write numbers with leading zeros and dates as 2026-11-29, all in one form; or read the field from where it has "
    "a type (a table, parquet, ndjson); or use by: content. Then run it once with --full"
)


def form_of(text: str) -> str:
    """What two texts have in common that can be compared with each other; empty where a text cannot grow.

    A shape has `_` for each letter and digit, and is a pattern of `like`.
    """
    found = _DATE.fullmatch(text)
    if found:
        return UTC if found[1] else OFFSET if found[2] else DATE
    if any(one.fullmatch(text) for one in (_DAY_FIRST, _SIGNED, _POWER)):
        return ""
    return "".join("_" if one.isalnum() or one in "%\\" else one for one in text)


def from_text(path: Path, last: str, *, whole: bool) -> Node | None:
    """What is to be read behind a text; None for everything.

    Args:
        path: the cursor's.
        last: the greatest text that was seen.
        whole: whether all is looked at anyway, so that asking for texts of another form costs nothing.
    """
    form = form_of(last)
    if not form:  # an older version has followed it
        return None
    parts = [Leaf(path, ">=", _since(last, form)), Leaf(path, "is null")]
    if form not in DATES:
        parts.append(Leaf(path, "not like", form))
    elif whole:
        parts.append(Leaf(path, "not like", FIRST))
    return Or(tuple(parts))


def _since(last: str, form: str) -> str:
    """A date from its day on: moments may be told more or less exactly.

    Where they have offsets, texts stand in the order of the wrong hours: from two days before, because no two offsets
    are further from each other.
    """
    if form != OFFSET:
        return last[:DAY] if form in DATES else last
    try:
        return (dt.date.fromisoformat(last[:DAY]) - dt.timedelta(days=2)).isoformat()
    except (ValueError, OverflowError):  # 0000-00-00
        return ""


class Texts:
    """The texts of a cursor while they are read."""

    def __init__(self, last: str) -> None:
        """Begin; `last` is the greatest text that earlier runs have seen, empty where there is none."""
        self._form = form_of(last) if last else None
        self._latest = (dt.datetime.now(dt.UTC) + AHEAD).date().isoformat()

    def greatest(self, values: Any) -> tuple[str | None, int]:
        """The greatest of some, None where there is none; and how many dates lie ahead of now, which are none.

        Raises:
            ValueError: they do not grow, and how that is seen.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        for text in values.unique().drop_null().to_pylist():
            form = form_of(text)
            if self._form is None:
                self._form = form
            if not form:
                raise ValueError(
                    "has numbers with a sign or an exponent, dates that do not begin with the year, or empty texts"
                )
            if form != self._form:
                raise ValueError("is not of one length and form, and as text 10 comes before 9")
        there = values.drop_null()
        if self._form not in DATES:
            return pc.max(there).as_py(), 0
        days: Any = pc.utf8_slice_codeunits(there, 0, DAY)
        believed = there.filter(pc.less_equal(days, pa.scalar(self._latest)))
        return pc.max(believed).as_py(), len(there) - len(believed)
