"""Looking at what runs have left makes and changes nothing: a disk that cannot be written to is enough for it."""

import json
import os
import shutil
import subprocess
import sys

import pytest

import biodata
from tests.cli.test_runs import PEOPLE, PIPELINE

LOOKS = [
    ("runs", "list", "-o", "json"),
    ("runs", "show", "last", "-o", "json"),
    ("runs", "verify", "-o", "json"),
    ("rejects", "list", "-o", "json"),
    ("rejects", "list", "--by-rule", "-o", "json"),
    ("rejects", "show", "1", "-o", "json"),
    ("rejects", "export", "-o", "json"),
]


@pytest.fixture
def ran(run, profiles, home):
    """One run, of which one record was rejected."""
    profiles(*(f"{name}: {{platform: duckdb, path: '{home}/{name}.duckdb'}}" for name in ("source", "target")))
    with biodata.connect("source") as connection:
        connection.ensure(PEOPLE).add([{"id": "Jane", "age": 1}, {"id": "John", "age": -2}])
    (home / "ages.yml").write_text(PIPELINE.replace("NAME", "ages"))
    assert run("run", "ages.yml").status == 0


@pytest.fixture
def read_only(tmp_path):
    """Run the command where the state directory is on a disk that cannot be written to."""
    state = tmp_path / "state"
    mount = ["unshare", "-rm", "sh", "-c", 'mount --bind -o ro "$0" "$0" && exec "$@"', str(state)]
    if not shutil.which("unshare") or subprocess.run([*mount, "true"], capture_output=True, check=False).returncode:
        pytest.skip("nobody may mount anything here")

    def call(*arguments):
        command = [*mount, sys.executable, "-m", "biodata", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)

    return call


def test_who_looks_needs_no_right_to_write(run, ran, read_only):
    for words in LOOKS:
        here, there = run(*words), read_only(*words)
        assert (there.returncode, there.stdout) == (0, here.out), (words, there.stderr)
        assert json.loads(there.stdout)


def test_who_changes_something_is_told_that_it_cannot_be(ran, read_only):
    dropped = read_only("rejects", "drop", "1")
    assert dropped.returncode == 3
    assert "BD-CONFIG-STATE" in dropped.stderr


def test_looking_makes_nothing(run, tmp_path):
    assert [run(*words).out for words in LOOKS if "list" in words or "export" in words] == ["[]\n"] * 4
    assert run("runs", "show", "last").status == run("rejects", "show", "1").status == 5
    assert run("runs", "verify").out.startswith("0 lines")
    assert not (tmp_path / "state").exists()


def test_looking_changes_nothing(run, ran, tmp_path):
    def content():
        return {path: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()}

    before = content()
    assert {run(*words).status for words in LOOKS} == {0}
    assert content() == before


def test_a_state_directory_that_is_a_file_is_no_empty_one(run, tmp_path):
    (tmp_path / "state").write_text("")
    told = run("runs", "list")
    assert (told.status, "BD-CONFIG-STATE" in told.err) == (3, True)
