"""What people give to a write, as records: a mapping, an iterable of them, a frame, Arrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from biodata.errors import SchemaError

if TYPE_CHECKING:
    from biodata.records.types import Record

__all__ = ["incoming"]


def incoming(given: Any) -> Iterator[Record]:
    """The records given, one by one, each a new dict.

    Raises:
        SchemaError: `BD-WRITE-INPUT`, for what is no record and no collection of records.
    """
    if isinstance(given, Mapping):
        return iter([dict(given)])
    family = type(given).__module__.split(".")[0]
    if family == "pyarrow":
        return _from_arrow(given)
    if family == "pandas":
        return iter(given.to_dict(orient="records"))
    if family == "polars":
        return iter(given.lazy().collect().iter_rows(named=True))
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise _wrong(given)
    return _each(given)


def _from_arrow(given: Any) -> Iterator[Record]:
    from biodata.records.arrow import from_arrow

    if hasattr(given, "to_pylist"):
        yield from from_arrow(given)
        return
    for batch in given:
        yield from from_arrow(batch)


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
