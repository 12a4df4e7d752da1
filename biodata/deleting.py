"""`Repository.delete`: by key, by filter, or every record, which must be said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.errors import QueryError, Unsupported
from biodata.fitting import Prepared
from biodata.keys import checked_key, checked_keys, is_one_key, key_record
from biodata.receipts import Receipt
from biodata.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from biodata.query.tree import Node
    from biodata.records.types import Key
    from biodata.repository import OnRefused, Repository

__all__ = ["delete"]


def delete(
    repository: Repository,
    keys: Any,
    *,
    where: str | Node | Mapping[str, Any] | None,
    everything: bool,
    on_refused: OnRefused,
    progress: Callable[[int], None] | None,
) -> Receipt:
    """Delete, and say of each record what became of it."""
    schema = repository.schema
    if [keys is not None, where is not None, everything].count(True) != 1:
        raise QueryError(
            "delete takes keys, or where=…, or all=True: exactly one of them",
            code="BD-KEY-EMPTY",
            hint="To delete every record say all=True.",
        )
    if not schema.writable:
        raise Unsupported("The table cannot be written", code="BD-UNSUPPORTED-WRITE")
    if not schema.key_fields and not everything:
        raise QueryError("The table has no key, so no record can be named", code="BD-KEY-NONE", table=schema.table)
    if everything:
        number = repository.adapter.delete_all(schema)
        if number is not None:
            return Receipt("delete", schema.table, bulk={"deleted": number} if number else {})
    if keys is None:
        wanted = _found(repository, where)
    else:
        wanted = [checked_key(schema, keys)] if is_one_key(keys) else checked_keys(schema, keys)
    writer = Writer(repository, "delete", on_refused=on_refused)
    prepared = (Prepared(row, key_record(schema, key)) for row, key in enumerate(wanted))
    return writer.run(prepared, progress)


def _found(repository: Repository, where: str | Node | Mapping[str, Any] | None) -> list[Key]:
    """Every key is read before the first is deleted: a scan under deletion would skip records."""
    schema = repository.schema
    return [schema.key_of(record) for record in repository.query(where, fields=schema.key_fields)]
