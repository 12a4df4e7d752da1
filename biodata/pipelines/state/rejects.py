"""The rejects of one run, while it goes on: kept with the reason for the owner's eyes only, and counted.

They are written when the run says so, batch by batch. A batch that is done again after a crash rejects the same
records again; each is kept once. What reports and messages get is the tally: rules, reasons, counts and row numbers,
and no values.
"""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.http.redaction import mask_values
from biodata.pipelines.state.exact import to_text
from biodata.pipelines.state.instants import instant
from biodata.pipelines.state.reject import OPEN, Kept, Reject, RejectTally, Stage, State
from biodata.pipelines.state.reject_file import RejectFile, Which

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["SEEN_TO", "Reject", "RejectStore", "RejectTally", "Stage"]

ROWS_SHOWN = 20
HELD = 1000
"""Rejects that are held in memory at most."""

INSERT = """
INSERT OR IGNORE INTO rejects (pipeline, run, step, stage, rule, reason, row, code, key, record, at, target_key,
    waiting, of, attempt, state, since, changed, same, alike, asked)
VALUES (:pipeline, :run, :step, :stage, :rule, :reason, :row, :code, :key, :record, :at, :target_key, :waiting,
    :of, 1, :state, :since, :since, :same, :alike, :asked)
"""
SEEN_TO: tuple[State, ...] = ("replayed", "dropped")
"""What a person has done about a reject holds as long as each run rejects the same record by the same rule."""


class RejectStore(RejectFile):
    """The rejects of one run; a run that is taken up again finds those that it had.

    A record that an earlier run has rejected by the same rule is the same reject. Where somebody has seen to that
    one, nobody needs to again, and it is not counted.

    Attributes:
        pipeline: the pipeline's name.
        run: the run's id.
        asked: step to the digest of the records that it asks for; of these steps alone rejects are carried on.
        parts: the steps that read only what is new.
    """

    def __init__(
        self,
        directory: Path,
        *,
        pipeline: str,
        run: str,
        asked: Mapping[str, str] | None = None,
        parts: Container[str] = (),
    ) -> None:
        """Open the state directory's rejects for a run.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, they cannot be used; the other methods likewise.
        """
        super().__init__(directory)
        self.pipeline = pipeline
        self.run = run
        self.asked = dict(asked or {})
        self.parts = parts
        self._seen_to = self._done_about() if self.asked else {}
        self._held: list[dict[str, Any]] = []
        self._alike: Counter[bytes] = Counter()
        self._tallies = self._counted()
        self._again = bool(self._tallies)

    def add(self, reject: Reject) -> None:
        """Keep one record; one that this run has kept already is not counted again."""
        row = self._row(_masked(reject))
        if self._again and self._has(row["same"]):
            return
        self._held.append(row)
        if row["state"] not in SEEN_TO:
            self._count(row)
        if len(self._held) >= HELD:
            self._write()

    def flush(self) -> None:
        """Write what is held; a batch of the run is over."""
        self._write()
        self._alike.clear()

    def _write(self) -> None:
        if self._held:
            with self._open() as database:
                written = database.executemany(INSERT, self._held).rowcount
            twice, self._held = written < len(self._held), []
            if twice:
                self._tallies = self._counted()

    def retract(self, step: str, stages: Iterable[Stage], rows: Iterable[int] | None = None) -> int:
        """Remove what this run rejected in stages of a step that it does again: of some rows, or of all.

        Returns:
            How many they were.
        """
        where, values = Which(run=self.run, step=step).where()
        query = f"DELETE FROM rejects WHERE {where} AND stage IN (SELECT value FROM json_each(?))"  # noqa: S608
        values.append(to_text(list(stages)))
        if rows is not None:
            query += " AND row IN (SELECT value FROM json_each(?))"
            values.append(to_text(list(rows)))
        self.flush()
        with self._open() as database:
            removed = database.execute(query, values).rowcount
        self._tallies = self._counted()
        return removed

    def adopt(self, runs: Iterable[str], step: str, ids: Iterable[int]) -> None:
        """What a target refused of some rejects to replays that died becomes what it refused to this one."""
        told = (self.run, to_text(list(runs)), step, to_text(list(ids)))
        with self._open() as database:
            database.execute(
                "UPDATE OR IGNORE rejects SET run = ? WHERE run IN (SELECT value FROM json_each(?)) AND step = ? "
                "AND stage = 'load' AND of IN (SELECT value FROM json_each(?))",
                told,
            )
        self.flush()
        self._tallies = self._counted()

    def seen_to(self, step: str) -> int:
        """How many of a step were rejected again that somebody has dropped or replayed."""
        return sum(one.count for one in self.counts(Which(run=self.run, step=step, states=SEEN_TO)))

    def carry_on(self) -> None:
        """Make one reject of each that an earlier run has rejected too: the id and the instant of the first stay."""
        states = to_text([*OPEN, *SEEN_TO])
        nth = "id, alike, attempt, since, row_number() OVER (PARTITION BY alike ORDER BY id) AS nth FROM rejects"
        some = "pipeline = ? AND alike <> x'' AND state IN (SELECT value FROM json_each(?))"
        pairs = (
            "SELECT mine.id, old.id, old.attempt + 1, old.since "  # noqa: S608 - names of ours
            f"FROM (SELECT {nth} WHERE {some} AND run = ? AND attempt = 1) AS mine "  # others were before
            f"JOIN (SELECT {nth} WHERE {some} AND run <> ?) AS old USING (alike, nth)"
        )
        told = (self.pipeline, states, self.run)
        self.flush()
        with self._open() as database:
            for mine, old, attempt, since in database.execute(pairs, told * 2).fetchall():
                database.execute("DELETE FROM rejects WHERE id = ?", (old,))
                change = "UPDATE rejects SET id = ?, attempt = ?, since = ? WHERE id = ?"
                database.execute(change, (old, attempt, since, mine))

    def supersede(self, step: str) -> int:
        """Close what other runs rejected of a step whose records were all read again; how many they were.

        What somebody has done about a record that is not rejected any more is over too.
        """
        which = Which(pipeline=self.pipeline, step=step, but=self.run, asked=self.asked.get(step, ""))
        where, values = msgspec.structs.replace(which, states=SEEN_TO).where()
        with self._open() as database:
            database.execute(f"UPDATE rejects SET alike = x'' WHERE {where}", values)  # noqa: S608 - terms of ours
        return self.close(which, "superseded")

    def tallies(self, step: str | None = None) -> tuple[RejectTally, ...]:
        """What was rejected by which rule, of one step or of all."""
        return tuple(tally for tally in self._tallies.values() if step in {None, tally.step})

    def count(self, step: str | None = None, *, counted: bool = False) -> int:
        """The number of rejected records, of one step or of all.

        Args:
            step: its name.
            counted: only those that count against the budget, which the waiting ones do not.
        """
        return sum(tally.count for tally in self.tallies(step) if not (counted and tally.waiting))

    def waiting(self, step: str | None = None) -> int:
        """How many of them only wait for a record that they refer to."""
        return sum(tally.count for tally in self.tallies(step) if tally.waiting)

    def __iter__(self) -> Iterator[Kept]:
        return self.find_all()

    def find_all(self, step: str | None = None) -> Iterator[Kept]:
        """The rejects of this run, of one step or of all, oldest first."""
        self.flush()
        return self.find(Which(run=self.run, step=step))

    def _row(self, reject: Reject) -> dict[str, Any]:
        row = msgspec.structs.asdict(reject)
        row |= {name: to_text(row[name]) for name in ("key", "target_key", "record")}
        state = "replaying" if reject.of else "waiting" if reject.waiting else "open"
        asked = self.asked.get(reject.step, "")
        row |= {"pipeline": self.pipeline, "run": self.run, "since": instant(), "asked": asked}
        row["alike"] = _alike(row) if asked else b""
        done = self._seen_to.get(row["alike"])
        # what a target refuses hangs on the target too, and no night may have met the record in between
        unsure = done == "replayed" and reject.stage == "load" and reject.step in self.parts
        if done and state == "open" and not unsure:
            state = done
        return row | {"same": self._same(row), "state": state}

    def _same(self, row: dict[str, Any]) -> bytes:
        """What two rejects of a run share that are one; of those that are alike each counts: rows can be doubled."""
        same = _alike(row, row["row"], row["of"])
        self._alike[same] += 1
        return same + self._alike[same].to_bytes(4, "big")

    def _done_about(self) -> dict[bytes, State]:
        """What was done about the records that earlier runs have rejected and of which none is open."""
        query = "SELECT alike, state FROM rejects WHERE pipeline = ? AND run <> ? AND alike <> x'' ORDER BY id"
        found: dict[bytes, State] = {}
        still: set[bytes] = set()
        with self._open() as database:
            for alike, state in database.execute(query, (self.pipeline, self.run)):
                if state in SEEN_TO:
                    found[alike] = state
                elif state in OPEN:
                    still.add(alike)
        return {alike: state for alike, state in found.items() if alike not in still}

    def _has(self, same: bytes) -> bool:
        with self._open() as database:
            query = "SELECT 1 FROM rejects WHERE run = ? AND same = ?"
            return database.execute(query, (self.run, same)).fetchone() is not None

    def _count(self, row: dict[str, Any]) -> None:
        place = tuple(row[name] for name in ("step", "stage", "rule", "reason", "waiting"))
        step, stage, rule, reason, waiting = place
        tally = self._tallies.setdefault(place, RejectTally(step, stage, rule, reason, waiting=waiting))
        tally.count += 1
        if len(tally.rows) < ROWS_SHOWN:
            tally.rows.append(row["row"])

    def _counted(self) -> dict[tuple[Any, ...], RejectTally]:
        """The tallies of what is written."""
        group = "step, stage, rule, reason, waiting"
        rows = (
            f"SELECT {group}, row, count(*) OVER those, row_number() OVER (those ORDER BY id) AS place, id "  # noqa: S608
            "FROM rejects WHERE run = ? AND state NOT IN ('replayed', 'dropped') "
            f"WINDOW those AS (PARTITION BY {group})"
        )
        query = f"SELECT * FROM ({rows}) WHERE place <= ? ORDER BY id"  # noqa: S608 - names of ours
        found: dict[tuple[Any, ...], RejectTally] = {}
        with self._open() as database:
            for step, stage, rule, reason, waiting, row, count, *_ in database.execute(query, (self.run, ROWS_SHOWN)):
                place = (step, stage, rule, reason, bool(waiting))
                made = RejectTally(step, stage, rule, reason, count, waiting=bool(waiting))
                found.setdefault(place, made).rows.append(row)
        return found


def _alike(row: dict[str, Any], *more: int) -> bytes:
    """What two rejects share that are of the same record, which was rejected at the same place.

    A target can have other words for a record when it is sent again, so they do not count.
    """
    rule = "" if row["stage"] == "load" else row["rule"]
    told = (row["step"], row["stage"], rule, row["at"], row["record"], *more)
    return blake2b(to_text(told).encode(), digest_size=16).digest()


def _masked(reject: Reject) -> Reject:
    """A platform's words without the record's values; the other reasons are words of ours."""
    if reject.stage != "load" or reject.waiting:
        return reject
    values = (*reject.record.values(), reject.key, reject.target_key)
    return msgspec.structs.replace(reject, reason=mask_values(reject.reason, values))
