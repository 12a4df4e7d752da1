"""What will be done, in words: `print(rows.explain())`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.query.plan import Plan
    from biodata.query.tree import Node

__all__ = ["Explanation", "explain", "render"]


class Explanation(msgspec.Struct, frozen=True):
    """How a query will be answered."""

    table: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        raise NotImplementedError


def explain(plan: Plan, *, transport: str = "", requests: Sequence[str] = (), hint: str = "") -> Explanation:
    """The explanation of a plan."""
    raise NotImplementedError


def render(node: Node) -> str:
    """A tree in the string form."""
    raise NotImplementedError
