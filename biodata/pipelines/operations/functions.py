"""Functions of ours that expressions may call, beside DuckDB's own: dates and ages that say less of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["FUNCTIONS", "define_functions"]

FUNCTIONS = {
    "days_since": ("day, start", "date_diff('day', CAST(start AS DATE), CAST(day AS DATE))"),
    "age_at": ("birth, day", "date_sub('year', CAST(birth AS DATE), CAST(day AS DATE))"),
    "cap_age": ("age, most", "CASE WHEN age <= most THEN age WHEN age > most THEN most END"),
    "year_only": ("day", "year(CAST(day AS DATE))"),
}
"""Name to (parameters, body), each a macro of one scalar expression; null where one of the parameters is null."""


def define_functions(connection: DuckDBPyConnection) -> None:
    """Make them known to a connection."""
    for name, (parameters, body) in FUNCTIONS.items():
        connection.execute(f"CREATE MACRO {name}({parameters}) AS {body}")
