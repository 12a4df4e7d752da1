"""Reading CSV as the server's importer does, with opencsv 2: a backslash is no ordinary character."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from biodata_molgenis.sandbox.errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["read_sheet"]

Line = dict[str, str]
_LINE_END = re.compile(r"\r\n?")
_QUOTED = re.compile(r'[^\\"]+|\\[\\"]|""|.', re.DOTALL)
_BARE = {separator: re.compile(rf'[^\\"{separator}\n]+|.', re.DOTALL) for separator in ",\t"}


def read_sheet(text: str, separator: str = ",") -> Iterator[Line]:
    """The lines below the header, an empty cell being absent; an empty line is the end, whatever follows.

    Raises:
        ApiError: 400 for a line of more or fewer cells than the header.
    """
    lines = _rows(_LINE_END.sub("\n", text), separator)
    names = next(lines, [])
    for cells in lines:
        if cells == [""] and len(names) > 1:
            return
        if len(cells) != len(names):
            raise bad_request(f"Number of values ({len(cells)}) doesn't match the number of headers ({len(names)})")
        yield {name: cell for name, cell in zip(names, cells, strict=True) if cell}


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    """Rows of cells: in quotes a backslash or a quote escapes, outside them a backslash vanishes."""
    row, cell, quoted, at = [""], "", False, 0
    while at < len(text):
        piece = (_QUOTED if quoted else _BARE[separator]).match(text, at)[0]  # type: ignore[index]  # `.` is any
        at += len(piece)
        if piece == '"':
            quoted = not quoted
        elif quoted and piece[0] in '\\"':
            cell += piece[1:]
        elif not quoted and piece in (separator, "\n"):
            row[-1], cell = cell, ""
            if piece == "\n":
                yield row
                row = []
            row.append("")
        elif piece != "\\":
            cell += piece
    row[-1] = cell
    if text and not text.endswith("\n"):
        yield row
