"""A part of a step's chain that a row goes through as one, and what becomes of a row that does not come out.

It is rejected with the record that entered the segment, so that a replay makes no row a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from biodata.pipelines.operations.outline import outline
from biodata.pipelines.rows import Fault, Rows
from biodata.pipelines.spec import Columns, PythonCall
from biodata.pipelines.state.rejects import Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from biodata.pipelines.operations.base import Compiled, WholeSet
    from biodata.pipelines.spec import Operation
    from biodata.records.types import Key, Record

__all__ = ["Link", "Rejecting", "Segment", "through"]


@dataclass(frozen=True)
class Link:
    """One operation of the chain.

    Attributes:
        work: the operation, compiled.
        operation: as the file says it; None for row checks that stand alone.
        behind: the operations that come after it.
    """

    work: Compiled
    operation: Operation | None
    behind: tuple[Operation, ...]

    def known(self, fault: Fault) -> dict[str, Any]:
        """Of a row that cannot go on, the values that come out of the operation all the same."""
        if fault.stage == "check" or isinstance(self.operation, Columns | None):
            return fault.values
        made = outline(self.operation).makes
        return {} if isinstance(self.operation, PythonCall) else _without(made, fault.values)

    def target_key(self, fault: Fault, key: tuple[str, ...]) -> tuple[Any, ...] | None:
        """The key that the row would have had in the target; None where that is not known.

        It is known where each of its columns is there already, and no operation behind this one changes it.
        """
        names, values = list(key), self.known(fault)
        for operation in reversed(self.behind):
            seen = outline(operation)
            if isinstance(operation, PythonCall) or seen.changes & set(names):
                return None
            back = {new: old for old, new in seen.moves}
            names = [back.get(name, name) for name in names]
        found = tuple(values.get(name) for name in names)
        return None if not found or None in found else found


def _without(names: tuple[str, ...], values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


@dataclass(frozen=True)
class Segment:
    """Operations that give one row for one row, but for the last; then perhaps one that has to see all rows.

    Attributes:
        source: the Arrow schema of the rows that enter it.
    """

    source: pa.Schema
    links: tuple[Link, ...]
    whole: WholeSet | None = None


@dataclass(frozen=True)
class Rejecting:
    """What it takes to reject a row of a step.

    Attributes:
        key: the columns that name a record in the target.
        reject: is given each reject; may raise to stop.
        key_of: the key of a record as it was read.
    """

    step: str
    key: tuple[str, ...]
    reject: Callable[[Reject], None]
    key_of: Callable[[Record], Key]

    def of(self, link: Link, fault: Fault, entered: Rows, at: int) -> None:
        """Reject a row that could not go on at an operation of the segment `at`, with the record that entered it."""
        from biodata.records.arrow import from_arrow

        record = fault.record or next(from_arrow(entered.part(fault.place, 1).batch))
        self.reject(
            Reject(
                step=self.step,
                stage=fault.stage,
                rule=fault.rule,
                reason=fault.reason,
                row=fault.row,
                code="BD-PIPELINE-ROW-CHECK" if fault.stage == "check" else "BD-PIPELINE-ROW",
                key=self.key_of(record) if at == 0 else None,
                record=record,
                at=at,
                target_key=link.target_key(fault, self.key),
            )
        )


def through(links: Sequence[Link], rows: Rows) -> Iterator[Rows | tuple[Link, Fault]]:
    """What comes out of some operations, and each row that could not go on, with the operation where that was."""
    if not links:
        yield rows
        return
    link, *others = links
    for piece in link.work.apply(rows):
        if isinstance(piece, Rows):
            yield from through(others, piece)
        else:
            yield link, piece
