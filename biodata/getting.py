"""`Repository.get`: one record or many, by key or by the platform's own identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.errors import QueryError
from biodata.keys import checked_key
from biodata.records.types import Reference, element
from biodata.references import chunks
from biodata.repository import Found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.records.types import Key, Path, Record
    from biodata.repository import Repository

__all__ = ["get_by_id", "get_many", "get_one"]

CHUNK = 500
"""Keys asked for in one call of the adapter."""


def get_one(repository: Repository, key: Key, fields: Sequence[str] | None, expand: Sequence[str]) -> Record:
    """The record with that key, or NotFound."""
    wanted = checked_key(repository.schema, key)
    found = _fetch(repository, [wanted], fields, expand)
    if wanted not in found:
        raise repository.missing(wanted)
    return found[wanted]


def get_many(repository: Repository, keys: list[Key], fields: Sequence[str] | None, expand: Sequence[str]) -> Found:
    """The records in the order asked, and the keys that are not there."""
    wanted = [checked_key(repository.schema, key) for key in keys]
    found = _fetch(repository, list(dict.fromkeys(wanted)), fields, expand)
    there = [found[key] for key in wanted if key in found]
    return Found(there, dict.fromkeys(key for key in wanted if key not in found))


def get_by_id(repository: Repository, id_: str, fields: Sequence[str] | None, expand: Sequence[str]) -> Record:
    """The record with that identity, where the platform's identity is not the key."""
    schema = repository.schema
    if schema.id is None:
        return get_one(repository, id_, fields, expand)
    from biodata.query.tree import Leaf

    result = repository.query(Leaf((schema.id,), "==", id_), fields=_read_names(repository, fields), limit=1)
    record = result.first()
    if record is None:
        raise repository.missing(id_)
    return _finished(repository, [record], fields, expand)[0]


def _fetch(
    repository: Repository, keys: list[Key], fields: Sequence[str] | None, expand: Sequence[str]
) -> dict[Key, Record]:
    schema, names = repository.schema, _read_names(repository, fields)
    rows = [row for chunk in chunks(keys, CHUNK) for row in repository.adapter.fetch(schema, chunk, names)]
    by_key = [schema.key_of(row) for row in rows]
    return dict(zip(by_key, _finished(repository, rows, fields, expand), strict=True))


def _read_names(repository: Repository, fields: Sequence[str] | None) -> tuple[str, ...]:
    schema = repository.schema
    return schema.names if fields is None else tuple(schema[name.split(".")[0]].name for name in fields)


def _finished(
    repository: Repository, rows: list[Record], fields: Sequence[str] | None, expand: Sequence[str]
) -> list[Record]:
    from biodata.scan import trim

    schema = repository.schema
    paths = None if fields is None else tuple(tuple(name.split(".")) for name in fields)
    references = repository.references
    rows = references.join(rows, schema, [path for path in paths or () if len(path) > 1])
    kept = list(map(trim(paths, schema), rows))
    for name in expand:
        _expand(repository, kept, tuple(name.split(".")))
    return kept


def _expand(repository: Repository, rows: list[Record], path: Path) -> None:
    from biodata.references import expand

    field = repository.schema[path[0]]
    if not isinstance(element(field.type), Reference):
        raise QueryError(
            f"Field '{field.name}' is {field.type}, not a reference: it cannot be expanded",
            code="BD-QUERY-EXPAND",
            table=repository.name,
        )
    expand(repository.references, rows, repository.schema, path)
