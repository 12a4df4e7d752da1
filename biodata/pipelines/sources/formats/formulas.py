"""Formulas of a sheet that nobody has computed: a workbook holds their values only where a program put them there."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING
from zipfile import ZipFile

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["without_value"]

CHUNK = 1 << 20
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def without_value(path: Path, sheet: str) -> str:
    """The first cell of a sheet with a formula and no value, as `B7`; empty where there is none.

    Args:
        path: of the workbook.
        sheet: the sheet's place in it.
    """
    with ZipFile(path) as book:
        with book.open(sheet) as file:
            if not _has_formulas(file):
                return ""
        with book.open(sheet) as file:
            return _first(file)


def _has_formulas(file: IO[bytes]) -> bool:
    before = b""
    while chunk := file.read(CHUNK):
        text = before + chunk
        if b"<f>" in text or b"<f " in text:
            return True
        before = chunk[-2:]
    return False


def _first(file: IO[bytes]) -> str:
    from openpyxl.xml.functions import iterparse

    for _, element in iterparse(file):
        if element.tag == f"{MAIN}c":
            value = element.find(f"{MAIN}v")
            empty = value is None or not value.text
            if element.find(f"{MAIN}f") is not None and empty and element.get("t") != "str":
                return str(element.get("r"))
        if element.tag == f"{MAIN}row":
            element.clear()
    return ""
