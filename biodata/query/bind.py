"""Binding: a filter, fields and order meet the schema of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from biodata.query.plan import Order, Query
    from biodata.query.tree import Node
    from biodata.records.types import Path, Schema

__all__ = ["bind_query"]


def bind_query(
    schema: Schema,
    where: str | Node | Mapping[str, object] | None = None,
    *,
    fields: Sequence[str | Path] | None = None,
    order_by: Sequence[str | Order] | None = None,
    limit: int | None = None,
    offset: int = 0,
    native: str | None = None,
    lookup: Callable[[str], Schema] | None = None,
) -> Query:
    """The query, bound."""
    raise NotImplementedError
