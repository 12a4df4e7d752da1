"""Reading what was packed without believing it: a few bytes can unpack to more than any disk holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.errors import ProtocolError

if TYPE_CHECKING:
    from io import BufferedIOBase

__all__ = ["Bounded"]

_AT_ONCE = 1 << 20


class Bounded:
    """A file that is read forwards only, in pieces of at most 1 MiB, and no further than some bytes.

    Args:
        file: what is read.
        most: how many bytes of it there may be.
    """

    def __init__(self, file: BufferedIOBase, most: int) -> None:
        self._file = file
        self._most = most

    def read(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            ProtocolError: `BD-REMOTE-FORMAT`, these are too many.
        """
        if not 0 <= size <= _AT_ONCE:
            raise self._strange()
        self._check(self._file.tell() + size)
        return self._file.read(size)

    def seek(self, position: int) -> int:
        """Go forwards.

        Raises:
            ProtocolError: `BD-REMOTE-FORMAT`, it is too far, or backwards.
        """
        if position < self._file.tell():
            raise self._strange()
        self._check(position)
        return self._file.seek(position)

    def tell(self) -> int:
        """How far it was read."""
        return self._file.tell()

    def _check(self, position: int) -> None:
        if position > self._most:
            raise ProtocolError(
                f"The archive of an export unpacks to more than {self._most:,} bytes, which is more than these "
                "records can be",
                code="BD-REMOTE-FORMAT",
            )

    def _strange(self) -> ProtocolError:
        return ProtocolError("The archive of an export is no proper archive", code="BD-REMOTE-FORMAT")
