"""The tables and records that the suite works with, cut to what the platform can store."""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import uuid
from typing import TYPE_CHECKING, Any

from biodata.records import types as t

if TYPE_CHECKING:
    from biodata.records.types import Field, Record, Schema
    from biodata.testing.target import ValueDomain

__all__ = ["field_of", "fresh_name", "people", "places", "plain", "rows"]

_NUMBERS = itertools.count()
_RUN = uuid.uuid4().hex[:6]

_TYPES: dict[str, t.AnyType] = {
    "string": t.String(),
    "enum": t.String(choices=("zulu", "Alpha", "mike")),
    "int": t.Integer(64),
    "float": t.Float(),
    "decimal": t.Decimal(),
    "bool": t.Boolean(),
    "date": t.Date(),
    "datetime": t.DateTime(),
    "json": t.Json(),
    "object": t.Object((t.Field("inner", t.String()), t.Field("size", t.Integer(64)))),
}
"""Of the field called `<kind>_field`; a list's is `<kind>_list`."""

_TEXTS = (
    "plain", "it's", 'say "hi"', """both ' and " quotes""", "100%_a\\b", "Zebra", "apple", "éclair", "ÉCLAIR",
    "Ωmega", "\U0001f600", "\uff5e", "NA", "null", "0", "",  "  padded  ", "two\nlines", "nul\0char",
)  # fmt: skip
_UTC = dt.UTC


def fresh_name(word: str = "t") -> str:
    """A table's name that no other run has."""
    return f"bdc_{word}_{_RUN}_{next(_NUMBERS)}"


def plain(name: str) -> Schema:
    """Key, a required name and an optional number: enough for writing and paging."""
    return t.Schema(
        name,
        "id",
        (t.Field("id", t.String(), required=True), t.Field("name", t.String()), t.Field("number", t.Integer(64))),
    )


def places(name: str) -> Schema:
    """What `people` refers to."""
    return t.Schema(name, "code", (t.Field("code", t.String(), required=True), t.Field("title", t.String())))


def people(name: str, domain: ValueDomain, place: str | None = None) -> Schema:
    """A field of each type that the platform can store."""
    fields = [t.Field("id", t.String(), required=True)]
    fields += [field_of(kind) for kind in _TYPES if kind in domain.kinds]
    fields += [t.Field(f"{kind}_list", t.List(_TYPES[kind])) for kind in _TYPES if kind in domain.lists]  # type: ignore[arg-type]
    if place is not None:
        fields.append(t.Field("place", t.Reference(place)))
    if place is not None and domain.list_references:
        fields.append(t.Field("visited", t.List(t.Reference(place))))
    return t.Schema(name, "id", tuple(fields))


def field_of(kind: str) -> Field:
    """The sample's field of a kind."""
    return t.Field(f"{kind}_field", _TYPES[kind])


def rows(schema: Schema, domain: ValueDomain) -> list[Record]:
    """Records for `people`: each value once or twice, and every field null at least once."""
    values = {field.name: _values(field, domain) for field in schema if field.name != "id"}
    length = max(map(len, values.values())) + 1
    keys = [f"key{number:02}{_odd(number, domain)}" for number in range(length)]
    return [
        {"id": key} | {name: known[number] if number < len(known) else None for name, known in values.items()}
        for number, key in enumerate(keys)
    ]


def _odd(number: int, domain: ValueDomain) -> str:
    odd = domain.key_characters
    return f"{odd[number]}x" if number < len(odd) else ""


def texts(domain: ValueDomain) -> list[str]:
    """Texts of all sorts that the platform keeps as they are."""
    unwanted = {"": domain.empty_strings, "  padded  ": domain.outer_blanks}
    unwanted |= {"two\nlines": domain.line_breaks, "nul\0char": domain.nul}
    return [text for text in _TEXTS if unwanted.get(text, True)]


def _values(field: Field, domain: ValueDomain) -> list[Any]:
    if field.name == "place":
        return ["gro", "ams", None, "gro", "rtm"]
    if field.name == "visited":
        return [["gro", "ams"], ["ams"], None, [], ["rtm", "gro"]]
    kind, _, form = field.name.rpartition("_")
    known = _scalars(kind, domain)
    if form == "list":
        return [known[:1], known[:2], None, [], known[1:4], known[2:3]]
    return [known[0], None, *known, None]


def _scalars(kind: str, domain: ValueDomain) -> list[Any]:
    known: dict[str, list[Any]] = {
        "string": texts(domain),
        "enum": ["zulu", "Alpha", "mike", "Alpha"],
        "int": [0, 7, -7, domain.largest, domain.smallest, 40, 41],
        "float": [0.0, 1.5, -2.25, 1e-300, 1e300, 0.1, 40.0],
        "decimal": [decimal.Decimal(text) for text in ("0", "1.5", "-2.25", "0.1", "123456789.123456789", "40")],
        "bool": [True, False, True],
        "date": [dt.date(2020, 2, 29), dt.date(1969, 12, 31), dt.date(2026, 1, 1)],
        "datetime": [
            dt.datetime(2020, 2, 29, 12, 30, tzinfo=_UTC),
            dt.datetime(1969, 12, 31, 23, 59, 59, tzinfo=_UTC),
            dt.datetime(2026, 1, 1, tzinfo=_UTC),
        ],
        "json": [{"a": [1, None, "x"]}, [1, 2], "text", 5, {"nested": {"deep": True}}],
        "object": [{"inner": "x", "size": 1}, {"inner": "it's", "size": None}, {"inner": None, "size": 3}],
    }
    return known[kind]
