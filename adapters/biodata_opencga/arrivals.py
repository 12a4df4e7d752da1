"""What is asked compared with what the server holds: whether a lost write has arrived, whether an update differs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from biodata.fitting import same
from biodata.records.types import Json, List, Object
from biodata_opencga.annotations import ANNOTATIONS, updated_sets
from biodata_opencga.shapes import STATUS

if TYPE_CHECKING:
    from biodata.adapter import WriteBatch
    from biodata.records.types import DataType, Field, Record, Schema

__all__ = ["ANNOTATION_SETS", "as_shown", "differing", "is_as_asked", "is_as_given"]

ANNOTATION_SETS = "annotationSets"


def is_as_given(stored: Record, record: Record) -> bool:
    """Whether a new record is there with what it was given; the server adds parts of its own."""
    return all(_holds(stored.get(name), value) for name, value in record.items())


def _holds(stored: Any, given: Any) -> bool:
    if isinstance(stored, dict) and isinstance(given, dict):
        return is_as_given(stored, given)
    if isinstance(stored, list) and isinstance(given, list):
        return len(stored) == len(given) and all(map(_holds, stored, given))
    return bool(stored == given) or (stored in (None, []) and given in (None, [], ""))


def is_as_asked(stored: Record, record: Record, batch: WriteBatch) -> bool:
    """Whether an update would change nothing more: an object counts whole, since it is replaced.

    Args:
        stored: the record with the fields that change, and `annotationSets` where annotations do.
        record: what was asked for.
        batch: the one that it is of.
    """
    return all(_is_there(stored, name, value, batch) for name, value in record.items())


def _is_there(stored: Record, name: str, value: Any, batch: WriteBatch) -> bool:
    if isinstance(value, list) and batch.list_mode != "replace":
        held = stored.get(name) or ()
        return all((one in held) == (batch.list_mode == "add") for one in value)
    return _is_so(stored, name, value, batch.schema)


def differing(stored: Record, record: Record, schema: Schema) -> Record:
    """The fields of a record, the key aside, that an update would change."""
    rest = ((name, value) for name, value in record.items() if name not in schema.key_fields)
    return {name: value for name, value in rest if not _is_so(stored, name, value, schema)}


def _is_so(stored: Record, name: str, value: Any, schema: Schema) -> bool:
    if name == ANNOTATIONS:
        return updated_sets(stored.get(ANNOTATION_SETS) or (), schema[name], value) is None
    return same(as_shown(stored.get(name), schema[name]), as_shown(value, schema[name]))


def as_shown(value: Any, field: Field) -> Any:
    """A value as the server gives it back: whole seconds, no nulls and blanks (section 2), a state's name its id.

    An element of a list of which nothing is left is none, and a number may stand for no value.
    """
    return None if str(value) == field.options.get("none") else _shown(value, field.type)


def _shown(value: Any, type_: DataType) -> Any:
    if isinstance(type_, List) and isinstance(value, list):
        return [shown for one in value if (shown := _shown(one, type_.item)) is not None]
    if isinstance(type_, Object) and isinstance(value, dict):
        named = {**value, "name": value.get("id")} if type_ == STATUS else value
        types = {field.name: field.type for field in type_.fields}
        inner = {name: _shown(one, types[name]) for name, one in named.items()}
        return {name: one for name, one in inner.items() if one not in (None, [])} or None
    if isinstance(type_, Json):
        full = _without_nulls(value)
        return None if full in ({}, []) else full
    if isinstance(value, datetime):
        return value.replace(microsecond=0)
    return None if value == "" else value


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(one) for name, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value
