"""Groups, here: which of them a record is in, and in which order they come.

A record is in the group of each different value that it has at the path: of a list that is each element, once. A
record without a value, an empty list included, is in the group of null. So a group has as many records as the
filter that names it is true of: `Chr = '19'`, or `Chr is null`.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

from biodata.errors import QueryError
from biodata.query.paths import resolve
from biodata.query.reading import values_at
from biodata.records.types import File, Json, Object, element

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from biodata.query.plan import Query
    from biodata.records.types import DataType, Path, Record

__all__ = ["Group", "group_types", "groups_of", "tally"]

Group: TypeAlias = "tuple[tuple[Any, ...], int]"
"""The values of a group, one for each path and None for null, and the number of its records."""


def group_types(query: Query) -> tuple[DataType, ...]:
    """The type of the values at each of the query's fields; of a list, its element's.

    Raises:
        QueryError: `BD-QUERY-GROUP`, for an object, JSON or a file, which have no values to compare.
    """
    return tuple(_grouped(query, path) for path in query.fields or ())


def _grouped(query: Query, path: Path) -> DataType:
    type_: DataType = element(resolve(query.schema, path, query.lookup).type)
    if isinstance(type_, Object | Json | File):
        raise QueryError(
            f"Records cannot be grouped by '{'.'.join(path)}', which is of type {type_}",
            code="BD-QUERY-GROUP",
            table=query.schema.table,
            hint="Name a field inside it, with a dot." if isinstance(type_, Object | File) else "",
        )
    return type_


def groups_of(records: Iterable[Record], query: Query) -> Iterator[Group]:
    """The groups that each record is in, by the query's fields, one by one."""
    readers = [values_at(query.schema, path, query.lookup) for path in query.fields or ()]
    for record in records:
        for values in product(*(dict.fromkeys(read(record)) or (None,) for read in readers)):
            yield values, 1


def tally(groups: Iterable[Group]) -> list[Group]:
    """Each group once, with the number of its records: in order, nulls last and strings by code point."""
    totals: dict[tuple[Any, ...], int] = {}
    for values, number in groups:
        totals[values] = totals.get(values, 0) + number
    return sorted(((values, number) for values, number in totals.items() if number), key=_place)


def _place(group: Group) -> list[tuple[Any, ...]]:
    return [(True,) if value is None else (False, value) for value in group[0]]
