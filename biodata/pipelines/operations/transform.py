"""The operations of a step, one after the other, and whether its expressions may be used at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.errors import QueryError
from biodata.pipelines.operations.expressions import Scope, check_expression
from biodata.pipelines.operations.stage import Stage
from biodata.pipelines.rows import Fault, Rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from biodata.pipelines.spec import Column, RowCheck, Step

__all__ = ["Transform", "check_expressions"]


def check_expressions(step: Step, source: tuple[str, ...] | None) -> Iterator[tuple[int, str]]:
    """(line, problem) of each expression of a step that may not be used; nothing is evaluated.

    Args:
        step: the step.
        source: the fields that are read; None when that is not known yet.
    """
    names = source
    scope = Scope(names)
    for operation in step.transform:
        scope = Scope(names)
        for column in operation.columns:
            yield from _problem(f"step {step.name}: column {column.name}", column, scope)
            scope = scope.with_names(column.name)
        names = operation.names
    if not step.transform:
        scope = Scope(source, source or ())
    for check in step.row_checks:
        if step.transform or source is not None:
            yield from _problem(f"step {step.name}: check {check.name!r}", check, scope)


def _problem(place: str, part: Column | RowCheck, scope: Scope) -> Iterator[tuple[int, str]]:
    try:
        check_expression(part.expression, scope)
    except QueryError as error:
        yield part.line, f"{place}: {error.message}"


class Transform:
    """A step's operations, compiled for one source.

    Attributes:
        schema: the Arrow schema of what comes out.
    """

    def __init__(self, step: Step, source: pa.Schema, file: str = "") -> None:
        """Compile, which evaluates everything over no row at all.

        Raises:
            QueryError: `BD-PIPELINE-EXPRESSION`, naming file, line and column, when types do not fit.
        """
        operations: list[tuple[Column, ...] | None] = [operation.columns for operation in step.transform] or [None]
        checks: list[tuple[RowCheck, ...]] = [() for _ in operations]
        checks[-1] = step.row_checks
        self._stages: list[Stage] = []
        for columns, tests in zip(operations, checks, strict=True):
            self._stages.append(Stage(file, columns, tests, source))
            source = self._stages[-1].schema
        self.schema = source

    def apply(self, rows: Rows) -> Iterator[Rows | Fault]:
        """What comes out of some rows: pieces of the output, and a fault for each row that is rejected."""
        yield from self._from(0, rows)

    def _from(self, index: int, rows: Rows) -> Iterator[Rows | Fault]:
        if index == len(self._stages):
            yield rows
            return
        for piece in self._stages[index].apply(rows):
            if isinstance(piece, Fault):
                yield piece
            else:
                yield from self._from(index + 1, piece)
