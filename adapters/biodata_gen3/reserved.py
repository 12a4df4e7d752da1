"""Properties that are called as peregrine's own arguments are.

A property gives its node type's fields an argument of its name, and that argument takes the place of peregrine's
(`first`, `offset`, …; protocols/gen3.md, c: common args): then the table cannot be paged, and is read by exports
alone. A property with another of these names can be read, and not be filtered by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biodata.records.types import Field, Schema

__all__ = ["NOT_PAGED", "RESERVED", "cannot_be_paged", "is_whole_link"]

_PAGING = frozenset({"first", "offset", "order_by_asc"})
RESERVED = _PAGING | {
    "ids", "quick_search", "created_before", "created_after", "updated_before", "updated_after", "order_by_desc",
    "with_links", "with_links_any", "without_links", "with_path_to", "with_path_to_any", "without_path_to", "not",
}  # fmt: skip
NOT_PAGED = "not paged"
"""The option of a link whose target has a property `first`: of many parents only ten would come."""


def cannot_be_paged(schema: Schema) -> bool:
    """Whether pages of this table cannot be asked for, so that it is read whole."""
    return any(field.name in _PAGING or (NOT_PAGED in field.options and _is_many(field)) for field in schema.fields)


def is_whole_link(field: Field) -> bool:
    """Whether all parents can be asked for; of one parent the usual ten are all."""
    return NOT_PAGED not in field.options


def _is_many(field: Field) -> bool:
    return field.type.kind == "list"
