"""`extract` and `each`: where a step's records come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, get_args

from biodata.errors import QueryError
from biodata.pipelines.file.grammar import FILE, FORMATS, INCREMENTAL, SQL, STEP_OUTPUT, TABLE
from biodata.pipelines.file.values import address, duration
from biodata.pipelines.file.values import name as file_name
from biodata.pipelines.parameters import whole_name
from biodata.pipelines.sources.select import tables_of
from biodata.pipelines.spec import AnyExtract, Each, Extract, FileExtract, Incremental, SqlExtract, StepExtract
from biodata.pipelines.spec.extracts import ContractMode

if TYPE_CHECKING:
    from biodata.pipelines.file.nodes import Node

__all__ = ["each", "extract"]

KINDS = ("from", "file", "step", "sql")
CONTRACTS = get_args(ContractMode)


def extract(node: Node) -> AnyExtract:
    """The `extract` of a step."""
    if not isinstance(node.value, dict):
        node.mapping(KINDS)
        return Extract(address(node.child("from")))
    kind = node.one_of(KINDS)
    if kind == "file":
        return _file(node)
    if kind == "step":
        return _step(node)
    return _sql(node) if kind == "sql" else _table(node)


def _table(node: Node) -> Extract:
    node.mapping(TABLE if "from" in node else (*TABLE, *KINDS[1:]))
    return Extract(
        source=address(node.child("from")),
        where=_where(node),
        fields=_fields(node),
        incremental=_incremental(node),
        contract=_contract(node),
        line=node.line,
        column=node.at[1],
    )


def _file(node: Node) -> FileExtract:
    node.mapping(FILE)
    path = node.child("file").text()
    if "${param:" in path and whole_name(path) is None:
        node.child("file").note("file: a parameter is the whole path, and never a part of one")
    return FileExtract(
        path=path,
        format=node.child("format").choice(FORMATS) or None,
        where=_where(node),
        fields=_fields(node),
        incremental=_incremental(node),
        contract=_contract(node),
        line=node.line,
        column=node.at[1],
    )


def _step(node: Node) -> StepExtract:
    node.mapping(STEP_OUTPUT)
    return StepExtract(file_name(node.child("step")), _where(node), _fields(node), node.line, node.at[1])


def _sql(node: Node) -> SqlExtract:
    node.mapping(SQL)
    inner = node.child("sql")
    try:
        return SqlExtract(inner.text(), tables_of(inner.text()), inner.line, inner.at[1])
    except QueryError as error:
        inner.note(error.message)
    return SqlExtract("", (), inner.line, inner.at[1])


def _where(node: Node) -> str | None:
    """A filter; whether it can be read is found out now."""
    from biodata.pipelines.sources.filters import parsed

    inner = node.child("where")
    text = inner.text() or None
    try:
        parsed(text)
    except QueryError as error:
        inner.note(f"where: {error.message}", error.hint)
        return None
    return text


def _fields(node: Node) -> tuple[str, ...] | None:
    return node.child("fields").texts() or None


def _contract(node: Node) -> ContractMode:
    return cast("ContractMode", node.child("contract").choice(CONTRACTS, "evolve"))


def _incremental(node: Node) -> Incremental | None:
    if "incremental" not in node:
        return None
    inner = node.child("incremental").mapping(INCREMENTAL)
    line, column = inner.at
    if inner.child("by").choice(("content",)) == "content":
        if "cursor" in inner or "lag" in inner:
            inner.note("incremental: by: content needs neither cursor nor lag")
        return Incremental(line=line, column=column)
    if "cursor" not in inner:
        inner.note("incremental: expected cursor: FIELD, or by: content where no field says when a record changed")
    lag = inner.child("lag")
    if lag.value is None:
        return Incremental(inner.child("cursor").text(), None, line, column)
    if isinstance(lag.value, int | float) and not isinstance(lag.value, bool):
        return Incremental(inner.child("cursor").text(), float(lag.value), line, column)
    return Incremental(inner.child("cursor").text(), duration(lag), line, column)


def each(node: Node) -> Each | None:
    """The `each` of a step: `{chr: [17, 19]}`, or `{chr: "${param:chromosomes}"}`."""
    if node.value is None:
        return None
    pairs = list(node.pairs())
    if len(pairs) != 1:
        node.note("each: expected one name with a list of values")
        return None
    name, inner = pairs[0]
    if not name.isidentifier():
        inner.note(f"each: {name!r} may hold letters, digits and _, and begins with a letter")
    line, column = node.at
    if isinstance(inner.value, str):
        parameter = whole_name(inner.value)
        if parameter is None:
            inner.note("each: expected a list of values, or ${param:NAME} of a parameter that is a list")
        return Each(name, parameter or "", line, column)
    values = [item.value for item in inner.items()]
    if not values or not all(isinstance(value, str | int | float) for value in values):
        inner.note("each: expected a list of texts or numbers")
    if len({type(value) for value in values}) > 1:
        inner.note("each: the values are of one type")
    return Each(name, tuple(values), line, column)
