"""Making, dropping and emptying tables, and who we are: nobody, and everything is allowed."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biodata.adapter import Identity
from biodata.errors import ConfigError, NotFound, SchemaError, WriteError
from biodata_duckdb.database import translated
from biodata_duckdb.schema import check_names, create_table, read_table, same_shape
from biodata_duckdb.settings import DuckdbSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from biodata.records.types import Schema
    from biodata_duckdb.database import Database
    from biodata_duckdb.schema import Table

__all__ = ["delete_all", "drop", "ensure", "identity", "settings_of", "would_make"]


def ensure(database: Database, schema: Schema) -> None:
    """Make the table if it is not there.

    Raises:
        SchemaError: `BD-SCHEMA-DIFFERS`, another shape is there, or DuckDB cannot have this one.
        ConfigError: `BD-DUCKDB-FILE`, the file cannot be written.
    """
    with database.writing() as cursor:
        if _is_missing(cursor, schema):
            _create(cursor, schema)


def would_make(database: Database, schema: Schema) -> bool:
    """Whether `ensure` would make the table, which is tried in a database of its own; raises as it does."""
    import duckdb

    with database.reading() as cursor:
        missing = _is_missing(cursor, schema)
    if missing:
        database.check_writable()
        with duckdb.connect(":memory:") as scratch:
            _create(scratch, schema)
    return missing


def _is_missing(cursor: duckdb.DuckDBPyConnection, schema: Schema) -> bool:
    """Whether the table has to be made; one that is there has the shape wanted, and no other has its name."""
    try:
        there = read_table(cursor, schema.table)
    except NotFound:
        check_names(cursor, schema)
        return True
    same_shape(schema, there.schema)
    return False


def _create(cursor: duckdb.DuckDBPyConnection, schema: Schema) -> None:
    import duckdb

    try:
        create_table(cursor, schema)
    except duckdb.Error as error:
        reason = type(error).__name__
        raise SchemaError(f"DuckDB cannot have this table: {reason}", code="BD-SCHEMA-DIFFERS") from None


def drop(database: Database, table: Table) -> None:
    """Remove the table, or the view.

    Raises:
        WriteError: `BD-WRITE-REFERENCED`, another table refers to it.
    """
    with database.writing() as cursor, translated(), _referenced(table):
        cursor.execute(f"DROP {'VIEW' if table.view else 'TABLE'} {table.relation}")


def delete_all(database: Database, table: Table) -> int:
    """Delete every record; the number.

    Raises:
        WriteError: `BD-WRITE-REFERENCED`, records of another table refer to some; nothing is deleted.
    """
    with database.writing() as cursor, translated(), _referenced(table):
        ((number,),) = cursor.execute(f"DELETE FROM {table.relation}").fetchall()  # noqa: S608
    return int(number)


_REFERENCED = ("referenced by a foreign key", "main key table")


@contextmanager
def _referenced(table: Table) -> Iterator[None]:
    import duckdb

    try:
        yield
    except (duckdb.ConstraintException, duckdb.CatalogException) as error:
        if not any(sign in str(error) for sign in _REFERENCED):
            raise
        raise WriteError("Another table refers to it", code="BD-WRITE-REFERENCED", table=table.schema.table) from None


def identity(database: Database, settings: DuckdbSettings, access: str) -> Identity:
    """The library's version and where the data are."""
    with database.reading() as cursor:
        ((version,),) = cursor.execute("SELECT version()").fetchall()
    note = f"the database is {settings.place}"
    return Identity(server="DuckDB", version=str(version), rights=(access,), notes=(note,), place=settings.resolved)


def settings_of(client: Any) -> DuckdbSettings | None:
    """The settings for the file that a connection of DuckDB's own has open; None for any other object."""
    if type(client).__name__ != "DuckDBPyConnection":
        return None
    sql = "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
    ((path,),) = client.cursor().execute(sql).fetchall()
    if path is None:
        raise ConfigError(
            "A DuckDB database in memory belongs to its own connection",
            code="BD-CONFIG-CLIENT",
            hint="Open one with biodata.connect(':memory:', platform='duckdb') and use its .client",
        )
    return DuckdbSettings(path=Path(path))
