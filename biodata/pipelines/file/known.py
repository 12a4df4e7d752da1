"""What can be seen to be wrong from the file alone: names of columns, steps and parameters that are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.errors import near_match
from biodata.pipelines.file.parameters import forbid, unknown_names
from biodata.pipelines.operations.outline import outline
from biodata.pipelines.spec import (
    Columns,
    Extract,
    FileExtract,
    FreshCheck,
    ReferencesCheck,
    SqlExtract,
    StepExtract,
    UniqueCheck,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from biodata.pipelines.file.nodes import Node
    from biodata.pipelines.spec import Column, Parameter, Step

VALUES = {
    ("extract", "where"),
    ("extract", "sql"),
    ("extract", "file"),
    ("check", "rows"),
    ("delete_missing", "scope"),
}

__all__ = ["check_columns", "check_parameters", "check_steps"]


def check_parameters(step: Step, node: Node, declared: Sequence[Parameter]) -> None:
    """Note parameters that are not declared, that stand where no value may stand, or are no list, for `each`."""
    names = [one.name for one in declared]
    own = [step.each.name] if step.each else []
    for inner in _texts(node):
        if _takes_values(inner):
            for problem in unknown_names(inner.value, [*names, *own] if "extract" in inner.path else names):
                inner.note(f"{inner.place}: {problem}")
        else:
            forbid(inner)
    for column in _mapped(step):
        for problem in unknown_names(column.expression, names):
            node.problems.note(column.line, column.column, f"{column.origin}, rule: {problem}")
    if step.each and isinstance(step.each.values, str) and step.each.values:
        found = next((one for one in declared if one.name == step.each.values), None)
        if found is not None and not found.many:
            node.child("each").note(f"each: the parameter {found.name!r} is no list")


def _mapped(step: Step) -> Iterator[Column]:
    """The columns that mapping tables make."""
    for operation in step.transform:
        if isinstance(operation, Columns):
            yield from (column for column in operation.columns if column.origin)


def _takes_values(node: Node) -> bool:
    """Whether a parameter may stand there: in filters, SELECTs, expressions, and as the path of a file."""
    *_, room, place = ("", *(part for part in node.path if isinstance(part, str)))
    return room in {"columns", "each"} or (room, place) in VALUES


def _texts(node: Node) -> Iterator[Node]:
    if isinstance(node.value, dict):
        for key in node.value:
            if "${param:" in str(key):
                node.child(key).note(f"{node.place}: a parameter is a value, and never a name or a part of one")
            yield from _texts(node.child(key))
    elif isinstance(node.value, list):
        for index in range(len(node.value)):
            yield from _texts(node.child(index))
    elif isinstance(node.value, str):
        yield node


def check_steps(step: Step, node: Node, steps: Sequence[Step]) -> None:
    """Note steps that are named and not there."""
    names = [one.name for one in steps]
    wanted: list[tuple[str, Node, str]] = [(name, node.child("needs"), "needs") for name in step.needs]
    if isinstance(step.extract, StepExtract):
        wanted.append((step.extract.step, node.child("extract").child("step"), "step"))
    if isinstance(step.extract, SqlExtract):
        wanted += [
            (one, node.child("extract").child("sql"), "sql") for one in step.extract.tables if isinstance(one, str)
        ]
    wanted += [
        (one.within, node.child("check"), "references")
        for one in step.checks
        if isinstance(one, ReferencesCheck) and isinstance(one.within, str)
    ]
    for name, place, what in wanted:
        if name and (name not in names or name == step.name):
            others = [one for one in names if one != step.name]
            near = near_match(name, others)
            hint = f"; did you mean {near!r}?" if near else f"; there is {', '.join(others) or 'none'}"
            more = ". A table of a local profile is written profile.table" if what == "sql" else ""
            place.note(f"{what}: there is no other step {name!r}{hint}{more}")


def check_columns(step: Step, node: Node) -> None:
    """Note names of columns that are not there, where the file alone tells which there are."""
    fields: Any = step.extract.fields if isinstance(step.extract, Extract | FileExtract | StepExtract) else None
    names: tuple[str, ...] | None = None
    if fields is not None:
        more = (step.each.name,) if step.each else ()
        names = (*dict.fromkeys(field.partition(".")[0] for field in fields), *more)
    if len(step.transform) < len(list(node.child("transform").items())):
        names = None  # what could not be read is told already
    for operation in step.transform:
        for name in outline(operation).reads:
            _note(step, node, operation.line, operation.column, name, names, operation.origin or "transform")
        names = outline(operation).names(names)
    for name, line, column, place in _wanted(step):
        _note(step, node, line, column, name, names, place)


def _wanted(step: Step) -> Iterator[tuple[str, int, int, str]]:
    for check in step.checks:
        if isinstance(check, UniqueCheck):
            yield from ((name, check.line, check.column, "unique") for name in check.columns)
        elif isinstance(check, ReferencesCheck | FreshCheck):
            yield (check.of, check.line, check.column, "check")
    if step.load:
        yield from ((name, step.load.line, step.load.column, "key") for name in step.load.key)
    for plot in step.plots:
        yield from ((name, plot.line_number, plot.column_number, "plot") for name in plot.columns)


def _note(step: Step, node: Node, line: int, column: int, name: str, known: Sequence[str] | None, place: str) -> None:
    if known is None or not name or name in known:
        return
    match = near_match(name, known)
    hint = f"; did you mean {match!r}?" if match else f" (there is {', '.join(known)})"
    node.problems.note(line, column, f"{place}: step {step.name} has no column {name!r}{hint}")
