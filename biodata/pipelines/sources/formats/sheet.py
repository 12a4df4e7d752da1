"""xlsx: the first sheet, whose first row names the columns; cells have types, and a formula is its value.

A row or a column without a cell in it is none. A cell with a time of day is text (`08:30:00`); dates are days where
their format shows no time.
"""

from __future__ import annotations

import datetime as dt
import warnings
from contextlib import closing, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from biodata.errors import ConfigError
from biodata.pipelines.sheets import text_of
from biodata.pipelines.sources.formats.base import check_names, readable, unreadable
from biodata.pipelines.sources.formats.formulas import without_value
from biodata.pipelines.sources.formats.typed import Item
from biodata.pipelines.state.spool import BATCH_ROWS
from biodata.records.merged import merged_below

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["sheet_names", "sheet_rows"]


def sheet_rows(path: Path, *, sure: bool = False) -> Iterator[Item]:
    """What each row of the first sheet holds; `sure` when it was read before.

    Raises:
        SchemaError: `BD-PIPELINE-SOURCE`, it is no workbook, names no columns or one twice, or has a formula that
            was never computed.
        ConfigError: `BD-PIPELINE-XLSX`, openpyxl is not installed.
    """
    with readable(path, "an xlsx workbook"), closing(_workbook(path)) as book:
        sheet = book.worksheets[0]
        if not sure:
            _raise_for_formulas(path, sheet)
            _raise_for_merged(path, sheet)
        rows = _rows(sheet)
        names = _names(path, rows)
        for number, row in enumerate(rows, start=2):
            if any(cell.value is not None for cell in row):
                yield _item(number, names, row)


def sheet_names(path: Path) -> tuple[str, ...]:
    """The columns of the first sheet, of which one without a name is none.

    Raises:
        SchemaError: as `sheet_rows`.
        ConfigError: as `sheet_rows`.
    """
    with readable(path, "an xlsx workbook"), closing(_workbook(path)) as book:
        return tuple(name for name in _names(path, _rows(book.worksheets[0])) if name is not None)


def _names(path: Path, rows: Iterator[tuple[Any, ...]]) -> list[str | None]:
    """What the first of the rows says; it is taken off."""
    names = [None if cell.value is None else str(cell.value) for cell in next(rows, ())]
    check_names(path, [name for name in names if name is not None])
    if not any(names):
        raise unreadable(path, "its first sheet is empty; the first row names the columns")
    return names


def _workbook(path: Path) -> Any:
    try:
        from openpyxl import load_workbook
    except ImportError:
        hint = 'Install "biodata-access[frames]"'
        message = "xlsx files are read with openpyxl, which is not installed"
        raise ConfigError(message, code="BD-PIPELINE-XLSX", hint=hint) from None
    try:
        with _quiet():
            return load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError):
        raise unreadable(path, "it is not an xlsx workbook") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Without openpyxl's warnings about parts of a workbook that hold no cells."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    with closing(sheet.iter_rows()) as rows:
        while True:
            with _quiet():
                some = list(islice(rows, BATCH_ROWS))
            if not some:
                return
            yield from some


def _raise_for_formulas(path: Path, sheet: Any) -> None:
    cell = without_value(path, sheet._worksheet_path)  # noqa: SLF001 - openpyxl tells nowhere else where a sheet lies
    if cell:
        hint = "Open the file in a spreadsheet program and save it"
        raise unreadable(path, f"the formula in {cell} was never computed", hint)


def _raise_for_merged(path: Path, sheet: Any) -> None:
    """Which of the cells that they cover the value is meant for, only people can say."""
    cells = merged_below(path, sheet._worksheet_path)  # noqa: SLF001 - as above
    if cells:
        hint = "Unmerge them, and write the value into each cell that it is for"
        raise unreadable(path, f"the cells {cells} are merged", hint)


def _item(number: int, names: Sequence[str | None], row: Sequence[Any]) -> Item:
    """The row; one with a cell under no name has none that can be read, as nobody knows where its cells belong."""
    record = {}
    for index, cell in enumerate(row):
        value = cell.value
        if value is None:
            continue
        name = names[index] if index < len(names) else None
        if name is None:
            if value == "":
                continue
            return _unread(number, f"the cell {cell.coordinate} stands under no name", row)
        if cell.data_type == "e":
            return _unread(number, f"the cell of {name!r} holds an error", row)
        record[name] = _value(value, cell)
    return Item(number, {name: record.get(name) for name in names if name is not None})


def _unread(number: int, problem: str, row: Sequence[Any]) -> Item:
    """With the texts of its cells, up to the last that holds something, as csv has them."""
    cells = [_text(cell) for cell in row]
    while not cells[-1]:
        cells.pop()
    return Item(number, None, f"row {number}: {problem}", {"cells": cells})


def _text(cell: Any) -> str:
    if cell.value is None or isinstance(cell.value, str):
        return cell.value or ""
    return text_of(_value(cell.value, cell))


def _value(value: Any, cell: Any) -> Any:
    if isinstance(value, dt.time):
        return value.isoformat()
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        from openpyxl.styles.numbers import is_datetime

        return value.date() if is_datetime(cell.number_format) == "date" else value
    return value
