"""Sorting, here: nulls last either way, strings by code point, equal records in the order they came.

Under a limit only the records that may be in the answer are kept; without one, runs of them are sorted in memory
and laid in a private file without a name, which is gone when the iteration ends.
"""

from __future__ import annotations

import heapq
import pickle
from itertools import islice
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from biodata.query.reading import one_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import IO

    from biodata.query.paths import Lookup
    from biodata.query.plan import Order
    from biodata.records.types import Record, Schema

    SortKey = Callable[[Record], tuple[Any, ...]]

__all__ = ["sort_key", "sorted_records"]

BLOCK = 1000


class _Descending:
    """Turns the order of what it holds around."""

    __slots__ = ("value",)
    __hash__ = None  # type: ignore[assignment]  # only compared

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and bool(self.value == other.value)

    def __lt__(self, other: _Descending) -> bool:
        return bool(other.value < self.value)


def sort_key(
    order: tuple[Order, ...], schema: Schema, lookup: Lookup | None = None
) -> Callable[[Record], tuple[Any, ...]]:
    """A key function for `sorted`: of each path first whether it is null, then its value."""
    readers = [(one_at(schema, key.path, lookup), key.descending) for key in order]

    def key_of(record: Record) -> tuple[Any, ...]:
        return tuple(_part(read(record), descending=descending) for read, descending in readers)

    return key_of


def sorted_records(
    records: Iterable[Record],
    order: tuple[Order, ...],
    schema: Schema,
    *,
    limit: int | None = None,
    offset: int = 0,
    lookup: Lookup | None = None,
    in_memory: int = 100_000,
) -> Iterator[Record]:
    """The records in order, without the first `offset`, `limit` of them at most.

    Args:
        records: in any order; read once.
        order: as bound.
        schema: of the table that the records are of.
        limit: None for all.
        offset: how many to skip.
        lookup: gives the schema of a referenced table that a path steps into.
        in_memory: the number of records that may be held at once; the rest goes to disk.
    """
    key = sort_key(order, schema, lookup)
    last = None if limit is None else offset + limit
    if last is not None and last <= in_memory:
        return iter(heapq.nsmallest(last, records, key)[offset:])
    return islice(_spilled(iter(records), key, in_memory), offset, last)


def _part(value: Any, *, descending: bool) -> tuple[Any, ...]:
    if value is None:
        return (True,)
    return (False, _Descending(value)) if descending else (False, value)


def _spilled(records: Iterator[Record], key: SortKey, in_memory: int) -> Iterator[Record]:
    run = sorted(islice(records, in_memory), key=key)
    following = list(islice(records, in_memory))
    if not following:
        yield from run
        return
    with TemporaryFile(prefix="biodata-") as file:
        places = [_write(file, run)]
        while following:
            places.append(_write(file, sorted(following, key=key)))
            run = following = list(islice(records, in_memory))
        yield from heapq.merge(*(_read(file, *place) for place in places), key=key)


def _write(file: IO[bytes], run: list[Record]) -> tuple[int, int]:
    start = file.tell()
    for first in range(0, len(run), BLOCK):
        pickle.dump(run[first : first + BLOCK], file, pickle.HIGHEST_PROTOCOL)
    return start, file.tell()


def _read(file: IO[bytes], place: int, end: int) -> Iterator[Record]:
    while place < end:
        file.seek(place)
        block: list[Record] = pickle.load(file)  # noqa: S301 - our own file, which nobody else can open
        place = file.tell()
        yield from block
