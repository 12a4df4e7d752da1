"""Filters of a pipeline file: parsed when the file is read, their parameters bound when a run begins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import QueryError
from biodata.pipelines.parameters import PLACE
from biodata.query.parser import parse
from biodata.query.tree import Always, And, Leaf, Native, Node, Not, Or

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MARK", "bound", "mapped", "parsed"]

SIGN = "\x01"
MARK = re.compile(r"\x01(\w+)\x01{6}")
"""A parameter's place in the parsed tree: a text literal that nobody can write, as long as what it stands for."""
QUOTED = re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`""")


def parsed(text: str | None) -> Node:
    """The tree of a filter, parameters still marked; every record for None.

    Raises:
        QueryError: it cannot be read; a parameter stands in quotes or where a name stands.
    """
    if text is None:
        return Always()
    try:
        tree = parse(_marked(text))
    except QueryError as error:
        error.message = MARK.sub(lambda match: f"${{param:{match[1]}}}", error.message.replace(f"'{SIGN}", SIGN))
        raise
    _check(tree)
    return tree


def bound(text: str | None, values: Mapping[str, Any]) -> Node:
    """The tree of a filter with the values of its parameters."""
    return mapped(parsed(text), lambda leaf: _with(leaf, values))


def _marked(text: str) -> str:
    if any(PLACE.search(quoted) for quoted in QUOTED.findall(text)):
        raise _misplaced()

    def mark(match: re.Match[str]) -> str:
        literal = f"'{SIGN}{match[1]}{SIGN * 6}'"
        alone = re.search(r"(?i)\bin\s*$", text[: match.start()])
        return f"({literal})" if alone else literal

    return PLACE.sub(mark, text)


def _check(node: Node) -> None:
    """A mark is a whole value, or it is not where a value may stand."""
    if isinstance(node, And | Or):
        for part in node.parts:
            _check(part)
    elif isinstance(node, Not):
        _check(node.part)
    elif isinstance(node, Native):
        _whole(node.text, alone=False)
    elif isinstance(node, Leaf):
        for name in node.path:
            _whole(name, alone=False)
        for value in node.value if isinstance(node.value, tuple) else (node.value,):
            _whole(value, alone=True)


def _whole(value: Any, *, alone: bool) -> None:
    marked = isinstance(value, str) and (SIGN in value or "${param:" in value)
    if marked and not (alone and MARK.fullmatch(value)):
        raise _misplaced()


def _misplaced() -> QueryError:
    return QueryError("a parameter is a whole value: no quotes around it, and never a name", code="BD-PIPELINE-PARAM")


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """The tree with what `change` makes of each comparison, and of whatever else joins and negates nothing."""
    if isinstance(node, And | Or):
        return msgspec.structs.replace(node, parts=tuple(mapped(part, change) for part in node.parts))
    if isinstance(node, Not):
        return msgspec.structs.replace(node, part=mapped(node.part, change))
    return change(node)


def _with(leaf: Node, values: Mapping[str, Any]) -> Node:
    if not isinstance(leaf, Leaf):
        return leaf
    if isinstance(leaf.value, tuple):
        return msgspec.structs.replace(leaf, value=tuple(one for item in leaf.value for one in _items(item, values)))
    one = _items(leaf.value, values)
    if len(one) != 1:
        raise QueryError("a parameter that is a list stands after 'in' only", code="BD-PIPELINE-PARAM")
    return msgspec.structs.replace(leaf, value=one[0])


def _items(value: Any, values: Mapping[str, Any]) -> tuple[Any, ...]:
    mark = MARK.fullmatch(value) if isinstance(value, str) else None
    found = values[mark[1]] if mark else value
    many = isinstance(found, tuple | list) and mark is not None
    return tuple(map(_literal, found)) if many else (_literal(found),)


def _literal(value: Any) -> Any:
    """A date as a filter's text has it; the field's type makes a date of it again."""
    return value.isoformat() if hasattr(value, "isoformat") else value
