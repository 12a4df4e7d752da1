"""The SELECT of an `extract: {sql: …}`: which tables it names, and its answer, by a DuckDB that sees nothing else.

A table is the output of an earlier step, by the step's name, or `profile.table` of a local profile (one whose
adapter has `export`). Table functions, files and addresses are out of reach.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from biodata.errors import QueryError
from biodata.pipelines.loading.tables import plain_type
from biodata.pipelines.operations.expressions import locked_connection, places_of, quoted
from biodata.pipelines.operations.words import kind_of_error, words_of
from biodata.pipelines.parameters import names_in, placed
from biodata.pipelines.rows import NUMBER, arrow_of, is_json
from biodata.pipelines.spec import Address
from biodata.pipelines.state.spool import BATCH_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from biodata.pipelines.state.spool import Sealed

__all__ = ["Select", "tables_of"]


def tables_of(sql: str) -> tuple[str | Address, ...]:
    """The tables that a SELECT names, each once: an earlier step by its name, or an address.

    Raises:
        QueryError: `BD-PIPELINE-SQL`, it is not one SELECT, or it calls a table function.
    """
    connection = locked_connection()
    rows = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [placed(sql)]).fetchall()
    answer = json.loads(rows[0][0])
    if answer["error"] or len(answer["statements"]) != 1:
        reason = str(answer.get("error_message", "there are several statements")).split("\n", 1)[0]
        raise QueryError(f"sql: expected one SELECT: {reason}", code="BD-PIPELINE-SQL")
    if sorted(names_in(sql)) != sorted(places_of(answer)):
        reason = "${param:NAME} is a whole value: no quotes around it, and never a name or a part of one"
        raise QueryError(f"sql: {reason}", code="BD-PIPELINE-PARAM")
    return tuple(dict.fromkeys(_tables(answer["statements"][0], frozenset())))


def _tables(node: Any, known: frozenset[str]) -> Iterator[str | Address]:
    if isinstance(node, list):
        for inner in node:
            yield from _tables(inner, known)
    elif isinstance(node, dict):
        if node.get("type") == "TABLE_FUNCTION":
            name = node["function"].get("function_name", "")
            raise QueryError(f"sql: the table function {name} is not allowed", code="BD-PIPELINE-SQL")
        known |= {entry["key"].casefold() for entry in (node.get("cte_map") or {}).get("map", ())}
        if node.get("type") == "BASE_TABLE" and node.get("table_name"):
            yield from _table(node, known)
        for inner in node.values():
            yield from _tables(inner, known)


def _table(node: dict[str, Any], known: frozenset[str]) -> Iterator[str | Address]:
    name, profile = node["table_name"], node.get("schema_name")
    if profile:
        yield Address(profile, name)
    elif name.casefold() not in known:
        yield name


class Select:
    """A SELECT bound to the tables it names, before their rows are there.

    Attributes:
        schema: the Arrow schema of the answer.

    Raises:
        QueryError: `BD-PIPELINE-SQL`, it does not fit the tables, or two of its columns have one name.
    """

    def __init__(self, sql: str, schemas: Mapping[str | Address, pa.Schema], values: Mapping[str, Any]) -> None:
        self._text = sql
        self._values = {name: values[name] for name in names_in(sql)}
        self._schemas = schemas
        self.schema = self._bound()

    def _bound(self) -> pa.Schema:
        import duckdb
        import pyarrow as pa

        connection = locked_connection(own=True)
        for table, schema in self._schemas.items():
            _register(connection, table, schema.empty_table())
        try:
            answer = arrow_of(self._asked(connection))
        except duckdb.Error as error:
            raise QueryError(f"sql: {words_of(error, self._text)}", code="BD-PIPELINE-SQL") from None
        _raise_for_doubled(answer.schema.names)
        return pa.schema([field.with_type(plain_type(field.type)) for field in answer.schema])

    def _asked(self, connection: DuckDBPyConnection) -> DuckDBPyRelation:
        sql = placed(self._text, self._values)
        return connection.sql(sql, params=self._values) if self._values else connection.sql(sql)

    def batches(self, rows: Mapping[str | Address, Sealed], spill: Path) -> Iterator[pa.RecordBatch]:
        """The answer over sealed rows, in pieces."""
        import duckdb
        import pyarrow.dataset as ds

        connection = locked_connection(spill)
        for table, sealed in rows.items():
            _register(connection, table, ds.dataset(sealed.path, format="parquet"))
        try:
            for batch in self._asked(connection).to_arrow_reader(BATCH_ROWS):
                yield batch.cast(self.schema)
        except duckdb.Error as error:
            problem = f"sql: over the rows, {kind_of_error(error)}"
            hint = "try(…) and try_cast(… AS …) give null for a value that does not fit"
            raise QueryError(problem, code="BD-PIPELINE-SQL", hint=hint) from None


def _raise_for_doubled(names: Iterable[str]) -> None:
    """Two columns of one name: what follows would take the one or the other, and each operation its own."""
    seen: dict[str, str] = {}
    for name in names:
        if name.casefold() in seen:
            other = seen[name.casefold()]
            more = "" if other == name else f" and {name!r}, which are one name in SQL"
            problem = f"sql: the SELECT gives two columns of one name: {other!r}{more}"
            hint = "Name each with AS; a SELECT * over two tables takes all columns of both"
            raise QueryError(problem, code="BD-PIPELINE-SQL", hint=hint)
        seen[name.casefold()] = name


def _register(connection: DuckDBPyConnection, table: str | Address, rows: Any) -> None:
    """Give the rows the name by which the statement asks for them, without our row numbers."""
    hidden = f"\x01{table}"
    connection.register(hidden, rows)
    if isinstance(table, Address):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.profile)}")
        name = f"{quoted(table.profile)}.{quoted(table.table)}"
    else:
        name = quoted(table)
    columns = ", ".join(_column(field) for field in rows.schema if field.name != NUMBER)
    connection.execute(f"CREATE VIEW {name} AS SELECT {columns} FROM {quoted(hidden)}")  # noqa: S608


def _column(field: pa.Field[Any]) -> str:
    """The column as DuckDB is to know it: text that is JSON as JSON, so that the answer says so too."""
    import pyarrow as pa

    name, kind = quoted(field.name), "JSON[]" if pa.types.is_list(field.type) else "JSON"
    return f"CAST({name} AS {kind}) AS {name}" if is_json(field) else name
