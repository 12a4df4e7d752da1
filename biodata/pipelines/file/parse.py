"""A pipeline file, read from YAML to `PipelineSpec`; every problem of the file is told at once, with its line."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, cast

from biodata.errors import ConfigError, QueryError, near_match
from biodata.pipelines.file.nodes import Node, Problems
from biodata.pipelines.operations.transform import check_expressions
from biodata.pipelines.sources.select import tables_of
from biodata.pipelines.spec import (
    Address,
    BarPlot,
    Budget,
    Check,
    Column,
    Columns,
    CountCheck,
    Extract,
    Load,
    LookUp,
    Mode,
    Operation,
    PipelineSpec,
    Plot,
    RowCheck,
    SqlExtract,
    Step,
    UniqueCheck,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["parse_file"]

VERSION = 1
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
COLUMN = re.compile(r"[^\s\"'`\x00-\x1f][^\"`\x00-\x1f]*")
BUDGET = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*")


def parse_file(path: Path) -> PipelineSpec:
    """Read a pipeline file; nothing is connected to.

    Raises:
        ConfigError: `BD-PIPELINE-FILE`, when it is not there, is not YAML, or says what cannot be.
    """
    from biodata.config import load_yaml

    if not path.is_file():
        raise ConfigError(f"There is no pipeline file {path}", code="BD-PIPELINE-FILE")
    document = load_yaml(path)
    problems = Problems(str(path))
    spec = _pipeline(Node(document, problems, document.value), path)
    for step in spec.steps:
        for line, text in check_expressions(step, _source_names(step)):
            problems.note(line, text)
    problems.raise_for_any()
    return spec


def _source_names(step: Step) -> tuple[str, ...] | None:
    """The top-level names under `src`, where the file alone tells which there are."""
    fields = step.extract.fields if isinstance(step.extract, Extract) else None
    return None if fields is None else tuple(dict.fromkeys(name.partition(".")[0] for name in fields))


def _pipeline(root: Node, path: Path) -> PipelineSpec:
    root.mapping(("version", "name", "steps", "on_reject"), required=("version", "name", "steps"))
    version = root.child("version")
    if version.value is not None and version.value != VERSION:
        version.note(f"version: this biodata reads pipeline files of version {VERSION}")
    steps = tuple(_step(node) for node in root.child("steps").items())
    if "steps" in root and not steps:
        root.child("steps").note("steps: there is none")
    _distinct("steps: the name", ((step.name, step.line) for step in steps), root.problems)
    name = _name(root.child("name"))
    return PipelineSpec(
        name=name, steps=steps, budget=_budget(root), file=str(path), sha256=sha256(path.read_bytes()).hexdigest()
    )


def _name(node: Node) -> str:
    name = node.text()
    if name and not NAME.fullmatch(name):
        node.note(f"name: {name!r} may hold small letters, digits, - and _ only")
    return name


def _budget(root: Node) -> Budget:
    if "on_reject" not in root:
        return Budget()
    node = root.child("on_reject").mapping(("budget",), required=("budget",)).child("budget")
    found = None if isinstance(node.value, bool | None) else BUDGET.fullmatch(str(node.value))
    if found is None:
        node.note("budget: expected a number of records, or a percentage such as 1%")
        return Budget()
    value, percent = float(found[1]), bool(found[2])
    if (percent and value > 100) or (not percent and value != int(value)):  # noqa: PLR2004 - per cent
        node.note("budget: expected a whole number of records, or a percentage up to 100%")
    return Budget(value, percent)


def _step(node: Node) -> Step:
    node.mapping(("name", "extract", "transform", "check", "load", "plot"), required=("name", "extract"))
    step = Step(
        name=_name(node.child("name")),
        extract=_extract(node.child("extract")),
        transform=tuple(one for item in node.child("transform").items() for one in _operation(item)),
        checks=tuple(one for item in node.child("check").items() for one in _check(item)),
        load=_load(node.child("load")) if "load" in node else None,
        plot=_plot(node.child("plot")) if "plot" in node else None,
        line=node.line,
    )
    _distinct("check: the name", ((check.name, check.line) for check in step.checks), node.problems)
    _known_columns(step, node)
    return step


def _address(node: Node) -> Address:
    profile, slash, table = node.text().partition("/")
    if node.value is not None and not (profile and slash and table):
        node.note(f"{node.place}: expected profile/table")
    return Address(profile, table)


def _extract(node: Node) -> Extract | SqlExtract:
    if "sql" in node:
        return _sql(node.mapping(("sql",)).child("sql"))
    node.mapping(("from", "where", "fields", "sql"), required=("from",))
    return Extract(
        source=_address(node.child("from")),
        where=node.child("where").text() or None,
        fields=node.child("fields").texts() or None,
        line=node.line,
    )


def _sql(node: Node) -> SqlExtract:
    try:
        return SqlExtract(node.text(), tables_of(node.text()), node.line)
    except QueryError as error:
        node.note(error.message)
    return SqlExtract("", (), node.line)


def _operation(node: Node) -> Iterable[Operation]:
    node.mapping(("columns",))
    if isinstance(node.value, dict) and len(node.value) != 1:
        node.note("transform: each entry of the list is one operation")
    if "columns" in node:
        yield _columns(node.child("columns"))


def _columns(node: Node) -> Columns:
    columns = tuple(Column(name, _expression(inner), inner.line) for name, inner in node.pairs())
    for column in columns:
        if column.name.casefold() == "src":
            node.problems.note(column.line, "columns: 'src' is the name of what was read; choose another")
        elif not COLUMN.fullmatch(column.name):
            node.problems.note(column.line, f"columns: {column.name!r} cannot be the name of a column")
    _distinct("columns: the name (case aside)", ((c.name.casefold(), c.line) for c in columns), node.problems)
    return Columns(columns, node.line)


def _expression(node: Node) -> str:
    if node.value is None:
        node.note(f"{node.place}: expected a text, found nothing")
    if isinstance(node.value, bool):
        return str(node.value).lower()
    return str(node.value) if isinstance(node.value, int | float) else node.text()


def _check(node: Node) -> Iterable[Check]:
    kinds = ("rows", "count", "unique")
    node.mapping(("name", *kinds), required=("name",))
    present = [kind for kind in kinds if kind in node]
    if len(present) != 1:
        node.note(f"check: expected a name and one of {', '.join(kinds)}")
        return
    name, inner = node.child("name").text(), node.child(present[0])
    if present[0] == "rows":
        yield RowCheck(name, _expression(inner), inner.line)
    elif present[0] == "unique":
        yield UniqueCheck(name, inner.texts(), inner.line)
    else:
        yield CountCheck(name, _count(inner.mapping(("equals",), required=("equals",)).child("equals")), inner.line)


def _count(node: Node) -> int | LookUp:
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value
    if node.value is None:
        return 0
    node.mapping(("from", "key", "field"), required=("from", "key", "field"))
    key = node.child("key").value
    if key is not None and not (isinstance(key, str | int) and not isinstance(key, bool)):
        node.child("key").note("key: expected one key, a text or a number")
    return LookUp(_address(node.child("from")), key or "", node.child("field").text())


def _load(node: Node) -> Load:
    node.mapping(("to", "mode", "key"), required=("to", "mode"))
    mode = node.child("mode").choice(("append", "merge", "replace"), "append")
    key = node.child("key").texts()
    if mode == "merge" and not key:
        node.note("load: mode merge needs a key: [COLUMN]")
    return Load(_address(node.child("to")), cast("Mode", mode), key, node.line)


def _plot(node: Node) -> Plot | BarPlot:
    if "bar" in node:
        return BarPlot(node.mapping(("bar",)).child("bar").text(), node.line)
    node.mapping(("scatter", "line", "bar"), required=("scatter",))
    axes = node.child("scatter").texts()
    if node.child("scatter").value is not None and len(axes) != 2:  # noqa: PLR2004 - a plane has two axes
        node.child("scatter").note("scatter: expected two columns, [x, y]")
        axes = ("", "")
    x, y = axes or ("", "")
    line = "equality" if node.child("line").choice(("equality",)) else None
    return Plot(x, y, "equality" if line else None, node.line)


def _distinct(what: str, names: Iterable[tuple[str, int]], problems: Problems) -> None:
    seen: dict[str, int] = {}
    for name, line in names:
        if name and name in seen:
            problems.note(line, f"{what} {name!r} is taken by line {seen[name]}")
        seen.setdefault(name, line)


def _known_columns(step: Step, node: Node) -> None:
    """Names of output columns, where the file alone tells which there are."""
    read = step.extract.fields if isinstance(step.extract, Extract) else None
    known = step.transform[-1].names if step.transform else read
    if known is None:
        return
    wanted = [
        (name, check.line, "unique")
        for check in step.checks
        if isinstance(check, UniqueCheck)
        for name in check.columns
    ]
    if step.load:
        wanted += [(name, step.load.line, "key") for name in step.load.key]
    if step.plot:
        wanted += [(name, step.plot.line_number, "plot") for name in step.plotted]
    for name, line, place in wanted:
        if name and name not in known:
            match = near_match(name, known)
            hint = f"; did you mean {match!r}?" if match else f" (there is {', '.join(known)})"
            node.problems.note(line, f"{place}: step {step.name} has no column {name!r}{hint}")
