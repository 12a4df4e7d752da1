"""Where a step's rows go, through the verbs of the Repository and nothing else."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from biodata.errors import ConfigError, NotFound, SchemaError, Unsupported, near_match
from biodata.pipelines.loading.tables import schema_for
from biodata.pipelines.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from biodata.connection import Connection
    from biodata.pipelines.spec import Load
    from biodata.pipelines.state.spool import Sealed
    from biodata.receipts import Receipt
    from biodata.records.types import Record, Schema
    from biodata.repository import Repository

__all__ = ["LOAD_ROWS", "Batch", "Target"]

LOAD_ROWS = 1000
"""Rows that go to the target between two entries of the journal."""


class Batch:
    """What became of one batch: its records, the number of each, and the receipt."""

    def __init__(self, records: list[Record], numbers: list[int], receipt: Receipt) -> None:
        self.records = records
        self.numbers = numbers
        self.receipt = receipt


class Target:
    """The table that a step loads into, sure to take what will come.

    Attributes:
        new: whether the table has to be made.
    """

    def __init__(self, load: Load, connection: Connection, rows: pa.Schema) -> None:
        """Look at the table; nothing is written.

        Raises:
            NotFound: the table is not there, and the platform cannot make it.
            ConfigError: the file and the table disagree about the key.
            SchemaError: the table lacks a column, or requires one that the step does not give.
            Unsupported: `replace` on a platform without transactions.
            PermissionDenied: the profile's access does not go so far.
        """
        self.load = load
        self.connection = connection
        self.repository: Repository = connection[load.target.table]
        self.repository.allow("delete" if load.mode == "replace" else "write")
        if load.mode == "replace" and not connection.adapter.has("transaction"):
            raise Unsupported(
                f"mode replace empties the table and fills it again; {connection.platform} cannot do both at once",
                code="BD-PIPELINE-REPLACE",
                hint="Use mode merge",
            )
        present = self._present()
        self.new = present is None
        self.schema: Schema = self._to_make(rows) if present is None else present
        if present is not None:
            _check_fit(load, present, rows)

    def _present(self) -> Schema | None:
        try:
            return self.connection.schema(self.load.target.table, refresh=True)
        except NotFound:
            if not self.connection.adapter.has("ensure"):
                raise
            return None

    def _to_make(self, rows: pa.Schema) -> Schema:
        if not self.load.key:
            message = f"There is no table {self.load.target}; to make it, load needs a key: [COLUMN]"
            raise ConfigError(message, code="BD-PIPELINE-KEY")
        return schema_for(self.load.target.table, self.load.key, rows)

    def send(self, rows: Sealed, done: Callable[[Batch], None]) -> Counter[str]:
        """Load all rows, and call `done` after each batch; gives how many records ended in which way."""
        tally: Counter[str] = Counter()
        if self.new:
            self.connection.ensure(self.schema)
        with self._together():
            if self.load.mode == "replace":
                tally.update(self.repository.delete(all=True).tally)
            for batch in rows.batches(LOAD_ROWS):
                outcome = self._send_batch(Rows.numbered(batch))
                tally.update(outcome.receipt.tally)
                done(outcome)
        return tally

    @property
    def atomic(self) -> bool:
        """Whether all rows arrive or none does, for the modes that would double or lose records halfway."""
        return self.load.mode != "merge" and self.connection.adapter.has("transaction")

    def would_double(self, state: str) -> bool:
        """Whether a run that ended in that state of the step has added what another run would add again."""
        return self.load.mode == "append" and (state == "done" or (state == "loading" and not self.atomic))

    @contextmanager
    def _together(self) -> Iterator[None]:
        with self.connection.transaction() if self.atomic else nullcontext():
            yield

    def _send_batch(self, rows: Rows) -> Batch:
        from biodata.records.arrow import from_arrow

        records = list(from_arrow(rows.batch))
        verb = self.repository.upsert if self.load.mode == "merge" else self.repository.add
        return Batch(records, rows.numbers.to_pylist(), verb(records, on_refused="isolate"))

    def preview(self, rows: Sealed) -> dict[str, int]:
        """How many of the rows the target has by key already, and how many it has not; writes nothing."""
        if self.new or self.load.mode != "merge":
            return {"new": rows.rows}
        there = 0
        for batch in rows.batches(LOAD_ROWS):
            keys = [self.schema.key_of(record) for record in batch.to_pylist()]
            there += len(
                self.repository.get([key for key in keys if key is not None], fields=[*self.schema.key_fields])
            )
        return {"new": rows.rows - there, "there already": there}


def _check_fit(load: Load, schema: Schema, rows: pa.Schema) -> None:
    if load.key and set(load.key) != set(schema.key_fields):
        message = (
            f"The key of {load.target} is {', '.join(schema.key_fields)}, and the file says {', '.join(load.key)}"
        )
        raise ConfigError(message, code="BD-PIPELINE-KEY")
    for name in rows.names:
        if name not in schema:
            match = near_match(name, schema.names)
            hint = f"did you mean {match!r}?" if match else f"it has {', '.join(schema.names)}"
            raise SchemaError(f"{load.target} has no field {name!r}; {hint}", code="BD-PIPELINE-FIELD")
    needed = [field.name for field in schema if _must_come(field, load.mode) and field.name not in rows.names]
    if needed:
        message = f"{load.target} requires {', '.join(needed)}, which the step does not give"
        raise SchemaError(message, code="BD-PIPELINE-FIELD")


def _must_come(field: Any, mode: str) -> bool:
    return field.required and not field.generated and field.default is None and mode != "merge"
