"""`dedupe`: of rows that agree, the first or the last.

DuckDB finds which positions stay, beside the spool where they are more than its memory holds; the rows themselves
go from file to file as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.pipelines.operations.base import column_of, unfit
from biodata.pipelines.operations.expressions import locked_connection
from biodata.pipelines.state.spool import BATCH_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from biodata.pipelines.operations.base import Surroundings
    from biodata.pipelines.spec import Dedupe
    from biodata.pipelines.state.spool import Sealed, Spool

__all__ = ["Deduped"]


class Deduped:
    """One row of those that agree in some columns, nulls being equal; the order of rows stays.

    Raises:
        QueryError: a column is not there.
    """

    def __init__(self, operation: Dedupe, source: pa.Schema, around: Surroundings) -> None:  # noqa: ARG002
        for name in operation.by:
            column_of(source, name, "dedupe")
        self.schema = source
        self._by = operation.by or tuple(source.names)
        self._chosen = "min" if operation.keep == "first" else "max"
        self.what, self.left_out = f"dedupe {', '.join(operation.by)}".strip(), 0

    def apply_all(self, rows: Sealed, spool: Spool, name: str) -> Sealed:
        with spool.writer(name, rows.schema()) as writer:
            for batch in _picked(rows.batches(), self._staying(rows)):
                writer.write(batch)
            sealed = writer.seal()
        self.left_out += rows.rows - sealed.rows
        return sealed

    def _staying(self, rows: Sealed) -> Iterator[pa.Int64Array]:
        """The positions of the rows that stay, in order, from 0."""
        import duckdb

        found = self._compared(rows)
        keys = ", ".join(found.schema.names[:-1])
        query = f"SELECT {self._chosen}(place) AS place FROM found GROUP BY {keys} ORDER BY place"  # noqa: S608
        with locked_connection(rows.path.parent) as connection:
            try:
                connection.register("found", found)
                for batch in connection.sql(query).to_arrow_reader(BATCH_ROWS):
                    yield batch.column("place")
            except duckdb.Error as error:
                raise unfit("dedupe", f"the rows cannot be compared: {type(error).__name__}") from None

    def _compared(self, rows: Sealed) -> pa.RecordBatchReader:
        """The columns that are compared, by names of ours, and each row's position."""
        import pyarrow as pa

        fields = [pa.field(f"c{index}", self.schema.field(name).type) for index, name in enumerate(self._by)]
        schema = pa.schema([*fields, pa.field("place", pa.int64())])

        def batches() -> Iterator[pa.RecordBatch]:
            start = 0
            for batch in rows.batches():
                at = pa.array(range(start, start + batch.num_rows), pa.int64())
                yield pa.RecordBatch.from_arrays([*map(batch.column, self._by), at], schema=schema)
                start += batch.num_rows

        return pa.RecordBatchReader.from_batches(schema, batches())


def _picked(batches: Iterator[pa.RecordBatch], staying: Iterator[pa.Int64Array]) -> Iterator[pa.RecordBatch]:
    """The rows at those positions."""
    import pyarrow as pa
    import pyarrow.compute as pc

    waiting, start = pa.array([], pa.int64()), 0
    for batch in batches:
        end = start + batch.num_rows
        while not (len(waiting) and waiting[-1].as_py() >= end):
            more = next(staying, None)
            if more is None:
                break
            waiting = pa.concat_arrays([waiting, more])
        here = pc.less(waiting, pa.scalar(end))
        yield batch.take(pc.subtract(waiting.filter(here), pa.scalar(start)))
        waiting, start = waiting.filter(pc.invert(here)), end
