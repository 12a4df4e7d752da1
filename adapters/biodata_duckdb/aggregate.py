"""Groups: one statement, GROUP BY for counts and SELECT DISTINCT for values alone.

A list is laid flat beside its record, each different element once; one without elements as a null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.adapter import PageRequest
from biodata.query.grouping import group_types
from biodata.query.plan import Order
from biodata.records.types import List
from biodata_duckdb.query import column, sort_expression
from biodata_duckdb.read import Statement, check_native, clause, decoding, where_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.query.grouping import Group
    from biodata.query.plan import Plan
    from biodata.records.types import Path
    from biodata_duckdb.database import Database
    from biodata_duckdb.query import Tables

__all__ = ["groups", "request"]


def request(tables: Tables, plan: Plan, paths: Sequence[Path], *, counted: bool) -> PageRequest:
    """The statement that finds the groups; its last column is the number of records, 1 where it is not counted."""
    shown, relation = list[str](), tables(plan.schema.table).relation
    for number, path in enumerate(paths):
        field = plan.schema[path[0]]
        if isinstance(field.type, List):
            name = f'"biodata group {number}"'  # no column is called so: it would be ambiguous
            elements = f"coalesce(nullif(list_distinct({column(field)}), []), [NULL])"
            relation += f" CROSS JOIN LATERAL (SELECT unnest({elements}) AS {name})"
            shown.append(name)
        else:
            shown.append(sort_expression(Order(path), plan.schema))
    where, params = where_of(plan, tables)
    select = f"SELECT {'' if counted else 'DISTINCT '}{', '.join(shown)}, {'count(*)' if counted else '1'}"
    sql = f"{select} FROM {relation}{clause(where)}{' GROUP BY ALL' if counted else ''}"
    return PageRequest(Statement(sql, tuple(params), tuple(path[0] for path in paths)), sql)


def groups(database: Database, plan: Plan, asked: PageRequest) -> list[Group]:
    """Send the statement."""
    call: Statement = asked.call
    decoders = [decoding(type_) for type_ in group_types(plan.query)]
    with database.reading() as cursor:
        check_native(cursor, plan)
        rows: list[tuple[Any, ...]] = cursor.execute(call.sql, list(call.params)).fetchall()

    def values(row: tuple[Any, ...]) -> tuple[Any, ...]:
        pairs = zip(row, decoders, strict=False)
        return tuple(value if value is None or not decode else decode(value) for value, decode in pairs)

    return [(values(row), row[-1]) for row in rows]
