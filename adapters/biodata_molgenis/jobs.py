"""Following what the server does in the background: asked for again and again, with growing pauses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

import msgspec

from biodata.errors import ProtocolError, RemoteError, SchemaError
from biodata.http import Request
from biodata_molgenis.errors import masked
from biodata_molgenis.server import read_json, table_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.http import HttpSession, Response

__all__ = ["finish", "settled"]

T = TypeVar("T")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0


def settled(
    ask: Callable[[], T],
    running: Callable[[T], bool],
    late: RemoteError,
    *,
    limit: float,
    progress: Callable[[T], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """The last state of a job.

    Args:
        ask: gives the state now.
        running: whether that is not the last one.
        late: raised when it still runs after `limit` seconds.
        limit: seconds to wait.
        progress: called with each state that is seen.
        sleep: waits a number of seconds.
    """
    pause, until = _FIRST_PAUSE, time.monotonic() + limit
    while True:
        seen = ask()
        if progress is not None:
            progress(seen)
        if not running(seen):
            return seen
        if time.monotonic() > until:
            raise late
        sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 2)


class _Job(msgspec.Struct, rename="camel"):
    status: str
    progress_message: str = ""


class _Row(msgspec.Struct):
    data: _Job


def finish(session: HttpSession, accepted: Response, *, limit: float) -> None:
    """Wait for the job whose address a 202 of the metadata API gives (protocols/molgenis.md, c).

    Of the address only table and id are taken: its host may be one that is known behind a proxy only. The row of
    such a job is not recorded, so the names of its columns and states are not measured: a state that is not known
    here is a failure, never a success.

    Raises:
        SchemaError: the server could not do it.
        RemoteError: `BD-REMOTE-TIMEOUT`, it goes on after `limit` seconds.
    """
    parts = accepted.headers.get("location", "").split("/")[-2:]
    if len(parts) < 2:  # noqa: PLR2004 - a table and an id
        raise ProtocolError("The server began a job and does not say which", code="BD-REMOTE-FORMAT")
    request = Request(method="GET", path=table_path("data", *parts))
    late = RemoteError(f"The server still works on it after {limit:.0f} s", code="BD-REMOTE-TIMEOUT")
    job = settled(lambda: read_json(session, request, _Row).data, _runs, late, limit=limit)
    if job.status != "SUCCESS":
        raise SchemaError(f"The server refuses the change: {masked(job.progress_message) or 'no reason given'}")


def _runs(job: _Job) -> bool:
    return job.status in {"PENDING", "RUNNING"}
