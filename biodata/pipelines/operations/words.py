"""What may be told of an error of DuckDB: its words hold values of rows and of parameters."""

from __future__ import annotations

import re

from biodata.pipelines.parameters import names_in

__all__ = ["advice", "kind_of_error", "words_of"]

KIND = re.compile(r"^\w+ Error: ")
KINDS = {
    "ConversionException": "a value cannot be converted",
    "OutOfRangeException": "a number is out of range",
    "InvalidInputException": "an invalid value",
}


def words_of(error: Exception, *texts: str) -> str:
    """Why a SQL text does not fit its columns, found out over no row.

    Args:
        error: DuckDB's.
        texts: where a parameter stands in them, only words that hold no value of one are told.
    """
    import duckdb

    harmless = isinstance(error, duckdb.BinderException | duckdb.CatalogException)
    given = any(True for text in texts for _ in names_in(text))
    return kind_of_error(error) if given and not harmless else KIND.sub("", str(error).split("\n", 1)[0])


def advice(error: Exception) -> str | None:
    """What helps where a text stands in place of a number or a date."""
    typed = "No function matches" in str(error) and "VARCHAR" in str(error)
    return "CAST(src.NAME AS INTEGER), AS DOUBLE or AS DATE makes of a text what it spells" if typed else None


def kind_of_error(error: Exception) -> str:
    """Why a row could not be evaluated, without its values."""
    if "ivision by zero" in str(error):
        return "division by zero"
    return KINDS.get(type(error).__name__, "it cannot be evaluated")
