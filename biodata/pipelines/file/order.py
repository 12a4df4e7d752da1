"""Steps in an order in which each comes after those that it reads from or needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biodata.pipelines.spec import Step

__all__ = ["circle_of", "in_order"]


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


def circle_of(steps: Sequence[Step]) -> list[str]:
    """The names of steps that wait for each other, the first one at the end again; empty where none do."""
    follows = {step.name: step.follows for step in steps}
    for start in follows:
        path = [start]
        while True:
            following = next((name for name in follows[path[-1]] if name in follows and _waits(follows, name)), None)
            if following is None:
                break
            path.append(following)
            if following in path[:-1]:
                return path[path.index(following) :]
    return []


def _waits(follows: Mapping[str, Sequence[str]], name: str) -> bool:
    """Whether a step waits, directly or through others, for one that is in a circle: it never gets its turn."""
    left = dict(follows)
    while ready := [one for one, before in left.items() if not {*before} & left.keys()]:
        for one in ready:
            del left[one]
    return name in left
