"""Records to files: json, ndjson, csv, tsv, parquet, arrow and xlsx, in constant memory.

In csv and tsv an empty cell is null, a list or an object is JSON text, and a nested path is a dotted column. They
cannot say an empty string and null apart; the other formats can. A sheet has lists, objects, moments with a zone
and numbers of more digits than a float as text too. `biodata.records.readers` reads them again.
"""

from __future__ import annotations

import csv
import errno
import os
import re
import tempfile
from contextlib import closing, contextmanager
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from biodata.errors import Unsupported
from biodata.records.types import EXACT_FLOAT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from biodata.records.types import Record
    from biodata.tabular import Tabular

__all__ = [
    "CSV_SEPARATORS",
    "FORMATS",
    "cell_text",
    "format_of",
    "in_place",
    "value_at",
    "write_result",
    "write_text",
]

FORMATS = ("json", "ndjson", "csv", "tsv", "parquet", "arrow", "xlsx")
ENDINGS = {".jsonl": "ndjson", ".feather": "arrow", ".pq": "parquet", ".tab": "tsv"}
SHEET_ROWS = 1_048_576
SHEET_TEXT = 32_767
SHEET_TITLE = 31
"""What a sheet, one of its cells and its title hold at most: rows, and characters."""
CSV_SEPARATORS = {"csv": ",", "tsv": "\t"}


def format_of(path: Path | str, given: str | None = None) -> str:
    """The format of a file, by what is said or by its ending.

    Raises:
        Unsupported: `BD-UNSUPPORTED-FORMAT`.
    """
    suffix = Path(path).suffix.lower()
    name = given or ENDINGS.get(suffix, suffix.lstrip("."))
    if name not in FORMATS:
        raise Unsupported(
            f"'{name or path}' is no file format", code="BD-UNSUPPORTED-FORMAT", hint=f"One of: {', '.join(FORMATS)}."
        )
    return name


def write_result(
    result: Tabular,
    path: Path | str,
    format: str | None = None,  # noqa: A002 - the field's word
    *,
    private: bool = False,
) -> int:
    """Write all records; the number written. The file appears whole or not at all, `private` for its owner alone."""
    kind = format_of(path, format)
    with in_place(Path(path), private=private) as temporary:
        return _WRITERS[kind](result, temporary, kind)


@contextmanager
def in_place(path: Path, *, private: bool = False) -> Iterator[Path]:
    """A new file beside `path` that takes its place when the block ends well; `private`: for its owner alone."""
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o600 if private else 0o666 & ~mask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(records: Iterable[Record], names: list[str], out: IO[str], kind: str) -> int:
    """Write records as json, ndjson, csv or tsv to an open text file; the number written."""
    if kind in CSV_SEPARATORS:
        return _write_csv(records, names, out, CSV_SEPARATORS[kind])
    return _write_json(records, out) if kind == "json" else _write_lines(records, out)


def _write_lines(records: Iterable[Record], out: IO[str]) -> int:
    number = 0
    for record in records:
        out.write(msgspec.json.encode(record).decode() + "\n")
        number += 1
    return number


def _write_json(records: Iterable[Record], out: IO[str]) -> int:
    number = 0
    for record in records:
        out.write((",\n " if number else "[\n ") + msgspec.json.encode(record).decode())
        number += 1
    out.write("\n]\n" if number else "[]\n")
    return number


def _write_csv(records: Iterable[Record], names: list[str], out: IO[str], separator: str) -> int:
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerow(names)
    number = 0
    for record in records:
        writer.writerow([cell_text(value_at(record, name)) for name in names])
        number += 1
    return number


def value_at(record: Record, name: str) -> Any:
    """What a column of that dotted name holds of a record; of a list, what is there in each element."""
    if name in record or "." not in name:
        return record.get(name)
    head, rest = name.split(".", 1)
    inner = record.get(head)
    if isinstance(inner, list):
        return [value_at(item, rest) for item in inner]
    return value_at(inner, rest) if isinstance(inner, dict) else None


def cell_text(value: Any) -> str:
    """The value as the text of a cell in csv and tsv; null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        return msgspec.json.encode(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _names(result: Tabular) -> list[str]:
    return [".".join(path) for path in result.fields]


def _to_text(result: Tabular, path: Path, kind: str) -> int:
    with path.open("w", encoding="utf-8", newline="") as out:
        return write_text(result, _names(result), out, kind)


def _to_parquet(result: Tabular, path: Path, _kind: str) -> int:
    import pyarrow.parquet as pq

    number = 0
    with pq.ParquetWriter(path, result.arrow_schema) as writer:
        for batch in result.to_batches():
            writer.write_batch(batch)
            number += batch.num_rows
    return number


def _to_arrow(result: Tabular, path: Path, _kind: str) -> int:
    import pyarrow as pa

    number = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, result.arrow_schema) as writer:
        for batch in result.to_batches():
            writer.write_batch(batch)
            number += batch.num_rows
    return number


def _to_xlsx(result: Tabular, path: Path, _kind: str) -> int:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    title = re.sub(r"[][\\*?:/]", "_", result.table)[:SHEET_TITLE]
    sheet, names, number = book.create_sheet(title), _names(result), 0
    with closing(sheet):
        sheet.append([_sheet_cell(sheet, name) for name in names])
        for record in result:
            number += 1
            if number == SHEET_ROWS:
                raise _no_sheet(f"more than {SHEET_ROWS - 1} records")
            sheet.append([_sheet_cell(sheet, value_at(record, name)) for name in names])
    book.save(path)
    return number


def _sheet_cell(sheet: Any, value: Any) -> Any:
    """The value as a cell: text stays text, of which openpyxl would make a formula or an error, or cut its end.

    A float keeps its 17th digit, which openpyxl leaves out; a number that no float holds is text.
    """
    from openpyxl.cell import WriteOnlyCell

    if isinstance(value, float):
        return _typed(WriteOnlyCell(sheet, repr(value)), "n" if isfinite(value) else "s")
    zoned = getattr(value, "tzinfo", None) is not None
    text = cell_text(value) if zoned or isinstance(value, list | dict) or _is_inexact(value) else value
    if not isinstance(text, str):
        return text
    _check_text(text)
    return _typed(WriteOnlyCell(sheet, text), "s")


def _typed(cell: Any, kind: str) -> Any:
    cell.data_type = kind
    return cell


def _is_inexact(value: Any) -> bool:
    """Whether a number would lose digits as a float, which is what a sheet has."""
    if isinstance(value, Decimal):
        return Decimal(repr(float(value))) != value
    return isinstance(value, int) and abs(value) > EXACT_FLOAT


def _check_text(text: str) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if len(text) > SHEET_TEXT or ILLEGAL_CHARACTERS_RE.search(text):
        raise _no_sheet(f"text of more than {SHEET_TEXT} characters or with control characters")


def _no_sheet(what: str) -> Unsupported:
    return Unsupported(
        f"An xlsx file cannot hold {what}", code="BD-UNSUPPORTED-XLSX", hint="Write csv or parquet in its place."
    )


_WRITERS: dict[str, Callable[[Tabular, Path, str], int]] = {
    **dict.fromkeys(("json", "ndjson", "csv", "tsv"), _to_text),
    "parquet": _to_parquet,
    "arrow": _to_arrow,
    "xlsx": _to_xlsx,
}
