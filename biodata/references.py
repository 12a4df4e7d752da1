"""Following references: the referenced records, fetched in bulk by key and put in place of their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import msgspec

from biodata.query.paths import crossing
from biodata.records.types import Key, List, Object, Path, Record, Reference, Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from biodata.adapter import Adapter
    from biodata.records.types import Field

__all__ = ["Expanded", "References", "chunks"]

T = TypeVar("T")
Missing: TypeAlias = Literal["key", "record"]
"""What stands for a record that is not there, or that we may not see: its key, or a record with the key alone."""

CHUNK = 500
"""Keys of one table that are asked for at once, so that constant memory stays true of a join."""

_WHOLE = ""
"""As the last step of a path: the whole of the record there."""


class Expanded(dict[str, Any]):
    """A referenced record that stands in place of its key."""

    __slots__ = ("key",)

    def __init__(self, record: Record, key: Key) -> None:
        super().__init__(record)
        self.key = key


class _Group(msgspec.Struct):
    """Records of one table, and the paths that go on from them."""

    schema: Schema
    rows: list[Any]
    paths: list[Path]


class _Step(msgspec.Struct):
    """One reference to be followed: where the rows hold its keys, and the paths that go on from its records."""

    table: str
    holder: Path
    rows: list[Any]
    keys: dict[Key, None]
    paths: list[Path]


class References:
    """The tables of one connection, as far as following references needs them."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    def schema(self, table: str) -> Schema:
        """The schema of a table."""
        return self._adapter.schema(table)

    def rows(self, schema: Schema, keys: Sequence[Key], names: Sequence[str]) -> list[Record]:
        """The records with these keys that are there, with at least the key and these fields."""
        return [row for chunk in chunks(keys, CHUNK) for row in self._adapter.fetch(schema, chunk, names)]

    def join(self, rows: list[Record], schema: Schema, paths: Iterable[Path]) -> list[Record]:
        """Replace the keys that the paths step over by `Expanded` records with the fields that the paths need.

        Level by level: one bulk request for each table that a level of the paths leads to. The rows are changed in
        place.
        """
        self._follow(_Group(schema, rows, list(paths)), Expanded, "record")
        return rows

    def expand(self, rows: list[Record], schema: Schema, paths: Iterable[Path], missing: Missing = "key") -> None:
        """Put whole referenced records in place of their keys, at each reference of the paths; as `join`."""
        whole = dict.fromkeys((*path[:length], _WHOLE) for path in paths for length in range(1, len(path) + 1))
        self._follow(_Group(schema, rows, list(whole)), lambda record, _: record, missing)

    def _follow(self, group: _Group, made: Callable[[Record, Key], Record], missing: Missing) -> None:
        groups = [group]
        while steps := [step for group in groups for step in _steps(group)]:
            there = {table: self._read(table, steps) for table in dict.fromkeys(step.table for step in steps)}
            groups = [self._placed(step, there[step.table], made, missing) for step in steps]

    def _read(self, table: str, steps: list[_Step]) -> dict[Key, Record]:
        schema = self.schema(table)
        here = [step for step in steps if step.table == table]
        names = dict.fromkeys(path[0] for step in here for path in step.paths)
        wanted = schema.names if _WHOLE in names else tuple(names)
        keys = dict.fromkeys(key for step in here for key in step.keys)
        return {schema.key_of(row): row for row in self.rows(schema, list(keys), wanted)}

    def _placed(
        self, step: _Step, there: dict[Key, Record], made: Callable[[Record, Key], Record], missing: Missing
    ) -> _Group:
        """The records in their places; each step has its own, since its paths go their own way."""
        schema = self.schema(step.table)
        placed: dict[Key, Any] = {key: made(_own(there[key], step.paths), key) for key in step.keys if key in there}
        found = list(placed.values())
        if missing == "record":
            alone = {key: dict(zip(schema.key_fields, [key], strict=False)) for key in step.keys if key not in there}
            placed |= {key: made(record, key) for key, record in alone.items()}
        for row in step.rows:
            _replace(row, step.holder, lambda key: placed.get(key, key))
        return _Group(schema, found, step.paths)

    def expanded(self, schema: Schema, paths: Iterable[Path]) -> Schema:
        """The schema of records after `expand`: objects where there were references."""
        inner = _by_head(paths)
        return msgspec.structs.replace(schema, fields=tuple(self._grown(field, inner) for field in schema))

    def _grown(self, field: Field, inner: dict[str, list[Path]]) -> Field:
        if field.name not in inner:
            return field
        return msgspec.structs.replace(field, type=self._object(field.type, inner[field.name]))

    def _object(self, type_: Any, paths: list[Path]) -> Any:
        if isinstance(type_, List):
            return List(self._object(type_.item, paths))
        fields = self.schema(type_.table).fields if isinstance(type_, Reference) else type_.fields
        inner = _by_head(path for path in paths if path)
        return Object(tuple(self._grown(field, inner) for field in fields))


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in pieces of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _steps(group: _Group) -> Iterator[_Step]:
    """The references that a group's paths step over next, with the keys that its rows hold."""
    grouped: dict[Path, tuple[Reference, list[Path]]] = {}
    for path in group.paths:
        found = crossing(group.schema, path)
        if found is not None:
            holder, reference = found
            grouped.setdefault(holder, (reference, []))[1].append(path[len(holder) :])
    for holder, (reference, rest) in grouped.items():
        keys = dict.fromkeys(key for row in group.rows for key in _at(row, holder))
        yield _Step(reference.table, holder, group.rows, keys, rest)


def _own(record: Record, paths: Iterable[Path]) -> Record:
    """The record with values of its own where the paths go on: others may hold it too, and go other ways."""
    heads = dict.fromkeys(path[0] for path in paths if len(path) > 1)
    return record | {name: _copied(record.get(name)) for name in heads}


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return {name: _copied(item) for name, item in value.items()} if isinstance(value, dict) else value


def _by_head(paths: Iterable[Path]) -> dict[str, list[Path]]:
    heads: dict[str, list[Path]] = {}
    for path in paths:
        heads.setdefault(path[0], []).append(path[1:])
    return heads


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
