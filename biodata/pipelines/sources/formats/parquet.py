"""parquet: columns with the types that they have there, in the widths in which biodata keeps values."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from biodata.errors import SchemaError
from biodata.pipelines.loading.tables import plain_type
from biodata.pipelines.sources.formats.base import Bad, check_names, readable, unreadable
from biodata.pipelines.state.spool import BATCH_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

__all__ = ["Parquet"]


class Parquet:
    """A parquet file.

    Raises:
        SchemaError: `BD-PIPELINE-SOURCE`, it is none, or names a column twice; `BD-PIPELINE-TYPE`, its numbers have
            more decimals than any number here.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._path = path
        with self._told(), pq.ParquetFile(path) as file:
            self.count, found = file.metadata.num_rows, file.schema_arrow
        check_names(path, found.names)
        _raise_for_decimals(path, found)
        self.schema = pa.schema([field.with_type(_plain(field.type)) for field in found])

    @contextmanager
    def _told(self) -> Iterator[None]:
        import pyarrow as pa

        with readable(self._path, "parquet"):
            try:
                yield
            except pa.ArrowException:
                raise unreadable(self._path, "it is not parquet, or it is damaged") from None

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch | Bad]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema, rows = pa.schema([self.schema.field(name) for name in names]), 0
        with self._told(), pq.ParquetFile(self._path) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=list(names)):
                yield from self._cast(batch.select(list(names)), schema, rows)
                rows += batch.num_rows
        if rows != self.count:
            raise unreadable(self._path, f"it says that it has {self.count:,} rows, and has {rows:,}")

    def _cast(self, batch: pa.RecordBatch, schema: pa.Schema, before: int) -> Iterator[pa.RecordBatch | Bad]:
        """The rows in the types wanted, in pieces where there is one whose value would lose something."""
        cast = _tried(batch, schema)
        if cast is not None:
            yield cast
        elif batch.num_rows == 1:
            values = {name: _tried(batch.select([name]), _only(schema, name)) for name in schema.names}
            record = {name: _value(one, batch.column(name)) for name, one in values.items()}
            reason = f"row {before + 1}: a value cannot be kept as it is, say a moment finer than a microsecond"
            yield Bad(reason, record, placed=True, rule=next(name for name, one in values.items() if one is None))
        else:
            half = batch.num_rows // 2
            yield from self._cast(batch.slice(0, half), schema, before)
            yield from self._cast(batch.slice(half), schema, before + half)


def _raise_for_decimals(path: Path, found: pa.Schema) -> None:
    for field in found:
        if "decimal256" in str(_plain(field.type)):
            problem = f"{path}: the column {field.name!r} is of type {field.type}, which cannot be kept"
            hint = "Write it with 38 decimals at most, or as text"
            raise SchemaError(problem, code="BD-PIPELINE-TYPE", hint=hint)


def _plain(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if isinstance(kind, pa.BaseExtensionType):
        return _plain(kind.storage_type)
    return plain_type(pa.list_(kind.value_type) if pa.types.is_fixed_size_list(kind) else kind)


def _tried(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch | None:
    import pyarrow as pa

    try:
        return batch.cast(schema)
    except pa.ArrowInvalid:
        return None


def _value(cast: pa.RecordBatch | None, column: Any) -> Any:
    """The one value of a column; as text where it cannot be kept as it is."""
    import pyarrow as pa

    if cast is not None:
        return cast.column(0)[0].as_py()
    try:
        return column.cast(pa.string())[0].as_py()
    except pa.ArrowException:
        return None


def _only(schema: pa.Schema, name: str) -> Any:
    import pyarrow as pa

    return pa.schema([schema.field(name)])
