"""A step's operations and row checks, one after the other, from spool to spool.

The chain is cut into segments at the operations that make several rows of one, or none. A row that cannot go on is
rejected with the record that entered its segment, so that a replay makes no row a second time. Operations that have
to see all rows work between two sealed files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from biodata.pipelines.operations.base import Leaving, Surroundings
from biodata.pipelines.operations.compile import compile_operation
from biodata.pipelines.operations.segments import Link, Rejecting, Segment, through
from biodata.pipelines.operations.stage import Stage
from biodata.pipelines.rows import NUMBER, Rows
from biodata.pipelines.sources.base import located
from biodata.pipelines.spec import Columns, Dedupe, Pseudonymise
from biodata.pipelines.state.spool import BATCH_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from biodata.pipelines.operations.base import Compiled, WholeSet
    from biodata.pipelines.reports.facts import Coverage
    from biodata.pipelines.reports.progress import Progress
    from biodata.pipelines.spec import Operation, Step
    from biodata.pipelines.state.rejects import Reject
    from biodata.pipelines.state.spool import Sealed, Spool
    from biodata.records.types import Key, Record

__all__ = ["Chain"]


class Chain:
    """A step's operations, compiled for one source.

    Attributes:
        schema: the Arrow schema of what comes out.
    """

    def __init__(self, step: Step, source: pa.Schema, around: Surroundings | None = None) -> None:
        """Compile, which evaluates everything over no row at all.

        Raises:
            QueryError: `BD-PIPELINE-EXPRESSION` and others, naming file and line, when types do not fit.
        """
        self._key = step.load.key if step.load else ()
        self._around = around or Surroundings(step=step.name)
        self._segments: list[Segment] = []
        self._open: list[Link] = []
        self._entering = self.schema = source
        operations = [one for one in step.transform if not isinstance(one, Pseudonymise)]
        for index, operation in enumerate(operations):
            last = index == len(operations) - 1
            self._add(operation, tuple(operations[index + 1 :]), step, last=last)
        if step.row_checks and not (operations and isinstance(operations[-1], Columns)):
            stage = Stage(self._around, None, step.row_checks, self.schema)
            self._open.append(Link(stage, None, ()))
        self._close()

    def _add(self, operation: Operation, behind: tuple[Operation, ...], step: Step, *, last: bool) -> None:
        work: Compiled | WholeSet
        with located(self._around.file, operation.line, step.name, operation.column, operation.told):
            if isinstance(operation, Columns):
                checks = step.row_checks if last else ()
                work = Stage(self._around, operation, checks, self.schema)
            else:
                work = compile_operation(operation, self.schema, self._around)
        self.schema = work.schema
        if isinstance(operation, Dedupe):
            self._close(cast("WholeSet", work))
            return
        work = cast("Compiled", work)
        self._open.append(Link(work, operation, behind))
        if work.multiplies:
            self._close()

    def _close(self, whole: WholeSet | None = None) -> None:
        if self._open or whole is not None:
            self._segments.append(Segment(self._entering, tuple(self._open), whole))
            self._open, self._entering = [], self.schema

    @property
    def end(self) -> int:
        """Where rows enter that have been through everything; `Reject.at` of those that the target refuses."""
        return len(self._segments)

    def entering(self, at: int) -> pa.Schema:
        """The Arrow schema of the rows that enter a segment: what a reject's record is one row of."""
        return self.schema if at >= self.end else self._segments[at].source

    def coverage(self) -> tuple[Coverage, ...]:
        """What was met of each list, of the rows that have gone through."""
        return tuple(one for segment in self._segments for link in segment.links for one in link.work.coverage())

    def notes(self) -> tuple[str, ...]:
        """How many rows each operation has left out because it was asked to."""
        works: list[object] = []
        for segment in self._segments:
            works += [*(link.work for link in segment.links), segment.whole]
        leaving = [work for work in works if isinstance(work, Leaving) and work.left_out]
        return tuple(f"{work.what}: {work.left_out:,} rows are left out" for work in leaving)

    def run(
        self,
        read: Sealed,
        spool: Spool,
        *,
        name: str,
        reject: Callable[[Reject], None],
        key_of: Callable[[Record], Key] = lambda _: None,
        start: int = 0,
        progress: Progress | None = None,
    ) -> Sealed:
        """Apply everything to rows that are sealed in the spool, each with its number.

        Args:
            read: the rows.
            spool: where what comes out goes, each row with its number.
            name: of the step.
            reject: called for each row that does not pass; may raise to stop.
            key_of: the key of a record as it was read.
            start: the segment that they enter; 0 for what was read.
            progress: told of each batch.
        """
        rows, rejecting = read, Rejecting(name, self._key, reject, key_of)
        while start < self.end:
            whole = next((n for n in range(start, self.end) if self._segments[n].whole is not None), None)
            after = self.end if whole is None else whole + 1
            ending = "out" if whole is None else f"{whole}.part"
            told = progress if rows is read else None
            rows = self._stream(range(start, after), rows, spool, f"{name}.{ending}", rejecting, told)
            last = self._segments[after - 1].whole
            if last is not None:
                ending = "out" if after == self.end else f"{whole}.whole"
                rows = last.apply_all(rows, spool, f"{name}.{ending}")
            start = after
        return rows

    def _stream(
        self,
        segments: range,
        rows: Sealed,
        spool: Spool,
        name: str,
        rejecting: Rejecting,
        progress: Progress | None,
    ) -> Sealed:
        """Rows through some segments, from a sealed file to another; the same file where there is nothing to do."""
        import pyarrow as pa

        links = [link for at in segments for link in self._segments[at].links]
        if not links:
            if progress is not None:
                progress.advance(rows.rows)
            return rows
        schema = links[-1].work.schema.append(pa.field(NUMBER, pa.int64()))
        with spool.writer(name, schema) as writer:
            for batch in _gathered(self._pieces(segments, rows, rejecting, progress), schema):
                writer.write(batch)
            return writer.seal()

    def _pieces(
        self, segments: range, rows: Sealed, rejecting: Rejecting, progress: Progress | None
    ) -> Iterator[Rows]:
        for batch in rows.batches():
            yield from self._through(segments, Rows.numbered(batch), rejecting)
            if progress is not None:
                progress.advance(batch.num_rows)

    def _through(self, segments: range, rows: Rows, rejecting: Rejecting) -> Iterator[Rows]:
        if not segments:
            yield rows
            return
        entered = Rows.entering(rows.batch, rows.numbers)
        for piece in through(self._segments[segments[0]].links, entered):
            if isinstance(piece, Rows):
                yield from self._through(segments[1:], piece, rejecting)
            else:
                rejecting.of(*piece, entered, segments[0])


def _gathered(pieces: Iterator[Rows], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Pieces put together to batches that are worth writing, of a schema that has the numbers too."""
    waiting: list[pa.RecordBatch] = []
    for piece in pieces:
        waiting.append(piece.with_numbers())
        if sum(batch.num_rows for batch in waiting) >= BATCH_ROWS:
            yield from _together(waiting, schema)
            waiting = []
    yield from _together(waiting, schema)


def _together(batches: list[pa.RecordBatch], schema: pa.Schema) -> list[pa.RecordBatch]:
    import pyarrow as pa

    return pa.Table.from_batches(batches).cast(schema).combine_chunks().to_batches() if batches else []
