"""Records from files: json, ndjson, csv, tsv, parquet, arrow and xlsx."""

from __future__ import annotations

import csv
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar
from zipfile import BadZipFile

import msgspec

from biodata.errors import SchemaError
from biodata.records import types as t
from biodata.records.files import CSV_SEPARATORS, format_of
from biodata.records.merged import merged_below
from biodata.records.separators import separator_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from biodata.records.types import DataType, Record, Schema

T = TypeVar("T")

__all__ = ["from_text", "numbered_records", "read_records"]

SHEETS = ("csv", "tsv", "xlsx")
"""Formats whose rows people count."""


def read_records(path: Path | str, format: str | None = None) -> Iterator[Record]:  # noqa: A002 - the field's word
    """The records of a file (`-`: standard input, then the format must be said); text cells stay text.

    Raises:
        SchemaError: `BD-FILE`, for a file that is not of that format, with its line.
    """
    kind = format_of(path, format)
    return _readable(_READERS[kind](Path(path)) if kind in _READERS else _read_text(path, kind), kind)


def numbered_records(path: Path | str, *, formulas: bool = False) -> Iterator[tuple[int, Record]]:
    """The records of a csv, tsv or xlsx file, each with the number of its row; the header is row 1.

    Args:
        path: the file.
        formulas: whether a formula of xlsx comes as its text, `=…`, and not as what it gave when the file was saved.

    Raises:
        SchemaError: `BD-FILE`, for a file of another format.
    """
    kind = format_of(path, None)
    if kind not in SHEETS:
        raise SchemaError(f"A table to read row by row is one of {', '.join(SHEETS)}", code="BD-FILE")
    return _readable(_numbered(Path(path), kind, formulas=formulas), kind)


def _numbered(path: Path, kind: str, *, formulas: bool) -> Iterator[tuple[int, Record]]:
    if kind == "xlsx":
        yield from _sheet_rows(path, formulas=formulas)
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from _csv_rows(file, CSV_SEPARATORS[kind])


def _readable(records: Iterator[T], kind: str) -> Iterator[T]:
    """The records, with what the readers raise about a file of another format as our error."""
    try:
        yield from records
    except UnicodeDecodeError:
        raise SchemaError("The file is not UTF-8 text", code="BD-FILE", hint="Save it as UTF-8.") from None
    except (BadZipFile, KeyError, ValueError):
        raise SchemaError(f"The file cannot be read as {kind}", code="BD-FILE") from None


def _read_text(path: Path | str, kind: str) -> Iterator[Record]:
    import sys

    if str(path) == "-":
        yield from _text_records(sys.stdin, kind)
        return
    with Path(path).open(encoding="utf-8-sig", newline="" if kind in CSV_SEPARATORS else None) as file:
        yield from _text_records(file, kind)


def _text_records(file: IO[str], kind: str) -> Iterator[Record]:
    if kind in CSV_SEPARATORS:
        return _csv_records(file, CSV_SEPARATORS[kind])
    return _json_records(file) if kind == "json" else _line_records(file)


def _csv_records(file: IO[str], separator: str) -> Iterator[Record]:
    return (record for _, record in _csv_rows(file, separator))


def _csv_rows(file: IO[str], separator: str) -> Iterator[tuple[int, Record]]:
    first = next(file, "")
    rows = csv.reader(chain([first], file), delimiter=separator_of(first, separator), strict=True)
    names = next(rows, [])
    _check_header(names)
    try:
        for number, row in enumerate(rows, start=2):
            if not row:
                continue
            if len(row) != len(names):
                cells = f"{len(row)} cells, the header {len(names)}"
                raise SchemaError(f"Line {rows.line_num} has {cells}", code="BD-FILE")
            yield number, {name: cell or None for name, cell in zip(names, row, strict=True)}
    except csv.Error as error:
        raise SchemaError(f"Line {rows.line_num} cannot be read: {error}", code="BD-FILE") from None


def _check_header(names: list[Any]) -> None:
    if len(set(names)) != len(names):
        raise SchemaError("The header names a column twice", code="BD-FILE")


def _line_records(file: IO[str]) -> Iterator[Record]:
    decoder = msgspec.json.Decoder(dict[str, Any])
    for number, line in enumerate(file, start=1):
        if line.strip():
            yield _decoded(decoder, line, f"Line {number}")


def _json_records(file: IO[str]) -> Iterator[Record]:
    records: list[Record] | Record = _decoded(
        msgspec.json.Decoder(list[dict[str, Any]] | dict[str, Any]), file.read(), "The file"
    )
    yield from [records] if isinstance(records, dict) else records


def _decoded(decoder: msgspec.json.Decoder[Any], text: str, where: str) -> Any:
    try:
        return decoder.decode(text)
    except msgspec.DecodeError as error:
        reason = str(error) if isinstance(error, msgspec.ValidationError) else "it is not JSON"
        raise SchemaError(f"{where} cannot be read: {reason}", code="BD-FILE") from None


def _from_parquet(path: Path) -> Iterator[Record]:
    import pyarrow.parquet as pq

    from biodata.records.arrow import from_arrow

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches():
            yield from from_arrow(batch)


def _from_arrow_file(path: Path) -> Iterator[Record]:
    import pyarrow as pa

    from biodata.records.arrow import from_arrow

    with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as file:
        for index in range(file.num_record_batches):
            yield from from_arrow(file.get_batch(index))


def _from_xlsx(path: Path) -> Iterator[Record]:
    return (record for _, record in _sheet_rows(path))


def _sheet_rows(path: Path, *, formulas: bool = False) -> Iterator[tuple[int, Record]]:
    from openpyxl import load_workbook

    with (
        closing(load_workbook(path, read_only=True, data_only=not formulas)) as book,
        closing(book.worksheets[0].iter_rows()) as rows,
    ):
        cells = merged_below(path, book.worksheets[0]._worksheet_path)  # noqa: SLF001 - openpyxl tells it nowhere else
        if cells:
            raise SchemaError(f"Cells {cells} are merged; write the value into each", code="BD-FILE")
        yield from _sheet_records(rows)


def _sheet_records(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[int, Record]]:
    """The records of a sheet, each with its row's number; a row or a column without a cell in it is none."""
    header = [(at, str(cell.value)) for at, cell in enumerate(next(rows, ())) if cell.value is not None]
    _check_header([name for _, name in header])
    for number, row in enumerate(rows, start=2):
        record = {name: _sheet_value(row[at], name, number) if at < len(row) else None for at, name in header}
        filled = _filled(cell.value for cell in row)
        if filled != _filled(record.values()):
            raise SchemaError(f"Row {number} has a cell in a column without a name", code="BD-FILE")
        if filled:
            yield number, record


def _sheet_value(cell: Any, name: str, number: int) -> Any:
    """What a cell holds; openpyxl gives an error as a text, which #N/A may be too."""
    if cell.data_type == "e":
        raise SchemaError(f"Row {number}, {name}: the cell holds an error, such as #N/A", code="BD-FILE")
    return cell.value


def _filled(cells: Iterable[Any]) -> int:
    return sum(cell is not None for cell in cells)


_READERS: dict[str, Callable[[Path], Iterator[Record]]] = {
    "parquet": _from_parquet,
    "arrow": _from_arrow_file,
    "xlsx": _from_xlsx,
}


def from_text(record: Record, schema: Schema) -> Record:
    """A record of text cells with its values as the schema's types; what cannot be one stays text.

    Such a value is refused by the write, which names field and row.
    """
    return {
        name: _typed(value, schema.by_name[name].type) if isinstance(value, str) and name in schema else value
        for name, value in record.items()
    }


def _typed(text: str, type_: DataType) -> Any:
    if isinstance(type_, t.List):
        parts = _json_or(text, None)
        listed = parts if isinstance(parts, list) else text.split(",")
        return [_typed(part, type_.item) if isinstance(part, str) else part for part in listed]
    if isinstance(type_, t.Reference):
        return _typed(text, type_.key)
    if type_.kind in {"int", "float", "bool", "object", "json", "file"}:
        return _json_or(text.lower() if type_.kind == "bool" else text, text)
    return text


def _json_or(text: str, otherwise: Any) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return otherwise
