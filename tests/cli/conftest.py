"""The command, called in this process for breadth and as a program where processes matter."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from biodata.cli.main import status_of


class Ran(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A computer on which nobody has used biodata yet; the working directory is empty."""
    for name in ("BIODATA_CONFIG", "BIODATA_DEBUG", "BIODATA_SANDBOX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config-home"))
    monkeypatch.setenv("BIODATA_STATE", str(tmp_path / "state"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def run(capfd):
    """Call the command in this process: `run("ls", "local")` gives status, stdout and stderr."""

    def call(*arguments: str) -> Ran:
        capfd.readouterr()
        status = status_of(list(arguments))
        return Ran(status, *capfd.readouterr())

    return call


@pytest.fixture
def start():
    """Start the command as a program, its streams being pipes; it is ended with the test."""
    started = []

    def call(*arguments: str, **options) -> subprocess.Popen:
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen([sys.executable, "-m", "biodata", *arguments], **(streams | options)))
        return started[-1]

    yield call
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def program():
    """Run the command as a program, to its end."""

    def call(*arguments: str, env: dict[str, str] | None = None, given: str | None = None) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "biodata", *arguments],
            input=given if given is not None else "",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, **(env or {})},
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def profiles(home):
    """Write the user's file of profiles: `profiles("local: {platform: duckdb, path: x.duckdb}")`."""

    def write(*entries: str) -> Path:
        file = home.parent / "config-home" / "biodata" / "profiles.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("profiles:\n" + "".join(f"  {entry}\n" for entry in entries))
        return file

    return write
