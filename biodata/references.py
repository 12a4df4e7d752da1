"""Following references: the referenced records, fetched in bulk by key and put in place of their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from biodata.errors import QueryError
from biodata.query.paths import crossing
from biodata.records.types import Key, Path, Record, Reference, Schema, element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from biodata.adapter import Adapter

__all__ = ["Expanded", "References", "chunks", "expand"]

T = TypeVar("T")

CHUNK = 500
"""Keys of one table that are asked for at once, so that constant memory stays true of a join."""


class Expanded(dict[str, Any]):
    """A referenced record that stands in place of its key."""

    __slots__ = ("key",)

    def __init__(self, record: Record, key: Key) -> None:
        super().__init__(record)
        self.key = key


class References:
    """The tables of one connection, as far as following references needs them."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    def schema(self, table: str) -> Schema:
        """The schema of a table."""
        return self._adapter.schema(table)

    def join(self, rows: list[Record], schema: Schema, paths: Iterable[Path]) -> list[Record]:
        """Replace the keys that the paths step over by their records; one bulk request a reference and page.

        Of a record that is not there, or that we may not see, there is its key. The rows are changed in place.
        """
        for holder, (reference, rest) in _by_reference(schema, paths).items():
            self._expand(rows, holder, reference, rest)
        return rows

    def _expand(self, rows: list[Record], holder: Path, reference: Reference, rest: list[Path]) -> None:
        keys = dict.fromkeys(key for row in rows for key in _at(row, holder))
        there = self.fetch(reference.table, list(keys), rest)
        schema = self.schema(reference.table)
        for key in keys.keys() - there.keys():
            there[key] = Expanded(dict(zip(schema.key_fields, [key], strict=False)), key)
        for row in rows:
            _replace(row, holder, there.get)

    def rows(self, schema: Schema, keys: Sequence[Key], names: Sequence[str]) -> list[Record]:
        """The records with these keys that are there, with at least the key and these fields."""
        return [row for chunk in chunks(keys, CHUNK) for row in self._adapter.fetch(schema, chunk, names)]

    def fetch(self, table: str, keys: Sequence[Key], paths: Sequence[Path] | None) -> dict[Key, Expanded]:
        """Key to record of those that are there, with these paths joined in turn; None for all fields."""
        schema = self.schema(table)
        names = schema.names if paths is None else tuple(dict.fromkeys(path[0] for path in paths))
        joined = self.join(self.rows(schema, keys, names), schema, [path for path in paths or () if len(path) > 1])
        return {key: Expanded(record, key) for record in joined if (key := schema.key_of(record)) is not None}


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in pieces of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _by_reference(schema: Schema, paths: Iterable[Path]) -> dict[Path, tuple[Reference, list[Path]]]:
    grouped: dict[Path, tuple[Reference, list[Path]]] = {}
    for path in paths:
        found = crossing(schema, path)
        if found is not None:
            holder, reference = found
            grouped.setdefault(holder, (reference, []))[1].append(path[len(holder) :])
    return grouped


def _at(value: Any, path: Path) -> Iterator[Key]:
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, dict):
        yield from _at(value.get(path[0]), path[1:])


def _replace(value: Any, path: Path, there: Callable[[Key], Any]) -> None:
    if isinstance(value, list):
        for item in value:
            _replace(item, path, there)
    elif isinstance(value, dict) and len(path) > 1:
        _replace(value.get(path[0]), path[1:], there)
    elif isinstance(value, dict):
        held = value.get(path[0])
        value[path[0]] = [there(key) for key in held] if isinstance(held, list) else there(held)


def expand(references: References, rows: list[Record], schema: Schema, paths: Sequence[Path]) -> None:
    """Put whole referenced records in place of their keys, at each step of the paths; rows change in place.

    The key of a record that is not there stays.

    Raises:
        QueryError: `BD-QUERY-EXPAND`, for a step that is no reference.
    """
    for name in dict.fromkeys(path[0] for path in paths):
        reference = _reference(schema, name)
        keys = dict.fromkeys(key for row in rows for key in _at(row, (name,)))
        there: dict[Key, Any] = dict(references.fetch(reference.table, list(keys), None))
        further = [path[1:] for path in paths if path[0] == name and len(path) > 1]
        expand(references, list(there.values()), references.schema(reference.table), further)
        whole = {key: dict(there[key]) if key in there else key for key in keys}
        for row in rows:
            _replace(row, (name,), whole.get)


def _reference(schema: Schema, name: str) -> Reference:
    type_ = element(schema[name].type)
    if not isinstance(type_, Reference):
        raise QueryError(
            f"Field '{name}' is {type_}, not a reference: it cannot be expanded",
            code="BD-QUERY-EXPAND",
            table=schema.table,
        )
    return type_
