"""The servers of the sandbox: connections, faults, tokens, a clean start and end."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
import yaml

from biodata.sandbox import Clock, Sandbox, Server, run_command, serve_until_interrupted
from biodata_molgenis.sandbox import VIEWER, Attribute, MolgenisSandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Ask = Callable[..., requests.Response]

CLASSES = {"molgenis": MolgenisSandbox}
ROOT = Path(__file__).parents[2]


def hello(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['REQUEST_METHOD']} {environ['REQUEST_URI']}".encode()]


@pytest.fixture
def server() -> Iterable[Server]:
    with Server(hello) as running:
        yield running


def raw(server: Server, *requests_: str) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        for one in requests_:
            connection.sendall(one.encode())
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_keeps_the_connection(server: Server) -> None:
    request = "GET /a%2Fb HTTP/1.1\r\nHost: x\r\n\r\n"
    answers = raw(server, request, request, request)
    assert answers.count(b"HTTP/1.1 200 OK") == 3
    assert answers.count(b"GET /a%2Fb") == 3, "the target is seen as it was sent"


def test_reads_a_chunked_body(server: Server) -> None:
    chunked = "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    raw(server, chunked)
    assert server.requests[0].request_bytes == 3


def test_counts_without_secrets(server: Server, http: requests.Session) -> None:
    headers = {"x-molgenis-token": "s3cret", "Authorization": "Basic s3cret", "X-Other": "shown"}
    http.get(f"{server.url}/a?num=1&molgenis-token=s3cret", headers=headers, timeout=5)
    (received,) = server.requests
    assert (received.method, received.path, received.status) == ("GET", "/a", 200)
    assert received.headers["x-other"] == "shown"
    assert "s3cret" not in repr(received)
    assert server.requests.count("GET", "/a") == 1
    assert server.requests.count("POST") == 0


def test_stops_with_an_open_connection(http: requests.Session) -> None:
    server = Server(hello)
    server.start()
    http.get(server.url, timeout=5)
    began = time.monotonic()
    server.close()
    server.close()
    assert time.monotonic() - began < 2
    with pytest.raises(requests.ConnectionError):
        http.get(server.url, timeout=5)


def test_a_port_in_use_is_an_error(server: Server) -> None:
    with pytest.raises(OSError, match="in use"):
        Server(hello, port=server.port)


def test_faults_in_order(server: Server, http: requests.Session) -> None:
    server.faults.add("GET /a*", status=503, times=2, headers={"Retry-After": "1"})
    server.faults.add("* /a", status=502, html=True)
    first, second = (http.get(f"{server.url}/a", timeout=5) for _ in range(2))
    assert (first.status_code, first.headers["Retry-After"], second.status_code) == (503, "1", 503)
    page = http.post(f"{server.url}/a", timeout=5)
    assert (page.status_code, page.headers["Content-Type"]) == (502, "text/html;charset=utf-8")
    assert http.get(f"{server.url}/a", timeout=5).status_code == 200
    assert len(server.faults) == 0


def test_dropped_before_and_after(empty_molgenis: Sandbox, ask: Ask) -> None:
    platform = empty_molgenis.platform("molgenis")
    platform.state.create_table("T", [Attribute(name="id")])
    for drop, expected in (("before", 0), ("after", 1)):
        platform.faults.add("POST /api/v2/T", drop=drop)
        with pytest.raises(requests.ConnectionError):
            ask("POST", "/api/v2/T", json={"entities": [{"id": drop}]})
        assert len(platform.state.rows("T")) == expected, drop
    assert [one.status for one in empty_molgenis.requests("molgenis") if one.method == "POST"][-2:] == [0, 0]


def test_a_cut_body_looks_whole(server: Server, http: requests.Session) -> None:
    server.faults.add("GET /*", cut=3)
    response = http.get(f"{server.url}/x", timeout=5)
    assert (response.text, response.headers.get("Content-Length")) == ("GET", None)


def test_a_defect_is_said_to_be_one(http: requests.Session, caplog: pytest.LogCaptureFixture) -> None:
    def broken(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        raise RuntimeError("oops")

    with Server(broken) as server:
        response = http.get(server.url, timeout=5)
    assert (response.status_code, response.text) == (500, "defect in the sandbox: RuntimeError")
    assert "oops" in caplog.text


def test_a_delay(server: Server, http: requests.Session) -> None:
    server.faults.add("GET /*", delay=0.2)
    began = time.monotonic()
    http.get(server.url, timeout=5)
    assert time.monotonic() - began >= 0.2


def test_a_fault_that_does_nothing_is_refused(server: Server) -> None:
    with pytest.raises(ValueError, match="needs a status"):
        server.faults.add("GET /x")
    with pytest.raises(ValueError, match="METHOD /path"):
        server.faults.add("/x", status=500)


def test_clock_goes_forward_only() -> None:
    clock = Clock()
    before = clock.time()
    clock.advance(3600)
    assert clock.time() - before >= 3600
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


def test_files_of_a_sandbox(sandbox: Sandbox) -> None:
    assert stat.S_IMODE(sandbox.directory.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in sandbox.directory.iterdir())
    assert json.loads(sandbox.sandbox_path.read_text(encoding="utf-8")) == sandbox.entries
    profiles = yaml.safe_load(sandbox.config_path.read_text(encoding="utf-8"))["profiles"]
    assert profiles["local"]["platform"] == "duckdb"
    reference = profiles["molgenis"]["password"]
    secret = Path(reference.removeprefix("${file:").removesuffix("}"))
    assert secret.read_text(encoding="utf-8") == sandbox.entries["molgenis"]["password"]


def test_files_are_removed() -> None:
    with Sandbox(("molgenis",), empty=True, classes=CLASSES) as sandbox:
        directory = sandbox.directory
    assert not directory.exists()


def test_unknown_platform() -> None:
    with pytest.raises(KeyError, match="no sandbox for nothing"):
        Sandbox(("nothing",), classes=CLASSES)


def test_run_command_gives_environment_and_status(sandbox: Sandbox) -> None:
    program = (
        "import json, os, pathlib, sys\n"
        "entries = json.loads(pathlib.Path(os.environ['BIODATA_SANDBOX']).read_text())\n"
        "assert '127.0.0.1' in os.environ['NO_PROXY'] and os.environ['BIODATA_CONFIG'].endswith('.yml')\n"
        "sys.exit(3 if entries['molgenis']['username'] == 'admin' else 1)\n"
    )
    assert run_command(sandbox, [sys.executable, "-c", program]) == 3
    assert run_command(sandbox, ["/nowhere/to-be-found"]) == 127
    assert run_command(sandbox, [str(ROOT)]) == 126
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    assert run_command(sandbox, [sys.executable, "-c", killed]) == 128 + signal.SIGTERM


def test_run_command_passes_signals_on(sandbox: Sandbox) -> None:
    program = "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\ntime.sleep(20)"
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    try:
        assert run_command(sandbox, [sys.executable, "-c", program]) == 5
    finally:
        timer.cancel()
        timer.join()


def test_serves_until_interrupted(sandbox: Sandbox) -> None:
    said: list[str] = []
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    serve_until_interrupted(sandbox, said.append)
    timer.join()
    assert sandbox.url("molgenis") in "\n".join(said)
    assert "admin" not in "\n".join(said)


def test_serving_ends_cleanly_on_ctrl_c() -> None:
    program = (
        "from biodata.sandbox import Sandbox, serve_until_interrupted\n"
        "from biodata_molgenis.sandbox import MolgenisSandbox\n"
        "with Sandbox(('molgenis',), classes={'molgenis': MolgenisSandbox}) as sandbox:\n"
        "    serve_until_interrupted(sandbox, lambda text: print(text, flush=True))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(3)]
    directory = Path(said[1].split()[1]).parent
    assert directory.is_dir()
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=10)
    assert (process.returncode, error, directory.exists()) == (0, "", False)


def test_a_token_of_one_second(http: requests.Session) -> None:
    with Sandbox(("molgenis",), token_lifetime=1.0, classes=CLASSES) as sandbox:
        url = sandbox.url("molgenis")
        login = http.post(f"{url}/api/v1/login", json={"username": "admin", "password": "admin"}, timeout=5)
        headers = {"x-molgenis-token": login.json()["token"]}
        alive = http.get(f"{url}/api/v2/ASE", headers=headers, timeout=5)
        sandbox.clock.advance(1)
        dead = http.get(f"{url}/api/v2/ASE", headers=headers, timeout=5)
    assert alive.status_code == 200
    assert (dead.status_code, dead.json()["errors"][0]["code"]) == (401, "DS04")


def test_a_token_lives_two_hours(empty_molgenis: Sandbox, ask: Ask) -> None:
    empty_molgenis.clock.advance(2 * 3600 - 30)
    assert ask("GET", "/api/v2/sys_sec_User").status_code == 200
    empty_molgenis.clock.advance(31)
    assert ask("GET", "/api/v2/sys_sec_User").status_code == 401


def test_the_viewer_reads_and_may_not_write(sandbox: Sandbox, http: requests.Session) -> None:
    url = sandbox.url("molgenis")
    login = http.post(f"{url}/api/v1/login", json={"username": VIEWER, "password": VIEWER}, timeout=5)
    headers = {"x-molgenis-token": login.json()["token"]}
    read = http.get(f"{url}/api/v2/ASE", headers=headers, timeout=5)
    assert (read.json()["total"], read.json()["meta"]["writable"]) == (5, False)
    body = {"entities": [{"SNP_ID": "rs1"}]}
    written = http.post(f"{url}/api/v2/ASE", headers=headers, json=body, timeout=5)
    assert written.status_code == 401
    assert written.json()["errors"] == [
        {"message": "No 'Add data' permission on entity type 'ASE' with id 'ASE'.", "code": "DS04"}
    ]
    listed = http.get(f"{url}/api/v2/sys_md_EntityType?attrs=id", headers=headers, timeout=5).json()
    assert {"ASE", "SampleAse"} <= {row["id"] for row in listed["items"]}
    assert "sys_sec_User" not in {row["id"] for row in listed["items"]}


def test_demo_data(sandbox: Sandbox) -> None:
    state = sandbox.platform("molgenis").state
    assert len(state.rows("SampleAse")) == 21
    assert state.rows("ASE")["rs12460890"]["Samples"] == "21", "a count kept as text"
