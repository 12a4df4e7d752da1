"""A step's operations and row checks, one after the other, from spool to spool.

The chain is cut into segments at the operations that make several rows of one, or none. A row that cannot go on is
rejected with the record that entered its segment, so that a replay makes no row a second time. Operations that have
to see all rows work between two sealed files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import msgspec

from biodata.errors import BiodataError
from biodata.pipelines.operations.base import Surroundings
from biodata.pipelines.operations.compile import compile_operation
from biodata.pipelines.operations.outline import outline
from biodata.pipelines.operations.stage import Stage
from biodata.pipelines.rows import NUMBER, Fault, Rows
from biodata.pipelines.spec import Columns, Dedupe, Pseudonymise, PythonCall
from biodata.pipelines.state.rejects import Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from biodata.pipelines.operations.base import Compiled, WholeSet
    from biodata.pipelines.reports.facts import Coverage
    from biodata.pipelines.reports.progress import Progress
    from biodata.pipelines.spec import Operation, Step
    from biodata.pipelines.state.spool import Sealed, Spool
    from biodata.records.types import Key, Record

__all__ = ["Chain"]


@dataclass(frozen=True)
class Link:
    """One operation of the chain; `behind` are the operations that come after it, as the file says them."""

    work: Compiled
    makes: frozenset[str] | None
    behind: tuple[Operation, ...]


@dataclass(frozen=True)
class Segment:
    """Operations that give one row for one row, but for the last; then perhaps one that has to see all rows."""

    links: tuple[Link, ...]
    whole: WholeSet | None = None


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
        self.schema = source
        operations = [one for one in step.transform if not isinstance(one, Pseudonymise)]
        for index, operation in enumerate(operations):
            last = index == len(operations) - 1
            self._add(operation, tuple(operations[index + 1 :]), step, last=last)
        if step.row_checks and not (operations and isinstance(operations[-1], Columns)):
            stage = Stage(self._around, None, step.row_checks, self.schema)
            self._open.append(Link(stage, frozenset(), ()))
        self._close()

    def _add(self, operation: Operation, behind: tuple[Operation, ...], step: Step, *, last: bool) -> None:
        work: Compiled | WholeSet
        try:
            if isinstance(operation, Columns):
                checks = step.row_checks if last else ()
                work = Stage(self._around, operation, checks, self.schema)
            else:
                work = compile_operation(operation, self.schema, self._around)
        except BiodataError as error:
            if not error.message.startswith(self._around.file or "\x00"):
                place = f"{self._around.file}:{operation.line}:{operation.column}"
                error.message = f"{place}: step {step.name}: {error.message}"
            raise
        self.schema = work.schema
        if isinstance(operation, Dedupe):
            self._close(cast("WholeSet", work))
            return
        work = cast("Compiled", work)
        makes = None if isinstance(operation, PythonCall) else frozenset(outline(operation).makes)
        self._open.append(Link(work, makes, behind))
        if work.multiplies:
            self._close()

    def _close(self, whole: WholeSet | None = None) -> None:
        if self._open or whole is not None:
            self._segments.append(Segment(tuple(self._open), whole))
            self._open = []

    def coverage(self) -> tuple[Coverage, ...]:
        """What was met of each list, of the rows that have gone through."""
        return tuple(one for segment in self._segments for link in segment.links for one in link.work.coverage())

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
        segments, rows, index = self._segments[start:], read, start
        while segments:
            run = next((n for n, one in enumerate(segments) if one.whole is not None), len(segments) - 1)
            part, segments = segments[: run + 1], segments[run + 1 :]
            ending = "out" if not segments and part[-1].whole is None else f"{index + run}.part"
            told = progress if rows is read else None
            rows = self._stream(part, rows, spool, f"{name}.{ending}", (index, name, reject, key_of), told)
            index += run + 1
            whole = part[-1].whole
            if whole is not None:
                rows = whole.apply_all(rows, spool, f"{name}.out" if not segments else f"{name}.{index}.whole")
        return rows

    def _stream(
        self,
        segments: Sequence[Segment],
        rows: Sealed,
        spool: Spool,
        name: str,
        rejecting: tuple[int, str, Callable[[Reject], None], Callable[[Record], Key]],
        progress: Progress | None,
    ) -> Sealed:
        """Rows through some segments, from a sealed file to another."""
        import pyarrow as pa

        first, *_ = rejecting
        links = [link for segment in segments for link in segment.links]
        schema = links[-1].work.schema if links else rows.schema().remove(rows.schema().get_field_index(NUMBER))
        with spool.writer(name, schema.append(pa.field(NUMBER, pa.int64()))) as writer:
            for batch in rows.batches():
                passed = [
                    one.with_numbers() for one in self._through(segments, first, Rows.numbered(batch), rejecting)
                ]
                if passed:
                    table = pa.Table.from_batches(passed).combine_chunks()
                    for whole in table.cast(writer.schema).to_batches():
                        writer.write(whole)
                if progress is not None:
                    progress.advance(batch.num_rows)
            return writer.seal()

    def _through(
        self,
        segments: Sequence[Segment],
        index: int,
        rows: Rows,
        rejecting: tuple[int, str, Callable[[Reject], None], Callable[[Record], Key]],
    ) -> Iterator[Rows]:
        if not segments:
            yield rows
            return
        entered = Rows.entering(rows.batch, rows.numbers)
        for piece in _apply(segments[0].links, entered):
            if isinstance(piece, Rows):
                yield from self._through(segments[1:], index + 1, piece, rejecting)
                continue
            link, fault = piece
            _, name, reject, key_of = rejecting
            reject(self._rejected(fault, link, entered, index, name, key_of))

    def _rejected(
        self, fault: Fault, link: Link, entered: Rows, at: int, step: str, key_of: Callable[[Record], Key]
    ) -> Reject:
        record = fault.record or entered.batch.slice(fault.place, 1).to_pylist()[0]
        code = "BD-PIPELINE-ROW-CHECK" if fault.stage == "check" else "BD-PIPELINE-ROW"
        return Reject(
            step=step,
            stage=fault.stage,
            rule=fault.rule,
            reason=fault.reason,
            row=fault.row,
            code=code,
            key=key_of(record) if at == 0 else None,
            record=record,
            at=at,
            target_key=self._target_key(fault, link),
        )

    def _target_key(self, fault: Fault, link: Link) -> tuple[object, ...] | None:
        """The key that the row would have had in the target; None where that is not known.

        It is known where each of its columns is there already, and no operation behind this one makes it.
        """
        names = list(self._key)
        for operation in reversed(link.behind):
            if isinstance(operation, PythonCall) or set(outline(operation).makes) & set(names):
                return None
            back = {new: old for old, new in outline(operation).moves}
            names = [back.get(name, name) for name in names]
        known = all(fault.values.get(name) is not None for name in names)
        return tuple(fault.values[name] for name in names) if names and known else None


def _apply(links: Sequence[Link], rows: Rows) -> Iterator[Rows | tuple[Link, Fault]]:
    if not links:
        yield rows
        return
    link = links[0]
    for piece in link.work.apply(rows):
        if isinstance(piece, Rows):
            yield from _apply(links[1:], piece)
        else:
            yield link, _without_made(piece, link)


def _without_made(fault: Fault, link: Link) -> Fault:
    """Of the columns known, those that the operation would not have made otherwise."""
    if fault.stage == "check" or isinstance(link.work, Stage):
        return fault
    made = link.makes
    values = {} if made is None else {name: value for name, value in fault.values.items() if name not in made}
    return msgspec.structs.replace(fault, values=values)
