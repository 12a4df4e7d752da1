"""A step's rows from spool to spool: transformed, checked, and what does not pass set apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.pipelines.rows import NUMBER, Fault, Rows
from biodata.pipelines.state.rejects import Reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.pipelines.reports.progress import Progress
    from biodata.pipelines.runs.prepare import Work
    from biodata.pipelines.state.spool import Sealed, Spool

__all__ = ["shape"]


def shape(work: Work, spool: Spool, reject: Callable[[Reject], None], progress: Progress) -> Sealed:
    """Apply the step's operations and row checks to all that was read.

    Args:
        work: the step; its rows have been read.
        spool: where the rows go, each with its number.
        reject: called for each row that does not pass, with the record as it was read; may raise to stop.
        progress: told of each batch.
    """
    import pyarrow as pa

    schema = work.transform.schema.append(pa.field(NUMBER, pa.int64()))
    first = 1
    with spool.writer(f"{work.step.name}.out", schema) as writer:
        for batch in work.sealed.batches():
            passed = _apply(work, Rows.counted(batch, first), reject)
            if passed:
                table = pa.Table.from_batches([rows.with_numbers() for rows in passed]).combine_chunks()
                for whole in table.cast(schema).to_batches():
                    writer.write(whole)
            first += batch.num_rows
            progress.advance(batch.num_rows)
        return writer.seal()


def _apply(work: Work, rows: Rows, reject: Callable[[Reject], None]) -> list[Rows]:
    passed = []
    for piece in work.transform.apply(rows):
        if isinstance(piece, Fault):
            reject(_rejected(work, piece, rows))
        else:
            passed.append(piece)
    return passed


def _rejected(work: Work, fault: Fault, rows: Rows) -> Reject:
    at = fault.row - rows.numbers[0].as_py()
    record = rows.batch.slice(at, 1).to_pylist()[0]
    key = work.source.key_of(record)
    code = "BD-PIPELINE-ROW-CHECK" if fault.stage == "check" else "BD-PIPELINE-ROW"
    return Reject(work.step.name, fault.stage, fault.rule, fault.reason, fault.row, code, key, record)
