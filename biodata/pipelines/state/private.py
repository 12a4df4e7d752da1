"""Files and directories for the owner's eyes only, whatever the umask of the process is; and what to do where not."""

from __future__ import annotations

import logging
import os
import pwd
from contextlib import contextmanager
from errno import EACCES, EDQUOT, EFBIG, EIO, ENOSPC, ENOTDIR, EPERM, EROFS
from pathlib import Path
from stat import S_IMODE, S_ISREG
from typing import TYPE_CHECKING

from biodata.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["private_directory", "private_file", "replace_private", "usable", "user_name"]

DIRECTORY, FILE = 0o700, 0o600
OTHERS = 0o077
log = logging.getLogger("biodata.state")


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
        raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR), str(path))
    return path


def private_file(path: Path, flags: int) -> int:
    """A descriptor of the file, which is made when it is not there; one that others could read is private again."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, FILE)
    try:
        found = os.fstat(descriptor).st_mode
        mode = S_IMODE(found) if S_ISREG(found) else FILE  # a device's mode is not ours to change
        if mode != FILE:
            os.fchmod(descriptor, FILE)
    except OSError as error:
        os.close(descriptor)
        raise OSError(error.errno, error.strerror, str(path)) from None
    if mode & OTHERS:
        log.warning("%s could be used by others (mode %04o); it is for you alone again", path, mode)
    return descriptor


def replace_private(path: Path, content: bytes) -> None:
    """Put the content in the file's place at once, so that nobody reads half of it."""
    part = path.with_name(f".{path.name}.part")
    with os.fdopen(private_file(part, os.O_WRONLY | os.O_TRUNC), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


@contextmanager
def usable(what: str, path: Path, done: str = "used") -> Iterator[None]:
    """What goes wrong with a file of the state directory is told with the place, the reason and what to do.

    Args:
        what: the file in words, at the beginning of a sentence.
        path: of the file.
        done: what it cannot be: used, written, read.

    Raises:
        ConfigError: `BD-CONFIG-STATE`.
    """
    try:
        yield
    except OSError as error:
        reason, hint = _why(error, path)
        message = f"{what} {path} cannot be {done}: {reason}"
        raise ConfigError(message, code="BD-CONFIG-STATE", hint=hint) from None


def user_name(uid: int) -> str:
    """The system's name of a user; the number where it has none, as in a container."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _why(error: OSError, path: Path) -> tuple[str, str]:
    """What is wrong, and what to do."""
    reason = error.strerror or os.strerror(error.errno or EIO)
    if error.errno in {ENOSPC, EDQUOT, EFBIG}:
        return reason, "Make room, or set BIODATA_STATE to a directory on another disk"
    if error.errno not in {EACCES, EPERM, EROFS}:
        return reason, "Set BIODATA_STATE to another directory"
    place = _nearest(Path(os.fsdecode(error.filename or path)))
    owner, mine = place.stat().st_uid, os.geteuid()
    if owner != mine:
        mine_name, owner_name = user_name(mine), user_name(owner)
        return (
            f"{reason}; {place} belongs to {owner_name}, and you are {mine_name}",
            f"Run it as {owner_name}, give {place} to {mine_name} (chown), or set BIODATA_STATE to another directory",
        )
    return reason, f"Give yourself the right to it (chmod u+rwX {place}), or set BIODATA_STATE to another directory"


def _nearest(path: Path) -> Path:
    """What keeps somebody out: the file, or the directory above it that is there, or may not be looked into."""
    for one in (path, *path.absolute().parents):
        try:
            one.stat()
        except OSError:
            continue
        return one
    return Path("/")
