"""`strict=True`: nothing is done here that the platform does not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.query.explain import Explanation

__all__ = ["refuse_partial"]


def refuse_partial(told: Explanation) -> None:
    """Refuse a query of which anything is done here; an inexact part is, since it is checked again.

    Raises:
        QueryError: `BD-QUERY-STRICT`, with each such thing, why, and what the platform would do instead.
    """
    left = list(_left(told))
    if left:
        lines = [f"{what}: {why}{hint and f' ({hint})'}" for what, why, hint in left]
        raise QueryError(
            "\n  ".join(["The platform does not do all of a strict query:", *lines]),
            code="BD-QUERY-STRICT",
            table=told.table,
            hint="Change it, or leave out strict: the rest is then done here, with the right answer.",
        )


def _left(told: Explanation) -> Iterator[tuple[str, str, str]]:
    """What is done here, why, and what would help."""
    for part in told.parts:
        if part.support != "exact":
            yield part.filter, part.reason, part.hint
    if told.sorted == "here":
        yield f"order by {', '.join(told.order_by)}", told.sorted_why, told.sorted_hint
    if told.limited == "here":
        yield "limit and offset", told.limited_why, ""
    if told.grouped == "here":
        yield f"group by {', '.join(told.group_by)}", told.grouped_why, ""
    for name in told.follows:
        yield f"fields beyond {name}", "the referenced records are read by key", ""
