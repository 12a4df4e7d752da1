"""Sorting, here: nulls last either way, strings by code point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from biodata.query.plan import Order
    from biodata.records.types import Record, Schema

__all__ = ["sort_key", "sorted_records"]


def sort_key(
    order: tuple[Order, ...], schema: Schema, lookup: Callable[[str], Schema] | None = None
) -> Callable[[Record], tuple[Any, ...]]:
    """A key function for `sorted`."""
    raise NotImplementedError


def sorted_records(
    records: Iterable[Record],
    order: tuple[Order, ...],
    schema: Schema,
    *,
    limit: int | None = None,
    offset: int = 0,
    lookup: Callable[[str], Schema] | None = None,
    in_memory: int = 100_000,
) -> Iterator[Record]:
    """The records in order, `offset` skipped, `limit` at most."""
    raise NotImplementedError
