"""Rows through a step's operations, from a sealed file to another, as a run sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from biodata.pipelines.operations.base import Surroundings
from biodata.pipelines.operations.chain import Chain
from biodata.pipelines.rows import NUMBER, Rows
from biodata.pipelines.spec import Address, Extract, Load, RowCheck, Step
from biodata.pipelines.state.spool import BATCH_ROWS, Spool
from biodata.records.arrow import from_arrow, to_batch

EXTRACT = Extract(Address("source", "table"))
JSON = {"biodata": "json"}


@dataclass
class Outcome:
    """What came of some rows: what passed, each with its number, and what was rejected."""

    chain: Chain
    schema: pa.Schema
    rows: list[dict[str, Any]]
    numbers: list[int]
    rejects: list[Any] = field(default_factory=list)

    @property
    def faults(self):
        return [(one.row, one.stage, one.rule, one.reason) for one in self.rejects]


def step(*operations, checks=(), key=()):
    made = tuple(RowCheck(name, text, 50) for name, text in checks)
    load = Load(Address("target", "table"), "merge", key) if key else None
    return Step("s", EXTRACT, operations, made, load)


def compiled(schema, *operations, checks=(), key=(), file="nowhere/f.yml", values=None, keys=False):
    around = Surroundings(str(file), "s", values or {}, keys=keys)
    return Chain(step(*operations, checks=checks, key=key), schema, around)


def sealed(spool, records, schema, numbers=None):
    """Records in the spool, numbered from 1 unless said, in as many batches as a source would give."""
    numbers = list(numbers or range(1, len(records) + 1))
    with spool.writer("s.read", schema.append(pa.field(NUMBER, pa.int64()))) as writer:
        for first in range(0, len(records), BATCH_ROWS):
            batch = to_batch(records[first : first + BATCH_ROWS], schema)
            rows = Rows.entering(batch, pa.array(numbers[first : first + BATCH_ROWS], pa.int64()))
            writer.write(rows.with_numbers())
        return writer.seal()


def run(chain, records, *, start=0, numbers=None, progress=None, rejected=None):
    """Records through a chain, entering a segment."""
    with TemporaryDirectory() as directory:
        spool = Spool(Path(directory) / "spool")
        read = sealed(spool, records, chain.entering(start), numbers)
        rejects = []
        out = chain.run(
            read,
            spool,
            name="s",
            reject=rejected or rejects.append,
            key_of=lambda record: record.get("id"),
            start=start,
            progress=progress,
        )
        batches = [Rows.numbered(batch) for batch in out.batches()]
        rows = [row for one in batches for row in from_arrow(one.batch)]
        numbers = [number for one in batches for number in one.numbers.to_pylist()]
        schema = out.schema()
        assert len(rows) == out.rows
        return Outcome(chain, schema.remove(schema.get_field_index(NUMBER)), rows, numbers, rejects)


def through(records, *operations, schema=None, start=0, numbers=None, **options):
    """Records through operations; their schema is found from them unless it is said."""
    schema = schema or pa.RecordBatch.from_pylist(records).schema
    return run(compiled(schema, *operations, **options), records, start=start, numbers=numbers)
