"""Steps in an order in which each comes after those that it reads from or needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.pipelines.spec import Step

__all__ = ["in_order"]


def in_order(steps: Sequence[Step]) -> tuple[Step, ...] | None:
    """The steps, in the file's order where that is free; None where they wait for each other in a circle."""
    left, done = list(steps), list[str]()
    names = {step.name for step in steps}
    ordered: list[Step] = []
    while left:
        ready = next((step for step in left if not {*step.follows} & names - {*done}), None)
        if ready is None:
            return None
        left.remove(ready)
        ordered.append(ready)
        done.append(ready.name)
    return tuple(ordered)
