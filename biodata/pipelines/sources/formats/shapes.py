"""The types of columns, found from all the values that they have.

What most values are decides; the others are told as misfits, row by row. Whole numbers and numbers with a fraction
are one kind, days and moments another. What no type says (lists in lists, objects without fields) is JSON.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from biodata.records.types import (
    EXACT_FLOAT,
    AnyType,
    Boolean,
    Date,
    DateTime,
    Field,
    Float,
    Integer,
    Json,
    List,
    Object,
    String,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Shape", "misfit"]

MOST_FIELDS = 10_000
INT64 = 2**63

KINDS: dict[type, str] = {
    str: "text", bool: "flag", int: "number", float: "number", dict: "object", list: "list", dt.date: "day",
    dt.datetime: "day",
}  # fmt: skip
WORDS = {
    "text": "text", "flag": "true or false", "number": "a number", "object": "an object", "list": "a list",
    "day": "a date",
}  # fmt: skip
HELD: dict[type, tuple[type, ...]] = {
    String: (str,), Boolean: (bool,), Integer: (int,), Float: (int, float), Date: (dt.date,),
    DateTime: (dt.date, dt.datetime), List: (list,), Object: (dict,),
}  # fmt: skip
"""The values that each type holds."""


class Shape:
    """What was met at one place of the records."""

    def __init__(self) -> None:
        self.kinds: dict[type, int] = {}
        self.fields: dict[str, Shape] = {}
        self.items: Shape | None = None
        self.largest = 0

    def add(self, value: Any) -> None:
        """Take a value into account."""
        if value is None:
            return
        kind = type(value)
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if kind is int:
            self.largest = max(self.largest, abs(value))
        elif kind is dict:
            for name, inner in value.items():
                if inner is not None or name not in self.fields:
                    self.field(name).add(inner)
        elif kind is list:
            self.items = self.items or Shape()
            for inner in value:
                self.items.add(inner)

    def field(self, name: str) -> Shape:
        """The place below it of that name; not kept where there are too many names for columns."""
        found = self.fields.get(name)
        if found is None:
            found = Shape()
            if len(self.fields) < MOST_FIELDS:
                self.fields[name] = found
        return found

    def type(self, known: AnyType | None = None) -> AnyType:
        """The type; `known`, which it had at the last run, where all values still fit it."""
        if known is not None and self.fits(known):
            return known
        most = self._most()
        return self._made[most]() if most else String()

    def fits(self, known: AnyType) -> bool:
        """Whether all values are such as that type holds, without a loss."""
        if isinstance(known, Json):
            return True
        if not set(self.kinds) <= set(HELD.get(type(known), ())):
            return False
        if isinstance(known, Object):
            types = {field.name: field.type for field in known.fields}
            return all(name in types and inner.fits(types[name]) for name, inner in self.fields.items())
        if isinstance(known, List):
            return self.items is None or self.items.fits(known.item)
        limit = {Integer: INT64 - 1, Float: EXACT_FLOAT}.get(type(known), self.largest)
        return self.largest <= limit or (isinstance(known, Integer) and known.bits is None)

    def is_odd(self, type_: AnyType) -> bool:
        """Whether there are values that do not fit the type; those that are told by `misfit`."""
        if isinstance(type_, Json):
            return False
        if not set(self.kinds) <= set(HELD.get(type(type_), ())):
            return True
        if isinstance(type_, Object):
            inner = [(self.fields.get(field.name), field.type) for field in type_.fields]
            return any(shape is not None and shape.is_odd(kind) for shape, kind in inner)
        if isinstance(type_, Float):
            return self.largest > EXACT_FLOAT
        return isinstance(type_, List) and self.items is not None and self.items.is_odd(type_.item)

    def _most(self) -> str:
        """The kind that most values are of, the first met where there are as many of two."""
        counts: dict[str, int] = {}
        for kind, number in self.kinds.items():
            if kind in KINDS:
                counts[KINDS[kind]] = counts.get(KINDS[kind], 0) + number
        return max(counts, key=lambda word: counts[word]) if counts else ""

    @property
    def _made(self) -> dict[str, Callable[[], AnyType]]:
        return {
            "text": String, "flag": Boolean, "number": self._number, "object": self._object, "list": self._list,
            "day": lambda: DateTime() if dt.datetime in self.kinds else Date(),
        }  # fmt: skip

    def _number(self) -> AnyType:
        return Float() if float in self.kinds else Integer(64 if self.largest < INT64 else None)

    def _object(self) -> AnyType:
        names = {name.casefold() for name in self.fields}
        if not names or "" in names or len(names) < len(self.fields) or len(names) >= MOST_FIELDS:
            return Json()
        return Object(tuple(Field(name, inner.type()) for name, inner in self.fields.items()))

    def _list(self) -> AnyType:
        inner = self.items.type() if self.items else String()
        return Json() if isinstance(inner, List | Json) else List(inner)


def misfit(value: Any, type_: AnyType) -> str:
    """Why a value does not fit the type, without the value; empty where it does."""
    if value is None or isinstance(type_, Json):
        return ""
    if type(value) not in HELD[type(type_)]:
        needed = "a whole number" if isinstance(type_, Integer) else WORDS[KINDS[HELD[type(type_)][0]]]
        return f"{needed} is needed, not {WORDS.get(KINDS.get(type(value), ''), 'this')}"
    if isinstance(type_, Object):
        types = ((field.name, field.type) for field in type_.fields)
        return next((f"{name}: {why}" for name, inner in types if (why := misfit(value.get(name), inner))), "")
    if isinstance(type_, List):
        return next((why for one in value if (why := misfit(one, type_.item))), "")
    inexact = isinstance(type_, Float) and isinstance(value, int) and float(value) != value
    return "a number is too large to be exact" if inexact else ""
