"""Keeping secrets and people's values out of texts that are shown."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any
from urllib.parse import quote

SECRET = "<secret>"  # noqa: S105 - the mask itself
VALUE = "<value>"
_SHORT = 4
_WORDS = 600

_NAMES = r"token|password|passwd|pwd|secret|api[_-]?key|session[_-]?id|signature|credential|\bsid"
_PATTERNS = (
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.?[\w-]*"), SECRET),
    (re.compile(r"(?i)(\bauthorization[\"']?\s*[:=]\s*[\"']?)[^\r\n\"']+"), rf"\1{SECRET}"),
    (re.compile(r"(?i)\b((?:bearer|basic)\s+)[\w.~+/=-]{6,}"), rf"\1{SECRET}"),
    (
        re.compile(rf"(?i)((?:{_NAMES})[\w-]*[\"']?\s*[:=]\s*[\"']?)(?!<secret>)[^\s\"'&,;}}]+"),
        rf"\1{SECRET}",
    ),
    (re.compile(r"(://)[^/\s@]+@"), rf"\1{SECRET}@"),
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without tokens: JWTs, Authorization values, `token=`-like parameters, and the given secrets."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, SECRET)
    for pattern, mask in _PATTERNS:
        text = pattern.sub(mask, text)
    return text


def shortened(text: str) -> str:
    """The beginning of a server's words, for when they are masked: a value that is cut would not be found in them."""
    return text[:_WORDS]


def mask_values(text: str, values: Iterable[Any]) -> str:
    """`text` without the values of a record: a server quotes them when it refuses one.

    Texts, numbers and dates are masked, inside lists and objects too, and a list or an object that is printed
    whole, by JSON or by Python. Values under four characters are masked where they stand alone, longer ones
    anywhere; null and booleans stay where they are not in a list or an object.
    """
    said = {form for value in values for form in _forms(value) if form in text}  # few of the many of a batch
    forms = sorted(said, key=len, reverse=True)
    if not forms:
        return text
    return re.sub("|".join(map(_pattern, forms)), VALUE, text)


def _forms(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (*_printed(value), *mask_forms(value.values()))
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from (*_printed(list(value)), *mask_forms(value))
    elif isinstance(value, dt.datetime):
        yield from (value.isoformat(), value.date().isoformat(), value.time().isoformat())
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from (f"{value}.0", str(value))
    elif value is not None and not isinstance(value, (bool, bytes)) and str(value).strip():
        yield from _spelt(str(value))


def _spelt(text: str) -> Iterator[str]:
    """A text as it is, and as JSON, Python, a page or an address spells it."""
    stripped = text.strip()
    yield from (text, stripped, escape(stripped), quote(stripped), quote(stripped, safe=""))
    for printed in (json.dumps(text, ensure_ascii=False), json.dumps(text), repr(text), ascii(text)):
        yield printed[1:-1]
    yield re.sub(r"['\"]", r"\\\g<0>", text)


def _printed(value: Mapping[str, Any] | list[Any]) -> Iterator[str]:
    """A list or an object with something in it, as it is printed whole."""
    if value:
        yield str(value)
        for separators in ((", ", ": "), (",", ":")):
            yield json.dumps(value, ensure_ascii=False, default=str, separators=separators)


def mask_forms(values: Iterable[Any]) -> Iterator[str]:
    """Each way in which a server may print one of the values."""
    for value in values:
        yield from _forms(value)


def _pattern(form: str) -> str:
    if len(form) >= _SHORT:
        return re.escape(form)
    before = r"(?<!\w)" if re.match(r"\w", form) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", form) else ""
    return before + re.escape(form) + after
