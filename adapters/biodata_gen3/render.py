"""Rendering: a pushed filter as arguments, and a query's text with its variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.query.tree import And, Leaf
from biodata.records.types import Boolean, Float, Reference, Schema, element
from biodata_gen3.query import values_of
from biodata_gen3.reserved import is_whole_link
from biodata_gen3.schema import ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from biodata.query.tree import Node
    from biodata.records.types import DataType

__all__ = ["Arguments", "Selection", "arguments", "query_text"]

_LINK_KEY = {"project": "code"}
_WHOLE_LINK = "(first:0)"


class Arguments(msgspec.Struct, frozen=True):
    """Arguments of a node type's field.

    Attributes:
        values: argument to (GraphQL type, value).
        nothing: whether no record can match, so that there is nothing to ask.
    """

    values: dict[str, tuple[str, Any]] = {}
    nothing: bool = False


class Selection(msgspec.Struct, frozen=True):
    """What is asked of one node type.

    Attributes:
        fields: names of the schema.
        first: records a page; None: only their number.
    """

    table: str
    project: str
    fields: tuple[str, ...]
    arguments: Arguments
    first: int | None = None
    offset: int = 0


def arguments(schema: Schema, pushed: Node | None) -> Arguments:
    """The arguments of a pushed filter: comparisons joined by and (protocols/gen3.md, c: OR within the list)."""
    leaves = pushed.parts if isinstance(pushed, And) else (pushed,) if pushed is not None else ()
    equal: dict[str, tuple[Any, ...]] = {}
    excluded: list[dict[str, Any]] = []
    sought: list[str] = []
    for leaf in leaves:
        if not isinstance(leaf, Leaf):
            raise TypeError(f"the pushdown table promised no {type(leaf).__name__}")
        if leaf.op in ("==", "in"):
            _narrow(equal, schema, leaf)
        elif leaf.op == "!=":
            excluded.append({leaf.path[0]: leaf.value})
        else:
            sought.append(leaf.value)
    made = {_argument(name): _typed(schema, name, values) for name, values in equal.items()}
    if excluded:
        made["not"] = (f"[NotPropertiesInput_{schema.table}]", excluded)
    if sought:
        made["quick_search"] = ("String", max(sought, key=len))
    return Arguments(made, nothing=any(not values for values in equal.values()))


def _narrow(equal: dict[str, tuple[Any, ...]], schema: Schema, leaf: Leaf) -> None:
    """Two comparisons of one field: a list must hold all, of a single value what both allow is left."""
    name, values = leaf.path[0], values_of(leaf)
    held = equal.get(name)
    if held is None:
        equal[name] = values
    elif schema[name].type.kind == "list":
        equal[name] = (*held, *values)
    else:
        equal[name] = tuple(value for value in held if value in values)


def _argument(name: str) -> str:
    return "ids" if name == ID else name


def _typed(schema: Schema, name: str, values: tuple[Any, ...]) -> tuple[str, Any]:
    return f"[{_scalar(element(schema[name].type))}]", list(values)


def _scalar(type_: DataType) -> str:
    return "Float" if isinstance(type_, Float) else "Boolean" if isinstance(type_, Boolean) else "String"


def query_text(schema: Schema, selection: Selection) -> tuple[str, dict[str, Any]]:
    """The text of a query, without any value, and its variables."""
    given = {"project_id": ("[String]", [selection.project]), **selection.arguments.values}
    paging: dict[str, tuple[str, Any]] = {}
    if selection.first is not None:
        paging = {"first": ("Int", selection.first), "offset": ("Int", selection.offset)}
    declared = ", ".join(f"${name}: {type_}" for name, (type_, _) in {**paging, **given}.items())
    filters = ", ".join(f"{name}: ${name}" for name in given)
    parts = [f"total: _{selection.table}_count({filters})"]
    if selection.first is not None:
        paged = f'first: $first, offset: $offset, order_by_asc: "{ID}", {filters}'
        fields = " ".join(_fields(schema, selection.fields))
        parts.insert(0, f"rows: {selection.table}({paged}) {{{fields}}}")
    variables = {name: value for name, (_, value) in {**paging, **given}.items()}
    return f"query({declared}) {{{' '.join(parts)}}}", variables


def _fields(schema: Schema, names: Sequence[str]) -> Iterable[str]:
    for name in dict.fromkeys((ID, *schema.key_fields, *names)):
        type_ = element(schema[name].type)
        if isinstance(type_, Reference):
            paging = _WHOLE_LINK if is_whole_link(schema[name]) else ""
            yield f"{name}{paging}{{{_LINK_KEY.get(type_.table, 'submitter_id')}}}"
        else:
            yield name
