"""Values made to fit a type: what a write accepts, and what a filter's literal must be.

The same rules for both, so that what can be stored can be asked for. Text is not read as a number or a flag;
numbers are not turned into text. Reasons name the rule and never the value.

| type | accepts |
| --- | --- |
| any | None, NaN, NaT and pandas' NA as None; NumPy, pandas and Arrow scalars as the Python values in them |
| string | text; within `choices` and `max_length` |
| int | ints; floats and Decimals without a fraction, up to 2**53 for floats; within bits, minimum and maximum |
| float | ints, floats, Decimals; finite |
| decimal | ints, Decimals, floats by their shortest form, numeric text (the JSON form of a Decimal); finite |
| bool | true and false only |
| date | dates, ISO text, datetimes at midnight that name no zone |
| datetime | datetimes, dates (midnight), ISO text, to the microsecond; without a zone they are UTC; kept in UTC |
| json | what JSON can say, keys being text |
| ref | the other record's key; a dict or a tuple holding only the key; a record where `keys` names its key |
| file | an object of `id`, `filename`, `url`; a path or an `Upload` to be stored; text, for the adapter to judge |
| object | a mapping of its fields, each by its type |
| list | lists, tuples, sets and arrays, each element by its type and none of them null |
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from math import isfinite
from typing import TYPE_CHECKING, Any, NoReturn

from biodata.records.types import (
    EXACT_FLOAT,
    Boolean,
    DataType,
    Date,
    DateTime,
    Decimal,
    File,
    Float,
    Integer,
    Json,
    List,
    Object,
    Reference,
    String,
)
from biodata.records.uploads import is_upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.records.types import Value

__all__ = ["plain", "to_type"]

_PLAIN = frozenset({str, int, bool, dt.date})
FINER = re.compile(r"[.,]\d{6}\d*[1-9]")
FILE_FIELDS = ("id", "filename", "url")


def to_type(value: Any, type_: DataType, *, keys: Mapping[str, str] | None = None) -> Value:
    """The value as the type holds it, by the table above; None for a missing value.

    Args:
        value: any Python value, NumPy, pandas and Arrow scalars among them.
        type_: the type of a field.
        keys: table name to the name of its key field, for references given as whole records.

    Raises:
        ValueError: the value does not fit; the message says why, without the value.
    """
    value = plain(value)
    if value is None:
        return None
    if isinstance(type_, List):
        return _list(value, type_, keys)
    if isinstance(type_, Object):
        return _object(value, type_, keys)
    if isinstance(type_, Reference):
        return to_type(_reference(value, (keys or {}).get(type_.table)), type_.key)
    return _SCALARS[type(type_)](value, type_)


def plain(value: Any) -> Any:
    """A Python value out of a NumPy, pandas or Arrow one; None for every kind of missing value."""
    return value if type(value) in _PLAIN else _unwrapped(value)


def _unwrapped(value: Any) -> Any:
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return None
    if hasattr(value, "as_py"):
        return plain(value.as_py())
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return _numpy(value)
    if hasattr(value, "to_pydatetime"):
        return _pandas_instant(value)
    if isinstance(value, float):
        return None if value != value else float(value)  # noqa: PLR0124 - only NaN differs from itself
    return None if isinstance(value, decimal.Decimal) and value.is_nan() else value


def _numpy(value: Any) -> Any:
    kind: str = getattr(value.dtype, "kind", "O")
    if kind == "M" and not getattr(value, "shape", ()):
        micro = value.astype("datetime64[us]")
        _need((micro == value) or value != value, "finer than a microsecond")  # noqa: PLR0124 - NaT
        return micro.tolist()
    found = value.tolist()
    return found if isinstance(found, list) else plain(found)


def _pandas_instant(value: Any) -> dt.datetime:
    _need(not value.nanosecond, "finer than a microsecond")
    instant: dt.datetime = value.to_pydatetime()
    return instant


def _need(holds: bool, reason: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise ValueError(reason)


def _refuse(wanted: str, value: Any) -> NoReturn:
    raise ValueError(f"{wanted} is needed, not {_described(value)}")


def _described(value: Any) -> str:
    names = {
        bool: "true or false", int: "a number", float: "a number", decimal.Decimal: "a number", str: "text",
        dict: "an object", list: "a list", tuple: "a list", dt.date: "a date", dt.datetime: "a datetime",
    }  # fmt: skip
    return names.get(type(value), f"a {type(value).__name__}")


def _string(value: Any, type_: String) -> str:
    if not isinstance(value, str):
        _refuse("text", value)
    text = str(value)
    _need(text.isascii() or _is_unicode(text), "half a character (a lone surrogate) is in it")
    _need(type_.choices is None or text in type_.choices, "not one of the values that are allowed")
    too_long = type_.max_length is not None and len(text) > type_.max_length
    _need(not too_long, f"longer than {type_.max_length} characters")
    return text


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _integer(value: Any, type_: Integer) -> int:
    number = _whole(value)
    if type_.bits is not None:
        bound = 1 << (type_.bits - 1)
        _need(-bound <= number < bound, f"does not fit in {type_.bits} bits")
    _need(type_.minimum is None or number >= type_.minimum, f"below the minimum {type_.minimum}")
    _need(type_.maximum is None or number <= type_.maximum, f"above the maximum {type_.maximum}")
    return number


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | decimal.Decimal):
        _refuse("a whole number", value)
    if isinstance(value, int):
        return int(value)
    _need(isfinite(value) and value == int(value), "a whole number is needed, not one with a fraction")
    _need(isinstance(value, decimal.Decimal) or abs(value) <= EXACT_FLOAT, "too large to be exact as a float")
    return int(value)


def _float(value: Any, _: Float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | decimal.Decimal):
        _refuse("a number", value)
    try:
        number = float(value)
    except OverflowError:
        raise ValueError("too large a number") from None
    _need(isfinite(number), "a finite number is needed")
    return number


def _decimal(value: Any, _: Decimal) -> decimal.Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | decimal.Decimal | str):
        _refuse("a number", value)
    try:
        number = decimal.Decimal(repr(value) if isinstance(value, float) else value)
    except decimal.InvalidOperation:
        _refuse("a number", value)
    _need(number.is_finite(), "a finite number is needed")
    return number


def _boolean(value: Any, _: Boolean) -> bool:
    return value if isinstance(value, bool) else _refuse("true or false", value)


def _date(value: Any, _: Date) -> dt.date:
    if isinstance(value, dt.datetime):
        midnight = value.tzinfo is None and value.time() == dt.time()
        _need(midnight, "a date is needed, not one with a time or zone")
        return value.date()
    if isinstance(value, dt.date):
        return value
    if not isinstance(value, str):
        _refuse("a date", value)
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise ValueError("a date as 2020-01-31 is needed") from None


def _datetime(value: Any, _: DateTime) -> dt.datetime:
    if isinstance(value, str):
        value = _instant_text(value)
    if not isinstance(value, dt.date):
        _refuse("a datetime", value)
    instant = value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())
    try:
        return instant.replace(tzinfo=dt.UTC) if instant.utcoffset() is None else instant.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("outside the years 1 to 9999 in UTC") from None


def _instant_text(text: str) -> dt.datetime:
    _need(FINER.search(text) is None, "finer than a microsecond")  # Python would cut it off
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a datetime as 2020-01-31T12:00:00Z is needed") from None


def _json(value: Any, type_: Json) -> Any:
    value = plain(value)
    if isinstance(value, Mapping):
        _need(all(isinstance(key, str) for key in value), "the keys of a JSON object are text")
        return {str(key): _json(item, type_) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item, type_) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if not isinstance(value, float):
        _refuse("a JSON value", value)
    _need(isfinite(value), "JSON has no infinite numbers")
    return value


def _file(value: Any, _: File) -> Any:
    if isinstance(value, str) or is_upload(value):
        return value
    if not isinstance(value, Mapping):
        _refuse("a file", value)
    _need(set(value) <= set(FILE_FIELDS), f"a file has {', '.join(FILE_FIELDS)} only")
    return dict(value)


def _reference(value: Any, key: str | None) -> Any:
    if isinstance(value, Mapping):
        _need(len(value) == 1 or key in value, "the key of the referenced record is needed")
        return value[key] if key in value else next(iter(value.values()))
    if isinstance(value, tuple):
        _need(len(value) == 1, "one key of the referenced record is needed")
        return value[0]
    return value


def _object(value: Any, type_: Object, keys: Mapping[str, str] | None) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        _refuse("an object", value)
    types = {field.name: field.type for field in type_.fields}
    _need(value.keys() <= types.keys(), f"the object has {', '.join(types)} only")
    return {name: _within(name, item, types[name], keys) for name, item in value.items()}


def _list(value: Any, type_: List, keys: Mapping[str, str] | None) -> list[Any]:
    if not isinstance(value, list | tuple | AbstractSet):
        _refuse("a list", value)
    items = [_within(f"element {number}", item, type_.item, keys) for number, item in enumerate(value, 1)]
    _need(None not in items, "a list cannot hold null")
    return items


def _within(place: str, value: Any, type_: DataType, keys: Mapping[str, str] | None) -> Value:
    try:
        return to_type(value, type_, keys=keys)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


_SCALARS: dict[type[DataType], Callable[[Any, Any], Any]] = {
    String: _string, Integer: _integer, Float: _float, Decimal: _decimal, Boolean: _boolean,
    Date: _date, DateTime: _datetime, Json: _json, File: _file,
}  # fmt: skip
