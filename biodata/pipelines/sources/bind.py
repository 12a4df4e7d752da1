"""A step's source, bound to connections, files and earlier steps; and reading it into the spool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.pipelines.rows import NUMBER, Rows
from biodata.pipelines.sources.base import located
from biodata.pipelines.sources.sql import SqlSource
from biodata.pipelines.sources.step import StepSource
from biodata.pipelines.sources.table import TableSource
from biodata.pipelines.spec import Extract, SqlExtract, StepExtract
from biodata.pipelines.state.spool import Sealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.pipelines.reports.progress import Progress
    from biodata.pipelines.rows import Fault
    from biodata.pipelines.sources.base import Binding, Source
    from biodata.pipelines.spec import Step
    from biodata.pipelines.state.spool import Spool

__all__ = ["Reading", "bind", "located", "read_into"]


class Reading(msgspec.Struct, frozen=True):
    """What came of reading a source.

    Attributes:
        sealed: the rows, each with its number.
        rows: how many the source gave, those among them that were rejected while they were read, and those that
            are not in `sealed` because they are as they were at the last run.
    """

    sealed: Sealed
    rows: int


def bind(binding: Binding) -> Source:
    """The step's source.

    Raises:
        BiodataError: whatever does not fit; nothing has been read.
    """
    extract = binding.step.extract
    if isinstance(extract, Extract):
        return TableSource(binding, extract)
    if isinstance(extract, StepExtract):
        return StepSource(binding, extract)
    if isinstance(extract, SqlExtract):
        return SqlSource(binding, extract)
    raise NotImplementedError


def read_into(
    spool: Spool, step: Step, source: Source, progress: Progress, reject: Callable[[Fault], None]
) -> Reading:
    """Read everything that there is into the spool, in constant memory; `reject` may raise to stop."""
    import pyarrow as pa

    last = 0
    schema = source.schema.append(pa.field(NUMBER, pa.int64()))
    with spool.writer(f"{step.name}.read", schema) as writer:
        for piece in source.rows(spool):
            if isinstance(piece, Rows):
                writer.write(piece.with_numbers().cast(schema))
                progress.advance(len(piece))
                last = max(last, piece.numbers[-1].as_py() if len(piece) else 0)
            else:
                reject(piece)
                last = max(last, piece.row)
        return Reading(writer.seal(), last)
