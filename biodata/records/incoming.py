"""What people give to a write, as records: a mapping, an iterable of them, a frame, Arrow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from biodata.errors import SchemaError
from biodata.records.framed import json_read

if TYPE_CHECKING:
    from biodata.records.types import Record, Schema

__all__ = ["incoming", "is_frame"]


def incoming(given: Any, schema: Schema | None = None) -> Iterator[Record]:
    """The records given, one by one, each a new dict; by the schema, JSON text in a frame becomes values again.

    Raises:
        SchemaError: `BD-WRITE-INPUT`, for what is no record and no collection of records, and for a frame that
            names a column twice.
    """
    if isinstance(given, Mapping):
        return iter([dict(given)])
    family = type(given).__module__.split(".")[0]
    if family == "pyarrow":
        return _from_arrow(given)
    if is_frame(given):
        _check_columns(list(given.columns) if family == "pandas" else [])
        rows = iter(given.to_dict(orient="records") if family == "pandas" else _polars_rows(given))
        return rows if schema is None else json_read(rows, schema)
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise _wrong(given)
    return _each(given)


def is_frame(given: Any) -> bool:
    """Whether that is a table of pandas, polars or Arrow."""
    names = {"pandas": {"DataFrame"}, "polars": {"DataFrame", "LazyFrame"}, "pyarrow": {"Table", "RecordBatch"}}
    return type(given).__name__ in names.get(type(given).__module__.split(".")[0], ())


def _polars_rows(given: Any) -> Iterator[Record]:
    return cast("Iterator[Record]", given.lazy().collect().iter_rows(named=True))


def _from_arrow(given: Any) -> Iterator[Record]:
    from biodata.records.arrow import from_arrow

    batches = [given] if is_frame(given) else given
    if not hasattr(given, "schema") or not isinstance(batches, Iterable):
        raise _wrong(given)
    _check_columns(given.schema.names)
    return (record for batch in batches for record in from_arrow(batch))


def _check_columns(names: list[Any]) -> None:
    twice = [name for name, number in Counter(names).items() if number > 1]
    if twice:
        raise SchemaError(f"The frame has more than one column named '{twice[0]}'", code="BD-WRITE-INPUT")


def _each(given: Iterable[Any]) -> Iterator[Record]:
    for row, record in enumerate(given):
        if not isinstance(record, Mapping):
            raise SchemaError(
                f"Row {row} is a {type(record).__name__}, and a record is a mapping of field names to values",
                code="BD-WRITE-INPUT",
            )
        yield dict(record)


def _wrong(given: Any) -> SchemaError:
    return SchemaError(
        f"A {type(given).__name__} is neither a record nor a collection of records",
        code="BD-WRITE-INPUT",
        hint="Give a dict, an iterable of dicts, a pandas or polars frame, or an Arrow table.",
    )
