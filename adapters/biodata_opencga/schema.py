"""The tables as schemas. They are the same on every server, so nothing is asked."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from biodata.adapter import TableInfo
from biodata.errors import NotFound, near_match
from biodata.records.types import Schema
from biodata_opencga.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["list_tables", "schema_of"]


def list_tables() -> Sequence[TableInfo]:
    """The tables of a study, and the projects and studies of the organization."""
    return [TableInfo(table.name, label=table.label) for table in TABLES.values()]


@cache
def schema_of(name: str) -> Schema:
    """The shape of a table; of a study the key is its `fqn`, since its id is unique in its project only.

    Raises:
        NotFound: `BD-NOT-FOUND-TABLE`.
    """
    table = TABLES.get(name)
    if table is None:
        near = near_match(name, TABLES)
        hint = f"Did you mean '{near}'?" if near else f"There are: {', '.join(TABLES)}."
        raise NotFound(f"There is no table '{name}'", code="BD-NOT-FOUND-TABLE", table=name, hint=hint)
    key = "fqn" if name == "studies" else "id"
    return Schema(name, key, table.fields, id="uuid", label=table.label, writable=table.writable)
