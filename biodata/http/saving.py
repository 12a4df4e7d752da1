"""An answer that is written to a file while it comes, so that its size does not matter."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import IO, TYPE_CHECKING

from biodata.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.http.request import Request, Response
    from biodata.http.session import HttpSession

__all__ = ["save"]


def save(
    session: HttpSession,
    request: Request,
    to: IO[bytes] | PathLike[str] | str,
    check: Callable[[Response], None],
    *,
    size: int | None = None,
) -> int:
    """Send a request and write its answer to a path or an open binary file, piece by piece; the number of bytes.

    A file at the path stays as it was until all of the answer is there.

    Args:
        session: sends it.
        request: for something that may be larger than memory.
        to: where to write.
        check: raises where the answer, of which it sees status and headers, is not what was asked for; one of 400
            or more has its body.
        size: bytes that must come, where that is known: a body that is cut looks whole where it comes without a
            length.

    Raises:
        ProtocolError: `BD-REMOTE-SHORT`, not all of it came, or more.
        BiodataError: as `HttpSession.stream`, or what `check` raises.
        OSError: the file cannot be written.
    """
    from biodata.records.files import in_place

    if not isinstance(to, str | PathLike):
        return _copied(session, request, to, check, size)
    with in_place(Path(to).expanduser()) as path, path.open("wb") as file:
        return _copied(session, request, file, check, size)


def _copied(
    session: HttpSession, request: Request, to: IO[bytes], check: Callable[[Response], None], size: int | None
) -> int:
    with session.stream(request) as reply:
        check(reply.response)
        written = sum(map(to.write, reply))
    if size is not None and written != size:
        raise ProtocolError(f"{written} bytes of a file came where it has {size}", code="BD-REMOTE-SHORT")
    return written
