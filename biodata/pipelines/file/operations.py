"""`transform`: an ordered list of operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast, get_args

from biodata.pipelines.file.grammar import (
    CODE_LIST,
    DEDUPE,
    EXPLODE,
    ONTOLOGY,
    PSEUDONYMISE,
    PYTHON,
    SPLIT,
    TRANSFORM,
    UNITS,
)
from biodata.pipelines.file.values import address, column_name, expression, is_column
from biodata.pipelines.spec import (
    CodeList,
    Column,
    Columns,
    Dedupe,
    Explode,
    Links,
    Ontology,
    Operation,
    Pseudonymise,
    PythonCall,
    Rename,
    Split,
    Units,
)
from biodata.pipelines.spec.names import Kind
from biodata.pipelines.spec.operations import OnUnmapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from biodata.pipelines.file.nodes import Node

__all__ = ["distinct", "operations"]

UNMAPPED = get_args(OnUnmapped)
KINDS = get_args(Kind)


def operations(node: Node) -> tuple[Operation, ...]:
    """The `transform` of a step."""
    found = tuple(one for item in node.items() for one in _operation(item))
    late = False
    for one in found:
        if isinstance(one, Pseudonymise) and late:
            text = "pseudonymise: stands first in transform, so that no clear value is kept anywhere"
            node.problems.note(one.line, one.column, text)
        late = late or not isinstance(one, Pseudonymise)
    return found


def _operation(node: Node) -> Iterable[Operation]:
    kind = node.mapping(TRANSFORM).one_of(TRANSFORM.one_of)
    if kind == "mapping":
        from biodata.pipelines.file.mapping import mapping

        yield from mapping(node.child("mapping"))
    elif kind is not None:
        yield _READ[kind](node.child(kind))


def _columns(node: Node) -> Columns:
    pairs = [(name, inner) for name, inner in node.pairs() if name != "*"]
    columns = tuple(Column(name, expression(inner), *inner.at) for name, inner in pairs)
    for column in columns:
        if column.name.casefold() == "src":
            text = "columns: 'src' is the name of what was read; choose another"
            node.problems.note(column.line, column.column, text)
        elif not is_column(column.name):
            node.problems.note(column.line, column.column, f"columns: {column.name!r} cannot be the name of a column")
    distinct("columns: the name (case aside)", ((c.name.casefold(), c.line, c.column) for c in columns), node)
    keep = "*" in node and node.child("*").choice(("keep",)) == "keep"
    return Columns(columns, keep, *node.at)


def _rename(node: Node) -> Rename:
    names = tuple((old, column_name(inner)) for old, inner in node.pairs())
    distinct("rename: the name", ((new, *node.at) for _, new in names), node)
    return Rename(names, *node.at)


def _explode(node: Node) -> Explode:
    if isinstance(node.value, str):
        return Explode(node.text(), None, "keep", *node.at)
    node.mapping(EXPLODE)
    empty = cast("Literal['keep', 'drop']", node.child("empty").choice(("keep", "drop"), "keep"))
    return Explode(node.child("column").text(), _into(node), empty, *node.at)


def _split(node: Node) -> Split:
    node.mapping(SPLIT)
    by = node.child("by").value
    if by is not None and (not isinstance(by, str) or not by):
        node.child("by").note("by: expected the text between two parts")
    return Split(node.child("column").text(), by if isinstance(by, str) and by else ",", _into(node), *node.at)


def _dedupe(node: Node) -> Dedupe:
    node.mapping(DEDUPE)
    keep = cast("Literal['first', 'last']", node.child("keep").choice(("first", "last"), "first"))
    return Dedupe(node.child("by").texts(), keep, *node.at)


def _code_list(node: Node) -> CodeList:
    from biodata.pipelines.file.codes import codes

    of, kind = node.mapping(CODE_LIST).child("column").text(), node.one_of(CODE_LIST.one_of)
    unmapped = cast("OnUnmapped", node.child("on_unmapped").choice(UNMAPPED, "reject"))
    path = node.child("file").text() or None
    version = node.child("version")
    number = isinstance(version.value, int | float) and not isinstance(version.value, bool)
    text = str(version.value) if number else version.text()
    inline = codes(node.child("codes")) if kind == "codes" else ()
    name = node.child("name").text() or path or of
    return CodeList(of, inline, path, name, text or None, unmapped, _into(node), *node.at)


def _units(node: Node) -> Units:
    node.mapping(UNITS).one_of(UNITS.one_of)
    unit, unit_of = node.child("from").text() or None, node.child("from_column").text() or None
    return Units(node.child("column").text(), node.child("to").text(), unit, unit_of, _into(node), *node.at)


def _ontology(node: Node) -> Ontology:
    node.mapping(ONTOLOGY)
    invalid = cast("OnUnmapped", node.child("on_invalid").choice(UNMAPPED, "reject"))
    return Ontology(node.child("column").text(), node.child("prefixes").texts(), invalid, _into(node), *node.at)


def _links(node: Node) -> Links:
    return Links(tuple((name, inner.text()) for name, inner in node.pairs()), *node.at)


def _pseudonymise(node: Node) -> Pseudonymise:
    kind = node.mapping(PSEUDONYMISE).one_of(PSEUDONYMISE.one_of)
    if kind == "key":
        _reference(node.child("key"))
        if not node.child("domain").text():
            node.note("pseudonymise: 'domain' is missing: what the pseudonym is for, say the name of the study")
    return Pseudonymise(
        field=node.child("field").text(),
        domain=node.child("domain").text(),
        key=node.child("key").text() or None,
        table=address(node.child("table")) if kind == "table" else None,
        clear=node.child("clear").text("clear"),
        pseudonym=node.child("pseudonym").text("pseudonym"),
        prefix=node.child("prefix").text(),
        line=node.line,
        column=node.at[1],
    )


def _reference(node: Node) -> None:
    """A secret stands in the file as a reference, never itself."""
    from biodata.config.secrets import SecretReference
    from biodata.errors import ConfigError

    if not isinstance(node.value, str):
        node.text()
        return
    try:
        SecretReference.parse(node.value)
    except ConfigError:
        node.note(
            "key: expected a reference to a secret, such as ${keyring:biodata/study}, and never the secret itself"
        )


def _python(node: Node) -> PythonCall:
    if isinstance(node.value, str):
        return PythonCall(_call(node), (), *node.at)
    node.mapping(PYTHON)
    adds = node.child("adds")
    pairs = list(adds.pairs()) if adds.value is not None else []
    added = tuple((name, inner.choice(KINDS, "text")) for name, inner in pairs)
    return PythonCall(_call(node.child("call")), added, *node.at)


def _call(node: Node) -> str:
    text = node.text()
    module, colon, name = text.partition(":")
    dotted = all(part.isidentifier() for part in module.split("."))
    if text and not (colon and name.isidentifier() and dotted):
        node.note(f"{node.place}: expected module:name of a function")
    return text


def _into(node: Node) -> str | None:
    return column_name(node.child("into")) or None


def distinct(what: str, names: Iterable[tuple[str, int, int]], node: Node) -> None:
    """Note each name that stands a second time."""
    seen: dict[str, int] = {}
    for name, line, column in names:
        if name and name in seen:
            node.problems.note(line, column, f"{what} {name!r} is taken by line {seen[name]}")
        seen.setdefault(name, line)


_READ: dict[str, Callable[[Node], Operation]] = {
    "columns": _columns,
    "rename": _rename,
    "explode": _explode,
    "split": _split,
    "dedupe": _dedupe,
    "code_list": _code_list,
    "units": _units,
    "ontology": _ontology,
    "links": _links,
    "pseudonymise": _pseudonymise,
    "python": _python,
}
