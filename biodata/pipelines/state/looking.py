"""A SQLite file of the state directory for who only looks: on a disk that cannot be written to as well.

Where the file can be written to, it is opened as for a change: a change that was cut off has to be undone by whoever
opens the file next.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["looked_at", "only_read"]


def only_read(path: Path) -> bool:
    """Whether a file can be read at most; one that is not there, and is not made for looking, too."""
    return not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def looked_at(path: Path, make: Callable[[sqlite3.Connection], object]) -> sqlite3.Connection:
    """The file, opened for reading alone; where there is none, the empty tables that `make` makes, in memory."""
    if path.exists():
        return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
    database = sqlite3.connect(":memory:")
    make(database)
    return database
