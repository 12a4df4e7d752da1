"""A record beside what the server holds: what an update would change, and what it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.adapter import BatchRefused, Compared
from biodata_opencga.arrivals import ANNOTATION_SETS, differing
from biodata_opencga.bodies import Unwritable, for_add, for_update

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata.records.types import Record, Schema

__all__ = ["compared", "lost", "taken_away"]


def compared(schema: Schema, record: Record, stored: Record | None) -> Compared:
    """What of a record differs, and what the server cannot store, clear or take away."""
    if stored is None:
        return Compared(None, record, _unwritable(schema, record))
    changes = differing(stored, record, schema)
    return Compared(stored, changes, _unchangeable(schema, changes, stored))


def _unwritable(schema: Schema, record: Record) -> BatchRefused | None:
    try:
        for_add(schema, record)
    except Unwritable as no:
        return BatchRefused(no.message, code=no.code, field=no.field)
    return None


def _unchangeable(schema: Schema, changes: Record, stored: Record) -> BatchRefused | None:
    try:
        for_update(schema, changes, "replace", stored.get(ANNOTATION_SETS))
    except Unwritable as no:
        return BatchRefused(no.message, code=no.code, field=no.field)
    merged = [name for name in changes if schema[name].options.get("merged")]
    name = lost(merged, changes, stored)
    return None if name is None else BatchRefused(taken_away(name), code="BD-WRITE-CLEAR", field=name)


def lost(merged: Iterable[str], changes: Record, stored: Record) -> str | None:
    """The first field of which a key would have to go: the server merges such a value into what it holds."""
    return next((name for name in merged if _filled(stored.get(name)) - _filled(changes[name])), None)


def _filled(value: Any) -> set[Any]:
    """The keys of an object that have a value: the server knows no others."""
    return {key for key, one in value.items() if one is not None} if isinstance(value, dict) else set()


def taken_away(name: str) -> str:
    """What is said of it."""
    return f"the server merges '{name}': a key that is there cannot be taken away"
