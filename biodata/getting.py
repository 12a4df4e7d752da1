"""`Repository.get`: one record or many, by key or by the platform's own identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.errors import QueryError
from biodata.keys import checked_key, checked_keys
from biodata.repository import Found

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata.expansion import Wanted
    from biodata.records.types import Key, Record
    from biodata.repository import Repository

__all__ = ["get_by_id", "get_many", "get_one"]


def get_one(repository: Repository, key: Key, want: Wanted) -> Record:
    """The record with that key, or NotFound."""
    one = checked_key(repository.schema, key)
    found = _fetch(repository, [one], want)
    if one not in found:
        raise repository.missing(one)
    return found[one]


def get_many(repository: Repository, keys: Iterable[Key], want: Wanted) -> Found:
    """The records in the order asked, and the keys that are not there."""
    asked = checked_keys(repository.schema, keys)
    found = _fetch(repository, list(dict.fromkeys(asked)), want)
    there = [found[key] for key in asked if key in found]
    return Found(there, dict.fromkeys(key for key in asked if key not in found))


def get_by_id(repository: Repository, id_: str, want: Wanted) -> Record:
    """The record with that identity, where the platform's identity is not the key."""
    schema = repository.schema
    if schema.id is None:
        return get_one(repository, id_, want)
    if not id_:
        raise QueryError("An empty id names no record", code="BD-KEY-EMPTY", table=schema.table)
    from biodata.query.tree import Leaf

    record = repository.query(Leaf((schema.id,), "==", id_), fields=[(name,) for name in want.names]).first()
    if record is None:
        raise repository.missing(id_)
    return _finished(repository, [record], want)[0]


def _fetch(repository: Repository, keys: list[Key], want: Wanted) -> dict[Key, Record]:
    schema = repository.schema
    rows = repository.references.rows(schema, keys, want.names)
    by_key = [schema.key_of(row) for row in rows]
    return dict(zip(by_key, _finished(repository, rows, want), strict=True))


def _finished(repository: Repository, rows: list[Record], want: Wanted) -> list[Record]:
    from biodata.scan import trim

    schema, references = repository.schema, repository.references
    joined = references.join(rows, schema, [path for path in want.fields if len(path) > 1])
    kept = list(map(trim(want.fields, schema), joined))
    references.expand(kept, schema, want.expand)
    return kept
