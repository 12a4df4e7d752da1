"""How two tables differ: records of one only, and which fields of the others have other values; nothing is written.

The records of A are read once, and those of B with their keys are looked up, batch by batch. The keys that A has are
kept in a private spool, so that what only B has is found without holding either table in memory.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from biodata.errors import Unsupported
from biodata.pipelines.loading.missing import keys_of, seal, without
from biodata.pipelines.operations.expressions import locked_connection, quoted
from biodata.pipelines.pairs.beside import beside
from biodata.pipelines.pairs.pairing import Pairing
from biodata.pipelines.reports.progress import Silent
from biodata.pipelines.runs.flows import check_flows
from biodata.pipelines.spec import Address, Extract, PipelineSpec, ReferencesCheck, Step
from biodata.pipelines.state.spool import Spool
from biodata.records.arrow import arrow_schema, to_batch
from biodata.records.types import Key

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from biodata.pipelines.pairs.beside import Beside
    from biodata.pipelines.reports.progress import Progress
    from biodata.pipelines.state.spool import Sealed
    from biodata.repository import Repository

__all__ = ["Difference", "Differing", "difference"]

BATCH = 500


class Differing(msgspec.Struct, frozen=True):
    """A record that is not the same in both tables.

    Attributes:
        where: `both`, `a` or `b`.
        key: as B has it.
        fields: of a record of both, field of B -> (value of A, value of B).
    """

    where: Literal["both", "a", "b"]
    key: Key
    fields: dict[str, tuple[Any, Any]] = {}


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How a table A differs from a table B.

    Attributes:
        a: its address; `b` likewise.
        pairing: which fields were compared, and which were left out.
        only_a: records whose key B has not; `only_b`: records of B whose key no record of A has.
        different: records of A that B has with other values; `same`: those that B has just so.
        by_field: field of B -> how many of the different records differ in it.
        unfit: field of B -> how many values of A it cannot hold; they count as others.
        keyless: records of A without a key that B can hold; they are among `only_a`.
        doubled: records of A that have the key of another one.
        records: some of those that are not the same, where they were asked for.
    """

    a: str
    b: str
    pairing: Pairing
    only_a: int = 0
    only_b: int = 0
    different: int = 0
    same: int = 0
    by_field: dict[str, int] = {}
    unfit: dict[str, int] = {}
    keyless: int = 0
    doubled: int = 0
    records: tuple[Differing, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether both have the same records."""
        return not (self.only_a or self.only_b or self.different)


def difference(
    a: Repository,
    b: Repository,
    pairing: Pairing,
    *,
    where: str | None = None,
    scope: str | None = None,
    shown: int = 0,
    progress: Progress | None = None,
) -> Difference:
    """Compare two tables; access `read` is enough.

    Args:
        a: one table; its keys are sent to the other's platform, to look up the records there.
        b: the other; what is the same is judged by its platform.
        pairing: which field stands for which.
        where: a filter: which records of A.
        scope: a filter: which records of B should be in A.
        shown: how many records to give that are not the same.
        progress: told how it goes on.

    Raises:
        ConfigError: `BD-PIPELINE-FLOW`, A's data may not go to B's platform.
        Unsupported: `BD-UNSUPPORTED-KEY`, B has no key.
    """
    if not b.schema.key_fields:
        raise Unsupported(f"{b.address} has no key to compare by", code="BD-UNSUPPORTED-KEY")
    _check_flow(a, b)
    progress = progress or Silent()
    progress.begin(f"compare {a.address} with {b.address}", _number(a, where))
    with TemporaryDirectory(prefix="biodata-") as directory:
        found = _Comparison(b, pairing, Spool(Path(directory) / "spool"), shown, progress).run(a, where, scope)
    progress.end(f"{found.only_a + found.different + found.same:,} records")
    return found


def _number(a: Repository, where: str | None) -> int | None:
    """How many records will come, where the platform can tell."""
    result = a.query(where)
    return result.count() if result.plan.residual is None and a.adapter.has("count") else None


def _check_flow(a: Repository, b: Repository) -> None:
    """A look-up of keys, as a pipeline makes it."""
    one, other = Address(a.profile, a.name), Address(b.profile, b.name)
    step = Step("diff", Extract(one), checks=(ReferencesCheck("keys", "key", other),))
    check_flows(PipelineSpec("diff", (step,)), {a.profile: a.connection, b.profile: b.connection})


class _Comparison:
    """A comparison on its way."""

    def __init__(self, b: Repository, pairing: Pairing, spool: Spool, shown: int, progress: Progress) -> None:
        self._b, self._schema = b, b.schema
        self._pairing = pairing
        self._spool = spool
        self._progress = progress
        self._room = shown
        self._keys = arrow_schema(self._schema, [(name,) for name in self._schema.key_fields])
        self._counts: Counter[str] = Counter()
        self._by_field: Counter[str] = Counter()
        self._unfit: Counter[str] = Counter()
        self._records: list[Differing] = []

    def run(self, a: Repository, where: str | None, scope: str | None) -> Difference:
        had = seal(self._spool, "had", self._keys, self._looked_up(a, where))
        there = seal(self._spool, "there", self._keys, self._of_b(scope))
        self._only_b(seal(self._spool, "missing", self._keys, without(there, had, self._keys, self._spool)))
        return Difference(
            a=a.address,
            b=self._b.address,
            pairing=self._pairing,
            by_field=dict(self._by_field.most_common()),
            unfit=dict(self._unfit.most_common()),
            doubled=self._doubled(had),
            records=tuple(self._records),
            **self._counts,
        )

    def _looked_up(self, a: Repository, where: str | None) -> Iterator[pa.RecordBatch]:
        """Note each record of A; gives the keys that they have in B."""
        names = self._pairing.names
        rows = iter(a.query(where, fields=list(names)))
        while batch := list(islice(rows, BATCH)):
            records = [{names[name]: value for name, value in row.items()} for row in batch]
            with self._b.located():
                found = beside(self._b.adapter, self._schema, records)
            for one in found:
                self._note(one)
            yield to_batch([one.record for one in found if one.keyed], self._keys)
            self._progress.advance(len(batch))

    def _note(self, one: Beside) -> None:
        self._counts["keyless"] += not one.keyed
        self._unfit.update(one.unfit)
        if one.stored is None:
            self._counts["only_a"] += 1
            self._show(Differing("a", self._schema.key_of(one.record)))
        elif not one.differing:
            self._counts["same"] += 1
        else:
            self._counts["different"] += 1
            self._by_field.update(one.differing)
            fields = {name: (one.record.get(name), one.stored.get(name)) for name in one.differing}
            self._show(Differing("both", self._schema.key_of(one.record), fields))

    def _show(self, record: Differing) -> None:
        if len(self._records) < self._room:
            self._records.append(record)

    def _of_b(self, scope: str | None) -> Iterator[pa.RecordBatch]:
        found = self._b.query(scope, fields=list(self._keys.names))
        return (batch.select(self._keys.names).cast(self._keys) for batch in found.to_batches())

    def _only_b(self, missing: Sealed) -> None:
        self._counts["only_b"] = missing.rows
        for keys in keys_of(missing, self._schema, BATCH):
            for key in keys:
                self._show(Differing("b", key))
            if len(self._records) >= self._room:
                return

    def _doubled(self, had: Sealed) -> int:
        import pyarrow.dataset as ds

        names = ", ".join(map(quoted, self._keys.names))
        with locked_connection(self._spool.directory) as connection:
            connection.register("had", ds.dataset(had.path, format="parquet"))
            sql = f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM had GROUP BY {names})"  # noqa: S608
            return int(connection.execute(sql).fetchall()[0][0])
