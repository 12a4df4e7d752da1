"""A filter's literals made to fit the field that they are compared with, and the operators that fit its type."""

from __future__ import annotations

import decimal
import re
from math import ceil, floor, isfinite
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import QueryError, near_match
from biodata.query.patterns import canonical
from biodata.query.tree import NEGATED, Leaf
from biodata.records.types import Boolean, DataType, Date, File, Integer, Json, Object, Reference, String, element
from biodata.records.values import plain, to_type

if TYPE_CHECKING:
    from collections.abc import Container

    from biodata.query.paths import Target

__all__ = ["with_literal"]

_NULL_TESTS = {"is null", "is not null"}
_EQUALITY = {"==", "!=", "in", "not in"}
_RANGES = {"<", "<=", ">", ">=", "between", "not between"}


def with_literal(leaf: Leaf, target: Target, table: str) -> Leaf:
    """The leaf with its value as the field's type holds it.

    Text for numbers and numbers for text are refused; `age > 40.5` of whole numbers becomes `age >= 41`.

    Raises:
        QueryError: `BD-QUERY-OP` for an operator that does not fit the type, `BD-QUERY-VALUE` for a value that
            does not, `BD-QUERY-NULL` for a comparison with null.
    """
    try:
        return _fitted(leaf, element(target.type))
    except QueryError as error:
        raise error.located(table=table) from None


def _fitted(leaf: Leaf, type_: DataType) -> Leaf:
    type_ = type_.key if isinstance(type_, Reference) else type_
    _check_operator(leaf, type_)
    if leaf.op in _NULL_TESTS:
        return msgspec.structs.replace(leaf, value=None)
    if leaf.op in {"in", "not in"}:
        values = tuple(dict.fromkeys(_literal(item, type_, leaf) for item in _items(leaf)))
        return msgspec.structs.replace(leaf, value=values)
    if leaf.op in {"between", "not between"}:
        return msgspec.structs.replace(leaf, value=_bounds(leaf, type_))
    if leaf.op in {"like", "ilike", "not like", "not ilike"}:
        return msgspec.structs.replace(leaf, value=canonical(_literal(leaf.value, String(), leaf)))
    return _single(leaf, type_)


def _single(leaf: Leaf, type_: DataType) -> Leaf:
    if isinstance(type_, Integer) and leaf.op in _RANGES and _has_fraction(leaf.value):
        rounding = floor if leaf.op in {"<=", ">"} else ceil
        return msgspec.structs.replace(leaf, value=_literal(rounding(leaf.value), type_, leaf))
    return msgspec.structs.replace(leaf, value=_literal(leaf.value, type_, leaf))


def _bounds(leaf: Leaf, type_: DataType) -> tuple[Any, Any]:
    items = _items(leaf)
    if len(items) != 2:  # noqa: PLR2004 - low and high
        raise _wrong(leaf, "between needs two values")
    low, high = items
    if isinstance(type_, Integer):
        low = ceil(low) if _has_fraction(low) else low
        high = floor(high) if _has_fraction(high) else high
    return _literal(low, type_, leaf), _literal(high, type_, leaf)


def _has_fraction(value: object) -> bool:
    return isinstance(value, float | decimal.Decimal) and isfinite(value) and value != int(value)


def _items(leaf: Leaf) -> tuple[Any, ...]:
    if isinstance(leaf.value, list | tuple):
        return tuple(leaf.value)
    raise _wrong(leaf, f"{leaf.op} needs a list of values")


def _literal(value: Any, type_: DataType, leaf: Leaf) -> Any:
    known = plain(value)
    if known is None:
        name = ".".join(leaf.path)
        hint = f"Ask whether {name} is null, or is not null."
        raise QueryError("A comparison with null is never true", code="BD-QUERY-NULL", hint=hint)
    if isinstance(type_, String):
        _check_choice(known, type_, leaf)
        type_ = String()
    try:
        return to_type(known, type_)
    except ValueError as error:
        raise _wrong(leaf, str(error), _quotes(known, type_)) from None


def _check_choice(value: object, type_: String, leaf: Leaf) -> None:
    choices = type_.choices
    if choices is None or leaf.op not in _EQUALITY or not isinstance(value, str) or value in choices:
        return
    near = near_match(value, choices)
    hint = f"Did you mean '{near}'?" if near else f"It is one of: {', '.join(choices[:20])}."
    raise _wrong(leaf, "not one of the values that are allowed", hint)


def _quotes(value: object, type_: DataType) -> str | None:
    if isinstance(value, list | tuple):
        return "Of several values ask: field in (1, 2)."
    if isinstance(type_, String) and not isinstance(value, str):
        return "Put it in quotes."
    if isinstance(type_, Boolean):
        return "Write true or false."
    if isinstance(value, str) and type_.kind in {"int", "float", "decimal"}:
        return "Write the number without quotes."
    return _day(value, type_) if type_.kind in {"date", "datetime"} else None


def _day(value: object, type_: DataType) -> str:
    """What to write for text or a number that is no date or time."""
    text = str(value)
    if re.fullmatch(r"\d{4}(-\d\d)?", text):
        return "For a whole year write field >= '2020-01-01' and field < '2021-01-01'."
    if re.match(r"\d{4}-\d\d-\d\d$", text):
        return "There is no such day."
    if re.match(r"\d{4}-\d\d-\d\d[T ]", text):
        if isinstance(type_, Date):
            return "Write the day alone: '2020-01-31'."
        return "A zone is Z or hours and minutes: '2020-01-31T12:00:00+01:00'."
    return "Write the year first, in quotes: '2020-01-31'."


def _wrong(leaf: Leaf, reason: str, hint: str | None = None) -> QueryError:
    return QueryError(f"'{'.'.join(leaf.path)}': {reason}", code="BD-QUERY-VALUE", hint=hint)


def _check_operator(leaf: Leaf, type_: DataType) -> None:
    if leaf.op in _operators(type_):
        return
    shown = NEGATED[leaf.op] if leaf.op.startswith("not ") else leaf.op
    raise QueryError(
        f"'{'.'.join(leaf.path)}' is of type {type_}, which has no '{shown}'",
        code="BD-QUERY-OP",
        hint=_instead(type_),
    )


def _operators(type_: DataType) -> Container[str]:
    if isinstance(type_, String):
        return NEGATED
    if isinstance(type_, Json | Object | File):
        return _NULL_TESTS
    return _NULL_TESTS | _EQUALITY | (set() if isinstance(type_, Boolean) else _RANGES)


def _instead(type_: DataType) -> str:
    if isinstance(type_, Object):
        return f"Compare one of its fields: {', '.join(field.name for field in type_.fields[:20])}."
    if isinstance(type_, File):
        return "Compare its id, filename or url."
    if isinstance(type_, Json):
        return "JSON is not looked into; ask whether it is null."
    if isinstance(type_, Boolean):
        return "Ask whether it = true or = false."
    return "Use =, !=, <, <=, >, >=, in or between."
