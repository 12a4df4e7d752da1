"""The open database: one handle, a cursor for each reader, one writer at a time.

A cursor is a connection of its own inside DuckDB, so threads read side by side. Writers take turns, because two
transactions that change the same row would refuse each other. While `transaction()` is open, everything that goes
through this adapter, from whatever thread, sees it. A connection refuses to be used by two threads at once: the
transaction's is used under `_statement`, and cursors are made under `_opening`.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from biodata.errors import BiodataError, ConfigError, NotFound, QueryError, RemoteError, Unavailable, WriteError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from biodata_duckdb.settings import DuckdbSettings

__all__ = ["Database", "translated"]


class Database:
    """A database file or memory, opened when it is first used.

    A file that is not there is made by the first write; who only reads finds no table.
    """

    def __init__(self, settings: DuckdbSettings, access: str) -> None:
        self._settings = settings
        self._access = access
        self._root: duckdb.DuckDBPyConnection | None = None
        self._held: duckdb.DuckDBPyConnection | None = None
        self._opening = threading.Lock()
        self._writing = threading.RLock()
        self._statement = threading.RLock()
        self._streams: set[Any] = set()
        self.read_only = False

    @property
    def root(self) -> duckdb.DuckDBPyConnection:
        """The handle that was opened first, or the open transaction's; users get it as `connection.client`."""
        held = self._held
        if held is not None:
            return held
        with self._opening:
            return self._opened()

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor to read with."""
        if self._held is not None:
            with self._statement:
                held = self._held
                if held is not None:  # it may have ended while we waited for our turn
                    with translated():
                        yield held
                    return
        cursor = self._reader()
        try:
            with translated():
                yield cursor
        finally:
            cursor.close()

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor whose statements happen all or not at all; inside an open transaction, that one's."""
        with self._writing:
            if self._held is not None:
                with self._statement:
                    yield self._held
            else:
                with self._begun() as cursor:
                    yield cursor

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen, or none does; one inside another is part of it.

        Raises:
            WriteError: `BD-WRITE-TRANSACTION`, a statement inside failed, and DuckDB undid everything before it.
        """
        with self._writing:
            if self._held is not None:
                yield
                return
            with self._begun() as cursor:
                self._held = cursor
                try:
                    yield
                finally:
                    with self._statement:
                        self._held = None

    @contextmanager
    def stream(self, sql: str, params: list[Any], size: int) -> Iterator[Any]:
        """An Arrow reader over one statement: a snapshot, in constant memory.

        Inside a transaction the whole answer is fetched first, because its connection has other things to do.
        """
        if self._held is not None:
            with self.reading() as held:
                table = held.sql(sql, params=params).to_arrow_table()
            yield table.to_reader(size)
            return
        cursor = self._reader()
        with translated():
            reader = cursor.sql(sql, params=params).to_arrow_reader(size)
        self._streams.add(reader)
        try:
            yield reader
        finally:
            self._streams.discard(reader)
            reader.close()
            cursor.close()

    def check_writable(self) -> None:
        """See that the file can be written, or made where it is not there; nothing is made.

        Raises:
            ConfigError: `BD-DUCKDB-FILE`.
        """
        refused = None if self._settings.in_memory else _unwritable(self._settings.path)
        if refused:
            raise refused

    def close(self) -> None:
        """Close the file; a stream that is still open would keep it open, so it ends too."""
        for reader in list(self._streams):
            reader.close()
        with self._opening:
            if self._root is not None:
                self._root.close()
            self._root = None

    @contextmanager
    def _begun(self) -> Iterator[duckdb.DuckDBPyConnection]:
        import duckdb

        self.check_writable()
        with self._opening:
            cursor = self._opened().cursor()
        cursor.begin()
        try:
            yield cursor
            cursor.execute("SELECT 1")  # after a failed statement commit() says nothing, and undoes everything
            cursor.commit()
        except duckdb.TransactionException:
            try:
                cursor.rollback()
            except duckdb.TransactionException:  # it was the commit that failed, and so it has ended already
                raise _not_committed() from None
            raise _undone() from None
        except BaseException:
            with suppress(duckdb.TransactionException):  # after a commit there is nothing to undo
                cursor.rollback()
            raise
        finally:
            cursor.close()

    def _reader(self) -> duckdb.DuckDBPyConnection:
        """A cursor on the file; on nothing where it is yet to be made, because reading makes no file."""
        import duckdb

        with self._opening:
            if self._root is None and self._is_to_be_made():
                return duckdb.connect(":memory:")
            return self._opened().cursor()

    def _is_to_be_made(self) -> bool:
        return self._access != "read" and not self._settings.in_memory and not os.path.lexists(self._settings.path)

    def _opened(self) -> duckdb.DuckDBPyConnection:
        if self._root is None:
            self._root = self._open()
        return self._root

    def _open(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        path = self._settings.path
        if self._settings.in_memory:
            return duckdb.connect(":memory:")
        if self._access == "read" and not path.is_file():
            raise ConfigError("There is no such database file", code="BD-DUCKDB-FILE", hint="Check the path")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return self._connect(str(path))
        except (duckdb.Error, OSError) as error:
            raise (self._access != "read" and _unwritable(path)) or _why(error) from None

    def _connect(self, path: str) -> duckdb.DuckDBPyConnection:
        """A reader opens the file read-only, unless this process has it open for writing already."""
        import duckdb

        self.read_only = self._access == "read"
        try:
            return duckdb.connect(path, read_only=self.read_only)
        except duckdb.ConnectionException:
            if not self.read_only:
                raise
            self.read_only = False
            return duckdb.connect(path, read_only=False)


@contextmanager
def translated() -> Iterator[None]:
    """DuckDB's errors as ours; its words stay out, because they hold values."""
    import duckdb

    try:
        yield
    except duckdb.TransactionException:
        raise _undone() from None
    except duckdb.CatalogException:
        raise NotFound("The table or something in it is gone", code="BD-NOT-FOUND-TABLE") from None
    except (duckdb.ParserException, duckdb.BinderException, duckdb.SyntaxException) as error:
        words = str(error).partition("\n")[0]
        raise QueryError(f"DuckDB does not understand it: {words}", code="BD-QUERY-NATIVE") from None
    except duckdb.Error as error:
        raise RemoteError(f"DuckDB failed: {type(error).__name__}", code="BD-DUCKDB") from None


def _undone() -> WriteError:
    return WriteError("A statement failed, and nothing of the transaction is written", code="BD-WRITE-TRANSACTION")


def _not_committed() -> RemoteError:
    error = RemoteError(
        "DuckDB could not commit, and nothing is written", code="BD-DUCKDB", hint="Is there room on the disk?"
    )
    error.maybe_sent = False
    return error


def _unwritable(path: Path) -> ConfigError | None:
    """Why a file cannot be written, or made where it is not there; None where it can."""
    there = os.path.lexists(path)
    place = next(one for one in path.absolute().parents if os.path.lexists(one))
    needed = (path, place) if there else (place,)  # DuckDB's log of what is written lies beside the file
    why = [f"{one} is not writable" for one in needed if not os.access(one, os.W_OK)]
    if not place.is_dir():
        why = [f"{place} is no directory"]
    if not why:
        return None
    return ConfigError(
        f"The database file cannot be {'written' if there else 'made'}: {why[0]}",
        code="BD-DUCKDB-FILE",
        hint="Give yourself the right to write there, or choose another path",
    )


def _why(error: Exception) -> BiodataError:
    words = str(error)
    if "lock on file" in words:
        other = re.search(r"PID \d+", words)
        who = f" ({other[0]})" if other else ""
        return Unavailable(
            f"Another process{who} has the database file open",
            code="BD-DUCKDB-LOCKED",
            hint="DuckDB lets one process write, or several read (access: read); end the other or use another file",
        )
    if "different configuration" in words:
        return ConfigError(
            "This process has the database file open with another configuration",
            code="BD-DUCKDB-OPEN",
            hint="Close that connection first",
        )
    return ConfigError(f"The database file cannot be opened: {type(error).__name__}", code="BD-DUCKDB-FILE")
