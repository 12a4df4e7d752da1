"""What an upsert would do to each record, found out by looking at what is there; nothing is written.

A merge decides by the same code what it sends, so that the two agree. What only the platform itself can know (values
that must be unique, references to what is not there, rules of its own) it tells when it is written to.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from biodata.errors import Unsupported
from biodata.fitting import Misfit, Prepared, fit, prepare
from biodata.records.incoming import incoming
from biodata.records.types import Key, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from biodata.adapter import Adapter, BatchRefused, Compared
    from biodata.records.types import Schema
    from biodata.repository import Repository

__all__ = ["Action", "Change", "compare", "judged"]

Action: TypeAlias = Literal["create", "update", "unchanged", "refused"]

_BATCH = 500


class Change(msgspec.Struct, frozen=True):
    """What an upsert would do to one record.

    Attributes:
        row: its position in what was given, from 0.
        key: its key, where it has one.
        before: of an update, what the fields that differ hold now.
        after: what they will hold; of a new record all that is given.
        code: why it is refused, stable: `BD-WRITE-TYPE`.
        message: why, in words without the record's values.
        field: the field at fault, where that is known.
    """

    row: int
    action: Action
    key: Key = None
    before: Record = {}
    after: Record = {}
    code: str = ""
    message: str = ""
    field: str | None = None


def compare(repository: Repository, records: Any, *, batch_size: int = _BATCH) -> Iterator[Change]:
    """What `repository.upsert` would do to records, each compared with what is there now; needs access `read`.

    Args:
        repository: the table.
        records: as `upsert` takes them. Of several with one key each is compared with the same record.
        batch_size: records that are looked up together, and held in memory.

    Returns:
        One Change for each record, in the order given.

    Raises:
        Unsupported: `BD-UNSUPPORTED-KEY`, the table has no key.
    """
    with repository.located():
        schema, adapter = repository.schema, repository.adapter
        if not schema.key_fields:
            raise Unsupported("A table without a key has nothing to compare by", code="BD-UNSUPPORTED-KEY")
        given = (adapter.given(schema, record) for record in incoming(records, schema))
        prepared = (prepare(schema, row, record, "upsert") for row, record in enumerate(given))
        while batch := list(islice(prepared, batch_size)):
            yield from judged(adapter, schema, batch)


def judged(adapter: Adapter, schema: Schema, batch: Sequence[Prepared]) -> list[Change]:
    """What becomes of each record of a batch, looked up together."""
    good = [one.record for one in batch if one.misfit is None]
    found = iter(adapter.compare(schema, good) if good else ())
    return [_refused(schema, one, one.misfit) if one.misfit else _judged(schema, one, next(found)) for one in batch]


def _judged(schema: Schema, one: Prepared, compared: Compared) -> Change:
    """The record's own fit comes before the platform's word on it, as when it is sent."""
    refusal: BatchRefused | Misfit | None = compared.refusal
    if compared.changes:
        refusal = _misfit(schema, one.record, compared) or refusal
    if refusal is not None:
        return _refused(schema, one, refusal)
    key, stored, after = schema.key_of(one.record), compared.stored, compared.changes
    if stored is None:
        return Change(one.row, "create", key, after=after)
    return Change(one.row, "update" if after else "unchanged", key, {name: stored.get(name) for name in after}, after)


def _misfit(schema: Schema, record: Record, compared: Compared) -> Misfit | None:
    new = compared.stored is None
    part = record if new else {name: record[name] for name in schema.key_fields} | compared.changes
    try:
        fit(schema, part, "add" if new else "update")
    except Misfit as misfit:
        return misfit
    return None


def _refused(schema: Schema, one: Prepared, why: BatchRefused | Misfit) -> Change:
    key = schema.key_of(one.record)
    return Change(one.row, "refused", key, code=why.code, message=why.message, field=why.field)
