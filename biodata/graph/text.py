"""The graph as lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.graph.layout import columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.graph.model import Graph, Link

__all__ = ["summary", "to_text"]


def summary(graph: Graph) -> str:
    """The first line: of what, and how much."""
    tables, records = _number(len(graph.nodes), "table"), _number(graph.records, "record")
    empty = f", {graph.hidden} empty not shown" if graph.hidden else ""
    return f"{graph.title}: {tables}, {records}{empty}"


def _number(number: int, of: str) -> str:
    return f"{number:,} {of}{'' if number == 1 else 's'}"


def to_text(graph: Graph) -> str:
    """Each table once, indented by its column, below the last one that it refers to."""
    column = columns(graph)
    rows = [("  " * column[name] + name, name) for name in _sequence(graph, column)]
    records = {node.name: f"{node.records:,}" for node in graph.nodes}
    width = max((len(shown) for shown, _ in rows), default=0)
    digits = max((len(number) for number in records.values()), default=0)
    lines = [f"{shown:{width}}  {records[name]:>{digits}}{_refers(graph, name)}" for shown, name in rows]
    return "\n".join([summary(graph), *lines])


def _sequence(graph: Graph, column: dict[str, int]) -> Iterator[str]:
    children: dict[str, list[str]] = {}
    for name in sorted(column):
        ends = sorted(
            {link.target for link in graph.links if link.table == name and column[link.target] < column[name]}
        )
        parent = max(ends, key=lambda end: column[end], default="")
        children.setdefault(parent, []).append(name)
    pending = children.get("", [])[::-1]
    while pending:
        name = pending.pop()
        yield name
        pending += children.get(name, [])[::-1]


def _refers(graph: Graph, name: str) -> str:
    shown = ", ".join(_link(link) for link in graph.links if link.table == name)
    return f"  -> {shown}" if shown else ""


def _link(link: Link) -> str:
    """The field, and the table where its name does not say it; `*` for many, `?` where it may be left out."""
    marks = ("*" if link.many else "") + ("" if link.required else "?")
    return f"{link.target}{marks} ({link.field})" if link.field != link.target else f"{link.target}{marks}"
