"""One rejected record, and what becomes of it."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

__all__ = ["CLOSED", "OPEN", "Kept", "Reject", "RejectTally", "Stage", "State"]

Stage: TypeAlias = Literal["extract", "transform", "check", "load"]
State: TypeAlias = Literal["open", "waiting", "replaying", "replayed", "dropped", "superseded"]
"""What became of a reject.

`open`: somebody has to look at it. `waiting`: for the record that it refers to. `replaying`: rejected in a replay
that was not settled. `replayed`: it is in the target now. `dropped`: somebody said that it need not be. `superseded`:
its record was read again by a later run.
"""

OPEN: tuple[State, ...] = ("open", "waiting")
CLOSED: tuple[State, ...] = ("replayed", "dropped", "superseded")


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
        of: the kept reject whose replay this came of; 0 where it is no replay.
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
    of: int = 0


class Kept(Reject, frozen=True, kw_only=True):
    """A reject as the state directory keeps it.

    Attributes:
        id: a number of its own; it stays the same when the record is replayed and rejected again.
        run: the run that rejected it, the latest one.
        attempt: how often it was rejected, from 1.
        since: when it was rejected first, an instant in UTC; `changed`: when its state became what it is.
    """

    id: int
    pipeline: str
    run: str
    attempt: int
    state: State
    since: str
    changed: str


class RejectTally(msgspec.Struct):
    """How often one rule of one step rejected, and the first rows that it did it to."""

    step: str
    stage: Stage
    rule: str
    reason: str
    count: int = 0
    rows: list[int] = []
    waiting: bool = False
