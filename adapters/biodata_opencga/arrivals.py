"""Whether a write whose answer was lost has arrived, told from what the server holds now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.fitting import same
from biodata_opencga.annotations import ANNOTATIONS, updated_sets

if TYPE_CHECKING:
    from biodata.adapter import WriteBatch
    from biodata.records.types import Record

__all__ = ["ANNOTATION_SETS", "is_as_asked", "is_as_given"]

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
    return all(_is_so(stored, name, value, batch) for name, value in record.items())


def _is_so(stored: Record, name: str, value: Any, batch: WriteBatch) -> bool:
    if name == ANNOTATIONS:
        return updated_sets(stored.get(ANNOTATION_SETS) or (), batch.schema[name], value) is None
    if isinstance(value, list) and batch.list_mode != "replace":
        held = stored.get(name) or ()
        return all((one in held) == (batch.list_mode == "add") for one in value)
    return same(stored.get(name), value)
