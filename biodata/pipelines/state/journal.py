"""The journal: what runs did, in one SQLite file of the user's state directory, kept up while they do it.

`BIODATA_STATE`, or `$XDG_STATE_HOME/biodata`, or `~/.local/state/biodata`. Every change is one transaction, so
`kill -9` at any moment leaves a journal that can be read. A run holds a lock on its pipeline's name for as long as
its process lives; a run that the journal calls running while its lock is free is dead, and the next run says so.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Journal", "RunRow", "new_run_id", "state_directory"]

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
"""
STEP_COLUMNS = frozenset({"state", "rows_read", "rows_out", "rejected", "tally", "seconds"})


class RunRow(msgspec.Struct, frozen=True):
    """One run as the journal has it; `state` is running, done, failed or interrupted."""

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


def state_directory(given: Path | str | None = None) -> Path:
    """The directory of journals, spools and rejects, made for the owner alone when it is not there."""
    chosen = given or os.environ.get("BIODATA_STATE")
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    directory = Path(chosen).expanduser() if chosen else Path(home) / "biodata"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        message = f"The state directory {directory} cannot be made: {error.strerror}"
        raise ConfigError(message, code="BD-CONFIG-STATE", hint="Set BIODATA_STATE to another one") from None
    return directory


def new_run_id() -> str:
    """An id that sorts by time: `20260722T101502.123Z-4fa1`."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03}Z-{token_hex(2)}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Journal:
    """The journal of a state directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "journal.sqlite"
        with self._open() as database:
            database.executescript(TABLES)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            with closing(sqlite3.connect(self.path, timeout=30)) as database, database:
                yield database
        except (OSError, sqlite3.Error) as error:
            message = f"The journal {self.path} cannot be used: {getattr(error, 'strerror', None) or error}"
            raise ConfigError(
                message, code="BD-CONFIG-STATE", hint="Set BIODATA_STATE to another directory"
            ) from None

    @contextmanager
    def hold(self, pipeline: str) -> Iterator[None]:
        """Be the only run of a pipeline in this state directory, until the block or the process ends.

        Raises:
            ConfigError: `BD-PIPELINE-HELD`, another process holds it.
        """
        with self._lock(pipeline) as held:
            if not held:
                running = [run for run in self.runs(pipeline) if run.state == "running"]
                who = f" (run {running[-1].id}, process {running[-1].pid})" if running else ""
                message = f"The pipeline {pipeline} is being run by another process{who}"
                raise ConfigError(message, code="BD-PIPELINE-HELD", hint="Wait for it to end")
            yield

    @contextmanager
    def _lock(self, pipeline: str) -> Iterator[bool]:
        locks = self.directory / "locks"
        locks.mkdir(exist_ok=True, mode=0o700)
        descriptor = os.open(locks / f"{pipeline}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(descriptor)

    def begin(self, run: str, *, pipeline: str, file: str, sha256: str, version: str) -> None:
        """Note that a run starts."""
        values = (run, pipeline, file, sha256, version, os.getpid(), "running", _now())
        with self._open() as database:
            database.execute(
                "INSERT INTO runs (id, pipeline, file, sha256, version, pid, state, started) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )

    def end(self, run: str, state: str, message: str = "") -> None:
        """Note how a run ended: done, failed or interrupted."""
        with self._open() as database:
            database.execute(
                "UPDATE runs SET state = ?, ended = ?, message = ? WHERE id = ?", (state, _now(), message, run)
            )

    def step(self, run: str, name: str, **values: Any) -> None:
        """Note what is known of a step: state, rows_read, rows_out, rejected, tally, seconds."""
        if not values.keys() <= STEP_COLUMNS:
            raise TypeError(f"a step has {', '.join(sorted(STEP_COLUMNS))}")
        if "tally" in values:
            values["tally"] = json.dumps(values["tally"], sort_keys=True)
        change = ", ".join(f"{column} = ?" for column in values)
        with self._open() as database:
            database.execute(
                "INSERT OR IGNORE INTO steps (run, name, state, started) VALUES (?, ?, 'waiting', ?)",
                (run, name, _now()),
            )
            database.execute(
                f"UPDATE steps SET {change} WHERE run = ? AND name = ?",  # noqa: S608 - names from STEP_COLUMNS
                (*values.values(), run, name),
            )

    def batch(self, run: str, step: str, number: int, rows: int, tally: dict[str, int]) -> None:
        """Note that the target has answered for a batch."""
        with self._open() as database:
            database.execute(
                "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?)",
                (run, step, number, rows, json.dumps(tally, sort_keys=True), _now()),
            )

    def runs(self, pipeline: str | None = None) -> list[RunRow]:
        """The runs, oldest first."""
        where, values = ("WHERE pipeline = ?", (pipeline,)) if pipeline else ("", ())
        query = f"SELECT id, pipeline, file, sha256, version, pid, state, started, ended, message FROM runs {where}"  # noqa: S608
        with self._open() as database:
            return [RunRow(*row) for row in database.execute(f"{query} ORDER BY id", values)]

    def steps(self, run: str) -> list[dict[str, Any]]:
        """The steps of a run, in order, as dicts of the table's columns."""
        return self._dicts("SELECT * FROM steps WHERE run = ? ORDER BY rowid", run)

    def batches(self, run: str) -> list[dict[str, Any]]:
        """The batches that targets have answered for, in order."""
        return self._dicts("SELECT * FROM batches WHERE run = ? ORDER BY rowid", run)

    def _dicts(self, query: str, *values: str) -> list[dict[str, Any]]:
        with self._open() as database:
            database.row_factory = sqlite3.Row
            found = [dict(row) for row in database.execute(query, values)]
        return [row | {"tally": json.loads(row["tally"])} for row in found]

    def run_directory(self, run: str) -> Path:
        """Where a run's rejects and report lie."""
        return self.directory / "runs" / run

    def bury_the_dead(self, mine: str) -> list[RunRow]:
        """Mark the runs whose process is gone as interrupted, and remove what they spooled.

        Args:
            mine: the pipeline whose lock the caller holds.

        Returns:
            The dead runs of that pipeline.
        """
        dead = []
        for run in self.runs():
            if run.state != "running":
                continue
            if run.pipeline == mine:
                dead.append(run)
                self._bury(run)
                continue
            with self._lock(run.pipeline) as free:
                if free:
                    self._bury(run)
        return dead

    def _bury(self, run: RunRow) -> None:
        self.end(run.id, "interrupted", "the process ended without a word")
        shutil.rmtree(self.run_directory(run.id) / "spool", ignore_errors=True)
