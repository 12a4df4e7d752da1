"""A step's source, bound to connections, files and earlier steps; and reading it into the spool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.pipelines.rows import NUMBER, Rows
from biodata.pipelines.sources.base import located
from biodata.pipelines.sources.contract import contracted
from biodata.pipelines.sources.each import EachSource
from biodata.pipelines.sources.file import FileSource
from biodata.pipelines.sources.sql import SqlSource
from biodata.pipelines.sources.step import StepSource
from biodata.pipelines.sources.table import TableSource
from biodata.pipelines.spec import Extract, FileExtract, SqlExtract, StepExtract
from biodata.pipelines.state.spool import Sealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.pipelines.reports.progress import Progress
    from biodata.pipelines.rows import Fault
    from biodata.pipelines.sources.base import Binding, Source
    from biodata.pipelines.spec import AnyExtract, Step
    from biodata.pipelines.state.spool import Spool
    from biodata.query.tree import Node

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
    extract, each = binding.step.extract, binding.step.each

    def make(one: Binding) -> Source:
        return _of_kind(one, extract, None)

    source = make(binding) if each is None else EachSource(binding, each, make)
    if isinstance(extract, Extract | FileExtract):
        asked = [source.title, *(extract.fields or ())]
        source = contracted(source, extract.contract, asked, binding.memory.seen)
    return source


def _of_kind(binding: Binding, extract: AnyExtract, also: Node | None) -> Source:
    match extract:
        case Extract():
            return TableSource(binding, extract, also)
        case FileExtract():
            return FileSource(binding, extract, also)
        case StepExtract():
            return StepSource(binding, extract)
        case SqlExtract():
            return SqlSource(binding, extract)


def read_into(
    spool: Spool, step: Step, source: Source, progress: Progress, reject: Callable[[Fault], None]
) -> Reading:
    """Read everything that there is into the spool, in constant memory; `reject` may raise to stop."""
    import pyarrow as pa

    faults = 0
    schema = source.schema.append(pa.field(NUMBER, pa.int64()))
    with spool.writer(f"{step.name}.read", schema) as writer:
        for piece in source.rows(spool):
            if isinstance(piece, Rows):
                writer.write(piece.with_numbers().cast(schema))
                progress.advance(len(piece))
            else:
                reject(piece)
                faults += 1
        return Reading(writer.seal(), writer.rows + faults + source.unchanged)
