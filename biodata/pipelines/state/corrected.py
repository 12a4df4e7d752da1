"""Rejects that a person has corrected in a file that `biodata rejects export` wrote, on their way back.

A cell that was left as it was written keeps the value that the record has, whatever the format can say of it; a cell
that was changed is made to fit the type of its column.
"""

from __future__ import annotations

import datetime as dt
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import SchemaError, near_match
from biodata.pipelines.rows import is_json
from biodata.pipelines.state.exported import ID, OURS
from biodata.pipelines.state.reject import OPEN, Kept
from biodata.pipelines.state.reject_file import Which

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from biodata.pipelines.state.reject_file import RejectFile
    from biodata.records.types import Record

__all__ = ["Corrected", "read_corrected"]

PAGE = 500
CODE = "BD-PIPELINE-CORRECTED"


class Corrected(msgspec.Struct, frozen=True):
    """A reject, and the cells of its record that a person has changed."""

    reject: Kept
    changed: dict[str, Any]

    def record(self, schema: pa.Schema) -> Record:
        """The record as it is now, its values as the columns of the Arrow schema hold them.

        Raises:
            SchemaError: `BD-PIPELINE-CORRECTED`, a cell cannot be of its column's type.
        """
        fields = {field.name: field for field in schema}
        made = {}
        for name, value in self.changed.items():
            try:
                made[name] = self._fitted(value, fields[name]) if name in fields else value
            except ValueError as error:
                raise SchemaError(f"Reject {self.reject.id}: {name!r}: {error}", code=CODE) from None
        return {**self.reject.record, **made}

    def _fitted(self, value: Any, field: pa.Field[Any]) -> Any:
        """A value as a record of the column has it.

        Raises:
            ValueError: why it cannot be one, without the value.
        """
        import pyarrow as pa

        fitted = _typed(value, field)
        if is_json(field):
            return fitted
        try:
            pa.array([fitted], type=field.type)
        except (pa.ArrowException, OverflowError):
            raise ValueError(f"it does not fit into {field.type}") from None
        return fitted


def read_corrected(rejects: RejectFile, path: Path, form: str | None = None) -> Iterator[Corrected]:
    """The rejects of a file, in its order, in constant memory.

    Raises:
        SchemaError: `BD-PIPELINE-CORRECTED`, a row is of no reject that is open, or has a column that its record has
            not; `BD-FILE`, the file cannot be read.
    """
    from biodata.records.readers import read_records

    rows = enumerate(read_records(path, form), start=1)
    seen: set[int] = set()
    while page := [(at, _number(row, at), row) for at, row in islice(rows, PAGE)]:
        kept = {one.id: one for one in rejects.find(Which(ids=tuple(number for _, number, _ in page)))}
        for at, number, row in page:
            _check(at, number, kept.get(number), seen)
            seen.add(number)
            yield Corrected(kept[number], dict(_changes(kept[number], row, at)))


def _number(row: Record, at: int) -> int:
    text = str(row.get(ID) or "").strip()
    if not text.isdecimal():
        raise SchemaError(f"Record {at} has no reject's id in the column {ID}", code=CODE)
    return int(text)


def _check(at: int, number: int, reject: Kept | None, seen: set[int]) -> None:
    if reject is None:
        raise SchemaError(f"Record {at}: there is no reject {number}", code=CODE)
    if number in seen:
        raise SchemaError(f"Record {at}: the reject {number} comes twice", code=CODE)
    if reject.state not in OPEN:
        raise SchemaError(f"Record {at}: the reject {number} is {reject.state}", code=CODE)


def _changes(reject: Kept, row: Record, at: int) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if name in OURS:
            continue
        if name not in reject.record:
            if value is not None:
                raise _no_column(name, reject, at)
        elif not _untouched(value, reject.record[name]):
            yield name, value


def _no_column(name: str, reject: Kept, at: int) -> SchemaError:
    near = near_match(name, reject.record)
    hint = f"; did you mean {near!r}?" if near else f"; it has {', '.join(reject.record)}"
    return SchemaError(f"Record {at}: the reject {reject.id} has no column {name!r}{hint}", code=CODE)


def _untouched(given: Any, value: Any) -> bool:
    """Whether a cell reads as the value does when it is written: as text, in JSON, or as a day of a sheet."""
    from biodata.records.files import cell_text

    if isinstance(given, dt.datetime) and type(value) is dt.date:
        return given == dt.datetime.combine(value, dt.time())
    if isinstance(value, float) and not isfinite(value) and given is None:
        return True
    return given in (value, msgspec.to_builtins(value)) or cell_text(given) == cell_text(value)


def _typed(value: Any, field: pa.Field[Any]) -> Any:
    import pyarrow as pa

    from biodata.pipelines.loading.tables import schema_for
    from biodata.records.readers import from_text
    from biodata.records.values import to_type

    try:
        schema = schema_for("", (), pa.schema([field]))
    except SchemaError:  # of a type that no table can hold: Arrow judges
        return value
    return to_type(from_text({field.name: value}, schema)[field.name], schema[field.name].type)
