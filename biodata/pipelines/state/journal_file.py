"""The file of the journal: its tables, and one connection for each change or look.

Every change is one transaction, so `kill -9` at any moment leaves a journal that can be read.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.pipelines.state.private import private_directory, private_file, usable
from biodata.pipelines.state.state_file import StateFile

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RUN_COLUMNS", "STEP_COLUMNS", "JournalFile", "RunRow"]

TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, pipeline TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL, version TEXT NOT NULL,
    pid INTEGER NOT NULL, state TEXT NOT NULL, started TEXT NOT NULL, ended TEXT, message TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS steps (
    run TEXT NOT NULL REFERENCES runs (id), name TEXT NOT NULL, state TEXT NOT NULL, rows_read INTEGER,
    rows_out INTEGER, rejected INTEGER, tally TEXT NOT NULL DEFAULT '{}', started TEXT NOT NULL, seconds REAL,
    PRIMARY KEY (run, name));
CREATE TABLE IF NOT EXISTS batches (
    run TEXT NOT NULL REFERENCES runs (id), step TEXT NOT NULL, number INTEGER NOT NULL, rows INTEGER NOT NULL,
    tally TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (run, step, number));
CREATE TABLE IF NOT EXISTS deletes (
    run TEXT NOT NULL REFERENCES runs (id), step TEXT NOT NULL, number INTEGER NOT NULL, rows INTEGER NOT NULL,
    tally TEXT NOT NULL, at TEXT NOT NULL, state TEXT NOT NULL, line TEXT NOT NULL, told INTEGER NOT NULL,
    PRIMARY KEY (run, step, number));
"""
LATER = {
    "runs": {"phase": "TEXT NOT NULL DEFAULT 'reading'", "resumed": "INTEGER NOT NULL DEFAULT 0",
             "identities": "TEXT NOT NULL DEFAULT '{}'", "kind": "TEXT NOT NULL DEFAULT 'run'",
             "report": "TEXT NOT NULL DEFAULT ''"},
    "steps": {"seen": "TEXT NOT NULL DEFAULT '{}'", "deletes": "TEXT NOT NULL DEFAULT '{}'"},
    "batches": {"state": "TEXT NOT NULL DEFAULT 'done'", "line": "TEXT NOT NULL DEFAULT ''",
                "told": "INTEGER NOT NULL DEFAULT 0"},
}  # fmt: skip
"""Columns that a journal of an older version lacks, by table."""
STEP_COLUMNS = frozenset({"state", "rows_read", "rows_out", "rejected", "tally", "seconds", "seen", "deletes"})
RUN_COLUMNS = (
    "id", "pipeline", "file", "sha256", "version", "pid", "state", "started", "ended", "message", "phase", "resumed",
    "kind", "report", "identities",
)  # fmt: skip
RESUMED_FROM = frozenset({"loading", "deleting"})
"""The phases of a run in which a target may have been written to."""


class RunRow(msgspec.Struct, frozen=True):
    """One run as the journal has it.

    Attributes:
        state: running, done, withheld (all is loaded, deletes were not made), planned, failed, interrupted, or
            over (a plan that cannot be applied any more, because the pipeline has run since).
        phase: how far it got: reading, sealed (all is read, transformed and checked), loading, deleting or ended.
        resumed: how often it was taken up again after it had died.
        identities: profile to who the platform took us for.
        report: where the report for people was written; empty before.
        kind: run, preview (a dry run), plan (of one that was not applied) or replay (of rejects).
    """

    id: str
    pipeline: str
    file: str
    sha256: str
    version: str
    pid: int
    state: str
    started: str
    ended: str | None
    message: str
    phase: str = "ended"
    resumed: int = 0
    kind: str = "run"
    report: str = ""
    identities: dict[str, str] = {}

    @property
    def writing(self) -> bool:
        """Whether a target may have been written to, and not everything that was to be written."""
        return self.state != "done" and self.phase in RESUMED_FROM


class JournalFile(StateFile):
    """The journal of a state directory, as a file."""

    what = "The journal"
    name = "journal.sqlite"
    tables = TABLES
    later = LATER
    left_by_runs = ("locks", *StateFile.left_by_runs)
    needed = True

    @contextmanager
    def _lock(self, pipeline: str) -> Iterator[bool]:
        path = self.directory / "locks" / f"{pipeline}.lock"
        with usable("The lock", path):
            private_directory(path.parent)
            descriptor = private_file(path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(descriptor)

    @contextmanager
    def nobody_runs(self, pipeline: str) -> Iterator[bool]:
        """Whether no run of a pipeline is under way; if so, none begins before the block ends.

        Nothing is made for it: where there is no lock to be held, nobody holds it.
        """
        path = self.directory / "locks" / f"{pipeline}.lock"
        with usable("The lock", path):
            descriptor = os.open(path, os.O_RDONLY) if path.exists() else None
        if descriptor is None:
            yield True
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(descriptor)

    def _dicts(self, query: str, *values: str) -> list[dict[str, Any]]:
        with self._open() as database:
            database.row_factory = sqlite3.Row
            found = [dict(row) for row in database.execute(query, values)]
        return [row | {"tally": self._read(row["tally"], kind=dict)} for row in found]

    def forget(self, run: str) -> None:
        """Remove what is known of a run, overwriting it: cursors are values; its directory is not touched."""
        with self._open() as database:
            database.execute("PRAGMA secure_delete = ON")
            for table, column in (("deletes", "run"), ("batches", "run"), ("steps", "run"), ("runs", "id")):
                database.execute(f"DELETE FROM {table} WHERE {column} = ?", (run,))  # noqa: S608 - names of ours
