"""One SQLite file of a state directory: for the owner alone, of a format that is known, and never begun anew unseen.

The format is a number in the file (`PRAGMA user_version`). An older file is brought to the present one when it is
opened, for who only looks at a file that cannot be written to in memory; one of a newer version of biodata is left
alone.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from biodata.errors import ConfigError
from biodata.pipelines.state.damage import damaged, newer
from biodata.pipelines.state.looking import in_memory, looked_at, only_read
from biodata.pipelines.state.private import private_directory, private_file, usable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

__all__ = ["StateFile"]

FORMAT = 1
MASK = 0xFF
"""The part of an error code of SQLite that says its kind."""
log = logging.getLogger("biodata.state")


class StateFile:
    """A file of a state directory.

    Attributes:
        directory: the state directory.
        path: of the file.
    """

    what: ClassVar[str]
    """How messages call it."""
    name: ClassVar[str]
    tables: ClassVar[str]
    """The statements that make its tables, where they are not there."""
    later: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """Columns that a file of an older version lacks, by table."""
    indexes: ClassVar[str] = ""
    """The statements that make what may be over those columns, where it is not there."""
    settings: ClassVar[tuple[str, ...]] = ()
    """Statements for each connection."""
    left_by_runs: ClassVar[tuple[str, ...]] = ("runs", "memory", "audit.ndjson")
    """What of the state directory is made after this file."""
    needed: ClassVar[bool] = False
    """Whether the file may not be made anew where runs were made."""

    def __init__(self, directory: Path, *, looking: bool = False) -> None:
        """Open the file; it is made when it is not there, unless somebody is only looking.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, it cannot be used, is damaged, gone, somebody else's, or of a newer
                version of biodata; the other methods likewise.
        """
        self.directory = directory
        self.path = directory / self.name
        self._only_read = looking and only_read(self.path)
        with usable(self.what, self.path):
            if not self._only_read:
                private_directory(directory)
            before = [one for one in self.left_by_runs if (directory / one).exists()]  # looked for before the file is
            self._left, self._there = "".join(before[:1]), self.path.exists()
        with self._open() as database:
            if not self._only_read:
                self._bring_up_to_date(database)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection for one change or one look, which is undone as a whole when it fails."""
        try:
            with usable(self.what, self.path), closing(self._connected()) as database, database:
                for setting in self.settings:
                    database.execute(setting)
                yield database
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def _connected(self) -> sqlite3.Connection:
        if not self._only_read:
            os.close(private_file(self.path, os.O_RDWR))
            return sqlite3.connect(self.path, timeout=30)
        database = looked_at(self.path)
        try:
            if not self._is_present(database):
                self._see_that_it_is_not_gone(database)
                database = in_memory(database)
                self._make(database)
        except BaseException:
            database.close()
            raise
        return database

    def _unusable(self, error: sqlite3.Error) -> ConfigError:
        kind = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & MASK
        if kind in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
            return damaged(self.what, self.path, str(error), self._anew())
        hint = _HINTS.get(kind, "Set BIODATA_STATE to another directory")
        return ConfigError(f"{self.what} {self.path} cannot be used: {error}", code="BD-CONFIG-STATE", hint=hint)

    def _anew(self) -> str:
        if self.needed:
            return f"To begin anew, and without what earlier runs have left for the next, move {self.directory} away"
        return "To begin anew without it, move it away"

    def _bring_up_to_date(self, database: sqlite3.Connection) -> None:
        if self._is_present(database):
            return
        database.execute("BEGIN IMMEDIATE")  # two processes may come at once
        if not self._is_present(database):
            self._see_that_it_is_not_gone(database)
            self._make(database)

    def _is_present(self, database: sqlite3.Connection) -> bool:
        """Whether it is of the present format; an older one is not."""
        ((found,),) = database.execute("PRAGMA user_version").fetchall()
        if found > FORMAT:
            raise newer(self.what, self.path, found, FORMAT)
        return bool(found == FORMAT)

    def _make(self, database: sqlite3.Connection) -> None:
        """Make what it lacks of the present format."""
        _each(database, self.tables)
        for table, columns in self.later.items():
            present = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
            for column in columns.keys() - present:
                database.execute(f"ALTER TABLE {table} ADD COLUMN {column} {columns[column]}")
        _each(database, self.indexes)
        database.execute(f"PRAGMA user_version = {FORMAT}")

    def _see_that_it_is_not_gone(self, database: sqlite3.Connection) -> None:
        """Where runs were made, what was known of them is there; what need not be is told once."""
        left, self._left = self._left, ""
        if not left or database.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            return
        state = "is empty" if self._there else "is not there"
        if self.needed or self._there:
            if not (self._there or self._only_read):
                self.path.unlink(missing_ok=True)  # it was made a moment ago
            reason = f"it {state}, and {self.directory / left} says that runs were made here"
            raise damaged(self.what, self.path, reason, self._anew())
        state += "" if self._only_read else " and is made anew"
        log.warning("%s %s %s; %s says that runs were made here", self.what, self.path, state, self.directory / left)

    def check(self) -> None:
        """Read the whole file.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, it is damaged somewhere.
        """
        with self._open() as database:
            ((found,),) = database.execute("PRAGMA quick_check(1)").fetchall()
        if found != "ok":
            raise damaged(self.what, self.path, "it is damaged", self._anew())

    def _read(self, text: str, read: Callable[[str], Any] = json.loads, kind: type = object) -> Any:
        """What a column says that holds JSON of a kind."""
        try:
            found = read(text)
            if isinstance(found, kind):
                return found
        except (ValueError, TypeError, KeyError, ArithmeticError):
            pass  # as what is of another kind
        raise damaged(self.what, self.path, "what it says cannot be read", self._anew())


def _each(database: sqlite3.Connection, statements: str) -> None:
    """Do statements within the transaction that is open; `executescript` would end it."""
    for statement in filter(str.strip, statements.split(";")):
        database.execute(statement)


_HINTS = {
    sqlite3.SQLITE_FULL: "Make room, or set BIODATA_STATE to a directory on another disk",
    sqlite3.SQLITE_IOERR: "Make room, or set BIODATA_STATE to a directory on another disk",
    sqlite3.SQLITE_BUSY: "Wait for the process that has it open",
    sqlite3.SQLITE_LOCKED: "Wait for the process that has it open",
}
