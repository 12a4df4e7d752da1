"""A file, bound: found, its columns known, nothing of it passed on yet."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biodata.errors import ConfigError, QueryError, SchemaError
from biodata.pipelines.parameters import whole_name
from biodata.pipelines.rows import Fault, Rows, nested, no_rows, top_of
from biodata.pipelines.sources.filters import bound
from biodata.pipelines.sources.formats.base import Bad
from biodata.pipelines.sources.formats.opening import format_named, open_format
from biodata.pipelines.sources.picked import Picked
from biodata.pipelines.sources.remembered import dotted, types_in
from biodata.pipelines.sources.shown import shown
from biodata.pipelines.sources.table import joined
from biodata.query.tree import Always

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.sources.base import Binding
    from biodata.pipelines.spec import FileExtract
    from biodata.pipelines.state.spool import Spool
    from biodata.query.tree import Node
    from biodata.records.types import Key, Record

__all__ = ["FileSource"]

TEXTUAL = ("csv", "tsv")
"""Formats in which every cell is text."""


class FileSource:
    """The rows of a file, perhaps some of them, perhaps some of their fields.

    A row that cannot be read is a fault that names its line; it counts as a row whatever the filter says.

    Raises:
        ConfigError: `BD-PIPELINE-SOURCE`, there is no such file, or its format is not known.
        SchemaError: `BD-PIPELINE-SOURCE`, it is not of that format.
        QueryError: the filter or a field does not fit its columns.
    """

    waits = False
    unchanged = 0

    def __init__(self, binding: Binding, extract: FileExtract, also: Node | None = None) -> None:
        """Find it; `also` is one more filter, joined by AND."""
        self._path = _place(binding, extract)
        self._state = _signature(self._path)
        self._kind = format_named(self._path, extract.format)
        self._file = open_format(self._path, self._kind, dotted(types_in(binding.memory.seen)))
        self._check_unchanged()
        self.title, self.where = extract.path, shown(extract.where, binding.hidden)
        flat = self._file.schema
        where = joined(bound(extract.where, binding.values), also)
        with _typed(self._kind):
            self._picked = Picked(self._path.name, nested(no_rows(flat)).schema, where, extract.fields)
        self._names = [name for name in flat.names if top_of(name, flat.names) in self._picked.needs]
        self._all = where == Always()
        self._tells = not binding.hidden
        self.schema = self._picked.schema
        self.notes: list[str] = []

    def count(self) -> int | None:
        return self._file.count if self._all else None

    def key_of(self, record: Record) -> Key:  # noqa: ARG002 - a file does not say which field is its key
        return None

    def explain(self) -> str | None:
        lines = [self.title, f"  read      {', '.join(self._names)}"]
        lines += [f"  filter    {self.where}"] if self.where else []
        here = f"read the whole file ({self._kind})" + ("" if self._all else ", then check the filter")
        return "\n".join([*lines, f"  here      {here}"])

    def rows(self, spool: Spool) -> Iterator[Rows | Fault]:  # noqa: ARG002 - the shape of a Source
        self._check_unchanged()
        number = 1
        for piece in self._file.batches(self._names):
            if isinstance(piece, Bad):
                yield self._fault(number, piece)
                number += 1
                continue
            picked = self._picked.of(nested(piece))
            yield Rows.counted(picked, number)
            number += picked.num_rows
        self._check_unchanged()

    def seen(self) -> dict[str, Any]:
        return {}

    def _fault(self, number: int, bad: Bad) -> Fault:
        """Where a clear value may stand in any place of a row, the row is not kept."""
        record = bad.record if bad.placed or self._tells else {}
        return Fault(number, "extract", bad.rule, bad.reason, record=record)

    def _check_unchanged(self) -> None:
        if _signature(self._path) != self._state:
            raise SchemaError(
                f"{self._path} was changed while it was read",
                code="BD-PIPELINE-SOURCE-CHANGED",
                hint="Run it again when whoever writes the file is done",
            )


def _place(binding: Binding, extract: FileExtract) -> Path:
    """What the pipeline file itself names is relative to it; what is named at the start of a run is not."""
    name, each = whole_name(extract.path), binding.step.each
    text = extract.path if name is None else str(binding.values[name])
    written = name is None or (each is not None and each.name == name and not isinstance(each.values, str))
    path = Path(text).expanduser()
    return Path(binding.file).parent / path if written else path


@contextmanager
def _typed(kind: str) -> Iterator[None]:
    """A text that is compared with a number would be one by its letters: quotes are no help here."""
    try:
        yield
    except QueryError as error:
        if kind in TEXTUAL and error.code == "BD-QUERY-VALUE":
            error.hint = f"Cells of {kind} are text: make numbers of them in columns, and ask in a later step"
        raise


def _signature(path: Path) -> tuple[int, ...]:
    """What is another when the file is another, or was written to."""
    if not path.is_file():
        raise ConfigError(f"There is no file {path}", code="BD-PIPELINE-SOURCE")
    found = path.stat()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
