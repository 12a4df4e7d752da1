"""Files and directories for the owner's eyes only, whatever the umask of the process is."""

from __future__ import annotations

import errno
import os
from stat import S_IMODE
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["private_directory", "private_file", "replace_private"]

DIRECTORY, FILE = 0o700, 0o600


def private_directory(path: Path) -> Path:
    """Make the directory, and those above it, where they are not there; what is there stays as it is.

    Raises:
        OSError: it cannot be made, or is no directory.
    """
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=DIRECTORY, exist_ok=True)
        one.chmod(DIRECTORY)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    return path


def private_file(path: Path, flags: int) -> int:
    """A descriptor of the file, which is made when it is not there."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, FILE)
    if S_IMODE(os.fstat(descriptor).st_mode) != FILE:
        os.fchmod(descriptor, FILE)
    return descriptor


def replace_private(path: Path, content: bytes) -> None:
    """Put the content in the file's place at once, so that nobody reads half of it."""
    part = path.with_name(f".{path.name}.part")
    with os.fdopen(private_file(part, os.O_WRONLY | os.O_TRUNC), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
