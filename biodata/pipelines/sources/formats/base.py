"""What every file format is once a file is opened: columns of known types, and rows in batches."""

from __future__ import annotations

import gzip
import os
import zlib
from contextlib import contextmanager
from errno import EIO
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

import msgspec

from biodata.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

__all__ = ["Bad", "Format", "check_names", "opened", "readable", "unreadable"]

PACKED = ".gz"


class Bad(msgspec.Struct, frozen=True):
    """A row that cannot be read.

    Attributes:
        reason: why, and at which line, without the row's values.
        record: what is known of it.
        placed: whether the values of `record` are known to stand under the names where they belong.
    """

    reason: str
    record: dict[str, Any] = {}
    placed: bool = False
    rule: str = "file"


class Format(Protocol):
    """A file that was opened once to find out its columns, and can be read as often as wanted."""

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, in which a nested field may be a column with a dotted name."""

    @property
    def count(self) -> int | None:
        """How many rows there are, where that is known before all are read."""

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch | Bad]:
        """All rows in order and in constant memory, with these columns."""


def unreadable(path: Path, problem: str, hint: str | None = None) -> SchemaError:
    """The error of a file that cannot be read as what it is said to be."""
    return SchemaError(f"{path}: {problem}", code="BD-PIPELINE-SOURCE", hint=hint)


@contextmanager
def readable(path: Path, kind: str) -> Iterator[None]:
    """What goes wrong inside while the file is read is told as such, without a word of what is in it."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise unreadable(path, "it cannot be unpacked: it is damaged, or its end is missing") from None
    except OSError as error:
        reason = os.strerror(error.errno or EIO).lower() if error.errno else f"it is not {kind}"
        raise unreadable(path, f"it cannot be read: {reason}") from None


def opened(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked where its name ends in `.gz`."""
    return cast("IO[bytes]", gzip.open(path)) if path.suffix.lower() == PACKED else path.open("rb")


def check_names(path: Path, names: Collection[str]) -> None:
    """Go on when each column has a name of its own, case aside, as SQL wants it.

    Raises:
        SchemaError: `BD-PIPELINE-SOURCE`, telling the column.
    """
    seen: dict[str, str] = {}
    for number, name in enumerate(names, start=1):
        if not name.strip():
            hint = "Name it, or leave it out (R: row.names = FALSE; pandas: index=False)"
            raise unreadable(path, f"the column {number} has no name", hint)
        if not name.isprintable():
            hint = "Is it UTF-16, or no text at all? Save it as UTF-8"
            raise unreadable(path, f"the name of the column {number} holds control characters", hint)
        other = seen.setdefault(name.casefold(), name)
        if len(seen) < number:
            more = "" if other == name else f" and {name!r}, which are one name in SQL"
            raise unreadable(path, f"it names a column twice: {other!r}{more}")
