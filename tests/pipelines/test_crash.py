"""Runs that end in the middle, as processes: kill -9 and Ctrl-C, and the same command again."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from biodata.pipelines.state.journal import Journal

ROWS = 5_000
COUNT = "{equals: {from: source/ASE, key: rs12460890, field: Samples}}"


@pytest.fixture
def mode():
    return "merge"


@pytest.fixture
def command(tmp_path, source, pipeline, mode):
    """`biodata run` of a pipeline with enough rows to be met in the middle."""
    made = ({"ID": str(n), "SNP_ID": "rs12460890", "Ref_Counts": str(n), "Alt_Counts": "1"} for n in range(ROWS))
    source(made, samples=str(ROWS))
    profiles = tmp_path / "profiles.yml"
    lines = [f"  {name}: {{platform: duckdb, path: {name}.duckdb}}\n" for name in ("source", "target")]
    profiles.write_text("profiles:\n" + "".join(lines), "utf-8")
    environment = {**os.environ, "BIODATA_CONFIG": str(profiles), "BIODATA_STATE": str(tmp_path / "state")}
    pipeline(("mode: merge", f"mode: {mode}"))

    def start(*more, verb=None):
        words = [verb] if verb else ["run", str(tmp_path / "pipeline.yml")]
        arguments = [sys.executable, "-m", "biodata", *words, *more]
        return subprocess.Popen(
            arguments,
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=listen_to_ctrl_c,  # noqa: PLW1509 - this process has no threads
        )

    return start


def listen_to_ctrl_c():
    """What a shell's background job would not do."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def reading(state):
    return any(state.glob("runs/*/spool/*.part"))


def loading(state):
    journal = Journal(state)
    return any(journal.batches(run.id) for run in journal.runs())


def of_latest_run(state, least):
    """Whether the target has answered for so many batches of the latest run."""
    journal = Journal(state)
    runs = journal.runs()
    return bool(runs) and len(journal.batches(runs[-1].id)) >= least


def meet(process, state, moment):
    """Wait until the process is in that moment of its run."""
    until = time.monotonic() + 60
    while not moment(state):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.005)


def killed_while(command, state, moment):
    state.mkdir(exist_ok=True)
    process = command()
    meet(process, state, moment)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def shown(command, run):
    """The state of each run as `runs list` says it; `runs show` says the same, and how to go on."""
    listed = told(command("list", "-o", "json", verb="runs"))
    one = told(command("show", run, "-o", "json", verb="runs"))
    assert (one["state"], "the same command goes on" in one["message"]) == (listed[-1]["state"], True)
    assert told(command("list", "--state", "running", "-o", "json", verb="runs")) == []
    return [row["state"] for row in listed]


def told(process):
    return json.loads(process.communicate()[0])


def test_killed_while_it_read_the_same_command_starts_anew(command, target, tmp_path):
    state = tmp_path / "state"
    killed_while(command, state, reading)
    journal = Journal(state)
    assert [(run.state, run.phase) for run in journal.runs()] == [("running", "reading")]
    out, err = command().communicate()
    assert [run.state for run in journal.runs()] == ["interrupted", "done"], err
    assert "ended without a word before it wrote anything" in err
    assert not list(state.glob("runs/*/spool"))
    assert len(target()) == ROWS
    assert f"{ROWS:,} created" in out


def test_killed_while_it_wrote_the_same_command_goes_on(command, target, tmp_path):
    state = tmp_path / "state"
    killed_while(command, state, loading)
    journal = Journal(state)
    (before,) = journal.runs()
    assert (before.state, before.phase) == ("running", "loading")
    assert shown(command, before.id) == ["died"]
    answered = [batch["number"] for batch in journal.batches(before.id) if batch["state"] == "done"]
    again = command()
    out, err = again.communicate()
    assert again.returncode == 0, err
    (run,) = journal.runs()
    assert (run.id, run.state, run.resumed) == (before.id, "done", 1)
    assert f"Going on with run {run.id}" in err
    assert "read source/SampleAse" not in err
    assert not list(state.glob("runs/*/spool"))
    assert len(target()) == ROWS
    tally = journal.steps(run.id)[0]["tally"]
    assert tally.get("created", 0) + tally.get("unchanged", 0) == ROWS
    assert tally["created"] >= 1000 * len(answered)
    assert out


@pytest.mark.parametrize(
    ("moment", "words"), [(reading, "Nothing was written"), (loading, "it goes on where this run stopped")]
)
def test_ctrl_c_keeps_the_journal_and_says_how_to_go_on(command, target, tmp_path, moment, words):
    state = tmp_path / "state"
    state.mkdir()
    process = command()
    meet(process, state, moment)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert words in err
    assert "Traceback" not in err
    journal = Journal(state)
    assert [run.state for run in journal.runs()] == ["interrupted"]
    assert bool(list(state.glob("runs/*/spool"))) is (moment is loading)
    again = command()
    _, err = again.communicate()
    assert again.returncode == 0, err
    assert len(target()) == ROWS


@pytest.mark.parametrize("mode", ["merge", "append", "replace"])
def test_killed_again_and_again_every_record_is_there_exactly_once(command, target, tmp_path, mode):
    state = tmp_path / "state"
    state.mkdir()
    for batches in (0, 1, 3):
        killed_while(command, state, lambda at, least=batches: of_latest_run(at, least))
    process = command()
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert len(target()) == ROWS
    assert Journal(state).runs()[-1].state == "done"


def test_a_changed_file_is_not_taken_up_again_and_restart_starts_anew(command, target, tmp_path):
    state = tmp_path / "state"
    killed_while(command, state, loading)
    path = tmp_path / "pipeline.yml"
    path.write_text(path.read_text("utf-8") + "# a remark\n", "utf-8")
    refused = command()
    _, err = refused.communicate()
    assert refused.returncode == 3
    assert "BD-PIPELINE-CHANGED" in err
    assert "--restart" in err
    again = command("--restart")
    _, err = again.communicate()
    assert again.returncode == 0, err
    assert "is given up" in err
    assert [run.state for run in Journal(state).runs()] == ["interrupted", "done"]
    assert len(target()) == ROWS


def test_a_changed_table_is_not_taken_up_again(command, tmp_path, connect):
    with connect("target") as connection:  # a table that is there, so that its shape is known
        connection.client.execute(
            "CREATE TABLE ase_counts (sample_id TEXT PRIMARY KEY, ref BIGINT, alt BIGINT, alt_fraction DOUBLE)"
        )
    state = tmp_path / "state"
    killed_while(command, state, loading)
    with connect("target") as connection:
        connection.client.execute("ALTER TABLE ase_counts ADD COLUMN more TEXT")
    refused = command()
    _, err = refused.communicate()
    assert refused.returncode == 3
    assert "has another shape since" in err
    assert "--restart" in err


def test_a_second_run_is_told_who_holds_the_pipeline(command, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    first = command()
    meet(first, state, loading)
    first.send_signal(signal.SIGSTOP)  # it holds the pipeline for as long as we like
    second = command()
    _, err = second.communicate()
    first.send_signal(signal.SIGCONT)
    first.communicate()
    assert second.returncode == 3
    assert "BD-PIPELINE-HELD" in err
    assert f"process {first.pid}" in err
    assert first.returncode == 0
