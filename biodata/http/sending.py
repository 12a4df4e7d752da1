"""A body that is read from files while it is sent, so that its size does not matter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from biodata.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Pieces", "joined"]

_PIECE = 1 << 16


class Pieces(msgspec.Struct, frozen=True):
    """Bytes and files, one after the other; `sizes` are those of when the body was made."""

    parts: tuple[bytes | Path, ...]
    sizes: tuple[int, ...]

    def __len__(self) -> int:
        """Bytes in all."""
        return sum(self.sizes)

    def open(self) -> Reading:
        """The body from its start; once for every time that it is sent."""
        return Reading(self)


class Reading:
    """What requests and urllib3 take for an open file: it has a length, and can be read and iterated over."""

    def __init__(self, pieces: Pieces) -> None:
        self._length = len(pieces)
        self._pieces = _read(pieces)
        self._left = b""

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read(_PIECE):
            yield piece

    def read(self, size: int = _PIECE) -> bytes:
        """At most `size` bytes; empty at the end.

        Raises:
            ConfigError: `BD-CONFIG-FILE`, a file is gone or has another size now.
        """
        piece = self._left or next(self._pieces, b"")
        self._left = piece[size:]
        return piece[:size]


def joined(parts: Sequence[bytes | Path]) -> bytes | Pieces:
    """The parts as one body: bytes where all are.

    Raises:
        ConfigError: `BD-CONFIG-FILE`, a file is not there.
    """
    known = [part for part in parts if isinstance(part, bytes)]
    if len(known) == len(parts):
        return b"".join(known)
    return Pieces(tuple(parts), tuple(map(_size, parts)))


def _size(part: bytes | Path) -> int:
    if isinstance(part, bytes):
        return len(part)
    try:
        return part.stat().st_size
    except OSError as error:
        raise _unreadable(part, error.strerror) from None


def _read(pieces: Pieces) -> Iterator[bytes]:
    for part, size in zip(pieces.parts, pieces.sizes, strict=True):
        if isinstance(part, bytes):
            yield part
            continue
        try:
            with part.open("rb") as file:
                yield from _exactly(file, size)
        except (OSError, EOFError) as error:
            raise _unreadable(part, getattr(error, "strerror", None)) from None


def _exactly(file: BinaryIO, size: int) -> Iterator[bytes]:
    """What was promised as the length: more would be taken for the next request, less waited for."""
    while size:
        piece = file.read(min(_PIECE, size))
        if not piece:
            raise EOFError
        size -= len(piece)
        yield piece


def _unreadable(path: Path, why: str | None) -> ConfigError:
    return ConfigError(f"{path} cannot be sent: {why or 'it became shorter'}", code="BD-CONFIG-FILE")
