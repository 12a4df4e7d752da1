"""Filters as the query parameters of a search (protocols/opencga.md, section 5).

A parameter stands once in a request. Two exact conditions on one are joined by what both allow; of the others the
first one goes, since what the server gives for them is checked here again.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from biodata.query.tree import And, Leaf
from biodata_opencga.annotations import ANNOTATIONS, DEPTH, condition
from biodata_opencga.shapes import Parameter
from biodata_opencga.tables import table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.query.tree import Node
    from biodata.records.types import Path

__all__ = ["LONGEST", "NO_VALUE", "known", "literals", "longest_run", "parameters", "plain", "stamp", "values_of"]

LONGEST = 3000
"""Characters of one parameter: an address has 8 KiB at most (section 5)."""

NO_VALUE = "NONE"
"""What a search reads as: without a value."""

_OPERATORS = "!~^=<>/"
_RUN = re.compile(r"[A-Za-z0-9_ -]+")
_SECOND = timedelta(seconds=1)


def values_of(leaf: Leaf) -> tuple[Any, ...]:
    """The values that a leaf compares with."""
    return leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)


def literals(node: Node | None) -> list[Any]:
    """All values of a filter, to be masked in what the server says."""
    return [value for leaf in _leaves(node) for value in values_of(leaf)]


def plain(value: Any) -> bool:
    """Whether a text can stand in a parameter and mean itself."""
    return isinstance(value, str) and value != "" and "," not in value and "\0" not in value and _sayable(value)


def _sayable(value: str) -> bool:
    return value[0] not in _OPERATORS and value == value.strip() and value != NO_VALUE


def longest_run(leaf: Leaf) -> str:
    """The longest stretch of a pattern that means itself in a regular expression; empty where there is none."""
    text = str(leaf.value)
    if "like" in leaf.op:
        text = re.sub(r"\\?[%_\\]", "\0", text)
    return max(_RUN.findall(text), key=len, default="")


def parameters(table: str, node: Node | None) -> dict[str, str] | None:
    """Parameter -> value; None where no record can pass."""
    exact: dict[str, set[str]] = {}
    loose: dict[str, str] = {}
    annotations: list[str] = []
    for leaf in _leaves(node):
        parameter = known(table, leaf.path)
        assert parameter is not None  # noqa: S101 - the pushdown table lets nothing else pass
        if parameter.kind == "annotation":
            annotations.append(condition(leaf))
            continue
        if leaf.op in ("==", "in") and parameter.kind in ("text", "flag"):
            allowed = {_word(value) for value in values_of(leaf)}
            exact[parameter.name] = exact.get(parameter.name, allowed) & allowed
        else:
            loose.setdefault(parameter.name, _loose(leaf, parameter))
    if not all(exact.values()):
        return None
    together = {"annotation": ";".join(annotations)} if annotations else {}
    return {**loose, **{name: ",".join(sorted(values)) for name, values in exact.items()}, **together}


def _leaves(node: Node | None) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
    elif isinstance(node, And):
        for part in node.parts:
            yield from _leaves(part)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _loose(leaf: Leaf, parameter: Parameter) -> str:
    if parameter.kind == "date":
        return _period(leaf)
    if parameter.kind == "number":
        return _number(leaf)
    if leaf.op == "!=":
        return f"!{leaf.value}"
    if leaf.op in ("==", "in"):
        return ",".join(values_of(leaf))
    run = longest_run(leaf)
    if leaf.op == "ilike":
        return f"~/{run}/i"
    return f"^{run}" if leaf.op == "starts_with" and run == leaf.value else f"~{run}"


def _number(leaf: Leaf) -> str:
    if leaf.op == "between":
        return f">={leaf.value[0]}"
    return f"{'' if leaf.op == '==' else leaf.op}{leaf.value}"


def _period(leaf: Leaf) -> str:
    """A range that is a second wider at each end: how the server rounds is not known well enough."""
    low, high = leaf.value if leaf.op == "between" else (leaf.value, leaf.value)
    start, end = stamp(low - _SECOND), stamp(high + 2 * _SECOND)
    if leaf.op in (">", ">="):
        return f">={start}"
    if leaf.op in ("<", "<="):
        return f"<={end}"
    return f"{start}-{end}"


def stamp(moment: datetime) -> str:
    """A moment as the server writes and reads it: 14 digits in UTC."""
    moment = moment.astimezone(UTC)
    return f"{moment.year:04}{moment:%m%d%H%M%S}"  # %Y has no leading zeros everywhere


def known(table: str, path: Path) -> Parameter | None:
    """The parameter of a path."""
    if path[0] == ANNOTATIONS:
        return Parameter("annotation", "annotation") if len(path) == DEPTH else None
    return table_of(table).filters.get(path)
