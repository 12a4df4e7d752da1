"""`load`, `plot` and `on_reject`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, get_args

from biodata.errors import QueryError
from biodata.pipelines.file.grammar import DELETE_MISSING, LOAD, PLOTS, REJECTS
from biodata.pipelines.file.values import address, budget, share
from biodata.pipelines.spec import AnyPlot, BarPlot, Budget, DeleteMissing, HistogramPlot, Load, Mode, Plot
from biodata.pipelines.spec.loads import LOAD_ROWS, REPLACED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata.pipelines.file.nodes import Node

__all__ = ["load", "plots", "rejects"]


def load(node: Node) -> Load:
    """The `load` of a step."""
    node.mapping(LOAD)
    mode = node.child("mode").choice(get_args(Mode), "append")
    key = node.child("key").texts()
    if mode == "merge" and not key:
        node.note("load: mode merge needs a key: [COLUMN]")
    batch = node.child("batch").number(1, LOAD_ROWS) or LOAD_ROWS
    missing = _missing(node.child("delete_missing"), mode) if "delete_missing" in node else None
    target = address(node.child("to"))
    return Load(target, cast("Mode", mode), key, batch, missing, *_guards(node, mode), *node.at)


def _guards(node: Node, mode: str) -> tuple[Budget, float]:
    """How much a replace may take away, and how much must have been read for it."""
    for name in ("max", "least"):
        if name in node and mode != "replace":
            inner = f"; here it is delete_missing: {{{name}: …}}" if mode == "merge" else ""
            node.note(f"{name}: goes with mode replace{inner}")
    return _bounds(node, REPLACED, DeleteMissing().least)


def _bounds(node: Node, most: Budget, least: float) -> tuple[Budget, float]:
    """`max` and `least`, or what holds when they are left out."""
    return (
        budget(node.child("max"), most) if "max" in node else most,
        share(node.child("least"), least) if "least" in node else least,
    )


def _missing(node: Node, mode: str) -> DeleteMissing:
    from biodata.pipelines.sources.filters import parsed

    if node.value is not None:
        node.mapping(DELETE_MISSING)
    if mode != "merge":
        node.note(f"delete_missing: goes with mode merge; {mode} " + _WHY_NOT[mode])
    default = DeleteMissing()
    most, least = _bounds(node, default.most, default.least)
    scope = node.child("scope").text() or None
    try:
        parsed(scope)
    except QueryError as error:
        node.child("scope").note(f"scope: {error.message}", error.hint)
    return DeleteMissing(scope, most, least, *node.at)


_WHY_NOT = {"append": "leaves what is there", "replace": "leaves nothing else there"}


def plots(node: Node) -> Iterable[AnyPlot]:
    """The `plot` of a step: one, or a list of them."""
    if isinstance(node.value, list):
        return tuple(_plot(item) for item in node.items())
    return (_plot(node),) if node.value is not None else ()


def _plot(node: Node) -> AnyPlot:
    if "bar" in node:
        return BarPlot(node.mapping(PLOTS["bar"]).child("bar").text(), *node.at)
    if "histogram" in node:
        node.mapping(PLOTS["histogram"])
        return HistogramPlot(node.child("histogram").text(), node.child("bins").number(1), *node.at)
    node.mapping(PLOTS["scatter"] if "scatter" in node else (*PLOTS, "line")).one_of(tuple(PLOTS))
    axes = node.child("scatter").texts()
    if node.child("scatter").value is not None and len(axes) != 2:  # noqa: PLR2004 - a plane has two axes
        node.child("scatter").note("scatter: expected two columns, [x, y]")
        axes = ("", "")
    x, y = axes or ("", "")
    line = "equality" if node.child("line").choice(("equality",)) else None
    return Plot(x, y, "equality" if line else None, *node.at)


def rejects(root: Node) -> Budget:
    """How many records may be rejected."""
    if "on_reject" not in root:
        return Budget()
    return budget(root.child("on_reject").mapping(REJECTS).child("budget"), Budget())
