"""Reading, page by page after the last key.

A page is one statement: the filter, `ORDER BY` what was asked and then the key, and, from the second page on, only
what comes after the last row of the page before. So a request stands for itself (it can be sent again or from
elsewhere), no transaction stays open between pages, and writes meanwhile neither lose nor repeat a record. Where
two keys can read the same (NaN, an endless instant, nanoseconds) or there is no key, the rowid decides. Views, and
tables where a column is called rowid, have no such thing to go by; they are read in the order of all of their
columns, by offset, where rows that are equal may change places without anybody seeing it. `export` is the other way:
one statement, one snapshot.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from biodata.adapter import Page, PageRequest
from biodata.errors import QueryError
from biodata.records.types import DataType, DateTime, File, Float, Json, List, Object
from biodata_duckdb.query import column, condition, parameter, sort_expression
from biodata_duckdb.types import NATIVE, quoted, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import duckdb
    import pyarrow as pa

    from biodata.query.plan import Plan
    from biodata.records.types import Field, Key, Record, Schema
    from biodata_duckdb.database import Database
    from biodata_duckdb.query import Tables
    from biodata_duckdb.schema import Table

    Decoder: TypeAlias = Callable[[Any], Any]

__all__ = [
    "Statement",
    "check_native",
    "clause",
    "count",
    "decoding",
    "export",
    "fetch",
    "page",
    "requests",
    "where_of",
]

_ROWID = "rowid"


class Statement(msgspec.Struct, frozen=True):
    """What a request sends: SQL, its parameters, and the fields that the first columns hold."""

    sql: str
    params: tuple[Any, ...]
    fields: tuple[str, ...]


class Sort(msgspec.Struct, frozen=True):
    """One expression that rows are ordered by."""

    expression: str
    descending: bool = False
    nullable: bool = True

    def __str__(self) -> str:
        return f"{self.expression}{' DESC' if self.descending else ''} NULLS LAST"


class KeyedPage(Page):
    """A page that knows where it ends."""

    position: tuple[Any, ...] = ()


def requests(tables: Tables, plan: Plan, after: Page | None) -> list[PageRequest]:
    """The request after a page; none when that one was short or the limit is reached."""
    start = plan.offset
    if after is not None:
        start = after.request.offset + len(after.rows)
        if len(after.rows) < after.request.size:
            return []
    size = plan.page_size if plan.limit is None else min(plan.page_size, plan.offset + plan.limit - start)
    if size <= 0:
        return []
    position = after.position if isinstance(after, KeyedPage) and _seekable(tables(plan.schema.table)) else None
    return [_request(tables, plan, start, size, position)]


def _request(tables: Tables, plan: Plan, start: int, size: int, position: tuple[Any, ...] | None) -> PageRequest:
    table = tables(plan.schema.table)
    sorts, names = _sorts(table, plan), _names(plan)
    where, params = where_of(plan, tables)
    if position is not None:
        later, values = _after(sorts, position)
        where, params = [*where, later], [*params, *values]
    shown = ", ".join([*_columns(plan.schema, names), *(sort.expression for sort in sorts)])
    order = ", ".join(map(str, sorts))
    skip = f" OFFSET {start}" if start and position is None else ""
    sql = f"SELECT {shown} FROM {table.relation}{clause(where)} ORDER BY {order} LIMIT {size}{skip}"  # noqa: S608
    return PageRequest(Statement(sql, tuple(params), names), sql, start, size)


def page(database: Database, plan: Plan, request: PageRequest) -> KeyedPage:
    """Send one request."""
    call: Statement = request.call
    with database.reading() as cursor:
        check_native(cursor, plan)
        rows = cursor.execute(call.sql, list(call.params)).fetchall()
    width = len(call.fields)
    position = rows[-1][width:] if rows else ()
    return KeyedPage(_records(plan.schema, call.fields, rows), request, position=position)


def fetch(database: Database, table: Table, keys: Sequence[Key], fields: Sequence[str]) -> list[Record]:
    """The records with these keys, in one statement."""
    schema = table.schema
    names = tuple(dict.fromkeys((*fields, *schema.key_fields)))
    parts = [key if isinstance(schema.key, tuple) else (key,) for key in keys]
    one = f"({', '.join('?' for _ in schema.key_fields)})"
    which = f"({', '.join(column(schema[name]) for name in schema.key_fields)})"
    where = f"{which} IN ({', '.join(one for _ in parts)})" if parts else "FALSE"
    sql = f"SELECT {', '.join(_columns(schema, names))} FROM {table.relation} WHERE {where}"  # noqa: S608
    with database.reading() as cursor:
        rows = cursor.execute(sql, [parameter(value) for part in parts for value in part]).fetchall()
    return _records(schema, names, rows)


def count(database: Database, tables: Tables, plan: Plan) -> int:
    """The number of records that match."""
    relation = tables(plan.schema.table).relation
    where, params = where_of(plan, tables)
    with database.reading() as cursor:
        check_native(cursor, plan)
        rows = cursor.execute(f"SELECT count(*) FROM {relation}{clause(where)}", params).fetchall()  # noqa: S608
    return int(rows[0][0])


def export(database: Database, tables: Tables, plan: Plan) -> Iterator[pa.RecordBatch]:
    """A whole scan as Arrow batches with the core's Arrow types: one statement over one snapshot."""
    from biodata.records.arrow import arrow_schema

    names = _names(plan)
    wanted = arrow_schema(plan.schema, [(name,) for name in names])
    relation = tables(plan.schema.table).relation
    where, params = where_of(plan, tables)
    shown = ", ".join(
        f"{text} AS {quoted(name)}" for name, text in zip(names, _columns(plan.schema, names), strict=True)
    )
    order = ", ".join(f"{sort_expression(o, plan.schema)}{' DESC' * o.descending} NULLS LAST" for o in plan.order)
    sql = f"SELECT {shown} FROM {relation}{clause(where)}{f' ORDER BY {order}' * bool(order)}"  # noqa: S608
    sql += f" LIMIT {plan.limit}" if plan.limit is not None else ""
    sql += f" OFFSET {plan.offset}" if plan.offset else ""
    with database.stream(sql, params, plan.page_size) as reader:
        for batch in reader:
            yield _cast(batch, wanted)


def _cast(batch: pa.RecordBatch, wanted: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    columns = [held.cast(field.type) for held, field in zip(batch.columns, wanted, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=wanted)


def check_native(cursor: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Hold a native text to one condition: it must stand alone as well as in brackets.

    Raises:
        QueryError: `BD-QUERY-NATIVE`.
    """
    import duckdb

    text = plan.query.native
    if text is None:
        return
    try:
        alone = all(len(cursor.extract_statements(f"SELECT 1 WHERE {form}\n")) == 1 for form in (text, f"({text}\n)"))
    except duckdb.Error:
        alone = False
    if not alone:
        raise QueryError(
            "That is not one SQL condition", code="BD-QUERY-NATIVE", hint="Write what could stand after WHERE"
        )


def _names(plan: Plan) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path[0] for path in plan.fields))


def _columns(schema: Schema, names: Sequence[str]) -> list[str]:
    return [column(schema[name]) for name in names]


def where_of(plan: Plan, tables: Tables) -> tuple[list[str], list[Any]]:
    """The conditions of a plan, and their parameters."""
    native = [f"({plan.query.native}\n)"] if plan.query.native is not None else []
    if plan.pushed is None:
        return native, []
    sql, params = condition(plan.pushed, plan.schema, tables)
    return [sql, *native], params


def clause(where: list[str]) -> str:
    """Conditions as a WHERE clause with a blank before it; nothing without any."""
    return f" WHERE {' AND '.join(where)}" if where else ""


def _sorts(table: Table, plan: Plan) -> list[Sort]:
    asked = [Sort(sort_expression(order, plan.schema), order.descending) for order in plan.order]
    if not _seekable(table):
        return [*asked, *(Sort(stored(field)) for field in plan.schema)]
    keys = [plan.schema[name] for name in plan.schema.key_fields]
    sorts = [Sort(column(key), nullable=_folds(key)) for key in keys]
    return [*asked, *sorts] if _exact(keys) else [*asked, *sorts, Sort(_ROWID, nullable=False)]


def _folds(key: Field) -> bool:
    """Whether different values of a key can read the same, or as null."""
    native = key.options[NATIVE]
    return isinstance(key.type, Float) or (native.startswith("TIMESTAMP") and native != "TIMESTAMP")


def _exact(keys: Sequence[Field]) -> bool:
    return bool(keys) and not any(map(_folds, keys))


def _seekable(table: Table) -> bool:
    """Whether pages can go on after the last row: there is a key that reads exactly, or a rowid."""
    if table.view:
        return False
    hidden = any(name.lower() == _ROWID for name in table.schema.names)
    return not hidden or _exact([table.schema[name] for name in table.schema.key_fields])


def _after(sorts: Sequence[Sort], position: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """Rows that come later than a position: equal in the first so many expressions, and later in the next."""
    options: list[str] = []
    params: list[Any] = []
    equal: list[str] = []
    for index, (sort, value) in enumerate(zip(sorts, position, strict=True)):
        if value is not None:
            later = f"{sort.expression} {'<' if sort.descending else '>'} ?"
            later = f"({later} OR {sort.expression} IS NULL)" if sort.nullable else later
            options.append(" AND ".join([*equal, later]))
            params += position[: index + 1]
        equal.append(f"{sort.expression} IS NOT DISTINCT FROM ?")
    return f"({' OR '.join(options)})", params


def _records(schema: Schema, names: Sequence[str], rows: list[tuple[Any, ...]]) -> list[Record]:
    decoders = [(index, decode) for index, name in enumerate(names) if (decode := _decoder(schema[name]))]
    if not decoders:
        return [dict(zip(names, row, strict=False)) for row in rows]
    return [_record(names, list(row), decoders) for row in rows]


def _record(names: Sequence[str], row: list[Any], decoders: list[tuple[int, Decoder]]) -> Record:
    for index, decode in decoders:
        if row[index] is not None:
            row[index] = decode(row[index])
    return dict(zip(names, row, strict=False))


def _decoder(field: Field) -> Decoder | None:
    return decoding(field.type) if not isinstance(field.type, Float) else None


def decoding(type_: DataType) -> Decoder | None:
    """From what DuckDB gives to what a record holds, where they differ; never called with None."""
    if isinstance(type_, List):
        item = decoding(type_.item)
        return (lambda values: [value if value is None else item(value) for value in values]) if item else None
    if isinstance(type_, Object):
        return _decode_object(type_)
    return _DECODERS.get(type(type_))


def _decode_object(type_: Object) -> Decoder | None:
    inner = {field.name: decode for field in type_.fields if (decode := decoding(field.type))}

    def decoded(value: dict[str, Any]) -> dict[str, Any]:
        return {name: inner[name](v) if v is not None and name in inner else v for name, v in value.items()}

    return decoded if inner else None


_DECODERS: dict[type[DataType], Decoder] = {
    DateTime: lambda value: value.replace(tzinfo=dt.UTC),
    Json: msgspec.json.decode,
    File: lambda value: {name: part for name, part in value.items() if part is not None},
    Float: lambda value: None if value != value else value,  # noqa: PLR0124 - only NaN differs from itself
}
