"""Runs that end in the middle, as processes: kill -9 and Ctrl-C, and the same command again."""

import os
import signal
import subprocess
import sys
import time

import pytest

from biodata.pipelines.state.journal import Journal

ROWS = 12_000
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
    arguments = [sys.executable, "-m", "biodata", "run", str(pipeline(("mode: merge", f"mode: {mode}")))]

    def start():
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


def of_latest_run(state, known, least):
    """Whether a new run has begun and the target has answered for so many of its batches."""
    journal = Journal(state)
    runs = journal.runs()
    return len(runs) > known and len(journal.batches(runs[-1].id)) >= least


def meet(process, state, moment):
    """Wait until the process is in that moment of its run."""
    until = time.monotonic() + 60
    while not moment(state):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.mark.parametrize("moment", [reading, loading])
def test_kill_9_and_the_same_command_again(command, target, tmp_path, moment):
    state = tmp_path / "state"
    state.mkdir()
    killed = command()
    meet(killed, state, moment)
    killed.kill()
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    journal = Journal(state)
    assert [run.state for run in journal.runs()] == ["running"]
    again = command()
    out, err = again.communicate()
    assert again.returncode == 0, err
    assert [run.state for run in journal.runs()] == ["interrupted", "done"]
    assert "ended without a word" in err
    assert not list(state.glob("runs/*/spool"))
    assert len(target()) == ROWS
    tally = journal.steps(journal.runs()[-1].id)[0]["tally"]
    assert tally.get("created", 0) + tally.get("unchanged", 0) == ROWS
    assert (tally.get("unchanged", 0) > 0) is (moment is loading)
    assert out


@pytest.mark.parametrize(
    ("moment", "words"), [(reading, "Nothing was written"), (loading, "Run the same command again")]
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
    assert not list(state.glob("runs/*/spool"))
    again = command()
    _, err = again.communicate()
    assert again.returncode == 0, err
    assert len(target()) == ROWS


@pytest.mark.parametrize("mode", ["merge", "append", "replace"])
def test_killed_again_and_again_every_record_is_there_exactly_once(command, target, tmp_path, mode):
    state = tmp_path / "state"
    state.mkdir()
    for batches in (0, 1, 6):
        process = command()
        runs = len(Journal(state).runs())
        meet(process, state, lambda at, known=runs, least=batches: of_latest_run(at, known, least))
        process.kill()
        process.communicate()
    process = command()
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert len(target()) == ROWS
    assert [run.state for run in Journal(state).runs()] == ["interrupted"] * 3 + ["done"]
