"""The spool: a run's own directory of sealed Parquet files, for the owner's eyes only, removed at the run's end.

A file is written under another name and gets its own when it is complete, so what can be read is whole.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from biodata.errors import ConfigError
from biodata.pipelines.state.private import private_directory, private_file, usable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    import pyarrow as pa

__all__ = ["BATCH_ROWS", "Sealed", "Spool", "SpoolWriter"]

BATCH_ROWS = 4096
"""Rows that are held in memory at once."""


class Sealed(msgspec.Struct, frozen=True):
    """A complete file of the spool."""

    path: Path
    rows: int

    def schema(self) -> pa.Schema:
        """Its Arrow schema."""
        import pyarrow.parquet as pq

        with _whole(self.path):
            return pq.read_schema(self.path)

    def batches(self, size: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Its rows in order, at most `size` at a time.

        Raises:
            ConfigError: `BD-PIPELINE-RESUME`, it is broken; `schema` likewise.
        """
        import pyarrow.parquet as pq

        with _whole(self.path), pq.ParquetFile(self.path) as file:
            yield from file.iter_batches(batch_size=size)


class SpoolWriter:
    """A file of the spool while it is written."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        import pyarrow.parquet as pq

        self.path = path
        self.schema = schema
        self.part = path.with_name(path.name + ".part")
        self.rows = 0
        with _told(path):
            self._file = os.fdopen(private_file(self.part, os.O_WRONLY | os.O_TRUNC), "wb")
        self._writer = pq.ParquetWriter(self._file, schema, compression="zstd")

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, the disk is full or broken; `seal` likewise.
        """
        if batch.num_rows:
            with _told(self.path):
                self._writer.write_batch(batch)
            self.rows += batch.num_rows

    def seal(self) -> Sealed:
        """Complete the file and give it its name."""
        with _told(self.path):
            self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self.part.rename(self.path)
        return Sealed(self.path, self.rows)

    def abandon(self) -> None:
        """Close without a name; the part goes with the spool."""
        if not self._file.closed:
            with suppress(Exception):  # what made us abandon it is the error to tell
                self._writer.close()
            with suppress(OSError):
                self._file.close()


def _told(path: Path) -> AbstractContextManager[None]:
    """A disk that takes no more is the computer's trouble, and told as such."""
    return usable("The spool", path.parent, "written")


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """What cannot be read any more is told."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError):
        message = f"What was sealed in {path} cannot be read any more"
        raise ConfigError(message, code="BD-PIPELINE-RESUME", hint="Start anew with --restart") from None


class Spool:
    """The directory, made when this is and it is not there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with usable("The spool", directory):
            private_directory(directory)

    def sealed(self, name: str) -> Sealed | None:
        """A file that was sealed under that name, perhaps by a process that is gone; None where there is none.

        Raises:
            ConfigError: `BD-PIPELINE-RESUME`, it is broken.
        """
        import pyarrow.parquet as pq

        path = self.directory / f"{name}.parquet"
        with _whole(path):
            return Sealed(path, pq.read_metadata(path).num_rows) if path.is_file() else None

    @contextmanager
    def writer(self, name: str, schema: pa.Schema) -> Iterator[SpoolWriter]:
        """A new file; call `seal()` on it when all is written."""
        writer = SpoolWriter(self.directory / f"{name}.parquet", schema)
        try:
            yield writer
        finally:
            writer.abandon()

    def remove(self) -> None:
        """Remove the directory with all that it holds."""
        shutil.rmtree(self.directory, ignore_errors=True)
