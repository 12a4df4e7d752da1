"""What a platform has no field for, refuses, or keeps otherwise than given: found by trying, on the page's tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from biodata.errors import Unsupported
from biodata.fitting import same
from biodata.records.types import String, is_list
from tests.semantics.page import KEY, records, shapes
from tests.semantics.platforms import as_held

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata import Connection, Receipt, Repository
    from biodata.records.types import Field, Record

TRIED = "tried"
"""The key of the record that is tried."""


def missing(connection: Connection) -> set[str]:
    """`table.field` of each field of the page that the platform has not."""
    return {
        f"{name}.{field.name}"
        for name, shape in shapes().items()
        for field in shape
        if field.name != KEY and field.name not in connection.schema(name)
    }


def limits(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """(`table.field`, what is done, what comes of it) wherever that is not what was given."""
    for name, shape in shapes().items():
        for field in shape:
            if field.name != KEY and field.name in connection.schema(name):
                table = connection[name]
                found = ((what, result) for what, result in _of_field(table, field) if result)
                yield from ((f"{name}.{field.name}", what, result) for what, result in found)


def _of_field(table: Repository, field: Field) -> Iterator[tuple[str, str]]:
    known = [one[field.name] for one in records(table.name) if one[field.name]]
    first, other = known[0], next((value for value in known if value != known[0]), None)
    yield "added as null", _tried(table, field.name, None, None)
    yield "cleared", _tried(table, field.name, first, None)
    if other is not None:
        yield "replaced", _tried(table, field.name, first, other)
    if isinstance(field.type, String) and not field.type.choices:
        yield "added as empty text", _tried(table, field.name, "", "")
    if is_list(field.type):
        yield "added to", _grown(table, field.name, first, other)
    _add(table, field.name, first)
    yield "deleted with a value in it", _removed(table, field.name)


def _tried(table: Repository, name: str, first: Any, then: Any) -> str:
    """What comes of a record with the first value that is updated to the other one; empty where all is well."""
    _add(table, name, first)
    refused = "" if same(first, then) else _refusal(table.update(_record(table, name, then)))
    kept = table.get(TRIED, fields=[name])[name]
    _removed(table, name)
    return refused or ("" if same(kept, then) else f"kept as {_shown(kept)}")


def _grown(table: Repository, name: str, first: list[Any], more: list[Any]) -> str:
    """What comes of a list that elements are added to."""
    _add(table, name, first)
    try:
        refused = _refusal(table.update(_record(table, name, more), lists="add"))
    except Unsupported as error:
        refused = f"an error, `{error.code}`"
    kept = table.get(TRIED, fields=[name])[name]
    _removed(table, name)
    return refused or ("" if set(kept) == {*first, *more} else f"kept as {_shown(kept)}")


def _add(table: Repository, name: str, value: Any) -> None:
    table.add(_record(table, name, value)).raise_for_refused()


def _removed(table: Repository, name: str) -> str:
    """Why the record cannot be deleted as it is; it is gone in the end."""
    refused = _refusal(table.delete(TRIED))
    if refused:
        table.update(_record(table, name, None)).raise_for_refused()
        table.delete(TRIED).raise_for_refused()
    return refused


def _refusal(receipt: Receipt) -> str:
    return f"refused, `{receipt.refused[0].code}`" if receipt.refused else ""


def _record(table: Repository, name: str, value: Any) -> Record:
    return as_held(table.schema, {KEY: TRIED, name: value})


def _shown(value: Any) -> str:
    return "null" if value is None else "its key" if value == TRIED else json.dumps(value)
