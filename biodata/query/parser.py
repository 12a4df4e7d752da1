"""The string form of a filter: `age >= 40 and sex in ('F', 'M')`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biodata.query.tree import Node

__all__ = ["MAX_NESTING", "filters_from", "parse"]

MAX_NESTING = 64
"""How deep brackets and `not` may be nested."""


def parse(text: str) -> Node:
    """The tree of a filter's text; not bound to a table yet."""
    raise NotImplementedError


def filters_from(value: str | Node | Mapping[str, object] | None) -> Node:
    """The tree of a filter in any of its forms: text, a tree, its JSON form, or None for every record."""
    raise NotImplementedError
