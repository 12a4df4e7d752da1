"""Merged cells of a sheet: the first holds the value, and whoever reads row by row takes the others for empty."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING
from zipfile import ZipFile

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["merged_below"]

CHUNK = 1 << 20
LIST = re.compile(rb"<(?:\w+:)?mergeCells\b")
RANGE = re.compile(rb"""<(?:\w+:)?mergeCell\b[^>]*?\bref=["']([A-Z]+\d+:[A-Z]+(\d+))["']""")
LONGEST = 64
"""More bytes than the beginning of the list has, which may stand on both sides of an edge."""


def merged_below(path: Path, sheet: str) -> str:
    """The first cells of a sheet that are merged below its first row, as `B2:B3`; empty where there are none.

    The list stands behind all cells, and openpyxl does not read it where it reads row by row; the bytes are looked
    through for it.

    Args:
        path: of the workbook.
        sheet: the sheet's place in it.
    """
    with ZipFile(path) as book, book.open(sheet) as file:
        found = RANGE.finditer(_listed(file))
        return next((one[1].decode() for one in found if int(one[2]) > 1), "")


def _listed(file: IO[bytes]) -> bytes:
    """What stands from the list on; nothing where there is none."""
    before = b""
    while chunk := file.read(CHUNK):
        text = before + chunk
        if start := LIST.search(text):
            return text[start.start() :] + file.read()
        before = text[-LONGEST:]
    return b""
