"""Records of one table beside those of another with the same key, by what the other's platform takes for the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.records.types import Record
from biodata.records.values import to_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.adapter import Adapter, Compared
    from biodata.records.types import Schema

__all__ = ["Beside", "beside"]


class Beside(msgspec.Struct, frozen=True):
    """A record beside the other table's.

    Attributes:
        record: in the other table's types, without what does not fit them.
        stored: what is there; None where there is nothing with this key.
        differing: the fields whose values are others.
        unfit: those among them whose values the other table's fields cannot hold.
        keyed: whether the record has a key that the other table can hold.
    """

    record: Record
    stored: Record | None
    differing: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()
    keyed: bool = True


def beside(adapter: Adapter, schema: Schema, records: Sequence[Record]) -> list[Beside]:
    """Each record, its fields named as in the other table, beside what is there; one fetch.

    Args:
        adapter: of the other table.
        schema: of the other table, which has a key.
        records: each with all fields of the key.
    """
    fitted = [_fitted(schema, record) for record in records]
    asked = [one for one in fitted if one.keyed]
    found = iter(adapter.compare(schema, [one.record for one in asked]) if asked else ())
    return [_judged(adapter, schema, one, next(found)) if one.keyed else one for one in fitted]


def _fitted(schema: Schema, record: Record) -> Beside:
    values: Record = {}
    unfit: list[str] = []
    for name, value in record.items():
        try:
            values[name] = to_type(value, schema[name].type)
        except ValueError:
            unfit.append(name)
    keyed = all(values.get(name) not in (None, "") for name in schema.key_fields)
    return Beside(values, None, tuple(unfit), tuple(unfit), keyed)


def _judged(adapter: Adapter, schema: Schema, one: Beside, compared: Compared) -> Beside:
    """What could not be compared at all is compared without the field at fault."""
    refusal = compared.refusal
    if compared.stored is None and not compared.changes and refusal is not None:
        name = refusal.field
        if name is None or name in schema.key_fields or name not in one.record:
            return msgspec.structs.replace(one, keyed=False)
        rest: dict[str, Any] = {field: value for field, value in one.record.items() if field != name}
        less = Beside(rest, None, (*one.differing, name), (*one.unfit, name))
        return _judged(adapter, schema, less, adapter.compare(schema, [rest])[0])
    if compared.stored is None:
        return one
    return Beside(one.record, compared.stored, (*one.differing, *compared.changes), one.unfit)
