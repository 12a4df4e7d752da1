"""Answers that are written to a file while they come."""

from __future__ import annotations

import io
import tracemalloc
from typing import TYPE_CHECKING

import pytest

import biodata
from biodata.http import HttpSession, Request, Response, save
from tests.core.loopback import Answer, Loopback, script

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 64 << 20
REQUEST = Request(method="GET", path="reads.bam")


def anything(_: Response) -> None:
    """The answer is what was asked for."""


def refused(response: Response) -> None:
    """It is not."""
    raise biodata.NotFound(f"{response.status} {response.text}")


def test_a_large_answer_is_never_in_memory(tmp_path: Path) -> None:
    with Loopback(script(Answer(body=bytes(SIZE)))) as server, HttpSession(server.url) as session:
        tracemalloc.start()
        written = save(session, REQUEST, tmp_path / "reads.bam", anything)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert written == (tmp_path / "reads.bam").stat().st_size == SIZE
    assert most < 16 << 20


def test_an_open_file_is_written_to() -> None:
    with Loopback(script(Answer(body=b"reads"))) as server, HttpSession(server.url) as session:
        out = io.BytesIO(b"")
        assert save(session, REQUEST, out, anything) == 5
    assert out.getvalue() == b"reads"


@pytest.mark.parametrize(
    ("answer", "check", "error"),
    [
        (Answer(body=b"part", length=1000), anything, biodata.ProtocolError),
        (
            Answer(body=b"half of i", length=None, headers={"Transfer-Encoding": "chunked"}),
            anything,
            biodata.RemoteError,
        ),
        (Answer(status=404, body=b"not here"), refused, biodata.NotFound),
        (Answer(body=b"a login page"), refused, biodata.NotFound),
    ],
    ids=["cut", "cut within chunks", "refused", "something else"],
)
def test_a_file_that_is_there_stays_until_all_has_come(tmp_path: Path, answer, check, error) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "reads.bam"
    path.write_bytes(b"as it was")
    with Loopback(script(answer)) as server, HttpSession(server.url) as session, pytest.raises(error):
        save(session, REQUEST, path, check)
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("reads.bam", b"as it was")]


@pytest.mark.parametrize("size", [4, 6])
def test_a_file_of_another_size_than_is_known_is_not_kept(tmp_path: Path, size: int) -> None:
    path = tmp_path / "reads.bam"
    path.write_bytes(b"as it was")
    there = Loopback(script(Answer(body=b"reads")))
    with there, HttpSession(there.url) as session, pytest.raises(biodata.ProtocolError, match="5 bytes") as caught:
        save(session, REQUEST, path, anything, size=size)
    assert (caught.value.code, path.read_bytes()) == ("BD-REMOTE-SHORT", b"as it was")


def test_what_the_server_says_of_a_refusal_is_there_to_read() -> None:
    there = Loopback(script(Answer(status=404, body=b"not here")))
    with there, HttpSession(there.url) as session, pytest.raises(biodata.NotFound, match="404 not here"):
        save(session, REQUEST, io.BytesIO(), refused)
