"""Writing: a batch is one transaction, and what can be refused is found before anything is changed.

DuckDB undoes a whole transaction at the first constraint that fails and has no savepoints. So duplicates, missing
records and missing values are looked for first, which also tells which record is at fault; what is left to DuckDB
(CHECK, FOREIGN KEY) refuses the batch as a whole, and inside `transaction()` everything before it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from biodata.adapter import BatchRefused
from biodata.errors import RemoteError, Unsupported
from biodata.receipts import Outcome, Status
from biodata_duckdb.encode import Unstorable, arrow_table, check_storable, is_limited, position_column
from biodata_duckdb.types import NATIVE, quoted, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import duckdb

    from biodata.adapter import WriteBatch
    from biodata.records.types import Field, Key, Record
    from biodata_duckdb.database import Database
    from biodata_duckdb.schema import Table

__all__ = ["Batch", "Group", "check_values", "write"]

_BATCH = "biodata_batch"


class Group(msgspec.Struct, frozen=True):
    """Records of a batch that have the same fields, registered with DuckDB under a name.

    Attributes:
        there: positions of the records whose key the table has.
        differing: positions of those that the table has otherwise.
    """

    name: str
    fields: tuple[str, ...]
    positions: tuple[int, ...]
    there: frozenset[int] = frozenset()
    differing: frozenset[int] = frozenset()


def write(
    database: Database, table: Table, batch: WriteBatch, stored: Callable[[Sequence[Key], Sequence[str]], Any]
) -> list[Outcome]:
    """Send a batch.

    Args:
        database: where.
        table: into which table.
        batch: what.
        stored: gives the records with some keys, for `add` and `remove` of list elements.

    Raises:
        BatchRefused: nothing of it was written.
        Unsupported: `BD-DUCKDB-KEY`, the table has no key.
    """
    import duckdb

    if batch.operation != "add" and not batch.schema.key_fields:
        raise Unsupported(
            f"{batch.operation} needs a key, and the table has none",
            code="BD-DUCKDB-KEY",
            table=batch.schema.table,
            hint="Give it one: ALTER TABLE … ADD PRIMARY KEY (…)",
        )
    records = _completed(batch, stored)
    try:
        with database.writing() as cursor:
            return Batch(cursor, table, batch, records).run()
    except duckdb.Error as error:
        raise _refusal(error, batch.operation) from None


def _completed(batch: WriteBatch, stored: Callable[[Sequence[Key], Sequence[str]], Any]) -> list[Record]:
    """The records as they are to be stored."""
    records = [dict(record) for record in batch.records]
    limited = list(filter(is_limited, batch.schema))
    for index, record in enumerate(records) if limited else ():
        check_values(limited, record, index)
    if batch.operation == "add":
        empty = dict.fromkeys(field.name for field in batch.schema if field.default is None)
        return [empty | record for record in records] if batch.schema.key_fields else records
    if batch.operation == "update" and batch.list_mode != "replace":
        _merge_lists(batch, records, stored)
    return records


def check_values(limited: Sequence[Field], record: Record, index: int) -> None:
    """Hold a record's values to what their columns can take.

    Raises:
        BatchRefused: `BD-WRITE-TYPE`.
    """
    for field in limited:
        try:
            check_storable(field, record.get(field.name))
        except Unstorable as error:
            message = f"field '{field.name}': {error}"
            raise BatchRefused(message, code="BD-WRITE-TYPE", index=index, field=field.name) from None


def _merge_lists(
    batch: WriteBatch, records: list[Record], stored: Callable[[Sequence[Key], Sequence[str]], Any]
) -> None:
    schema = batch.schema
    lists = [name for name in schema.names if any(isinstance(record.get(name), list) for record in records)]
    there = {schema.key_of(row): row for row in stored([schema.key_of(record) for record in records], lists)}
    for record in records:
        before = there.get(schema.key_of(record), {})
        for name in lists:
            if isinstance(given := record.get(name), list):
                record[name] = _merged(before.get(name) or [], given, add=batch.list_mode == "add")


def _merged(before: list[Any], given: list[Any], *, add: bool) -> list[Any]:
    if add:
        return before + [value for value in given if value not in before]
    return [value for value in before if value not in given]


class Batch:
    """One batch on its way, inside a transaction."""

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, table: Table, batch: WriteBatch, records: Sequence[Record]
    ) -> None:
        self._cursor = cursor
        self._relation = table.relation
        self._schema = table.schema
        self._batch = batch
        self._records = records
        self._keys = table.schema.key_fields
        self._at = f"b.{quoted(position_column(table.schema))}"
        self._computed = {field.name for field in table.schema if field.generated and field.read_only}

    def run(self) -> list[Outcome]:
        """Check everything, then change everything."""
        groups = [self._looked_up(group) for group in self._groups()]
        try:
            for group in groups:
                self._check(group)
            for group in groups:
                self._apply(group)
        finally:
            self._forget(groups)
        statuses = {index: status for group in groups for index, status in self._statuses(group)}
        return [self._outcome(index, statuses[index]) for index in range(len(self._records))]

    def _forget(self, groups: Sequence[Group]) -> None:
        """After a failure the transaction is gone, and the registered batch with it."""
        import duckdb

        with suppress(duckdb.TransactionException):
            for group in groups:
                self._cursor.unregister(group.name)

    def _groups(self) -> Iterator[Group]:
        by_fields: dict[tuple[str, ...], list[int]] = {}
        for index, record in enumerate(self._records):
            fields = tuple(name for name in self._schema.names if name in record and name not in self._computed)
            by_fields.setdefault(fields, []).append(index)
        for number, (fields, positions) in enumerate(by_fields.items()):
            name = f"{_BATCH}_{number}"
            table = arrow_table(self._schema, fields, [self._records[index] for index in positions], positions)
            self._cursor.register(name, table)
            yield Group(name, fields, tuple(positions))

    def _looked_up(self, group: Group) -> Group:
        if not set(self._keys) <= set(group.fields) or not self._keys:
            return group
        differ = self._differ(group) if self._batch.operation in {"update", "upsert"} else "FALSE"
        sql = f"SELECT {self._at}, {differ} FROM {group.name} b JOIN {self._relation} t ON {self._same_key()}"  # noqa: S608
        rows = self._cursor.execute(sql).fetchall()
        there, differing = frozenset(row[0] for row in rows), frozenset(row[0] for row in rows if row[1])
        return msgspec.structs.replace(group, there=there, differing=differing)

    def _check(self, group: Group) -> None:
        operation = self._batch.operation
        if operation == "add" and group.there:
            self._refuse(min(group.there), "BD-WRITE-DUPLICATE", "a record with this key is there", self._keys[0])
        if operation == "update" and len(group.there) < len(group.positions):
            missing = min(set(group.positions) - group.there)
            self._refuse(missing, "BD-NOT-FOUND", "no record has this key")
        if operation == "upsert":
            self._check_required(group)
        if operation != "delete":
            self._check_unique(group)

    def _check_required(self, group: Group) -> None:
        new = [index for index in group.positions if index not in group.there]
        for field in self._schema:
            if new and field.required and field.default is None and field.name not in group.fields:
                self._refuse(
                    min(new), "BD-WRITE-REQUIRED", f"the required field '{field.name}' is missing", field.name
                )

    def _check_unique(self, group: Group) -> None:
        for name in group.fields:
            if self._schema[name].unique and name not in self._keys:
                other = f"{self._stored(name)} = {self._value(name)}"
                apart = f" AND NOT ({self._same_key()})" if self._keys else ""
                sql = f"SELECT min({self._at}) FROM {group.name} b JOIN {self._relation} t ON {other}{apart}"  # noqa: S608
                ((index,),) = self._cursor.execute(sql).fetchall()
                if index is not None:
                    self._refuse(index, "BD-WRITE-DUPLICATE", f"another record has this '{name}'", name)

    def _apply(self, group: Group) -> None:
        operation = self._batch.operation
        if operation == "delete":
            self._cursor.execute(f"DELETE FROM {self._relation} t USING {group.name} b WHERE {self._same_key()}")  # noqa: S608
            return
        if operation == "add" or (operation == "upsert" and len(group.there) < len(group.positions)):
            self._insert(group)
        if group.differing:
            self._update(group)

    def _insert(self, group: Group) -> None:
        names = ", ".join(map(quoted, group.fields))
        values = ", ".join(map(self._value, group.fields))
        new = f"WHERE NOT EXISTS (SELECT 1 FROM {self._relation} t WHERE {self._same_key()})" if group.there else ""  # noqa: S608
        sql = f"INSERT INTO {self._relation} ({names}) SELECT {values} FROM {group.name} b {new} ORDER BY {self._at}"  # noqa: S608
        self._cursor.execute(sql)

    def _update(self, group: Group) -> None:
        changes = ", ".join(f"{quoted(name)} = {self._value(name)}" for name in self._changeable(group))
        sql = f"UPDATE {self._relation} t SET {changes} FROM {group.name} b"  # noqa: S608
        self._cursor.execute(f"{sql} WHERE {self._same_key()} AND ({self._differ(group)})")

    def _changeable(self, group: Group) -> list[str]:
        return [name for name in group.fields if name not in self._keys]

    def _differ(self, group: Group) -> str:
        return " OR ".join(map(self._differs, self._changeable(group))) or "FALSE"

    def _differs(self, name: str) -> str:
        return f"{self._stored(name)} IS DISTINCT FROM {self._value(name)}"

    def _same_key(self) -> str:
        return " AND ".join(f"{self._stored(name)} = {self._value(name)}" for name in self._keys)

    def _stored(self, name: str) -> str:
        return stored(self._schema[name], "t.")

    def _value(self, name: str) -> str:
        return f"CAST(b.{quoted(name)} AS {self._schema[name].options[NATIVE]})"

    def _statuses(self, group: Group) -> Iterator[tuple[int, Status]]:
        operation = self._batch.operation
        for index in group.positions:
            if operation == "delete":
                yield index, "deleted" if index in group.there else "unchanged"
            elif operation == "add" or index not in group.there:
                yield index, "created"
            else:
                yield index, "updated" if index in group.differing else "unchanged"

    def _outcome(self, index: int, status: Status) -> Outcome:
        return Outcome(self._batch.rows[index], status, key=self._batch.key(index))

    def _refuse(self, index: int, code: str, message: str, field: str | None = None) -> NoReturn:
        raise BatchRefused(message, code=code, index=index, field=field)


_REASONS = (
    ("foreign key", "BD-WRITE-REFERENCE", "it refers to a record that is not there"),
    ("CHECK", "BD-WRITE-CHECK", "a check of the table does not hold"),
    ("NOT NULL", "BD-WRITE-REQUIRED", "a required field has no value"),
    ("uplicate", "BD-WRITE-DUPLICATE", "another record has the same value of a unique field"),
    ("Conversion", "BD-WRITE-TYPE", "a value does not fit its column"),
)


def _refusal(error: duckdb.Error, operation: str) -> BatchRefused | RemoteError:
    """DuckDB's reason in our words, because its own hold values; no record is blamed for a full disk."""
    import duckdb

    words = str(error)
    for sign, code, reason in _REASONS:
        if sign in words:
            if operation == "delete" and code == "BD-WRITE-REFERENCE":
                return BatchRefused("another record refers to it", code="BD-WRITE-REFERENCED")
            return BatchRefused(reason, code=code)
    kind = type(error).__name__
    if isinstance(error, duckdb.OperationalError | duckdb.InternalError | duckdb.FatalException):
        failed = RemoteError(f"DuckDB failed: {kind}", code="BD-DUCKDB", hint="Is there room on the disk?")
        failed.maybe_sent = False
        return failed
    return BatchRefused(f"DuckDB refused it: {kind}")
