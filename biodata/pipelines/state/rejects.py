"""Rejected records, kept with the reason in the run's own file for the owner's eyes only.

`rejects.ndjson` holds one JSON object a line: step, stage, rule, reason, code, row, key and the record as it was
read. What reports and messages get is the tally: rules, reasons, counts and row numbers, and no values.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Reject", "RejectStore", "RejectTally", "Stage"]

ROWS_SHOWN = 20
Stage: TypeAlias = Literal["extract", "transform", "check", "load"]


class Reject(msgspec.Struct, frozen=True):
    """One rejected record.

    Attributes:
        rule: the check's or column's name, or the field that the platform names.
        reason: why, in words without the record's values.
        row: the record's position in what was read, from 1.
        record: as it was read, or, for a refusal by the platform, as it was sent.
        at: the segment of the step's operations that the record enters when it is replayed; 0 as it was read.
        target_key: the key that it would have had in the target, where that is known.
        waiting: whether it only waits for a record that it refers to.
    """

    step: str
    stage: Stage
    rule: str
    reason: str
    row: int
    code: str = ""
    key: Any = None
    record: dict[str, Any] = {}
    at: int = 0
    target_key: tuple[Any, ...] | None = None
    waiting: bool = False


class RejectTally(msgspec.Struct):
    """How often one rule of one step rejected, and the first rows that it did it to."""

    step: str
    stage: Stage
    rule: str
    reason: str
    count: int = 0
    rows: list[int] = []


class RejectStore:
    """The rejects of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tallies: dict[tuple[str, ...], RejectTally] = {}

    def add(self, reject: Reject) -> None:
        """Keep one record."""
        self._append(msgspec.json.encode(reject, enc_hook=str) + b"\n")
        place = (reject.step, reject.stage, reject.rule, reject.reason)
        tally = self._tallies.setdefault(place, RejectTally(reject.step, reject.stage, reject.rule, reject.reason))
        tally.count += 1
        if len(tally.rows) < ROWS_SHOWN:
            tally.rows.append(reject.row)

    def _append(self, line: bytes) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(line)

    def tallies(self, step: str | None = None) -> tuple[RejectTally, ...]:
        """What was rejected by which rule, of one step or of all."""
        return tuple(tally for tally in self._tallies.values() if step in {None, tally.step})

    def count(self, step: str | None = None) -> int:
        """The number of rejected records, of one step or of all."""
        return sum(tally.count for tally in self.tallies(step))

    def __iter__(self) -> Iterator[Reject]:
        if self.path.exists():
            with self.path.open("rb") as file:
                for line in file:
                    yield msgspec.json.decode(line, type=Reject)
