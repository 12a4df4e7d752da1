"""Whether a step's expressions may be used at all, found out before any row is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.errors import QueryError
from biodata.pipelines.operations.expressions import Scope, check_expression
from biodata.pipelines.operations.outline import outline
from biodata.pipelines.spec import Columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.spec import Column, RowCheck, Step

__all__ = ["check_expressions"]


def check_expressions(
    step: Step, source: tuple[str, ...] | None, parameters: tuple[str, ...] = ()
) -> Iterator[tuple[int, int, str]]:
    """(line, column, problem) of each expression of a step that may not be used; nothing is evaluated.

    Args:
        step: the step.
        source: the fields that are read; None when that is not known yet.
        parameters: those that the file declares.
    """
    before = names = source
    for operation in step.transform:
        seen = outline(operation)
        if names is not None:  # one that is missing is told where it is compiled; what follows from it is no news
            names = (*names, *(one for one in seen.reads if one not in names))
        before, names = names, seen.names(names)
        if isinstance(operation, Columns):
            scope = Scope(before, (), parameters)
            for column in operation.columns:
                yield from _problem(f"{column.told}step {step.name}: column {column.name}", column, scope)
                scope = scope.with_names(column.name)
        else:
            before = names
    for check in step.row_checks:
        if names is not None:
            scope = Scope(before, names, parameters)
            yield from _problem(f"step {step.name}: check {check.name!r}", check, scope)


def _problem(place: str, part: Column | RowCheck, scope: Scope) -> Iterator[tuple[int, int, str]]:
    try:
        check_expression(part.expression, scope)
    except QueryError as error:
        yield part.line, part.column, f"{place}: {error.message}"
