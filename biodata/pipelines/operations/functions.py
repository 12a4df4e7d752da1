"""Functions of ours that expressions may call, beside DuckDB's own: dates and ages that say less of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["FUNCTIONS", "define_functions"]

TIME = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.]\d+)?)?(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)?"
DAY = rf" *\d{{4}}-\d{{2}}-\d{{2}}([ T]{TIME})? *"
"""The texts that are days, as DuckDB's own cast would take many more: 24-05-01, epoch, infinity."""
BEYOND = r"^ *(0000|0001-01-01.+[+]|9999-12-31.+-)"
"""Those among them whose day in UTC may lie outside of the years 1 to 9999."""


def _day(name: str) -> str:
    """The day of a parameter; a text that is none is made one that no cast takes, so that its row is rejected."""
    text = f"CAST({name} AS VARCHAR)"
    is_day = f"regexp_full_match({text}, '{DAY}') AND NOT regexp_matches({text}, '{BEYOND}')"
    instant = f"CAST(CASE WHEN NOT ({is_day}) THEN 'no day' ELSE trim({text}) END AS TIMESTAMPTZ)"
    return f"CASE WHEN typeof({name}) = 'VARCHAR' THEN CAST({instant} AS DATE) ELSE CAST({name} AS DATE) END"


FUNCTIONS = {
    "days_since": ("day, start", f"date_diff('day', {_day('start')}, {_day('day')})"),
    "age_at": ("birth, day", f"date_sub('year', {_day('birth')}, {_day('day')})"),
    "cap_age": ("age, most", "CASE WHEN age <= most THEN age WHEN age > most AND NOT isnan(age) THEN most END"),
    "year_only": ("day", f"year({_day('day')})"),
}
"""Name to (parameters, body), each a macro of one scalar expression; null where one of the parameters is null."""


def define_functions(connection: DuckDBPyConnection) -> None:
    """Make them known to a connection."""
    for name, (parameters, body) in FUNCTIONS.items():
        connection.execute(f"CREATE MACRO {name}({parameters}) AS {body}")
