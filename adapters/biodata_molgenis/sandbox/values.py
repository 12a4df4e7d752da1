"""Turning what a client writes into the values that are kept, with the errors that MOLGENIS gives for it.

A JSON body is read as MOLGENIS reads it: every number becomes a double, which is why a long above 2**53 loses
digits unless it is sent as a string (protocols/molgenis.md, f; [C 040]).
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from biodata_molgenis.sandbox.errors import ApiError, bad_request, server_error
from biodata_molgenis.sandbox.model import STRING_TYPES, Attribute

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from biodata_molgenis.sandbox.model import EntityType

__all__ = ["FileId", "convert", "instant_text", "java_int", "parse_date", "parse_datetime"]

_INT = (-(2**31), 2**31 - 1)
_LONG = (-(2**63), 2**63 - 1)
_WHOLE = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"\s*[+-]?(NaN|Infinity|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)[dDfF]?\s*")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(T.*)?")
_TIME = re.compile(r"(\d{2}):?(\d{2})(?::?(\d{2}))?(?:\.(\d{1,9}))?")
_OFFSET = re.compile(r"Z|([+-])(\d{2}):?(\d{2})?(?::?\d{2})?")


class FileId(str):
    """The id of a stored file, in the place where a client would write the name of the file a row has."""

    __slots__ = ()


def java_int(text: str, limits: tuple[int, int] = _INT) -> int:
    """A whole number from its text.

    Raises:
        ApiError: 500, as for any text that is no number [C 024, 0631].
    """
    if not _WHOLE.fullmatch(text) or not limits[0] <= int(text) <= limits[1]:
        raise server_error(f'For input string: "{text}"')
    return int(text)


def parse_date(text: str, name: str) -> str:
    """A date in ISO form; what follows the day is cut.

    Raises:
        ApiError: 400 [C 026].
    """
    try:
        return _day(text)[0].isoformat()
    except ValueError:
        message = f"Failed to parse attribute [{name}] value [{text}] as date."
        raise bad_request(f"{message} Valid date format is [YYYY-MM-DD].") from None


def parse_datetime(text: str, name: str) -> datetime:
    """A moment in UTC; without an offset it is taken as UTC, without a time as midnight.

    Raises:
        ApiError: 400.
    """
    try:
        return _moment(text)
    except ValueError:
        message = f"Failed to parse attribute [{name}] value [{text}] as datetime."
        raise bad_request(f"{message} Valid datetime format is [YYYY-MM-DDThh:mm:ssZ]") from None


def _day(text: str) -> tuple[date, str]:
    """The day at the start of a text, and what follows the T."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return date(*map(int, match.group(1, 2, 3))), (match.group(4) or "")[1:]


def _moment(text: str) -> datetime:
    day, rest = _day(text)
    time = _TIME.match(rest)
    hour, minute, second, fraction = time.groups() if time is not None else ("0", "0", "0", None)
    offset = rest[time.end() :] if time is not None else rest
    micros = int((fraction or "0").ljust(9, "0")) // 1000
    zone = _zone(offset)
    return datetime(
        day.year, day.month, day.day, int(hour), int(minute), int(second or 0), micros, tzinfo=zone
    ).astimezone(UTC)


def _zone(text: str) -> timezone:
    match = _OFFSET.fullmatch(text or "Z")
    if match is None:
        raise ValueError(text)
    sign, hours, minutes = match.groups()
    ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return timezone(-ahead if sign == "-" else ahead)


def instant_text(moment: datetime) -> str:
    """A moment as MOLGENIS writes it: UTC with Z, a fraction in threes where there is one."""
    text = moment.replace(microsecond=0, tzinfo=None).isoformat()
    if not moment.microsecond:
        return text + "Z"
    fraction = f"{moment.microsecond:06d}"
    return f"{text}.{fraction.removesuffix('000')}Z"


def convert(types: Mapping[str, EntityType], attribute: Attribute, value: Any) -> Any:
    """The value to keep, from JSON, a form field or a CSV cell; an empty text is null.

    Raises:
        ApiError: 400 for a value of the wrong JSON type or a date that is none; 500 for a text that is no number.
    """
    if isinstance(value, str) and not value:
        value = None
    if value is None:
        return _null(attribute)
    if attribute.type in ("xref", "categorical"):
        return convert(types, types[attribute.ref or ""].id_attribute, value)
    if attribute.multi:
        return _references(types, attribute, value)
    if attribute.type in STRING_TYPES or attribute.type == "file":
        return _of_type(attribute, value, str, "String")
    return _CONVERTERS[attribute.type](attribute, value)


def _null(attribute: Attribute) -> Any:
    if attribute.multi:
        return ()
    # A required checkbox that is not ticked is not sent at all.
    return False if attribute.type == "bool" and not attribute.nillable else None


def _references(types: Mapping[str, EntityType], attribute: Attribute, value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        value = [part for part in value.split(",") if part]
    listed = _of_type(attribute, value, (list, tuple), "String", "List")
    id_attribute = types[attribute.ref or ""].id_attribute
    return tuple(convert(types, id_attribute, one) for one in listed)


def _bool(attribute: Attribute, value: Any) -> bool:
    if isinstance(value, str):
        return value.lower() == "true"
    return bool(_of_type(attribute, value, bool, "String", "Boolean"))


def _whole(attribute: Attribute, value: Any) -> int:
    limits = _INT if attribute.type == "int" else _LONG
    if isinstance(value, str):
        return java_int(value, limits)
    _of_type(attribute, value, (int, float), "String", "Number")
    if isinstance(value, float) and not math.isfinite(value):
        return 0 if math.isnan(value) else limits[value > 0]
    return max(limits[0], min(limits[1], int(value)))


def _decimal(attribute: Attribute, value: Any) -> float:
    if not isinstance(value, str):
        return float(_of_type(attribute, value, (int, float), "String", "Number"))
    if not _DECIMAL.fullmatch(value):
        raise server_error(f'For input string: "{value}"')
    return float(value.strip().rstrip("dDfF") if "n" not in value else value.strip())


def _date(attribute: Attribute, value: Any) -> str:
    return parse_date(_of_type(attribute, value, str, "String", "LocalDate"), attribute.name)


def _datetime(attribute: Attribute, value: Any) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return parse_datetime(_of_type(attribute, value, str, "String", "Instant"), attribute.name)


_CONVERTERS: dict[str, Callable[[Attribute, Any], Any]] = {
    "bool": _bool,
    "int": _whole,
    "long": _whole,
    "decimal": _decimal,
    "date": _date,
    "datetime": _datetime,
}


def _of_type(attribute: Attribute, value: Any, kind: Any, *accepted: str) -> Any:
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise _wrong_type(attribute, value, accepted)


def _wrong_type(attribute: Attribute, value: Any, accepted: tuple[str, ...]) -> ApiError:
    java = {dict: "LinkedTreeMap", list: "ArrayList", bool: "Boolean", str: "String"}.get(type(value), "Double")
    wanted = " or ".join(f"[{name}]" for name in accepted)
    return bad_request(f"Attribute [{attribute.name}] value is of type [{java}] instead of {wanted}")
