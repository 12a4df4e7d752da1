"""Rows through one operation, without a file around it."""

import pyarrow as pa

from biodata.pipelines.operations.base import Surroundings
from biodata.pipelines.operations.compile import compile_operation
from biodata.pipelines.rows import Fault, Rows

__all__ = ["compiled", "through"]


def compiled(operation, schema, **around):
    """The operation for columns of that schema."""
    return compile_operation(operation, schema, Surroundings(**around))


def through(operation, rows, schema=None, **around):
    """(records that come out, (row, rule, reason) of each that does not, the coverage)."""
    batch = pa.RecordBatch.from_pylist(rows, schema=schema)
    work = compiled(operation, batch.schema, **around)
    pieces = list(work.apply(Rows.counted(batch, 1)))
    passed = [one for one in pieces if isinstance(one, Rows)]
    assert all(one.batch.schema == work.schema for one in passed)
    records = [record for one in passed for record in one.batch.to_pylist()]
    faults = [(one.row, one.rule, one.reason) for one in pieces if isinstance(one, Fault)]
    return records, faults, work.coverage()
