"""Adding records of a table that refers to itself: what is referred to comes first, and circles take two passes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from biodata.fitting import Prepared
from biodata.records.types import Reference, element

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from biodata.records.types import Field, Schema

__all__ = ["parents_first"]


def parents_first(
    prepared: Iterable[Prepared], schema: Schema, later: list[Prepared], *, last_wins: bool = False
) -> Iterable[Prepared]:
    """The records so that each comes after those of them that it refers to, and otherwise in the order given.

    Where a circle leaves no such order, a record goes without the reference, and the reference into `later`: key and
    field, to be set by an update when all are there. A table without references to itself is streamed on as it
    comes; of any other all records are held. With `last_wins` a reference is not set later where a later record of
    the same key has that field.
    """
    fields = [one for one in schema if _own(element(one.type), schema.table)]
    return _Line(schema, fields, later, last_wins=last_wins).ordered(list(prepared)) if fields else prepared


def _own(item: Any, table: str) -> bool:
    return isinstance(item, Reference) and item.table == table


class _Line:
    """The records in their order, and the references that were held back."""

    def __init__(self, schema: Schema, fields: list[Field], later: list[Prepared], *, last_wins: bool) -> None:
        self._last_wins = last_wins
        self._schema = schema
        self._names = [one.name for one in fields]
        self._free = frozenset(one.name for one in fields if not (one.required or one.read_only))
        self._later = later
        self._by_key: defaultdict[Any, list[Prepared]] = defaultdict(list)
        self._placed: set[int] = set()

    def ordered(self, records: list[Prepared]) -> Iterator[Prepared]:
        """One after the other, depth first and without recursion: chains may be long."""
        for one in records:
            self._by_key[self._schema.key_of(one.record)].append(one)
        begun: set[int] = set()
        for record in records:
            path = [] if record.row in begun else [self._step(record, begun)]
            while path:
                here, open_before = path[-1]
                before = next((one for one in open_before if one.row not in begun), None)
                if before is not None:
                    path.append(self._step(before, begun))
                else:
                    path.pop()
                    yield self._cut(here)

    def _step(self, prepared: Prepared, begun: set[int]) -> tuple[Prepared, Iterator[Prepared]]:
        """A record on the path, and what of those before it has not been looked at."""
        begun.add(prepared.row)
        return prepared, self._before(prepared, self._names)

    def _before(self, prepared: Prepared, names: Iterable[str]) -> Iterator[Prepared]:
        """The records that this one refers to."""
        for name in names:
            value = prepared.record.get(name)
            for key in value if isinstance(value, list) else () if value is None else (value,):
                yield from self._by_key.get(key, ())

    def _cut(self, prepared: Prepared) -> Prepared:
        """The record without references to what is not placed yet."""
        cut = [name for name in self._names if name in self._free and self._is_open(prepared, name)]
        self._placed.add(prepared.row)
        if not cut:
            return prepared
        record = prepared.record
        if held := [name for name in cut if not self._is_overtaken(prepared, name)]:
            link = {name: record[name] for name in (*self._schema.key_fields, *held)}
            self._later.append(Prepared(prepared.row, link))
        return Prepared(prepared.row, {name: value for name, value in record.items() if name not in cut})

    def _is_open(self, prepared: Prepared, name: str) -> bool:
        return any(one.row not in self._placed for one in self._before(prepared, [name]))

    def _is_overtaken(self, prepared: Prepared, name: str) -> bool:
        same = self._by_key[self._schema.key_of(prepared.record)]
        return self._last_wins and any(one.row > prepared.row and name in one.record for one in same)
