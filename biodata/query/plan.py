"""A bound query, and the plan of who does what of it."""

from __future__ import annotations

import msgspec

from biodata.errors import SchemaError
from biodata.query.pushdown import Support
from biodata.query.tree import Always, Node
from biodata.records.types import Path, Schema

__all__ = ["KeySet", "Order", "Part", "Plan", "Query", "bare"]


class Order(msgspec.Struct, frozen=True):
    """One key of the order: nulls last either way, strings by code point."""

    path: Path
    descending: bool = False


class Query(msgspec.Struct, frozen=True):
    """What was asked, bound to a schema.

    Attributes:
        filter: without Not; literals have their field's type.
        fields: the paths asked for; None for all of the table's fields.
        limit: a number of records; None for all.
        native: the platform's own query text, joined with the filter by AND.
        related: the schemas of the tables that the paths step into over references, by table name.
    """

    schema: Schema
    filter: Node = Always()
    fields: tuple[Path, ...] | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    native: str | None = None
    related: dict[str, Schema] = {}

    def lookup(self, table: str) -> Schema:
        """The schema of a table that a path steps into.

        Raises:
            SchemaError: no path does.
        """
        if table not in self.related:
            raise SchemaError(f"The query does not step into '{table}'", table=self.schema.table)
        return self.related[table]


def bare(query: Query) -> Query:
    """The query without order, limit and offset, of the keys alone: what counting needs."""
    keys = tuple((name,) for name in query.schema.key_fields) or None
    return msgspec.structs.replace(query, fields=keys, order=(), limit=None, offset=0)


class KeySet(msgspec.Struct, frozen=True):
    """Keys that are read when a scan starts; until then it stands for them as the value of an `in` over a reference.

    Attributes:
        table: the referenced table.
        filter: what a referenced record must pass, bound to its table.
        instead: the part of the query's filter that the `in` stands for: true of the same records.
    """

    table: str
    filter: Node
    instead: Node


class Part(msgspec.Struct, frozen=True):
    """One AND-part of the filter, and how the platform can do it.

    Attributes:
        key_sets: those by which it can.
    """

    filter: Node
    support: Support
    reason: str = ""
    key_sets: tuple[KeySet, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """Who does what.

    Attributes:
        parts: each AND-part of the filter.
        pushed: what the platform filters by; None for nothing.
        residual: what is checked here, on each record that comes; None for nothing.
        fields: what must be read: the fields asked for, and those that the residual and the local order need.
        order: what the platform sorts by, before the key by which it always pages; empty where it is not.
        sort_here: whether the records are sorted here.
        limit: the number of records that the platform is asked for; None for all.
        offset: the number of records that the platform is told to skip.
        page_size: records a page.
        keyed: the filter with key sets in it; None where there are none. Such a plan is not ready to be sent
            (`biodata.keysets.ready`).
    """

    query: Query
    parts: tuple[Part, ...] = ()
    pushed: Node | None = None
    residual: Node | None = None
    fields: tuple[Path, ...] = ()
    order: tuple[Order, ...] = ()
    sort_here: bool = False
    limit: int | None = None
    offset: int = 0
    page_size: int = 1000
    keyed: Node | None = None

    @property
    def schema(self) -> Schema:
        """The schema of the table that is read."""
        return self.query.schema
