"""Bodies that are read from files while they are sent."""

from __future__ import annotations

import socket
import threading
import tracemalloc
from typing import TYPE_CHECKING

import pytest

import biodata
from biodata.http import FormFile, HttpSession, Request, RetryPolicy, Timeouts, multipart, was_maybe_sent
from biodata.http.sending import Pieces
from tests.core.loopback import Answer, Loopback, script

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 64 << 20


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bam"
    with path.open("wb") as file:
        file.truncate(SIZE)
    return path


def test_a_large_file_is_never_in_memory(large: Path) -> None:
    body, _ = multipart({"name": "x"}, [FormFile("file", large.name, large)])
    assert isinstance(body, Pieces)
    tracemalloc.start()
    read = sum(map(len, body.open()))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read == len(body) > SIZE
    assert most < 1 << 20


def test_it_is_the_same_body_as_of_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(bytes(range(256)) * 999)
    bodies = []
    with Loopback(script(Answer())) as server, HttpSession(server.url) as session:
        for content in (path, path.read_bytes()):
            body, kind = multipart({"a": "b", "é": "ü"}, [FormFile("file", "a.txt", content)])
            session.send(Request(method="POST", path="up", body=body, content_type=kind))
            bodies.append(server.asked[-1].body.replace(kind.rpartition("=")[2].encode(), b"-"))
            assert server.asked[-1].headers["content-length"] == str(len(body))
            assert "transfer-encoding" not in server.asked[-1].headers
    assert bodies[0] == bodies[1]
    assert bytes(range(256)) * 999 in bodies[0]


def test_a_body_that_is_sent_again_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("whole", encoding="utf-8")
    body, kind = multipart({}, [FormFile("file", "a.txt", path)])
    request = Request(method="PUT", path="up", body=body, content_type=kind)
    with Loopback(script(Answer(status=503), Answer())) as server:
        HttpSession(server.url, retry=RetryPolicy(base=0.0)).send(request)
        assert [b"whole" in one.body for one in server.asked] == [True, True]


def test_a_file_that_is_gone_is_an_error_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(biodata.ConfigError) as caught:
        multipart({}, [FormFile("file", "a.txt", tmp_path / "a.txt")])
    assert caught.value.code == "BD-CONFIG-FILE"


@pytest.mark.parametrize("size", [0, 3, 9])
def test_a_file_that_changes_its_size_does_not_spoil_the_next_request(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x" * 6, encoding="utf-8")
    body, kind = multipart({}, [FormFile("file", "a.txt", path)])
    path.write_text("y" * size, encoding="utf-8")
    request = Request(method="POST", path="up", body=body, content_type=kind)
    with Loopback(script(Answer())) as server, HttpSession(server.url) as session:
        if size < 6:
            with pytest.raises(biodata.ConfigError, match="shorter") as caught:
                session.send(request)
            assert not was_maybe_sent(caught.value)
            assert all(len(one.body) < len(body) for one in server.asked)
        else:
            session.send(request)
            assert b"yyyyyy\r\n--" in server.asked[0].body
        assert session.send(Request(method="GET", path="next")).status == 200
        assert [one.path for one in server.asked if one.method == "GET"] == ["/next"]


def test_a_server_may_take_its_time_over_a_file(large: Path) -> None:
    """It does not read for longer than a connection may take, and the file is more than lies on the way."""
    body, kind = multipart({}, [FormFile("file", large.name, large)])
    with socket.create_server(("127.0.0.1", 0)) as server:
        reader = threading.Thread(target=_reads_late, args=(server, len(body)))
        reader.start()
        timeouts = Timeouts(connect=0.2, read=30)
        with HttpSession(f"http://127.0.0.1:{server.getsockname()[1]}/", timeouts=timeouts) as session:
            assert session.send(Request(method="POST", path="up", body=body, content_type=kind)).status == 200
        reader.join()


def _reads_late(server: socket.socket, size: int) -> None:
    there, _ = server.accept()
    with there:
        left = size - len(there.recv(1 << 10).partition(b"\r\n\r\n")[2])
        threading.Event().wait(0.6)
        while left > 0 and (part := there.recv(1 << 20)):
            left -= len(part)
        there.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
