r"""Values as JSON text and back, each in its own type: a date comes back as a date, a decimal with all its digits.

What JSON has no word for is an object of one name that no field can have: `{"\u0001date": "2020-01-31"}`.
"""

from __future__ import annotations

import datetime as dt
import json
from base64 import b64decode, b64encode
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["from_text", "key_from_text", "to_text"]

MARK = "\x01"

_TOLD: dict[type, tuple[str, Callable[[Any], str]]] = {
    Decimal: ("decimal", str),
    dt.datetime: ("datetime", dt.datetime.isoformat),
    dt.date: ("date", dt.date.isoformat),
    dt.time: ("time", dt.time.isoformat),
    dt.timedelta: ("microseconds", lambda span: str(span // dt.timedelta(microseconds=1))),
    UUID: ("uuid", str),
    bytes: ("bytes", lambda value: b64encode(value).decode()),
}
_READ: dict[str, Callable[[str], Any]] = {
    "decimal": Decimal,
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "microseconds": lambda text: dt.timedelta(microseconds=int(text)),
    "uuid": UUID,
    "bytes": b64decode,
}


def to_text(value: Any) -> str:
    """The value as JSON text; equal values in equal types have the same text."""
    return _ENCODER.encode(value)


def from_text(text: str) -> Any:
    """The value that `to_text` was given; tuples are lists."""
    return json.loads(text, object_hook=_read)


def key_from_text(text: str) -> Any:
    """The key that `to_text` was given: one value, or a tuple of them."""
    key = from_text(text)
    return tuple(key) if isinstance(key, list) else key


def _told(value: Any) -> Any:
    """What JSON has no word for; a stranger's type is kept as its text."""
    word, tell = next((told for kind, told in _TOLD.items() if isinstance(value, kind)), ("", str))
    return {MARK + word: tell(value)} if word else str(value)


_ENCODER = json.JSONEncoder(default=_told, separators=(",", ":"))


def _read(found: dict[str, Any]) -> Any:
    name = next(iter(found), "")
    return _READ[name[1:]](found[name]) if name.startswith(MARK) else found
