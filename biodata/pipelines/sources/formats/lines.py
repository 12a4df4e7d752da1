"""ndjson: one JSON object a line; an empty line is none."""

from __future__ import annotations

import json
from math import isinf
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.pipelines.sources.formats.base import opened, readable, unreadable
from biodata.pipelines.sources.formats.typed import Item

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from biodata.records.types import Record

__all__ = ["json_lines"]

BOM = b"\xef\xbb\xbf"


def json_lines(path: Path, *, sure: bool = False) -> Iterator[Item]:
    """What each line holds.

    Args:
        path: of the file.
        sure: whether each line is known to be an object, none of whose names stands twice: it is read faster then.

    Raises:
        SchemaError: `BD-PIPELINE-SOURCE`, the file is no UTF-8 text.
    """
    with readable(path, "text"), opened(path) as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                plain = line.removeprefix(BOM) if number == 1 else line
                yield (_quick(number, plain) if sure else None) or _item(path, number, plain)


def _quick(number: int, line: bytes) -> Item | None:
    try:
        return Item(number, _QUICK.decode(line))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _item(path: Path, number: int, line: bytes) -> Item:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise unreadable(path, f"line {number} is not UTF-8 text", "Save the file as UTF-8") from None
    try:
        found = _STRICT.decode(text.strip())
    except _NoValueError as error:
        return Item(number, None, f"line {number}: {error}", {"line": text})
    except (ValueError, RecursionError):
        return Item(number, None, f"line {number} is not JSON", {"line": text})
    if not isinstance(found, dict):
        return Item(number, None, f"line {number} is not a JSON object", {"line": text})
    return Item(number, found)


class _NoValueError(ValueError):
    """JSON by its grammar, that stands for no value of ours."""


def _object(pairs: list[tuple[str, Any]]) -> Record:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise _NoValueError("an object has two fields of one name")
    return record


def _number(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise _NoValueError("a number is too large")
    return number


def _no_number(_: str) -> float:
    raise _NoValueError("NaN and Infinity are no JSON")


_QUICK = msgspec.json.Decoder(dict[str, Any])
_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_no_number)
