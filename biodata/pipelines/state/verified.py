"""Reading a chained file from its first line to its last: is it what was written?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from biodata.pipelines.state.chained import Head, unsealed
from biodata.pipelines.state.told import told_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from biodata.pipelines.state.chained import ChainedFile

__all__ = ["Verified", "verify"]


class Verified(msgspec.Struct, frozen=True):
    """What came of reading a chain.

    Attributes:
        lines: how many are as they were written, from the first on; `hash` of the last of them.
        broken: the number of the first line that is not, from 1; None where all are.
        why: what is wrong there.
        repaired: how many last lines were cut off in the writing and set aside since.
        torn: bytes of a last line that is cut off now.
    """

    lines: int
    hash: str
    broken: int | None = None
    why: str = ""
    repaired: int = 0
    torn: int = 0

    @property
    def ok(self) -> bool:
        """Whether every line is there and as it was written."""
        return self.broken is None


def verify(chain: ChainedFile, expected: str = "", told: Mapping[str, int] | None = None) -> Verified:
    """Read all lines, in constant memory.

    Args:
        chain: the file.
        expected: the hash of a line as somebody noted it elsewhere; it has to be among them.
        told: run to number of records of which the lines tell at least, as the journal had it before they are read.
    """
    reading, torn = _Reading(chain, expected, told or {}), 0
    for line in chain.lines():
        if not line.endswith(b"\n"):
            torn = len(line)
            break
        why = reading.take(line)
        if why:
            return reading.told(reading.head.lines + 1, why)
    return reading.end(torn)


class _Reading:
    """How far the reading is."""

    def __init__(self, chain: ChainedFile, expected: str, told: Mapping[str, int]) -> None:
        self.head = Head()
        self.witnessed, self.noted = chain.witnessed, chain.noted()
        self.wanted = {hash_ for hash_ in (expected, self.noted.hash if self.noted else "") if hash_}
        self.repaired = 0
        self.untold = Counter(told)

    def take(self, line: bytes) -> str:
        """The next line; what is wrong with it, empty where nothing is."""
        facts = unsealed(line)
        if facts is None:
            return "it was changed"
        if (facts.get("n"), facts.get("previous")) != (self.head.lines + 1, self.head.hash):
            return "it does not follow the line before it: lines were removed, added or put in another order"
        if facts.get("event") == "gap":
            return "before it was written, lines were gone that had been noted"
        self.head = Head(facts["n"], facts["hash"])
        self.wanted.discard(self.head.hash)
        self.repaired += facts.get("event") == "repaired"
        self.untold[facts.get("run", "")] -= told_in(facts)
        return ""

    def end(self, torn: int) -> Verified:
        """What came of it, once all lines that are whole were taken."""
        return self.told(*self._at_the_end(), torn)

    def _at_the_end(self) -> tuple[int | None, str]:
        """The first line that is not as it was written, and why; (None, "") where all are."""
        lines, noted = self.head.lines, self.noted or Head()
        if self.noted is None and (lines or self.witnessed):
            return lines + 1, "where the log ends is noted nowhere, so lines can be missing at its end"
        if noted.lines > lines:
            return lines + 1, f"{noted.lines - lines:,} lines are missing at the end"
        if noted.hash in self.wanted:
            return noted.lines, "it is another line than was noted"
        if lines > noted.lines + 1:
            return noted.lines + 2, "there are more lines than were noted"
        if self.wanted:
            return lines + 1, "no line has the hash that was given"
        why = (
            f"no line tells of {number:,} records that run {run} wrote or deleted" for run, number in self._untold()
        )
        return next(((lines + 1, one) for one in why), (None, ""))

    def _untold(self) -> Iterable[tuple[str, int]]:
        return (+self.untold).items()

    def told(self, broken: int | None, why: str, torn: int = 0) -> Verified:
        """The verdict."""
        return Verified(self.head.lines, self.head.hash, broken, why, self.repaired, torn)
