"""A file of JSON lines that only grows, each line holding the hash of the one before it.

Who changes, removes, swaps or inserts a line breaks the chain from there on. A tail that is cut off breaks nothing,
so the number of lines and the hash of the last stand in a second file too, the head. It is there before the first
line, and is written after each line: a process that dies in between leaves one line more than it says, and no harm
done. A witness is a file that is made behind the first head, so where it is without a head, that was removed.
"""

from __future__ import annotations

import fcntl
import logging
import os
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from biodata.pipelines.state.damage import newer
from biodata.pipelines.state.instants import instant
from biodata.pipelines.state.private import private_directory, private_file, replace_private, usable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["ChainedFile", "Head", "sealed", "unsealed"]

FORMAT = 1
"""Of the lines, as the end says it; one of an older version of biodata says nothing and is the same."""
WHAT = "The audit log"
SEAL = b',"hash":"'
BLOCK = 65_536
log = logging.getLogger("biodata.audit")


class Head(msgspec.Struct, frozen=True):
    """The end of a chain: how many lines there are, and the hash of the last; empty where there is none."""

    lines: int = 0
    hash: str = ""
    format: int = FORMAT


def sealed(facts: dict[str, Any], head: Head) -> tuple[bytes, Head]:
    """The facts as the line that follows a head, and the head that it makes; the hash is over all bytes before it."""
    body = msgspec.json.encode({"n": head.lines + 1, "previous": head.hash, **facts})
    seal = sha256(body).hexdigest()
    return body[:-1] + SEAL + seal.encode() + b'"}\n', Head(head.lines + 1, seal)


def unsealed(line: bytes) -> dict[str, Any] | None:
    """The facts of a line; None where it is not as it was written."""
    body, seal, rest = line.rpartition(SEAL)
    if not seal or rest != sha256(body + b"}").hexdigest().encode() + b'"}\n':
        return None
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError:  # sealed by somebody else's program
        return None


class ChainedFile:
    """A chained file; `head_path` is where its end is noted, `torn_path` where half lines are kept.

    Args:
        path: of the file.
        witness: a file that its user makes behind `begin`.
    """

    def __init__(self, path: Path, witness: Path) -> None:
        self.path = path
        self._witness = witness
        self.head_path = path.with_suffix(".head")
        self.torn_path = path.with_suffix(".torn")

    @property
    def witnessed(self) -> bool:
        """Whether there was a head once.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, that cannot be seen.
        """
        with usable(WHAT, self.path, "read"):
            return self._witness.exists()

    def begin(self) -> None:
        """Make the head, where no line was ever written.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, it cannot be written, or the log is of a newer version of biodata.
        """
        with self._open() as file:
            self._head(file)

    def append(self, facts: Mapping[str, Any]) -> None:
        """Add a line, and be sure that it is on the disk.

        A last line that was not written to its end is set aside, and lines that are gone are noticed: both are told
        by a line of their own, and the chain goes on.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, the file cannot be written, or is of a newer version of biodata.
        """
        with self._open() as file:
            noted = self._head(file)
            torn, head = self._end(file)
            noticed = [self._set_aside(file, torn)] if torn else []
            if _is_gone(head, noted):
                log.warning("Lines of the audit log %s are gone; biodata runs verify says which", self.path)
                noticed.append({"event": "gap", "noted": msgspec.to_builtins(noted)})
            for one in (*noticed, facts):
                line, head = sealed({"time": instant(), **one}, head)
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
                replace_private(self.head_path, msgspec.json.encode(head))

    def check(self) -> None:
        """See that a line could be added, where there is a file.

        Raises:
            ConfigError: as `append`.
        """
        with usable(WHAT, self.path):
            there = self.path.exists()
        if there:
            with self._open():
                self.noted()

    def noted(self) -> Head | None:
        """The end as it was noted; None where it was not.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, it cannot be read, or the log is of a newer version of biodata.
        """
        try:
            with usable(WHAT, self.head_path, "read"):
                content = self.head_path.read_bytes() if self.head_path.exists() else b""
            found = msgspec.json.decode(content, type=Head)
        except msgspec.DecodeError:
            return None
        if found.format > FORMAT:
            raise newer(WHAT, self.path, found.format, FORMAT)
        return found

    def lines(self) -> Iterator[bytes]:
        """The lines as they are in the file, from the first on.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, it cannot be read.
        """
        with usable(WHAT, self.path, "read"):
            if self.path.exists():
                with self.path.open("rb") as file:
                    yield from file

    def facts(self) -> Iterator[dict[str, Any]]:
        """What the lines say that are as they were written."""
        return (facts for facts in map(unsealed, self.lines()) if facts)

    def _head(self, file: BinaryIO) -> Head | None:
        """The end as it was noted, made at the very beginning; None where it is not there any more."""
        noted = self.noted()
        if noted is None and not self.witnessed and not file.seek(0, os.SEEK_END):
            noted = Head()
            replace_private(self.head_path, msgspec.json.encode(noted))
        return noted

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        """The file for this process alone until the block ends."""
        with usable(WHAT, self.path, "written"):
            private_directory(self.path.parent)
            with os.fdopen(private_file(self.path, os.O_RDWR | os.O_APPEND), "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file

    def _end(self, file: BinaryIO) -> tuple[bytes, Head]:
        """What comes after the last line that is whole, and that line's head."""
        size = start = file.seek(0, os.SEEK_END)
        tail = b""
        while start and tail.count(b"\n") < 2:  # noqa: PLR2004 - the last line, and the end of the one before
            start = max(0, start - BLOCK)
            file.seek(start)
            tail = file.read(size - start)
        whole, newline, torn = tail.rpartition(b"\n")
        facts = unsealed(whole.rpartition(b"\n")[2] + newline) if newline else {}
        if facts is None or (facts and not isinstance(facts.get("n"), int)):
            return torn, Head((self.noted() or Head()).lines)  # whatever it says: on behind what was noted
        return torn, Head(facts["n"], _hash(whole)) if facts else Head()

    def _set_aside(self, file: BinaryIO, torn: bytes) -> dict[str, Any]:
        log.warning("The last line of the audit log %s was cut off; it is kept in %s", self.path, self.torn_path)
        with os.fdopen(private_file(self.torn_path, os.O_WRONLY | os.O_APPEND), "ab") as aside:
            aside.write(torn + b"\n")
            aside.flush()
            os.fsync(aside.fileno())
        file.truncate(file.seek(0, os.SEEK_END) - len(torn))
        return {"event": "repaired", "bytes": len(torn)}


def _hash(line: bytes) -> str:
    return line.rpartition(SEAL)[2].partition(b'"')[0].decode()


def _is_gone(head: Head, noted: Head | None) -> bool:
    """Whether lines that were noted are not there any more."""
    if noted is None:
        return True
    return noted.lines > head.lines or (noted.lines == head.lines and noted.hash != head.hash)
