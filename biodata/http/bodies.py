"""Reading a body: unpacked, whole or refused, and never larger than allowed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Protocol

from biodata.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PIECE = 1 << 20
_GZIP = 31  # zlib's number for a gzip header and its checksum


class Raw(Protocol):
    """What is used of urllib3's response; it compares Content-Length with what came."""

    def read(self, amt: int, *, decode_content: bool) -> bytes:
        """At most `amt` bytes, empty at the end."""


class CutBody(Exception):
    """The body ended before its end."""


def pieces(raw: Raw, encoding: str) -> Iterator[bytes]:
    """The body, unpacked, in pieces of about 1 MiB.

    Raises:
        ProtocolError: an encoding that was not asked for, or a broken one.
        CutBody: packed data that end too early; a cut Content-Length is urllib3's IncompleteRead.
    """
    if encoding.lower() in {"", "identity"}:
        return _read(raw)
    if encoding.lower() in {"gzip", "x-gzip"}:
        return _gunzip(_read(raw))
    raise ProtocolError(f"An answer came packed as {encoding!r}, which was not asked for")


def limited(parts: Iterable[bytes], limit: int) -> bytes:
    """All parts joined.

    Raises:
        ProtocolError: more than `limit` bytes.
    """
    found: list[bytes] = []
    size = 0
    for part in parts:
        size += len(part)
        if size > limit:
            raise too_large(limit)
        found.append(part)
    return b"".join(found)


def too_large(limit: int) -> ProtocolError:
    """The error of a body over the limit, in bytes."""
    return ProtocolError(
        f"An answer is larger than {limit} bytes",
        code="BD-REMOTE-SIZE",
        hint="Ask for fewer fields, or for smaller pages with page_size in the profile",
    )


def _read(raw: Raw) -> Iterator[bytes]:
    while part := raw.read(_PIECE, decode_content=False):
        yield part


def _gunzip(packed: Iterable[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(_GZIP)
    begun = False
    try:
        for part in packed:
            rest, begun = part, True
            while rest:
                if inflater.eof:
                    inflater = zlib.decompressobj(_GZIP)
                yield inflater.decompress(rest, _PIECE)
                rest = inflater.unconsumed_tail or inflater.unused_data
        yield inflater.flush()
    except zlib.error:
        raise ProtocolError("An answer that should be gzip is not", code="BD-REMOTE-FORMAT") from None
    if begun and not inflater.eof:
        raise CutBody
