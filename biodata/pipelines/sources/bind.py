"""A step's source, bound to connections, files and earlier steps; and reading it into the spool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.errors import ConfigError
from biodata.pipelines.rows import NUMBER, Rows
from biodata.pipelines.sources.base import located
from biodata.pipelines.sources.content import ContentSource
from biodata.pipelines.sources.contract import contracted
from biodata.pipelines.sources.each import EachSource
from biodata.pipelines.sources.file import FileSource
from biodata.pipelines.sources.incremental import CursorSource, check_incremental
from biodata.pipelines.sources.pseudonyms import PseudonymSource
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
    extract = binding.step.extract
    if not isinstance(extract, Extract | FileExtract):
        _raise_for_late_pseudonyms(binding.step)
        return _each(binding, extract, None)
    source = _new_only(binding, extract)
    asked = [source.title, *(extract.fields or ())]
    source = contracted(source, extract.contract, asked, binding.memory.seen)
    if binding.step.pseudonyms:
        source = PseudonymSource(source, binding)
    by_content = extract.incremental is not None and extract.incremental.cursor is None
    return ContentSource(source, binding, extract) if by_content else source


def _raise_for_late_pseudonyms(step: Step) -> None:
    """What earlier steps made, and the tables of a SELECT, lie in the spool before a row of this step is read."""
    if step.pseudonyms:
        raise ConfigError(
            "pseudonymise: the clear values would be in the spool already",
            code="BD-PIPELINE-PSEUDONYM",
            hint="It stands in the step that reads the field from its table or file (from, file)",
        )


def _new_only(binding: Binding, extract: Extract | FileExtract) -> Source:
    """The source, from its cursor on where it has one."""
    incremental = extract.incremental
    if incremental is not None:
        check_incremental(binding.step, incremental)
    if incremental is None or incremental.cursor is None:
        return _each(binding, extract, None)
    return CursorSource(binding, extract, incremental, lambda one, also: _each(binding, one, also))


def _each(binding: Binding, extract: AnyExtract, also: Node | None) -> Source:
    """The source, once for each value where there are some."""
    each = binding.step.each
    if each is None:
        return _of_kind(binding, extract, also)
    return EachSource(binding, each, lambda one: _of_kind(one, extract, also))


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
