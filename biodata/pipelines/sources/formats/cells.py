"""csv and tsv: cells of text, of which an empty one is null."""

from __future__ import annotations

import csv
import io
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from biodata.pipelines.sources.formats.base import Bad, check_names, opened, readable, unreadable
from biodata.pipelines.state.spool import BATCH_ROWS
from biodata.records.separators import separator_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

__all__ = ["Cells"]

LONGEST_CELL = 2**27
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Cells:
    """A csv or tsv file; its first line names the columns.

    Raises:
        SchemaError: `BD-PIPELINE-SOURCE`, it has no such line, or one with a column without a name of its own.
    """

    count = None

    def __init__(self, path: Path, separator: str) -> None:
        import pyarrow as pa

        self._path = path
        with self._text() as text:
            self._separator = separator_of(next(filter(str.strip, text), ""), separator)
        self._names = next(self._rows(), (0, list[str]()))[1]
        if not self._names:
            raise unreadable(path, "it is empty; the first line names the columns")
        if any(_undecoded(name) for name in self._names):
            raise self._no_text(1)
        check_names(path, self._names)
        self.schema = pa.schema([pa.field(name, pa.string()) for name in self._names])

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch | Bad]:
        at = [self._names.index(name) for name in names]
        rows, lines = list[list[str]](), list[int]()
        all_rows = self._rows()
        next(all_rows)
        for line, row in all_rows:
            if len(row) != len(self._names):
                cells = f"line {line} has {len(row)} cells, and the first line names {len(self._names)} columns"
                yield Bad(cells, {"cells": row})
                continue
            rows.append(row)
            lines.append(line)
            if len(rows) == BATCH_ROWS:
                yield self._batch(rows, lines, at)
                rows, lines = [], []
        if rows:
            yield self._batch(rows, lines, at)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """The line at which each row ends, and its cells; a line with nothing in it is no row."""
        csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))  # a sequence is longer than Python's limit
        with self._text() as text:
            rows = csv.reader(text, delimiter=self._separator, strict=True)
            try:
                yield from ((rows.line_num, row) for row in rows if row)
            except csv.Error as error:
                raise unreadable(self._path, f"line {rows.line_num}: {error}") from None

    @contextmanager
    def _text(self) -> Iterator[IO[str]]:
        with readable(self._path, "text"), opened(self._path) as file:
            if file.read(2) in UTF_16:
                raise unreadable(self._path, "it is UTF-16 text", "Save it as UTF-8")
            file.seek(0)
            yield io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")

    def _batch(self, rows: list[list[str]], lines: list[int], at: list[int]) -> pa.RecordBatch:
        import pyarrow as pa

        columns = list(zip(*rows, strict=True))
        try:
            arrays: list[Any] = [pa.array([cell or None for cell in columns[index]], pa.string()) for index in at]
        except UnicodeEncodeError:
            broken = (line for line, row in zip(lines, rows, strict=True) if any(map(_undecoded, row)))
            raise self._no_text(next(broken)) from None
        schema = pa.schema([self.schema.field(index) for index in at])
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _no_text(self, line: int) -> Exception:
        return unreadable(self._path, f"line {line} is not UTF-8 text", "Save the file as UTF-8")


def _undecoded(cell: str) -> bool:
    """Whether a byte stands in the cell that is no UTF-8."""
    return any("\udc80" <= character <= "\udcff" for character in cell)
