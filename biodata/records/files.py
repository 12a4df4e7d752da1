"""Records in files: json, ndjson, csv, tsv, parquet, arrow and xlsx, written and read in constant memory.

In csv and tsv an empty cell is null, a list or an object is JSON text, and a nested path is a dotted column. They
cannot say an empty string and null apart; the other formats can.
"""

from __future__ import annotations

import csv
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from biodata.errors import SchemaError, Unsupported
from biodata.records import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from biodata.records.types import DataType, Record, Schema
    from biodata.results import Result

__all__ = ["FORMATS", "format_of", "from_text", "read_records", "write_result", "write_text"]

FORMATS = ("json", "ndjson", "csv", "tsv", "parquet", "arrow", "xlsx")
ENDINGS = {".jsonl": "ndjson", ".feather": "arrow", ".pq": "parquet", ".tab": "tsv"}
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


def write_result(result: Result, path: Path | str, format: str | None = None) -> int:  # noqa: A002 - the field's word
    """Write all records; the number written. The file appears whole or not at all."""
    kind = format_of(path, format)
    with _in_place(Path(path)) as temporary:
        return _WRITERS[kind](result, temporary, kind)


@contextmanager
def _in_place(path: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
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
        writer.writerow([_cell(_at(record, name)) for name in names])
        number += 1
    return number


def _at(record: Record, name: str) -> Any:
    if name in record or "." not in name:
        return record.get(name)
    head, rest = name.split(".", 1)
    inner = record.get(head)
    if isinstance(inner, list):
        return [_at(item, rest) for item in inner]
    return _at(inner, rest) if isinstance(inner, dict) else None


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        return msgspec.json.encode(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _names(result: Result) -> list[str]:
    return [".".join(path) for path in result.fields]


def _to_text(result: Result, path: Path, kind: str) -> int:
    with path.open("w", encoding="utf-8", newline="") as out:
        return write_text(result, _names(result), out, kind)


def _to_parquet(result: Result, path: Path, _kind: str) -> int:
    import pyarrow.parquet as pq

    number = 0
    with pq.ParquetWriter(path, result.arrow_schema) as writer:
        for batch in result.to_batches():
            writer.write_batch(batch)
            number += batch.num_rows
    return number


def _to_arrow(result: Result, path: Path, _kind: str) -> int:
    import pyarrow as pa

    number = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, result.arrow_schema) as writer:
        for batch in result.to_batches():
            writer.write_batch(batch)
            number += batch.num_rows
    return number


def _to_xlsx(result: Result, path: Path, _kind: str) -> int:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet, names, number = book.create_sheet(result.query.schema.table[:31]), _names(result), 0
    sheet.append(names)
    for record in result:
        sheet.append([_sheet_cell(_at(record, name)) for name in names])
        number += 1
    book.save(path)
    return number


def _sheet_cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return _cell(value)
    zoned = getattr(value, "tzinfo", None) is not None
    return value.isoformat() if zoned else value


_WRITERS: dict[str, Callable[[Result, Path, str], int]] = {
    **dict.fromkeys(("json", "ndjson", "csv", "tsv"), _to_text),
    "parquet": _to_parquet,
    "arrow": _to_arrow,
    "xlsx": _to_xlsx,
}


def read_records(path: Path | str, format: str | None = None) -> Iterator[Record]:  # noqa: A002 - the field's word
    """The records of a file (`-`: standard input, then the format must be said); text cells stay text.

    Raises:
        SchemaError: `BD-FILE`, for a file that is not of that format, with its line.
    """
    kind = format_of(path, format)
    if kind in {"parquet", "arrow", "xlsx"}:
        return _READERS[kind](Path(path))
    return _read_text(path, kind)


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
    rows = csv.reader(file, delimiter=separator, strict=True)
    names = next(rows, [])
    if len(set(names)) != len(names):
        raise SchemaError("The header names a column twice", code="BD-FILE")
    for row in rows:
        if not row:
            continue
        if len(row) != len(names):
            raise SchemaError(f"Line {rows.line_num} has {len(row)} cells, the header {len(names)}", code="BD-FILE")
        yield {name: cell or None for name, cell in zip(names, row, strict=True)}


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
    from openpyxl import load_workbook

    rows = load_workbook(path, read_only=True, data_only=True).worksheets[0].iter_rows(values_only=True)
    names = [str(name) for name in next(rows, ())]
    for row in rows:
        yield dict(zip(names, row, strict=False))


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
