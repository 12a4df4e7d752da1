"""Where the tables stand: in columns, each to the right of all that it refers to, and few lines crossing.

A link over several columns has a stop in each between, which takes a place like a table, so that lines go around
tables and not through them. Everything is decided by names where it is not decided by links.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from biodata.graph.model import Graph, Link

__all__ = ["Layout", "Place", "columns", "place"]

_SWEEPS = 12
Place = tuple[int, float]
"""The number of the column, and how far down: 1 is the height of a table."""
_STOP = 0.35


class Layout(msgspec.Struct, frozen=True):
    """Places.

    Attributes:
        tables: of each table.
        stops: of each link, in the graph's order: the places that its line passes on its way to the target.
    """

    tables: dict[str, Place]
    stops: tuple[tuple[Place, ...], ...]


def columns(graph: Graph) -> dict[str, int]:
    """The column of each table: 0 for one that refers to none, else one more than the highest it refers to.

    A link that closes a circle does not count.
    """
    targets: dict[str, list[str]] = {node.name: [] for node in graph.nodes}
    for link in graph.links:
        targets[link.table].append(link.target)
    found: dict[str, int] = {}
    for name in targets:
        _reach(name, targets, found, set())
    return found


def _reach(name: str, targets: Mapping[str, list[str]], found: dict[str, int], above: set[str]) -> int:
    if name not in found:
        inside = above | {name}
        before = [_reach(one, targets, found, inside) for one in sorted(targets[name]) if one not in inside]
        found[name] = max(before, default=-1) + 1
    return found[name]


def place(graph: Graph) -> Layout:
    """The places of all tables and of the stops of all links."""
    column = columns(graph)
    chains = [_chain(link, number, column) for number, link in enumerate(graph.links)]
    ranks: dict[str, int] = dict(column)
    for link, chain in zip(graph.links, chains, strict=True):
        way = 1 if column[link.target] > column[link.table] else -1
        ranks |= {stop: column[link.table] + way * at for at, stop in enumerate(chain, 1)}
    near = _neighbours(graph.links, chains)
    order = _ordered(ranks, near)
    heights = {name: 1.0 if name in column else _STOP for name in ranks}
    down = _heights(order, near, heights)
    places = {name: (ranks[name], down[name]) for name in ranks}
    return Layout({name: places[name] for name in column}, tuple(tuple(map(places.get, one)) for one in chains))  # type: ignore[arg-type]  # every stop has a place


def _chain(link: Link, number: int, column: Mapping[str, int]) -> list[str]:
    """The names of a link's stops, which no table can have."""
    between = abs(column[link.table] - column[link.target]) - 1
    return [f"\0{number:04}.{at:04}" for at in range(between)]


def _neighbours(links: Iterable[Link], chains: Iterable[Sequence[str]]) -> dict[str, list[str]]:
    near: dict[str, list[str]] = {}
    for link, chain in zip(links, chains, strict=True):
        way = [link.table, *chain, link.target]
        for one, other in pairwise(way):
            near.setdefault(one, []).append(other)
            near.setdefault(other, []).append(one)
    return near


def _ordered(ranks: Mapping[str, int], near: Mapping[str, list[str]]) -> list[list[str]]:
    """The names of each column from the top: sweeps to the right and back put each at its neighbours' mean."""
    order: list[list[str]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for name in sorted(ranks):
        order[ranks[name]].append(name)
    best, fewest = [list(one) for one in order], _crossings(order, ranks, near)
    for sweep in range(_SWEEPS):
        step = 1 if sweep % 2 == 0 else -1
        for number in range(len(order))[::step]:
            _settle(order, number, number - step, ranks, near)
        number_of = _crossings(order, ranks, near)
        if number_of < fewest:
            best, fewest = [list(one) for one in order], number_of
    return best


def _settle(
    order: list[list[str]], number: int, beside: int, ranks: Mapping[str, int], near: Mapping[str, list[str]]
) -> None:
    if not 0 <= beside < len(order):
        return
    at = {name: position for position, name in enumerate(order[beside])}
    own = {name: position for position, name in enumerate(order[number])}

    def mean(name: str) -> tuple[float, int]:
        there = [at[other] for other in near.get(name, ()) if ranks[other] == beside]
        return (sum(there) / len(there) if there else own[name], own[name])

    order[number].sort(key=mean)


def _crossings(order: Sequence[Sequence[str]], ranks: Mapping[str, int], near: Mapping[str, list[str]]) -> int:
    at = {name: position for column in order for position, name in enumerate(column)}
    total = 0
    for number, column in enumerate(order[:-1]):
        ends = [
            (at[name], at[other]) for name in column for other in near.get(name, ()) if ranks[other] == number + 1
        ]
        total += sum(
            (one[0] - other[0]) * (one[1] - other[1]) < 0 for i, one in enumerate(ends) for other in ends[:i]
        )
    return total


def _heights(
    order: Sequence[Sequence[str]], near: Mapping[str, list[str]], heights: Mapping[str, float]
) -> dict[str, float]:
    """How far down each is: near the mean of its neighbours, in the order of its column, none on another."""
    down: dict[str, float] = {}
    for column in order:
        _stack(column, dict.fromkeys(column, 0.0), heights, down)
    for sweep in range(_SWEEPS):
        for column in order if sweep % 2 == 0 else order[::-1]:
            wanted = {name: _mean([down[other] for other in near.get(name, ())], down[name]) for name in column}
            _stack(column, wanted, heights, down)
    top = min((down[name] - heights[name] / 2 for name in down), default=0.0)
    return {name: round(one - top, 3) for name, one in down.items()}


def _stack(
    column: Sequence[str], wanted: Mapping[str, float], heights: Mapping[str, float], down: dict[str, float]
) -> None:
    end = float("-inf")
    for name in column:
        down[name] = max(wanted[name], end + heights[name] / 2)
        end = down[name] + heights[name] / 2
    shift = _mean([wanted[name] - down[name] for name in column], 0.0)
    for name in column:
        down[name] += shift


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
