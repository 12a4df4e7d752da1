"""A SQLite file of the state directory for who only looks: on a disk that cannot be written to as well.

Where the file can be written to, it is opened as for a change: a change that was cut off has to be undone by whoever
opens the file next.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["in_memory", "looked_at", "only_read"]


def only_read(path: Path) -> bool:
    """Whether a file can be read at most; one that is not there, and is not made for looking, too."""
    return not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def looked_at(path: Path) -> sqlite3.Connection:
    """The file, opened for reading alone; where there is none, an empty one in memory.

    Raises:
        OSError: it cannot be read.
    """
    if not path.exists():
        return sqlite3.connect(":memory:")
    os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))  # this says why it cannot, and SQLite does not
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)


def in_memory(file: sqlite3.Connection) -> sqlite3.Connection:
    """A copy, which can be changed while the file stays as it is; the file is closed."""
    copy = sqlite3.connect(":memory:")
    with closing(file):
        file.backup(copy)
    return copy
