"""Which contents a step has seen: keyed hashes of records, in one SQLite file for the owner's eyes only.

A run writes a new file beside its spool, which takes the old one's place when its rows are loaded. Of contents that
are the same, each has its number: a second one is new where there was one before.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from biodata.errors import ConfigError
from biodata.pipelines.state.damage import newer
from biodata.pipelines.state.private import private_directory, private_file, usable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

__all__ = ["Hashes", "keep_hashes"]

TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -65536;
PRAGMA user_version = 1;
CREATE TABLE seen (hash BLOB NOT NULL, nth INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (hash, nth))
    WITHOUT ROWID;
CREATE TEMP TABLE batch (hash BLOB NOT NULL, nth INTEGER NOT NULL, number INTEGER NOT NULL);
"""
WHAT = "The memory of a step"
FORMAT = 1
"""Of the file; one of an older version of biodata has 0 and is the same."""


class Hashes:
    """A new file of hashes, and the last one to compare with."""

    def __init__(self, path: Path, before: Path | None) -> None:
        """Begin a new file at `path`; `before` is the last one, None where there is none."""
        with _told(path):
            path.unlink(missing_ok=True)
            os.close(private_file(path, os.O_RDWR))
        self._path, self._compares = path, before is not None
        self._database = sqlite3.connect(path.as_uri(), uri=True)
        try:
            with _told(path):
                self._database.executescript(TABLES)
            if before is not None:
                self._attach(before)
            self._database.execute("BEGIN")
        except BaseException:
            self.close()
            raise

    def _attach(self, before: Path) -> None:
        with _told(before):
            os.close(private_file(before, os.O_RDWR))
            self._database.execute("ATTACH DATABASE ? AS before", (f"{before.as_uri()}?mode=ro",))
            ((found,),) = self._database.execute("PRAGMA before.user_version").fetchall()
            if found > FORMAT:
                raise newer(WHAT, before, found, FORMAT)
            self._database.execute("SELECT hash FROM before.seen LIMIT 1")

    def add(self, numbers: Sequence[int], hashes: Sequence[bytes]) -> set[int]:
        """Keep the hashes of some rows; the numbers of those rows that were there before."""
        within: Counter[bytes] = Counter()
        rows = []
        for number, one in zip(numbers, hashes, strict=True):
            within[one] += 1
            rows.append((one, within[one], number))
        with _told(self._path):
            run = self._database.execute
            run("DELETE FROM batch")
            self._database.executemany("INSERT INTO batch VALUES (?, ?, ?)", rows)
            run("UPDATE batch SET nth = nth + (SELECT count(*) FROM main.seen WHERE seen.hash = batch.hash)")
            run("INSERT INTO main.seen SELECT hash, nth, number FROM batch")
            if not self._compares:
                return set()
            there = "SELECT 1 FROM before.seen AS old WHERE old.hash = batch.hash AND old.nth = batch.nth"
            return {row[0] for row in run(f"SELECT number FROM batch WHERE EXISTS ({there})")}  # noqa: S608 - ours

    def seal(self) -> None:
        """Complete the file, and be sure that it is on the disk."""
        with _told(self._path):
            self._database.execute("COMMIT")
            self.close()
            _sync(self._path)

    def close(self) -> None:
        """Let go of the files."""
        self._database.close()


def keep_hashes(new: Path, place: Path, rejected: Iterable[int]) -> None:
    """Put a sealed file in the last one's place, without the rows that were rejected: they are to come again.

    Where there is no new file nothing is done, so that it may be called again after a crash.
    """
    if not new.exists():
        return
    with _told(new):
        with closing(sqlite3.connect(new.as_uri(), uri=True)) as database, database:
            database.execute("CREATE TEMP TABLE rejected (number INTEGER PRIMARY KEY)")
            database.executemany("INSERT OR IGNORE INTO rejected VALUES (?)", ((number,) for number in rejected))
            if database.execute("SELECT 1 FROM rejected LIMIT 1").fetchone():
                database.execute("DELETE FROM seen WHERE number IN (SELECT number FROM rejected)")
        _sync(new)
        private_directory(place.parent)
        new.replace(place)
        _sync(place.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What goes wrong with the file is told as the state directory's trouble."""
    try:
        with usable(WHAT, path):
            yield
    except sqlite3.Error:
        message = f"{WHAT} {path} cannot be used: it is damaged, or the disk is full"
        hint = "Make room; or remove it, and everything is read anew"
        raise ConfigError(message, code="BD-CONFIG-STATE", hint=hint) from None
