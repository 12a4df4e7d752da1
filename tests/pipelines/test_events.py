"""Events: a line each, of known kinds with known facts, and no reason to stop a run."""

import json
import logging
import stat

import pytest

import biodata
from biodata.pipelines.state.events import KINDS, Events


def test_each_line_says_when_what_and_of_which_run(tmp_path):
    path = tmp_path / "events.ndjson"
    with Events(path, run="r1", pipeline="night") as events:
        events.emit("run.started", file="night.yml", resumed=0)
        events.emit("batch.loaded", step="donors", number=1, rows=20, tally={"created": 20})
        first = [json.loads(line) for line in path.read_bytes().splitlines()]  # while the run goes on
    assert first[0].pop("time") <= first[1].pop("time")
    assert first == [
        {"event": "run.started", "run": "r1", "pipeline": "night", "file": "night.yml", "resumed": 0},
        {"event": "batch.loaded", "run": "r1", "pipeline": "night", "step": "donors", "number": 1, "rows": 20,
         "tally": {"created": 20}},
    ]  # fmt: skip
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_run_goes_on_behind_it(tmp_path):
    path = tmp_path / "events.ndjson"
    path.touch(0o640)
    for run in ("r1", "r2"):
        with Events(path, run=run) as events:
            events.emit("run.ended", state="done")
    assert [json.loads(line)["run"] for line in path.read_bytes().splitlines()] == ["r1", "r2"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640  # a log collector's


def test_a_dash_is_standard_error(capfd):
    Events("-", run="r1").emit("run.ended", state="failed")
    shown = capfd.readouterr()
    assert (shown.out, json.loads(shown.err)["state"]) == ("", "failed")


def test_nowhere_is_a_place_too():
    with Events() as events:
        events.emit("run.ended", state="done")


@pytest.mark.parametrize(("kind", "facts"), [("run.began", {}), ("batch.loaded", {"record": "Jane"}), ("note", {})])
def test_only_known_facts_are_told(kind, facts):
    with pytest.raises(TypeError, match=kind):
        Events().emit(kind, **facts)


def test_no_fact_is_called_as_one_that_all_events_have():
    assert not {"time", "event", "run", "pipeline"} & {fact for facts in KINDS.values() for fact in facts}


def test_a_file_that_cannot_be_written_is_told_before_the_run(tmp_path):
    with pytest.raises(biodata.ConfigError, match="events cannot be written") as caught:
        Events(tmp_path / "not there" / "events.ndjson")
    assert caught.value.code == "BD-PIPELINE-EVENTS"


def test_a_disk_that_takes_no_more_stops_no_run(caplog):
    events = Events("/dev/full")
    with caplog.at_level(logging.WARNING, "biodata.events"):
        for _ in range(3):
            events.emit("run.ended", state="done")
    assert caplog.messages == ["Events cannot be written any more: No space left on device"]
