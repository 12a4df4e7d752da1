"""The part of the journal that has every batch: before it is sent, and when the target has answered.

With a batch the journal gets the very line that the audit log is to have, so that whoever finds the run later can
tell the log without the rows, the pipeline file or the target. A batch is

- `sent`: the target may have it;
- `within`: answered for, in a transaction that may not be committed;
- `doubted`: it was sent, and the audit log says that nobody knows more;
- `done`: answered for, and in the audit log.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from biodata.pipelines.state.instants import instant
from biodata.pipelines.state.journal_file import JournalFile

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["JournalBatches", "Noted", "Of", "State"]

Of: TypeAlias = Literal["deletes", "batches"]
"""Keys that are deleted, and rows that are written: the journal has a table for each."""
State: TypeAlias = Literal["sent", "within", "doubted", "done"]
KINDS: tuple[Of, ...] = ("deletes", "batches")
"""In the order in which a transaction does them."""


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as the journal has it.

    Attributes:
        rows: how many records were given.
        tally: what became of them, as far as it is known.
        line: that the audit log is to have; empty where there is nothing to tell.
        told: of how many records the audit log tells.
    """

    of: Of = "batches"
    run: str
    step: str
    number: int
    rows: int
    tally: dict[str, int] = {}
    line: dict[str, Any] = {}
    told: int = 0


class JournalBatches(JournalFile):
    """What the journal knows of batches."""

    def note(self, batch: Noted, state: State) -> None:
        """Note how far a batch has got."""
        tally, line = json.dumps(batch.tally, sort_keys=True), json.dumps(batch.line) if batch.line else ""
        at = (batch.run, batch.step, batch.number, batch.rows)
        with self._open() as database:
            database.execute(
                f"INSERT OR REPLACE INTO {batch.of} (run, step, number, rows, tally, at, state, line, told) "  # noqa: S608 - a name of ours
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*at, tally, instant(), state, line, batch.told),
            )

    def undo(self, run: str, step: str) -> None:
        """Forget what a transaction that was undone did with a step."""
        with self._open() as database:
            for of in KINDS:
                query = f"DELETE FROM {of} WHERE run = ? AND step = ? AND state = 'within'"  # noqa: S608 - likewise
                database.execute(query, (run, step))

    def batches(self, run: str, step: str | None = None, of: Of = "batches") -> list[dict[str, Any]]:
        """The batches that went to targets, in order; `state` says whether the target has answered for each."""
        query = f"SELECT run, step, number, rows, tally, at, state FROM {of} WHERE run = ?"  # noqa: S608 - likewise
        if step is None:
            return self._dicts(f"{query} ORDER BY rowid", run)
        return self._dicts(f"{query} AND step = ? ORDER BY number", run, step)

    def noted(self, run: str, state: State, step: str = "") -> Iterator[Noted]:
        """The batches of a run, or of one step of it, that are in a state; only one of them is in memory."""
        for of in KINDS:
            for row in self.batches(run, step or None, of):
                if row["state"] == state:
                    yield self._noted(of, row)

    def _noted(self, of: Of, found: dict[str, Any]) -> Noted:
        at = {name: found[name] for name in ("run", "step", "number", "rows", "tally")}
        query = f"SELECT line, told FROM {of} WHERE run = ? AND step = ? AND number = ?"  # noqa: S608 - likewise
        with self._open() as database:
            ((line, told),) = database.execute(query, (found["run"], found["step"], found["number"]))
        return Noted(of=of, **at, line=self._read(line or "{}", kind=dict), told=told)

    def told(self) -> dict[str, int]:
        """Run to number of records of which the audit log tells, where there are any."""
        both = " UNION ALL ".join(f"SELECT run, told FROM {of}" for of in KINDS)  # noqa: S608 - likewise
        with self._open() as database:
            return dict(database.execute(f"SELECT run, sum(told) FROM ({both}) WHERE told > 0 GROUP BY run"))  # noqa: S608 - likewise
