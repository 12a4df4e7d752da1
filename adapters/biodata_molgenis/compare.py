"""A record beside its row: what the server keeps as what is there already is no change (protocols/molgenis.md, f)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.adapter import BatchRefused, Compared
from biodata_molgenis.encode import kept
from biodata_molgenis.uploads import check_files

if TYPE_CHECKING:
    from biodata.records.types import Record, Schema

__all__ = ["changes_of", "compared"]


def compared(schema: Schema, record: Record, stored: Record | None) -> Compared:
    """What of a record differs, and whether its files can be sent."""
    changes = record if stored is None else changes_of(schema, record, stored)
    try:
        check_files(schema, {0: changes})
    except BatchRefused as refused:
        return Compared(stored, changes, refused)
    return Compared(stored, changes)


def changes_of(schema: Schema, record: Record, stored: Record) -> Record:
    """The fields, the key aside, whose values the server does not hold yet."""
    rest = ((name, value) for name, value in record.items() if name not in schema.key_fields)
    return {name: value for name, value in rest if not kept(schema[name], stored.get(name), value)}
