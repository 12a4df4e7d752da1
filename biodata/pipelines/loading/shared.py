"""Records that several steps of one table would delete: each is counted and deleted once, by the first of them.

The first is the one that is loaded first. What the others have read counts all the same: where it is not to be
trusted, nothing that is in their scopes too is deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.pipelines.loading.guards import not_trusted, rules_of
from biodata.pipelines.loading.order import in_loading_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from biodata.pipelines.runs.work import Work

__all__ = ["doubts", "scope_of", "scopes_before"]


def scope_of(work: Work) -> str | None:
    """The filter of what a step may delete; None for the whole table."""
    rules = rules_of(work.loading.load)
    return rules.scope if rules else None


def scopes_before(work: Work, works: Sequence[Work]) -> list[str | None]:
    """The scopes of the steps that come before one of those that delete from the same table."""
    beside = _beside(work, works)
    return [scope_of(one) for one in beside[: beside.index(work)]]


def doubts(
    work: Work, works: Sequence[Work], identities: Mapping[str, str], holds: Callable[[str | None], bool]
) -> Iterator[str]:
    """Why later steps do not trust what they have read, where what one would delete is in their scopes too.

    Args:
        work: the step that would delete.
        works: all steps.
        identities: profile to who the platform takes us for now.
        holds: whether some of what it would delete is in a scope; asked only where a step does not trust its source.
    """
    beside = _beside(work, works)
    for other in beside[beside.index(work) + 1 :]:
        rules = rules_of(other.loading.load)
        reasons = list(not_trusted(other, rules, identities)) if rules else []
        if reasons and holds(scope_of(other)):
            yield from (f"step {other.step.name}: {reason}" for reason in reasons)


def _beside(work: Work, works: Sequence[Work]) -> list[Work]:
    """The steps that delete from the table of one, itself among them, in the order in which they are loaded."""
    load = work.loading.load
    return [
        one
        for one in in_loading_order(works)
        if one.target and one.target.load.target == load.target and rules_of(one.target.load)
    ]
