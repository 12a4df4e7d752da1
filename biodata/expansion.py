"""What of each record is wanted: its fields, and the references whose records take the place of their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.errors import QueryError
from biodata.query.paths import referenced, resolve
from biodata.records.types import Path, Reference, element

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.query.paths import Lookup
    from biodata.records.types import Schema

__all__ = ["Wanted", "wanted"]


class Wanted(msgspec.Struct, frozen=True):
    """What of each record is wanted: the paths of its fields, and the references to be followed."""

    fields: tuple[Path, ...]
    expand: tuple[Path, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The table's own fields that must be read."""
        return tuple(dict.fromkeys(path[0] for path in self.fields))


def wanted(
    schema: Schema, lookup: Lookup, fields: Sequence[str | Path] | str | None, expand: Sequence[str | Path] | str
) -> Wanted:
    """The names given, bound to the schema; a reference to be followed is a field wanted, and wanted whole.

    Raises:
        QueryError: `BD-QUERY-FIELD`, for a field that is not there; `BD-QUERY-EXPAND`, for one to be followed that
            is no reference.
    """
    from biodata.query.bind import bind_fields

    steps = (expand,) if isinstance(expand, str) else expand
    followed = tuple(path for step in steps for path in bind_fields(schema, [step], lookup))
    for path in followed:
        _check(schema, path, lookup)
    asked = schema.names if fields is None else bind_fields(schema, fields, lookup)
    heads = {path[:1] for path in followed}
    paths = ((path,) if isinstance(path, str) else path for path in asked)
    whole = (path[:1] if path[:1] in heads else path for path in paths)
    return Wanted(tuple(dict.fromkeys((*whole, *(path[:1] for path in followed)))), followed)


def _check(schema: Schema, path: Path, lookup: Lookup) -> None:
    type_ = element(resolve(schema, path, lookup).type)
    if not isinstance(type_, Reference):
        raise QueryError(
            f"Field '{'.'.join(path)}' is {type_}, not a reference: it cannot be expanded",
            code="BD-QUERY-EXPAND",
            table=schema.table,
        )
    referenced(lookup(type_.table))
