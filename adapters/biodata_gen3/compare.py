"""A record beside what the commons holds: which properties a PUT would change, and which links it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.adapter import BatchRefused, Compared
from biodata.fitting import same
from biodata_gen3.schema import ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.records.types import Field, Record, Schema

__all__ = ["changes_of", "compared"]


def compared(schema: Schema, record: Record, stored: Record | None) -> Compared:
    """What of a record differs; a link that is there can neither be moved nor removed (protocols/gen3.md, fact 4)."""
    if stored is None:
        return Compared(None, record)
    return Compared(stored, changes_of(schema, record, stored), _refusal(schema, record, stored))


def changes_of(schema: Schema, record: Record, stored: Record) -> Record:
    """The fields, key and id aside, whose values differ; the ends of a list of links have no order."""
    rest = ((name, value) for name, value in record.items() if name not in {*schema.key_fields, ID})
    return {name: value for name, value in rest if not _same(schema[name], value, stored.get(name))}


def _same(field: Field, one: Any, other: Any) -> bool:
    if field.options.get("link") and one and other and isinstance(one, list):
        return set(one) == set(other)
    return same(one, other)


def _refusal(schema: Schema, record: Record, stored: Record) -> BatchRefused | None:
    for name in (name for name in record if schema[name].options.get("link")):
        held, wanted = _ends(stored.get(name)), _ends(record[name])
        kept = held <= wanted if isinstance(stored.get(name), list) else not held or held == wanted
        if not kept:
            return BatchRefused(
                f"a link of field '{name}' would be moved or removed, and a commons cannot do that: delete the "
                "record and add it again",
                code="BD-WRITE-LINK",
                field=name,
            )
    return None


def _ends(value: Any) -> set[Any]:
    listed: Sequence[Any] = value if isinstance(value, list) else [value]
    return {one for one in listed if one is not None}
