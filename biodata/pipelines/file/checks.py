"""`check`: what must be true of a step's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.pipelines.file.grammar import CHECK, COUNT, FRESH, LOOK_UP, REFERENCES
from biodata.pipelines.file.values import address, duration, expression, share
from biodata.pipelines.spec import (
    Address,
    Bound,
    Check,
    CountCheck,
    FreshCheck,
    LookUp,
    ReferencesCheck,
    RowCheck,
    ShareCheck,
    UniqueCheck,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata.pipelines.file.nodes import Node

__all__ = ["check"]


def check(node: Node) -> Iterable[Check]:
    """One entry of `check`."""
    kind = node.mapping(CHECK).one_of(CHECK.one_of)
    if kind is None:
        return
    name, inner = node.child("name").text(), node.child(kind)
    line, column = inner.at
    if kind == "rows":
        yield RowCheck(name, expression(inner), line, column)
    elif kind == "unique":
        yield UniqueCheck(name, inner.texts(), line, column)
    elif kind == "count":
        yield _count(name, inner)
    elif kind == "references":
        yield _references(name, inner)
    elif kind == "share_of_last_run":
        yield ShareCheck(name, share(inner, 1.0), line, column)
    else:
        inner.mapping(FRESH)
        yield FreshCheck(name, inner.child("column").text(), duration(inner.child("within")), line, column)


def _count(name: str, node: Node) -> CountCheck:
    node.mapping(COUNT)
    if isinstance(node.value, dict) and not any(bound in node for bound in COUNT):
        node.note("count: expected equals, min or max")
    equals, least, most = (_bound(node.child(bound)) for bound in COUNT)
    return CountCheck(name, equals, least, most, *node.at)


def _bound(node: Node) -> Bound:
    if node.value is None or (isinstance(node.value, int) and not isinstance(node.value, bool)):
        return node.value
    node.mapping(LOOK_UP)
    key = node.child("key").value
    if key is not None and not (isinstance(key, str | int) and not isinstance(key, bool)):
        node.child("key").note("key: expected one key, a text or a number")
    return LookUp(address(node.child("from")), key or "", node.child("field").text())


def _references(name: str, node: Node) -> ReferencesCheck:
    kind = node.mapping(REFERENCES).one_of(REFERENCES.one_of)
    within: str | Address = address(node.child("table")) if kind == "table" else node.child("step").text()
    return ReferencesCheck(name, node.child("column").text(), within, node.child("field").text(), *node.at)
