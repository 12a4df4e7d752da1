"""A server that is away for a while: the run waits, as long as the file allows, and loses and doubles nothing."""

import pytest

import biodata
from biodata.errors import Unavailable
from biodata.pipelines.runs.patience import patiently
from biodata.pipelines.spec import Duration
from biodata.pipelines.state.journal import Journal
from biodata.records.types import Field, Integer, Schema, String
from biodata.sandbox.run import Sandbox

FILE = """\
version: 1
name: stamps
steps:
  - name: stamps
    extract: {from: source/stamps}
    load: {to: molgenis/stamps, mode: merge, key: [id], batch: 5}
"""
STAMPS = Schema("stamps", "id", (Field("id", String(), required=True), Field("n", Integer())))


def test_a_task_is_tried_until_it_is_done_or_the_time_is_over():
    told, tries = [], []

    def away(times):
        tries.append(1)
        if len(tries) <= times:
            raise Unavailable("gone fishing")
        return "back"

    assert patiently(Duration(30, "30s"), lambda: away(2), lambda *pause: told.append(pause)) == "back"
    assert len(told) == 2
    assert "gone fishing" in told[0][0]
    assert told[1][1] > told[0][1]
    tries.clear()
    with pytest.raises(Unavailable):
        patiently(Duration(0.6, "0.6s"), lambda: away(99), lambda *_: None)
    assert len(tries) >= 2
    tries.clear()
    with pytest.raises(Unavailable):
        patiently(None, lambda: away(1), lambda *_: None)
    assert len(tries) == 1


@pytest.fixture
def servers(connect):
    with Sandbox(("molgenis",)) as sandbox:
        with biodata.connect("molgenis", config=sandbox.config_path) as connection:
            connection.ensure(STAMPS)
        with connect("source") as connection:
            connection.ensure(STAMPS).add([{"id": f"s{n}", "n": n} for n in range(23)]).raise_for_refused()
        yield sandbox


@pytest.fixture
def go(servers, connect, tmp_path):
    from biodata.pipelines import run

    def open_profile(name):
        return connect(name) if name == "source" else biodata.connect(name, config=servers.config_path)

    def call(path):
        return run(path, connect=open_profile, state_dir=tmp_path / "state")

    return call


def there(servers):
    with biodata.connect("molgenis", config=servers.config_path) as connection:
        return {record["id"]: record["n"] for record in connection["stamps"].query()}


def test_the_run_waits_and_everything_is_there_once(go, servers, pipeline):
    faults = servers._servers["molgenis"].faults
    faults.add("POST /api/v2/stamps*", status=503, html=True, times=4)
    report = go(pipeline(text=FILE + "on_unavailable: {wait: 10m}\n"))
    assert report.ok
    assert there(servers) == {f"s{n}": n for n in range(23)}


def test_an_answer_that_is_lost_doubles_nothing(go, servers, pipeline):
    servers._servers["molgenis"].faults.add("POST /api/v2/stamps*", drop="after", times=2)
    go(pipeline(text=FILE + "on_unavailable: {wait: 60s}\n"))
    assert there(servers) == {f"s{n}": n for n in range(23)}


def test_without_waiting_the_run_fails_and_the_same_command_goes_on(go, servers, pipeline, tmp_path):
    faults = servers._servers["molgenis"].faults
    faults.add("POST /api/v2/stamps*", status=503, html=True, times=99)
    path = pipeline(text=FILE)
    with pytest.raises(biodata.RemoteError):
        go(path)
    (run,) = Journal(tmp_path / "state").runs()
    assert (run.state, run.phase) == ("failed", "loading")
    faults.clear()
    report = go(path)
    assert (report.run_id, report.resumed) == (run.id, 1)
    assert there(servers) == {f"s{n}": n for n in range(23)}
    assert [one.state for one in Journal(tmp_path / "state").runs()] == ["done"]
