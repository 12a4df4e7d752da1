"""The graph itself: nodes with their numbers of records, and links from a table to those that it refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.records.types import Reference, element

if TYPE_CHECKING:
    from biodata.connection import Connection
    from biodata.records.types import Schema

__all__ = ["Graph", "Link", "Node", "graph_of"]


class Node(msgspec.Struct, frozen=True):
    """A table and the number of its records."""

    name: str
    records: int
    label: str = ""


class Link(msgspec.Struct, frozen=True):
    """A field of one table that refers to another.

    Attributes:
        table: the table that has the field.
        field: its name.
        target: the table that it refers to.
        many: whether a record can refer to several.
    """

    table: str
    field: str
    target: str
    many: bool = False
    required: bool = False


class Graph(msgspec.Struct, frozen=True):
    """Tables and the links between them, each sorted by name.

    Attributes:
        title: what it is a graph of: the connection's name.
        hidden: the number of tables that are left out because they are empty.
    """

    title: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    hidden: int = 0

    @property
    def records(self) -> int:
        """The records of all its tables."""
        return sum(node.records for node in self.nodes)

    def filled(self) -> Graph:
        """Without the tables that have no records."""
        kept = tuple(node for node in self.nodes if node.records)
        names = {node.name for node in kept}
        links = tuple(link for link in self.links if {link.table, link.target} <= names)
        return Graph(self.title, kept, links, self.hidden + len(self.nodes) - len(kept))

    def to_dict(self) -> dict[str, object]:
        """The JSON form."""
        form: dict[str, object] = msgspec.to_builtins(self)
        return form

    def to_text(self) -> str:
        """Lines for people: each table below the one that it refers to, with its records and links."""
        from biodata.graph.text import to_text

        return to_text(self)

    def to_svg(self) -> str:
        """A drawing that needs nothing from outside; the same graph gives the same drawing."""
        from biodata.graph.svg import to_svg

        return to_svg(self)

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def __str__(self) -> str:
        return self.to_text()


def graph_of(connection: Connection) -> Graph:
    """The graph of a connection's tables."""
    tables = connection.tables()
    schemas = {table.name: connection.schema(table.name) for table in tables}
    known = {table.name: table.records for table in tables if table.records is not None}
    with connection.located():
        known |= connection.adapter.counts([name for name in schemas if name not in known])
    nodes = tuple(
        Node(table.name, known[table.name] if table.name in known else connection[table.name].count(), table.label)
        for table in tables
    )
    links = (link for name in sorted(schemas) for link in _links(schemas[name]) if link.target in schemas)
    return Graph(connection.name, nodes, tuple(links))


def _links(schema: Schema) -> list[Link]:
    found = []
    for field in schema.fields:
        end = element(field.type)
        if isinstance(end, Reference):
            many = field.type.kind == "list"
            found.append(Link(schema.table, field.name, end.table, many=many, required=field.required))
    return sorted(found, key=lambda link: link.field)
