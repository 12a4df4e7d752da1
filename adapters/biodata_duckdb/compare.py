"""Records beside what the table holds, by DuckDB's own comparison: it knows what a value becomes in its column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.adapter import BatchRefused, Compared, WriteBatch
from biodata_duckdb.encode import is_limited
from biodata_duckdb.types import NATIVE, quoted
from biodata_duckdb.write import Batch, check_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeAlias

    from biodata.records.types import Field, Key, Record
    from biodata_duckdb.database import Database
    from biodata_duckdb.schema import Table
    from biodata_duckdb.write import Group

    Fetch: TypeAlias = Callable[[Sequence[Key], Sequence[str]], Iterable[Record]]

__all__ = ["compare"]


class Seen(msgspec.Struct, frozen=True):
    """What DuckDB says of a record.

    Attributes:
        there: whether its key is.
        differing: fields that the table holds otherwise.
        unfit: fields whose values cannot be what their columns hold.
    """

    there: bool
    differing: tuple[str, ...]
    unfit: tuple[str, ...]


def compare(database: Database, table: Table, records: Sequence[Record], fetch: Fetch) -> list[Compared]:
    """Each record beside what is there under its key; a statement for each set of fields, and `fetch` once.

    Args:
        database: where.
        table: which.
        records: as they would be written.
        fetch: gives the records with some keys.
    """
    limited = list(filter(is_limited, table.schema))
    refused = {at: found for at, record in enumerate(records) if (found := _unstorable(limited, record))}
    asked = {at: record for at, record in enumerate(records) if at not in refused}
    seen = _seen(database, table, asked)
    stored = _stored(table, {at: records[at] for at, one in seen.items() if one.differing}, fetch)
    for at, one in seen.items():
        if one.unfit:
            message = "a value does not fit its column"
            refused[at] = BatchRefused(message, code="BD-WRITE-TYPE", field=one.unfit[0])
    return [
        Compared(None, {}, refused[at]) if at in refused else _compared(record, seen[at], stored.get(at, {}))
        for at, record in enumerate(records)
    ]


def _compared(record: Record, seen: Seen, stored: Record) -> Compared:
    return Compared(stored, {name: record[name] for name in seen.differing}) if seen.there else Compared(None, record)


def _unstorable(limited: Sequence[Field], record: Record) -> BatchRefused | None:
    try:
        check_values(limited, record, 0)
    except BatchRefused as refused:
        return refused
    return None


def _seen(database: Database, table: Table, records: dict[int, Record]) -> dict[int, Seen]:
    rows, given = tuple(records), tuple(records.values())
    if not rows:
        return {}
    batch = WriteBatch(operation="upsert", schema=table.schema, records=given, rows=rows)
    with database.reading() as cursor:
        return {rows[at]: seen for at, seen in Comparison(cursor, table, batch, given).seen()}


def _stored(table: Table, records: dict[int, Record], fetch: Fetch) -> dict[int, Record]:
    """What is there of records that differ."""
    if not records:
        return {}
    keys = {at: table.schema.key_of(record) for at, record in records.items()}
    names = tuple(dict.fromkeys(name for record in records.values() for name in record))
    there = {table.schema.key_of(one): one for one in fetch(list(keys.values()), names)}
    return {at: there.get(key, {}) for at, key in keys.items()}


class Comparison(Batch):
    """A batch that is looked up and changes nothing; a value that cannot be cast is told, and no error."""

    def seen(self) -> Iterator[tuple[int, Seen]]:
        """Position in the batch to what was seen."""
        groups = list(self._groups())
        try:
            for group in groups:
                yield from self._look(group)
        finally:
            self._forget(groups)

    def _look(self, group: Group) -> Iterator[tuple[int, Seen]]:
        names = self._changeable(group)
        there = f"t.{quoted(self._keys[0])} IS NOT NULL"
        differ = [self._differs(name) for name in names]
        unfit = [f"b.{quoted(name)} IS NOT NULL AND {self._value(name)} IS NULL" for name in group.fields]
        shown = ", ".join((self._at, there, *differ, *unfit))
        sql = f"SELECT {shown} FROM {group.name} b LEFT JOIN {self._relation} t ON {self._same_key()}"  # noqa: S608
        for at, is_there, *told in self._cursor.execute(sql).fetchall():
            changed, not_fit = told[: len(names)], told[len(names) :]
            yield at, Seen(is_there, _true(names, changed), _true(group.fields, not_fit))

    def _value(self, name: str) -> str:
        return f"TRY_CAST(b.{quoted(name)} AS {self._schema[name].options[NATIVE]})"


def _true(names: Sequence[str], told: Sequence[bool]) -> tuple[str, ...]:
    return tuple(name for name, holds in zip(names, told, strict=True) if holds)
