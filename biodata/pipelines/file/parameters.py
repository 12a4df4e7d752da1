"""`params`: what whoever starts a run may choose; and where `${param:NAME}` may stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, get_args

from biodata.errors import QueryError, near_match
from biodata.pipelines.file.grammar import PARAMETER
from biodata.pipelines.parameters import checked, kind_of, names_in
from biodata.pipelines.spec import Parameter
from biodata.pipelines.spec.names import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from biodata.pipelines.file.nodes import Node

__all__ = ["forbid", "parameters", "unknown_names"]

KINDS = get_args(Kind)


def parameters(node: Node) -> tuple[Parameter, ...]:
    """The parameters that a file declares, by name: a default, or a mapping."""
    if node.value is None:
        return ()
    return tuple(_parameter(name, inner) for name, inner in node.pairs())


def _parameter(name: str, node: Node) -> Parameter:
    if not name.isidentifier() or name != name.lower():
        node.note(f"params: {name!r} may hold small letters, digits and _, and begins with a letter")
    if not isinstance(node.value, dict):
        return _short(name, node)
    node.mapping(PARAMETER)
    kind = cast("Kind", node.child("type").choice(KINDS, "text"))
    many = node.child("list").flag()
    one = Parameter(name, kind, many, None, node.child("description").text(), node.line)
    return Parameter(name, kind, many, _default(one, node.child("default")), one.description, node.line)


def _short(name: str, node: Node) -> Parameter:
    """`chr: "19"`, `least: 5`, `chromosomes: ["1", "2"]`: the default says the type."""
    if node.value is None:
        return Parameter(name, line=node.line)
    many = isinstance(node.value, list)
    values = node.value if many else [node.value]
    kind = kind_of(values)
    if kind is None:
        node.note(f"params: {name}: expected a text, a number, true or false, or a list of one kind of them")
        return Parameter(name, line=node.line)
    return Parameter(name, kind, many, tuple(values) if many else values[0], line=node.line)


def _default(parameter: Parameter, node: Node) -> Any:
    if node.value is None:
        return None
    values = node.value if isinstance(node.value, list) else [node.value]
    if any(isinstance(value, dict | list) for value in values):
        node.note(f"params: {parameter.name}: default: expected a value, or a list of values")
        return None
    try:
        return checked(parameter, node.value)
    except QueryError as error:
        node.note(f"params: {parameter.name}: default: {error.message}")
        return None


def unknown_names(text: str, known: Collection[str]) -> Iterator[str]:
    """What is wrong with each `${param:NAME}` of a text that no parameter has."""
    for name in names_in(text):
        if name not in known:
            near = near_match(name, known)
            hint = f"; did you mean {near!r}?" if near else f" (there is {', '.join(known) or 'none'})"
            yield f"there is no parameter {name!r}{hint}"


def forbid(node: Node) -> None:
    """Note `${param:…}` in names, wherever they stand: a parameter is a value."""
    if isinstance(node.value, str) and "${param:" in node.value:
        node.note(f"{node.place}: a parameter is a value, and never a name or a part of one")
