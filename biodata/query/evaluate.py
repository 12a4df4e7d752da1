"""Evaluation of a bound filter, here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from biodata.query.tree import Node
    from biodata.records.types import Record, Schema

__all__ = ["batch_mask", "predicate"]


def predicate(
    node: Node | None, schema: Schema, lookup: Callable[[str], Schema] | None = None
) -> Callable[[Record], bool]:
    """A function that says of a record whether the bound filter is true of it."""
    raise NotImplementedError


def batch_mask(
    node: Node | None, schema: Schema, batch: pa.RecordBatch, lookup: Callable[[str], Schema] | None = None
) -> pa.BooleanArray:
    """The same for each row of a batch."""
    raise NotImplementedError
