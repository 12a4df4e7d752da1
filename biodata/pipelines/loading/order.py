"""Which steps are loaded before which: what others refer to comes first, and is deleted last."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.runs.work import Work

__all__ = ["in_loading_order", "loading_into"]


def loading_into(target: Target, works: Sequence[Work]) -> list[Work]:
    """All steps that are loaded into a table."""
    return [one for one in works if one.target and one.target.load.target == target.load.target]


def in_loading_order(works: Sequence[Work]) -> list[Work]:
    """The steps, parents before children, otherwise as they come; a circle of references leaves the file's order."""
    left = list(works)
    ordered: list[Work] = []
    while left:
        ready = next((work for work in left if not any(_before(other, work, works) for other in left)), left[0])
        left.remove(ready)
        ordered.append(ready)
    return ordered


def _before(other: Work, work: Work, works: Sequence[Work]) -> bool:
    """Whether another step has to be loaded before this one."""
    if other is work:
        return False
    if other.step.name in work.step.follows:
        return True
    return _refers(work, other) and not _refers(other, work) and not _leads(other, work, works)


def _refers(child: Work, parent: Work) -> bool:
    if child.target is None or parent.target is None:
        return False
    same = child.target.load.target.profile == parent.target.load.target.profile
    return same and parent.target.schema.table in child.target.refers_to - {child.target.schema.table}


def _leads(work: Work, to: Work, works: Sequence[Work]) -> bool:
    """Whether the file itself says that `to` comes first: the steps that follow each other are not turned round."""
    by_name = {one.step.name: one for one in works}
    pending, seen = [*work.step.follows], set[str]()
    while pending:
        name = pending.pop()
        if name == to.step.name:
            return True
        if name not in seen and name in by_name:
            seen.add(name)
            pending += by_name[name].step.follows
    return False
