"""The journal: it can always be read, one run at a time holds a pipeline, and the dead are noticed."""

import os
import stat
import subprocess
import sys

import pytest

import biodata
from biodata.pipelines.state.dead import as_they_are
from biodata.pipelines.state.journal import Journal, new_run_id, state_directory
from biodata.pipelines.state.journal_batches import Noted

HOLDER = """
import sys, time
from pathlib import Path
from biodata.pipelines.state.dead import as_they_are
from biodata.pipelines.state.journal import Journal
journal = Journal(Path(sys.argv[1]))
with journal.hold("night"):
    journal.begin("r1", pipeline="night", file="f", sha256="0", version="1")
    (journal.run_directory("r1") / "spool").mkdir(parents=True)
    print("held", flush=True)
    time.sleep(60)
"""


def begin(journal, run, pipeline="night"):
    journal.begin(run, pipeline=pipeline, file="f.yml", sha256="0" * 64, version="1")


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the pipeline `night`."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_keeps_runs_steps_and_batches(tmp_path):
    journal = Journal(tmp_path)
    begin(journal, "r1")
    journal.step("r1", "a", state="extracted", rows_read=3)
    journal.step("r1", "a", state="done", rows_out=2, rejected=1, tally={"created": 2}, seconds=0.5)
    journal.note(Noted(run="r1", step="a", number=1, rows=2, tally={"created": 2}), "done")
    journal.end("r1", "done")
    again = Journal(tmp_path)
    assert [(run.id, run.state, run.message) for run in again.runs()] == [("r1", "done", "")]
    step = again.steps("r1")[0]
    assert (step["rows_read"], step["rows_out"], step["rejected"], step["tally"]) == (3, 2, 1, {"created": 2})
    assert again.batches("r1")[0]["tally"] == {"created": 2}


@pytest.mark.parametrize("umask", [0o022, 0o000])
def test_is_for_the_owner_alone_and_so_is_what_had_to_be_made_above_it(tmp_path, umask):
    before = os.umask(umask)
    try:
        directory = state_directory(tmp_path / "x1" / "x2" / "state")
        journal = Journal(directory)
        with journal.hold("night"):
            made = [directory / "locks", directory, *directory.parents[:2]]
    finally:
        os.umask(before)
    assert {stat.S_IMODE(one.stat().st_mode) for one in made} == {0o700}
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def test_a_directory_that_was_there_stays_as_it_is(tmp_path):
    (tmp_path / "shared").mkdir(mode=0o755)
    state_directory(tmp_path / "shared" / "state")
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o755


def test_where_state_lies(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("BIODATA_STATE", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert state_directory() == tmp_path / ".local/state/biodata"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert state_directory() == tmp_path / "xdg/biodata"
    monkeypatch.setenv("BIODATA_STATE", str(tmp_path / "own"))
    assert state_directory() == tmp_path / "own"
    assert state_directory(tmp_path / "given") == tmp_path / "given"


def test_a_relative_state_directory_is_below_where_one_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIODATA_STATE", "own")
    assert state_directory() == tmp_path / "own"
    assert state_directory("given") == tmp_path / "given"
    monkeypatch.delenv("BIODATA_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", "xdg")
    assert state_directory() == tmp_path / "xdg/biodata"


def test_a_state_directory_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    for given in (tmp_path / "file" / "state", tmp_path / "file"):
        with pytest.raises(biodata.ConfigError, match="cannot be made"):
            state_directory(given)


def test_run_ids_sort_by_time():
    ids = [new_run_id() for _ in range(3)]
    assert sorted(ids, key=lambda one: one[:20]) == ids
    assert len(set(ids)) == 3


def test_a_running_pipeline_is_held_and_the_message_says_by_whom(tmp_path, holder):
    with (
        pytest.raises(biodata.ConfigError, match=rf"night is being run .*run r1, process {holder.pid}") as caught,
        Journal(tmp_path).hold("night"),
    ):
        pass
    assert caught.value.code == "BD-PIPELINE-HELD"


def test_a_living_run_is_not_buried(tmp_path, holder):
    journal = Journal(tmp_path)
    with journal.hold("other"):
        assert journal.bury_the_dead("other") == []
    assert journal.runs()[0].state == "running"
    assert (journal.run_directory("r1") / "spool").is_dir()


def test_who_looks_tells_the_dead_from_the_living_and_changes_nothing(tmp_path, holder):
    journal = Journal(tmp_path)
    begin(journal, "r2", "other")
    assert [run.state for run in as_they_are(journal)] == ["running", "died"]
    holder.kill()
    holder.wait()
    there = journal.path.read_bytes()
    assert [run.state for run in as_they_are(journal)] == ["died", "died"]
    assert [run.id for run in as_they_are(journal, "night")] == ["r1"]
    assert journal.path.read_bytes() == there
    assert not (tmp_path / "locks/other.lock").exists()


def test_who_looks_is_told_how_to_go_on(tmp_path):
    journal = Journal(tmp_path)
    for run, phase in (("r1", "reading"), ("r2", "loading"), ("r3", "planned")):
        begin(journal, run)
        journal.phase(run, phase)
    told = {run.id: (run.state, run.message.rpartition(" ")[0]) for run in as_they_are(journal)}
    assert told["r1"] == ("died", "the process ended without a word before it wrote: the same command starts")
    assert told["r2"] == ("died", "the process ended without a word while it wrote: the same command goes")
    assert told["r3"] == ("planned", "")


def test_looking_keeps_nobody_from_running(tmp_path):
    journal = Journal(tmp_path)
    with journal.nobody_runs("night") as first, journal.nobody_runs("night") as second:
        assert (first, second) == (True, True)
    with journal.hold("night"), journal.nobody_runs("night") as free:
        assert not free


@pytest.mark.parametrize("mine", ["night", "other"])
def test_a_killed_run_is_interrupted_and_its_spool_removed(tmp_path, holder, mine):
    holder.kill()
    holder.wait()
    journal = Journal(tmp_path)
    with journal.hold(mine):
        dead = journal.bury_the_dead(mine)
    assert [run.id for run in dead] == (["r1"] if mine == "night" else [])
    assert [(run.id, run.state) for run in journal.runs()] == [("r1", "interrupted")]
    assert not (journal.run_directory("r1") / "spool").exists()


def test_a_step_has_known_columns_only(tmp_path):
    with pytest.raises(TypeError):
        Journal(tmp_path).step("r1", "a", **{"state = 'x' --": 1})


def test_a_pipeline_can_be_held_again_after_the_block(tmp_path):
    journal = Journal(tmp_path)
    for _ in range(2):
        with journal.hold("night"):
            assert (tmp_path / "locks/night.lock").exists()


def test_a_journal_that_is_none(tmp_path):
    (tmp_path / "journal.sqlite").write_text("not a database, and long enough to be taken for one" * 10)
    with pytest.raises(biodata.ConfigError, match="cannot be used: file is not a database") as caught:
        Journal(tmp_path)
    assert caught.value.code == "BD-CONFIG-STATE"
