"""Tabular: what every answer of many records can be made into, frames and files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path as FilePath

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from biodata.records.types import Path, Record

__all__ = ["Tabular"]

PREVIEW = 10
"""Records that a notebook shows."""


class Tabular(ABC):
    """Records with the same fields in the same order, which can be iterated again and again."""

    @property
    @abstractmethod
    def table(self) -> str:
        """The name of the table that the records come from."""

    @property
    @abstractmethod
    def fields(self) -> tuple[Path, ...]:
        """The paths of the fields in each record, in order."""

    @property
    @abstractmethod
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema of the answer; nested paths are columns with dotted names."""

    @abstractmethod
    def __iter__(self) -> Iterator[Record]: ...

    @abstractmethod
    def to_batches(self, size: int | None = None) -> Iterator[pa.RecordBatch]:
        """Arrow record batches of at most `size` rows."""

    def to_records(self) -> list[Record]:
        """All records, in a list."""
        return list(self)

    def to_arrow(self) -> pa.Table:
        """All records as one Arrow table."""
        import pyarrow as pa

        return pa.Table.from_batches(self.to_batches(), schema=self.arrow_schema)

    def to_pandas(self) -> pd.DataFrame:
        """All records as a pandas frame with Arrow-backed columns: ints stay ints, "NA" stays text."""
        import pandas as pd

        return self.to_arrow().to_pandas(types_mapper=pd.ArrowDtype)

    def to_polars(self) -> pl.DataFrame:
        """All records as a polars frame."""
        import polars as pl

        frame = pl.from_arrow(self.to_arrow())
        if not isinstance(frame, pl.DataFrame):
            raise TypeError("polars made no frame of an Arrow table")
        return frame

    def write(self, path: FilePath | str, format: str | None = None) -> int:  # noqa: A002 - the field's word
        """Write all records to a file, in constant memory; the number of records written.

        Args:
            path: written beside it first and then put in its place, so that a broken read leaves no half file.
            format: json, ndjson, csv, tsv, parquet, arrow or xlsx; by the file's ending when None.
        """
        from biodata.records.files import write_result

        return write_result(self, path, format)

    def _repr_html_(self) -> str:
        from biodata.records.display import or_note

        return or_note(self._preview)

    def _preview(self) -> str:
        from biodata.records.display import records_html

        shown = list(islice(self, PREVIEW + 1))
        note = f"the first {PREVIEW}" if len(shown) > PREVIEW else f"{len(shown)} records"
        return records_html(shown[:PREVIEW], [".".join(path) for path in self.fields], note=note)
