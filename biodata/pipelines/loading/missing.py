"""Which records of the target a step no longer has: the keys in scope that no row of a step of the table has.

One that several steps have in scope is missing from the first of them only (`shared.py`). The keys of rows that were
rejected before they got to the target stay too, where they are known. Where they are not, nobody can say what is
missing, and `unplaced` says how many such rows there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.pipelines.loading.order import loading_into
from biodata.pipelines.loading.shared import doubts, scope_of, scopes_before
from biodata.pipelines.operations.expressions import locked_connection, quoted
from biodata.pipelines.sources.filters import bound
from biodata.pipelines.state.spool import Sealed
from biodata.records.arrow import arrow_schema, to_batch
from biodata.records.values import to_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.state.spool import Spool
    from biodata.records.types import Key, Record, Schema

__all__ = ["Missing", "keys_of", "missing_of", "seal", "without"]


class Missing(msgspec.Struct, frozen=True):
    """What a step no longer has.

    Attributes:
        keys: those of the target's records that are missing, sealed in the spool.
        there: how many records the target has in scope.
        unplaced: rows of which the key in the target is not known.
        doubts: why later steps, which have some of these records in scope too, do not trust their sources.
    """

    keys: Sealed
    there: int
    unplaced: int
    doubts: tuple[str, ...] = ()


def missing_of(
    work: Work, works: Sequence[Work], spool: Spool, *, values: Mapping[str, Any], identities: Mapping[str, str]
) -> Missing:
    """Read the target's keys in scope, and see which of them no row has; constant memory.

    Rows of all steps that load the table count, or steps would delete each other's records.
    """
    target, name = work.loading, work.step.name
    looking = _Looking(target, spool, values)
    there = looking.scoped(f"{name}.there", scope_of(work))
    fitting, into = _Fitting(target.schema), loading_into(target, works)
    had = seal(
        spool, f"{name}.had", looking.keys, (batch for one in into for batch in fitting.batches(one, looking.keys))
    )
    gone = seal(spool, f"{name}.gone", looking.keys, without(there, had, looking.keys, spool))
    missing = looking.outside(f"{name}.missing", gone, scopes_before(work, works))
    doubted = doubts(work, works, identities, lambda scope: looking.holds(scope, missing))
    return Missing(missing, there.rows, fitting.unplaced, tuple(doubted) if missing.rows else ())


class _Looking:
    """Looks for records of a target in the scopes of its steps."""

    def __init__(self, target: Target, spool: Spool, values: Mapping[str, Any]) -> None:
        self._target = target
        self._spool = spool
        self._values = values
        self.keys = _arrow(target.schema)

    def scoped(self, name: str, scope: str | None) -> Sealed:
        """The keys of the records in a scope, sealed under that name."""
        fields, keys = list(self._target.schema.key_fields), self.keys
        found = self._target.repository.query(bound(scope, self._values), fields=fields)
        return seal(self._spool, name, keys, (batch.select(keys.names).cast(keys) for batch in found.to_batches()))

    def outside(self, name: str, those: Sealed, scopes: Iterable[str | None]) -> Sealed:
        """Of those keys the ones in none of the scopes, which are read only where there is any key; sealed."""
        kept = those
        for number, scope in enumerate(scopes):
            if kept.rows:
                other = kept if scope is None else self.scoped(f"{name}.scope", scope)
                kept = seal(self._spool, f"{name}.{number}", self.keys, without(kept, other, self.keys, self._spool))
        return seal(self._spool, name, self.keys, kept.batches())

    def holds(self, scope: str | None, those: Sealed) -> bool:
        """Whether one of those keys is of a record in the scope."""
        name = f"{those.path.stem}.shared"
        return scope is None or self.outside(name, those, [scope]).rows < those.rows


def keys_of(missing: Sealed, schema: Schema, size: int) -> Iterator[list[Key]]:
    """The keys of a sealed file of them, at most `size` at a time."""
    for batch in missing.batches(size):
        yield [schema.key_of(record) for record in batch.to_pylist()]


def _arrow(schema: Schema) -> pa.Schema:
    return arrow_schema(schema, [(name,) for name in schema.key_fields])


class _Fitting:
    """The keys of a step's rows as the target has them, as a write would make them."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.unplaced = 0

    def batches(self, work: Work, keys: pa.Schema) -> Iterator[pa.RecordBatch]:
        self.unplaced += work.told.unplaced
        if not set(keys.names) <= set(work.passed.schema().names):  # the platform gives them keys of its own
            self.unplaced += work.passed.rows + len(work.told.protected)
            return
        for batch in work.passed.batches():
            yield self._fitted(batch.select(keys.names).to_pylist(), keys)
        names = work.step.load.key if work.step.load and work.step.load.key else self._schema.key_fields
        yield self._fitted([dict(zip(names, key, strict=True)) for key in work.told.protected], keys)

    def _fitted(self, records: Sequence[Record], keys: pa.Schema) -> pa.RecordBatch:
        fitted = [one for one in map(self._key, records) if one is not None]
        self.unplaced += len(records) - len(fitted)
        return to_batch(fitted, keys)

    def _key(self, record: Record) -> Record | None:
        try:
            key = {name: to_type(record[name], self._schema[name].type) for name in self._schema.key_fields}
        except ValueError:
            return None
        return None if any(value in (None, "") for value in key.values()) else key


def without(there: Sealed, had: Sealed, keys: pa.Schema, spool: Spool) -> Iterator[pa.RecordBatch]:
    """The keys of one sealed file that are not in another."""
    import pyarrow.dataset as ds

    same = " AND ".join(f"t.{quoted(name)} = h.{quoted(name)}" for name in keys.names)
    with locked_connection(spool.directory) as connection:
        connection.register("there", ds.dataset(there.path, format="parquet"))
        connection.register("had", ds.dataset(had.path, format="parquet"))
        for batch in connection.sql(f"SELECT t.* FROM there t ANTI JOIN had h ON {same}").to_arrow_reader():  # noqa: S608
            yield batch.cast(keys)


def seal(spool: Spool, name: str, keys: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Sealed:
    """Batches of keys as a sealed file of that name."""
    with spool.writer(name, keys) as writer:
        for batch in batches:
            writer.write(batch)
        return writer.seal()
