"""Whether the records are there that a step's rows refer to: one bulk look-up for each reference of the step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.pipelines.checks.others import different_values
from biodata.records.values import to_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.state.spool import Sealed
    from biodata.records.types import Record

__all__ = ["Parents"]


class Parents:
    """The keys that a step's rows refer to and that are not there; asked for when this is made.

    Args:
        target: of the step.
        rows: all rows of the step.
        coming: keys that will be there, by table: what a preview would add, and the step's own rows.
    """

    def __init__(self, target: Target, rows: Sealed, coming: Mapping[str, Callable[[Any], bool]]) -> None:
        self._missing: dict[str, frozenset[Any]] = {}
        for field, table in target.links:
            arriving = coming.get(table, _nothing)
            wanted = [key for key in different_values(rows, field) if not arriving(key)]
            self._missing[field] = _absent(target, table, wanted)

    def lacks(self, record: Record) -> str | None:
        """The field through which a record refers to one that is not there; None where all are."""
        for field, missing in self._missing.items():
            value = record.get(field)
            values = value if isinstance(value, list) else [value]
            if missing and any(one in missing for one in values if one is not None):
                return field
        return None


def _nothing(_key: Any) -> bool:
    return False


def _absent(target: Target, table: str, wanted: list[Any]) -> frozenset[Any]:
    if not wanted:
        return frozenset()
    parents = target.connection[table]
    schema = parents.schema
    kind = schema[schema.key].type if isinstance(schema.key, str) else None
    by_key: dict[Any, list[Any]] = {}
    for one in wanted:
        by_key.setdefault(_as(one, kind), []).append(one)
    found = parents.get([key for key in by_key if key is not None], fields=list(schema.key_fields))
    there = {schema.key_of(record) for record in found}
    return frozenset(one for key, given in by_key.items() if key not in there for one in given)


def _as(value: Any, kind: Any) -> Any:
    """The value as the parent's key has it; None where it cannot be one."""
    try:
        return value if kind is None else to_type(value, kind)
    except ValueError:
        return None
