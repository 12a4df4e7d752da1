"""Splitting: what of a query the platform does, by its pushdown table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biodata.query.plan import Plan, Query
    from biodata.query.pushdown import Pushdown, Rule, Via
    from biodata.query.tree import Leaf
    from biodata.records.types import DataType

__all__ = ["make_plan", "supports"]


def make_plan(query: Query, pushdown: Pushdown, *, page_size: int = 1000) -> Plan:
    """The plan of a bound query."""
    raise NotImplementedError


def supports(pushdown: Pushdown, leaf: Leaf, type_: DataType, via: Via) -> Rule:
    """The rule that decides for a leaf."""
    raise NotImplementedError
