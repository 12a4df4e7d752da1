"""All rejects of a state directory, in one SQLite file for the owner's eyes only: found, counted, closed, removed.

The records in it are people's: they come back in the types that they had, and what is removed is overwritten.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import NotFound
from biodata.pipelines.state.exact import from_text, key_from_text, to_text
from biodata.pipelines.state.instants import instant
from biodata.pipelines.state.reject import OPEN, Kept, Stage, State
from biodata.pipelines.state.state_file import StateFile

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

__all__ = ["RejectCount", "RejectFile", "Which"]

PAGE = 500
"""Rejects that are read at once; nothing is locked in between."""

TABLES = """
CREATE TABLE IF NOT EXISTS rejects (
    id INTEGER PRIMARY KEY AUTOINCREMENT, pipeline TEXT NOT NULL, run TEXT NOT NULL, step TEXT NOT NULL,
    stage TEXT NOT NULL, rule TEXT NOT NULL, reason TEXT NOT NULL, row INTEGER NOT NULL, code TEXT NOT NULL,
    key TEXT NOT NULL, record TEXT NOT NULL, at INTEGER NOT NULL, target_key TEXT NOT NULL, waiting INTEGER NOT NULL,
    of INTEGER NOT NULL, attempt INTEGER NOT NULL, state TEXT NOT NULL, since TEXT NOT NULL, changed TEXT NOT NULL,
    same BLOB NOT NULL, alike BLOB NOT NULL DEFAULT x'', asked TEXT NOT NULL DEFAULT '', UNIQUE (run, same));
CREATE TABLE IF NOT EXISTS settled (run TEXT NOT NULL, reject INTEGER NOT NULL, PRIMARY KEY (run, reject));
"""
LATER = {"rejects": {"alike": "BLOB NOT NULL DEFAULT x''", "asked": "TEXT NOT NULL DEFAULT ''"}}
"""Columns that the rejects of an older version lack, by table."""
INDEXES = """
CREATE INDEX IF NOT EXISTS rejects_of_step ON rejects (pipeline, step, state);
CREATE INDEX IF NOT EXISTS rejects_by_key ON rejects (key) WHERE state IN ('open', 'waiting');
CREATE INDEX IF NOT EXISTS rejects_by_target_key ON rejects (target_key) WHERE state IN ('open', 'waiting');
CREATE INDEX IF NOT EXISTS rejects_of_reject ON rejects (of) WHERE of > 0;
CREATE INDEX IF NOT EXISTS rejects_alike ON rejects (alike) WHERE alike <> x'';
"""
COLUMNS = (
    "id pipeline run step stage rule reason row code key record at target_key waiting of attempt state since changed"
)
SELECT = f"SELECT {', '.join(COLUMNS.split())} FROM rejects"  # noqa: S608 - names of ours


class Which(msgspec.Struct, frozen=True):
    """Some of the rejects: those for which all that is said holds.

    Attributes:
        but: of other runs than this one.
        asked: of runs that asked for these records (`sources/asked.py`), or of which that is not known.
        until: that became what they are before this instant.
        states: in one of these states; in any when empty.
    """

    ids: tuple[int, ...] | None = None
    pipeline: str | None = None
    run: str | None = None
    step: str | None = None
    stage: Stage | None = None
    but: str | None = None
    asked: str | None = None
    until: str | None = None
    states: tuple[State, ...] = ()

    def where(self) -> tuple[str, list[Any]]:
        """The condition in SQL, and its values."""
        ids = None if self.ids is None else json.dumps(self.ids)
        states = json.dumps(self.states) if self.states else None
        terms = {
            "id IN (SELECT value FROM json_each(?))": ids,
            "pipeline = ?": self.pipeline,
            "run = ?": self.run,
            "step = ?": self.step,
            "stage = ?": self.stage,
            "run <> ?": self.but,
            "asked IN (?, '')": self.asked,
            "changed < ?": self.until,
            "state IN (SELECT value FROM json_each(?))": states,
        }
        said = {term: value for term, value in terms.items() if value is not None}
        return " AND ".join(said) or "1", list(said.values())


class RejectCount(msgspec.Struct, frozen=True):
    """How many rejects of one pipeline, step, rule and state there are; `first` is the lowest id."""

    pipeline: str
    step: str
    stage: Stage
    rule: str
    reason: str
    state: State
    count: int
    first: int


class RejectFile(StateFile):
    """The rejects of a state directory, in its file `rejects.sqlite`."""

    what = "The file of rejects"
    name = "rejects.sqlite"
    tables = TABLES
    later = LATER
    indexes = INDEXES
    settings = ("PRAGMA secure_delete = ON",)

    def find(self, which: Which) -> Iterator[Kept]:
        """Some rejects, oldest first, in constant memory."""
        where, values = which.where()
        last = 0
        while True:
            query = f"{SELECT} WHERE {where} AND id > ? ORDER BY id LIMIT {PAGE}"
            with self._open() as database:
                rows = database.execute(query, (*values, last)).fetchall()
            yield from map(self._kept, rows)
            if len(rows) < PAGE:
                return
            last = rows[-1][0]

    def get(self, number: int) -> Kept:
        """The reject of that id.

        Raises:
            NotFound: `BD-PIPELINE-REJECT`.
        """
        found = next(self.find(Which(ids=(number,))), None)
        if found is None:
            hint = "biodata rejects list --state all lists them"
            raise NotFound(f"There is no reject {number}", code="BD-PIPELINE-REJECT", hint=hint)
        return found

    def counts(self, which: Which) -> list[RejectCount]:
        """How many there are, by pipeline, step, rule and state; the oldest first."""
        where, values = which.where()
        group = "pipeline, step, stage, rule, reason, state"
        query = f"SELECT {group}, count(*), min(id) FROM rejects WHERE {where} GROUP BY {group} ORDER BY min(id)"  # noqa: S608
        with self._open() as database:
            return [RejectCount(*row) for row in database.execute(query, values)]

    def close(self, which: Which, state: State) -> int:
        """Give those that are open or waiting another state; how many they were."""
        still = tuple(one for one in which.states or OPEN if one in OPEN)
        where, values = msgspec.structs.replace(which, states=still or ("none",)).where()
        with self._open() as database:
            query = f"UPDATE rejects SET state = ?, changed = ? WHERE {where}"  # noqa: S608 - terms of ours
            return database.execute(query, (state, instant(), *values)).rowcount

    def supersede_keys(
        self, pipeline: str, step: str, run: str, keys: Iterable[Any], *, of_target: bool = False
    ) -> int:
        """Close what other runs rejected of the records of these keys, which were read again.

        Args:
            pipeline: its name.
            step: the step's name.
            run: that has read them again.
            keys: as the source has them; `of_target`: tuples, as the target would have them.
            of_target: which of both.
        """
        if not self.counts(Which(pipeline=pipeline, step=step, but=run, states=OPEN)):
            return 0
        name = "target_key" if of_target else "key"
        query = (
            f"UPDATE rejects SET state = 'superseded', changed = ? WHERE {name} = ? AND pipeline = ? "  # noqa: S608
            "AND step = ? AND run <> ? AND state IN ('open', 'waiting')"
        )
        now = instant()
        told = ((now, to_text(key), pipeline, step, run) for key in keys if key is not None)
        with self._open() as database:
            return max(database.executemany(query, told).rowcount, 0)

    def settle(self, run: str, ids: Iterable[int], *, also: Iterable[str] = ()) -> None:
        """A replay is over: each of the rejects that it took is in the target now, or was rejected again.

        One that was rejected again keeps its id, and has an attempt more; where several rows came of it, the others
        are rejects of their own. Until then they are `replaying`, so that a replay that dies changes nothing.

        Args:
            run: the replay.
            ids: of the rejects that it took.
            also: replays that died; what they sent of these rejects counts no more.
        """
        runs = (run, *also)
        with self._open() as database:
            for number in ids:
                _settle(database, run, number)
                told = ((one, number) for one in runs)
                database.executemany("INSERT OR IGNORE INTO settled VALUES (?, ?)", told)

    def settled(self, run: str) -> set[int]:
        """The rejects that a replay, or a later one in its place, has settled."""
        with self._open() as database:
            return {row[0] for row in database.execute("SELECT reject FROM settled WHERE run = ?", (run,))}

    def remove(self, which: Which) -> int:
        """Remove rejects, and what is left of replays that died over those that are closed; how many they were."""
        where, values = which.where()
        still = "SELECT id FROM rejects WHERE state IN ('open', 'waiting')"
        with self._open() as database:
            removed = database.execute(f"DELETE FROM rejects WHERE {where}", values).rowcount  # noqa: S608
            database.execute(f"DELETE FROM rejects WHERE state = 'replaying' AND of NOT IN ({still})")  # noqa: S608
        return removed

    def _kept(self, row: tuple[Any, ...]) -> Kept:
        found = dict(zip(COLUMNS.split(), row, strict=True))
        found |= {name: self._read(found[name], key_from_text) for name in ("key", "target_key")}
        record = self._read(found["record"], from_text, dict)
        return Kept(**found | {"record": record, "waiting": bool(found["waiting"])})


def _settle(database: sqlite3.Connection, run: str, number: int) -> None:
    """One reject of a replay: what came of it takes its place; where nothing did, it is replayed."""
    (first,) = database.execute("SELECT min(id) FROM rejects WHERE of = ? AND run = ?", (number, run)).fetchone()
    if first is None:
        query = "UPDATE rejects SET state = 'replayed', changed = ? WHERE id = ?"
        database.execute(query, (instant(), number))
    else:
        query = "SELECT attempt + 1, since, alike, ?, ? FROM rejects WHERE id = ?"
        told = database.execute(query, (number, run, number)).fetchone()
        database.execute(
            "UPDATE rejects SET of = 0, state = CASE WHEN waiting THEN 'waiting' ELSE 'open' END, attempt = ?, "
            "since = ?, alike = ? WHERE of = ? AND run = ?",
            told,
        )
        database.execute("DELETE FROM rejects WHERE id = ?", (number,))
        database.execute("UPDATE rejects SET id = ? WHERE id = ?", (number, first))
    database.execute("DELETE FROM rejects WHERE of = ?", (number,))  # of replays that died
