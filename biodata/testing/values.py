"""Values of the differential test, as Hypothesis strategies: of a type within a domain, and near another value."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import unicodedata
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from biodata.query.patterns import literal
from biodata.records import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from biodata.testing.target import ValueDomain

__all__ = ["near", "near_values", "of_type", "pattern_near"]

_LETTERS = "\u00e9\u00c9\u0301\u00df\u017f\u0130\u0131\u212a\u03a3\u03c3\u03c2\ufb01\U0001f600\uff5e\u00a0"
"""A combining one, one beyond 16 bits, a blank, and those whose other case is odd."""

_CHARACTERS = f"aAbBkKiIsS019 {_LETTERS}\t\n\0`;,()=!<>'\"\\&#+~^$/:|{{}}[]%_-.*?@"
_COMMON = ("a", "A", "ab", "Ab", "abc", "b", "ba", "a b", "a%b", "a_b", "it's")
"""Much alike, so that comparisons tell some from others."""

_TEXTS = (
    "a", "A", "ab", "aB", "abc", "b", "Zebra", "zebra", "i", "I", "s", "S", "k", "fi", "STRASSE", "strasse",
    "stra\u00dfe", "\u0130", "i\u0307", "\u0131", "\u017f", "\u212a", "\u00e9", "e\u0301", "\u00c9", "\ufb01",
    "\u03a3\u0391\u03a3", "\u03c3\u03b1\u03c2", "\U0001f600", "\uff5e", "", " ", " a", "a ", "a\tb", "a\nb",
    "NA", "null", "None", "NONE", "!NONE", "true", "0", "4", "4.0", "1e3", "-1", "a%b", "a_b", "a\\b", "a\\", "%",
    "_", "\\%", "~a", "!a", "!=a", "^a", "a$", "$a", "/a/", "~/a/i", "<5", ">=5", "=a", "a,b", "a;b", "a&b", "a#b",
    "a+b", "a b", "a:b", "a|b", "(a)", "a)", "[a]", "{a}", "a*", "a?", "a.b", "it's", 'a"b', """a'"b""", "''", '""',
    "--", "'; --", "${a}", "\\n", "\\u0061", "%41", "%2C", "&amp;", "nul\0char",
)  # fmt: skip
_FLOATS = (0.0, -0.0, 1.5, -2.25, 4.0, 0.1, 40.5, 1e-7, 1e-5, 1e15, 1e16, 123456.789, 1e300, 5e-324, -1e22, 2.0**53)
_FEW_FLOATS = (0.0, -0.0, 4.0, 4.5)
_DECIMALS = ("0", "1.5", "1.50", "-2.25", "0.1", "40", "0.000000001", "-7")
_UTC = dt.UTC
_ZONES = (_UTC, dt.timezone(dt.timedelta(hours=5, minutes=30)), dt.timezone(dt.timedelta(hours=-8)))
_MOST = 3


def of_type(type_: t.DataType, domain: ValueDomain) -> SearchStrategy[Any]:
    """Values of a type that the platform can store; references are made elsewhere, of the keys that are there."""
    if isinstance(type_, t.List):
        return st.lists(of_type(type_.item, domain), max_size=_MOST)
    if isinstance(type_, t.Object):
        inner = {field.name: st.none() | of_type(field.type, domain) for field in type_.fields}
        return st.fixed_dictionaries(inner)
    return _SCALARS[type(type_)](type_, domain)


def near(value: Any) -> SearchStrategy[Any]:
    """Values that are nearly the same: another case, a piece, one more, the same instant in another zone."""
    return st.sampled_from(near_values(value))


def near_values(value: Any) -> list[Any]:
    """Those values; of a text, a number, a date or an instant."""
    return _near_texts(value) if isinstance(value, str) else _near_numbers(value)


def pattern_near(text: str) -> SearchStrategy[str]:
    """Patterns of `like` that the text matches, or nearly."""
    return st.sampled_from(
        (
            literal(text), f"{literal(text[:1])}%", f"%{literal(text[-1:])}", f"%{literal(text[1:-1])}%",
            "_" * len(text), f"{'_' * (len(text) - 1)}%", f"%{literal(text.swapcase())}%", literal(text.upper()),
            literal(text.lower()), f"_{literal(text[1:])}", f"{literal(text[:2])}%{literal(text[-2:])}", text, "%",
        )
    )  # fmt: skip


def _strings(type_: t.String, domain: ValueDomain) -> SearchStrategy[str]:
    if type_.choices:
        return st.sampled_from(type_.choices)
    longest = min(type_.max_length or _MOST * 4, _MOST * 4)
    made = st.one_of(
        st.sampled_from(_COMMON), st.sampled_from(_TEXTS), st.text(st.sampled_from(_CHARACTERS), max_size=6)
    )
    return made.filter(lambda text: len(text) <= longest and _is_kept(text, domain))


def _is_kept(text: str, domain: ValueDomain) -> bool:
    return (
        (domain.empty_strings or text != "")
        and (domain.nul or "\0" not in text)
        and (domain.line_breaks or "\n" not in text)
        and (domain.outer_blanks or text == text.strip())
    )


def _integers(type_: t.Integer, domain: ValueDomain) -> SearchStrategy[int]:
    bound = 2 ** ((type_.bits or 64) - 1)
    least = max(-bound, domain.smallest, *([] if type_.minimum is None else [type_.minimum]))
    most = min(bound - 1, domain.largest, *([] if type_.maximum is None else [type_.maximum]))
    some = [one for one in (0, 1, -1, 4, 7, 40, 41, 2**31 - 1, 2**53, 2**53 + 1, least, most) if least <= one <= most]
    return st.one_of(st.sampled_from(some), st.sampled_from(some), st.integers(least, most))


def _floats(_: t.DataType, __: ValueDomain) -> SearchStrategy[float]:
    return st.one_of(
        st.sampled_from(_FEW_FLOATS), st.sampled_from(_FLOATS), st.floats(allow_nan=False, allow_infinity=False)
    )


def _decimals(_: t.DataType, domain: ValueDomain) -> SearchStrategy[decimal.Decimal]:
    before, after = domain.decimal_digits
    most = 10**before - 1
    some = st.sampled_from([decimal.Decimal(text) for text in _DECIMALS])
    return st.one_of(some, st.decimals(-most, most, places=after, allow_nan=False, allow_infinity=False))


def _dates(_: t.DataType, domain: ValueDomain) -> SearchStrategy[dt.date]:
    first, last = domain.years
    some = st.sampled_from([dt.date(2020, 2, 29), dt.date(1969, 12, 31), dt.date(2026, 1, 1), dt.date(2020, 3, 1)])
    return st.one_of(some, st.dates(dt.date(first, 1, 1), dt.date(last, 12, 31)))


def _instants(_: t.DataType, domain: ValueDomain) -> SearchStrategy[dt.datetime]:
    first, last = domain.years
    some = st.sampled_from(
        [dt.datetime(2020, 2, 29, 12, 30, tzinfo=_UTC), dt.datetime(1969, 12, 31, 23, 59, 59, tzinfo=_UTC)]
    )
    inner = dt.datetime(max(first, 2), 1, 1), dt.datetime(min(last, 9998), 12, 31)  # noqa: DTZ001 - the zone is drawn
    made = st.datetimes(*inner, timezones=st.sampled_from(_ZONES))
    step = domain.instant_step
    return st.one_of(some, made.map(lambda one: one.replace(microsecond=one.microsecond // step * step % 10**6)))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(_TEXTS[:20]),
    lambda inner: st.lists(inner, max_size=_MOST) | st.dictionaries(st.sampled_from("abc"), inner, max_size=_MOST),
    max_leaves=4,
)
_SCALARS: dict[type[t.DataType], Callable[[Any, ValueDomain], SearchStrategy[Any]]] = {
    t.String: _strings,
    t.Integer: _integers,
    t.Float: _floats,
    t.Decimal: _decimals,
    t.Boolean: lambda _, __: st.booleans(),
    t.Date: _dates,
    t.DateTime: _instants,
    t.Json: lambda _, __: _JSON.filter(lambda value: value is not None),
}


def _near_texts(text: str) -> list[str]:
    changed = [text[:at] + other + text[at + 1 :] for at in (0, len(text) - 1) if text for other in "aé_"]
    return [
        text.swapcase(), text.upper(), text.lower(), text.casefold(), text[:1], text[:-1], text[1:], text[1:-1],
        f"{text}a", f"{text} ", text.strip(), unicodedata.normalize("NFD", text), unicodedata.normalize("NFC", text),
        *changed, text,
    ]  # fmt: skip


def _near_numbers(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value, value]
    if isinstance(value, int):
        return [value + 1, value - 1, -value, value]
    if isinstance(value, float):
        return [math.nextafter(value, math.inf), math.nextafter(value, -math.inf), -value, float(round(value)), value]
    if isinstance(value, decimal.Decimal):
        return [value + decimal.Decimal("0.1"), value - 1, -value, value.normalize(), value]
    if isinstance(value, dt.datetime):
        return _near_instants(value)
    return [value + dt.timedelta(days=days) for days in (1, -1) if 1 < value.year < 9999] + [value]


def _near_instants(value: dt.datetime) -> list[dt.datetime]:
    steps = [
        dt.timedelta(microseconds=1),
        dt.timedelta(milliseconds=1),
        dt.timedelta(seconds=1),
        dt.timedelta(days=1),
    ]
    moved = [value + sign * step for step in steps for sign in (1, -1)]
    return [*moved, *(value.astimezone(zone) for zone in _ZONES), value]
