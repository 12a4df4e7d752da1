"""Values as the server's JSON has them, and what of them it keeps (protocols/molgenis.md, f)."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from biodata.records.types import EXACT_FLOAT, File, List
from biodata.records.uploads import is_upload
from biodata_molgenis.render import text_of

if TYPE_CHECKING:
    from biodata.adapter import ListMode
    from biodata.records.types import Field, Record, Schema

__all__ = ["back_side", "cleared", "encoded", "entity", "kept", "merged"]

_NOTHING: tuple[Any, ...] = (None, [], "")


def encoded(value: Any) -> Any:
    """A value as JSON that the server reads without loss; a file's name keeps it (protocols/molgenis.md, f, a6).

    The server reads JSON numbers as doubles: an integer beyond what they hold exactly goes as text.
    """
    if isinstance(value, dict):
        return value["filename"]
    if isinstance(value, list):
        return list(map(encoded, value))
    if isinstance(value, datetime | date):
        return text_of(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT_FLOAT:
        return str(value)
    return value


def cleared(field: Field) -> Any:
    """What empties a field."""
    return [] if isinstance(field.type, List) else None


def entity(schema: Schema, record: Record) -> dict[str, Any]:
    """The record as JSON, without what the server computes.

    Null stays null, which keeps the server's default away, unless the field is generated.
    """
    filled = {name: value for name, value in record.items() if _is_sent(schema[name], value)}
    return {name: encoded(cleared(schema[name]) if value is None else value) for name, value in filled.items()}


def _is_sent(field: Field, value: Any) -> bool:
    return "computed" not in field.options and (value is not None or not field.generated)


def merged(stored: Any, given: Any, mode: ListMode) -> Any:
    """What a list becomes: the elements given in its place, added to it, or taken from it."""
    if mode == "replace" or not isinstance(stored, list):
        return given
    given = given or []
    if mode == "add":
        return [*stored, *(one for one in dict.fromkeys(given) if one not in stored)]
    return [one for one in stored if one not in given]


def back_side(field: Field) -> bool:
    """Whether a field is a one-to-many: the children's reference to their parent, seen from there."""
    return field.options.get("type") == "one_to_many"


def kept(field: Field, stored: Any, given: Any) -> bool:
    """Whether a value is there already: a file by its id or its name, the back side of a reference in any order."""
    if isinstance(field.type, File) and stored is not None and not is_upload(given):
        known = stored["filename"] if isinstance(given, str) else stored["id"]
        return bool(known == (given.get("id") if isinstance(given, dict) else given))
    if back_side(field):
        return set(stored or ()) == set(given or ())
    return _same(stored, given)


def _same(stored: Any, given: Any) -> bool:
    """Whether the server keeps a value as what is there; an empty text is kept as null (f, h16)."""
    return bool(stored == given) or (stored in _NOTHING and given in _NOTHING)
