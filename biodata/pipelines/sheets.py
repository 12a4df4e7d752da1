"""Small tables that people keep beside a pipeline file: code lists and mappings, as csv, tsv or xlsx."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import BiodataError, ConfigError, near_match
from biodata.records.readers import numbered_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from biodata.records.types import Record

__all__ = ["Row", "Sheet", "read_sheet", "text_of"]

COMMENT = "comment"
"""A column whose heading begins so is for people."""

EXACT = 2**53


class Row(msgspec.Struct, frozen=True):
    """One row of a sheet.

    Attributes:
        number: as a spreadsheet shows it; the headings are row 1.
        cells: column to text without blanks at its ends; an empty cell is not there.
    """

    number: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """The text of a cell; an empty text where there is none."""
        return self.cells.get(column, "")


class Sheet(msgspec.Struct, frozen=True):
    """A sheet with the columns that it may have.

    Attributes:
        name: the file, as the pipeline file names it.
        columns: those that it has.
        rows: those that say something.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_sheet(
    path: Path,
    name: str,
    columns: Mapping[str, Sequence[str]],
    required: Sequence[str],
    formulas: Sequence[str] = (),
) -> Sheet:
    """Read a csv, tsv or the first sheet of an xlsx; a heading's case, blanks, - and _ do not matter.

    Args:
        path: the file.
        name: what to call it in messages.
        columns: column to the headings that it may have; `comment…` may always be there.
        required: columns that have to be there.
        formulas: columns in which a cell may begin with =, which makes it a formula in xlsx.

    Raises:
        ConfigError: `BD-PIPELINE-TABLE`, it is not there, cannot be read, or has other headings.
    """
    if not path.is_file():
        raise _error(f"there is no file {path}")
    try:
        records = list(numbered_records(path, formulas=True))
    except BiodataError as error:
        raise _error(f"{name}: {error.message[:1].lower()}{error.message[1:]}") from None
    headings = {heading: _column(heading, columns, name) for heading in (records[0][1] if records else ())}
    there = tuple(dict.fromkeys(one for one in headings.values() if one != COMMENT))
    _check_headings(name, headings.values(), there, required, records)
    rows = tuple(_rows(records, headings))
    if path.suffix == ".xlsx":
        _raise_for_formulas(name, rows, formulas)
    return Sheet(name, there, rows)


def text_of(value: Any) -> str:
    """The plain text of a value, without blanks at its ends: 9, 0.5, true, 2024-05-01, 2024-05-01T08:00:00Z."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < EXACT else str(value)
    if isinstance(value, Decimal):
        text = f"{value:f}"  # not normalize(), which rounds to 28 digits
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, dt.date | dt.time):
        return value.isoformat().replace("+00:00", "Z")
    return str(value).strip()


def _rows(records: Iterable[tuple[int, Record]], headings: Mapping[str, str]) -> Iterator[Row]:
    for number, record in records:
        texts = ((headings[heading], _cell(value)) for heading, value in record.items())
        cells = {column: text for column, text in texts if text and column != COMMENT}
        if cells:
            yield Row(number, cells)


def _cell(value: Any) -> str:
    """A cell of a spreadsheet; its dates are instants at midnight."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        value = value.date()
    return text_of(value)


def _column(heading: str, columns: Mapping[str, Sequence[str]], name: str) -> str:
    plain = _plain(heading)
    if plain.startswith(COMMENT):
        return COMMENT
    for column, spellings in columns.items():
        if plain in {column, *spellings}:
            return column
    near = near_match(plain, columns)
    hint = f"; did you mean {near!r}?" if near else f" (known: {', '.join((*columns, COMMENT))})"
    raise _error(f"{name}, row 1: unknown column {heading!r}{hint}")


def _plain(heading: str) -> str:
    return re.sub(r"[\W_]+", " ", heading).strip().casefold()


def _check_headings(
    name: str,
    headings: Iterable[str],
    there: Sequence[str],
    required: Sequence[str],
    records: Sequence[tuple[int, Record]],
) -> None:
    if not records:
        raise _error(f"{name}: there is no row below the headings")
    found = list(headings)
    for column in there:
        if found.count(column) > 1:
            raise _error(f"{name}, row 1: two columns are called {column!r}")
    for column in required:
        if column not in there:
            raise _error(f"{name}, row 1: the column {column!r} is missing")


def _raise_for_formulas(name: str, rows: Iterable[Row], allowed: Sequence[str]) -> None:
    for row in rows:
        for column, text in row.cells.items():
            if text[:1] == "=" and text != "=" and column not in allowed:
                raise _error(f"{name}, row {row.number}, {column}: a formula; put the value itself in its place")


def _error(text: str) -> ConfigError:
    return ConfigError(text, code="BD-PIPELINE-TABLE")
