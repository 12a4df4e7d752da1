"""Replays that are killed: the same command again leaves every record there once, in a table without a key too."""

import os
import signal
import subprocess
import sys

import pytest

from biodata.pipelines.loading import marks
from biodata.pipelines.state.journal import Journal
from biodata.records.types import Field, Integer, Schema, String

FILE = """\
version: 1
name: plain
steps:
  - name: plain
    extract: {from: source/boxes}
    transform:
      - explode: {column: tubes, into: tube}
      - columns: {id: "src.id || '-' || src.tube", size: CAST(src.size AS INTEGER)}
    check: [{name: none, rows: id IS NULL}]
    load: {to: target/plain, mode: append}
on_reject: {budget: 9}
"""
KILL = """\
import os, signal, sys
from biodata.cli.main import main
from biodata.pipelines.loading.sending import Sending
from biodata.pipelines.state.rejects import RejectStore

owner, name = {"sent": (Sending, "send"), "settled": (RejectStore, "settle")}[sys.argv.pop(1)]
real = getattr(owner, name)

def last(*arguments, **named):
    real(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(owner, name, last)
main()
"""


@pytest.fixture
def killed(tmp_path, state):
    """Replays everything in a process that is killed as soon as it has sent the rows, or settled the rejects."""
    profiles = tmp_path / "profiles.yml"
    lines = [f"  {name}: {{platform: duckdb, path: {name}.duckdb}}\n" for name in ("source", "target")]
    profiles.write_text("profiles:\n" + "".join(lines), "utf-8")
    environment = {**os.environ, "BIODATA_CONFIG": str(profiles), "BIODATA_STATE": str(state)}

    def call(path, moment):
        arguments = [sys.executable, "-c", KILL, moment, "rejects", "replay", str(path), "--all"]
        done = subprocess.run(
            arguments, env=environment, cwd=tmp_path, capture_output=True, check=False, text=True, timeout=120
        )
        assert done.returncode == -signal.SIGKILL, done.stderr

    return call


@pytest.fixture
def plain(connect, boxes, pipeline, run):
    """A pipeline that rejects all seven rows of a table without a key; then the check allows all, the table some."""
    with connect("target") as connection:
        fields = (Field("id", String()), Field("size", Integer(maximum=100)))
        connection.ensure(Schema("plain", (), fields))
    path = pipeline(text=FILE)
    assert run(path).rejected == 7
    path.write_text(path.read_text("utf-8").replace("id IS NULL", "true"), "utf-8")
    return path


@pytest.fixture
def there(connect):
    """The ids in the table, each as often as it is there."""

    def read():
        with connect("target") as connection:
            return sorted(row["id"] for row in connection["plain"].query())

    return read


@pytest.mark.parametrize("moments", [["sent"], ["settled"], ["sent", "sent"], ["sent", "settled"]])
def test_the_same_command_adds_nothing_twice_and_loses_nothing(
    plain, there, killed, again, connect, state, open_ones, moments
):
    for moment in moments:
        killed(plain, moment)
        assert there() == ["a-1", "a-2"]
    again(plain)
    assert there() == ["a-1", "a-2"]
    with connect("target") as connection:
        left = list(connection[marks.MARKS].query())
    assert left == []
    assert [run.state for run in Journal(state).runs()][1:] == ["interrupted"] * len(moments) + ["done"]
    assert sorted(one.record["id"] for one in open_ones()) == ["b", "b", "c-1", "c-2", "c-3"]


@pytest.mark.parametrize("moment", ["sent", "settled"])
def test_what_was_refused_to_it_is_still_open_and_can_be_mended(plain, there, killed, again, open_ones, moment):
    killed(plain, moment)
    text = plain.read_text("utf-8").replace("CAST(src.size AS INTEGER)", "'ifnull(TRY_CAST(src.size AS INTEGER), 7)'")
    plain.write_text(text, "utf-8")
    again(plain)
    assert there() == ["a-1", "a-2", "b-1", "b-2"]
    assert sorted((one.stage, one.record["id"]) for one in open_ones()) == [("load", f"c-{n}") for n in (1, 2, 3)]
    assert {one.code for one in open_ones()} == {"BD-WRITE-TYPE"}


def test_a_run_in_between_leaves_what_the_next_replay_has_to_know(
    connect, boxes, pipeline, run, there, killed, again
):
    with connect("target") as connection:
        connection.ensure(Schema("plain", (), (Field("id", String()), Field("size", Integer()))))
    path = pipeline(text=FILE.replace("source/boxes}", "source/boxes, incremental: {by: content}}"))
    run(path)
    path.write_text(path.read_text("utf-8").replace("rows: id IS NULL", "rows: true"), "utf-8")
    killed(path, "sent")
    assert there() == ["a-1", "a-2", "c-1", "c-2", "c-3"]
    assert run(path).steps[0].unchanged_since == 3
    again(path)
    assert there() == ["a-1", "a-2", "c-1", "c-2", "c-3"]
