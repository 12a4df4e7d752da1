"""Rejects that are corrected and sent again: each enters where it was rejected, and nothing is made twice."""

import pytest

import biodata
from biodata.pipelines import Journal, load_pipeline
from biodata.pipelines.state.exported import RejectTable
from biodata.pipelines.state.reject_file import RejectFile, Which
from biodata.records.types import Field, Integer, Reference, Schema, String
from biodata.sandbox.run import Sandbox

FILE = """\
version: 1
name: tubes
steps:
  - name: tubes
    extract: {from: source/boxes}
    transform:
      - explode: {column: tubes, into: tube}
      - columns: {id: "src.id || '-' || src.tube", size: CAST(src.size AS INTEGER)}
    check:
      - {name: small, rows: size < 100}
    load: {to: target/tubes, mode: append, key: [id]}
on_reject: {budget: 9}
"""


def test_what_is_rejected_behind_an_explode_is_replayed_alone(boxes, pipeline, run, target, state, again, open_ones):
    path = pipeline(text=FILE)
    report = run(path)
    assert (report.rejected, sorted(target("tubes"))) == (5, ["a-1", "a-2"])
    path.write_text(path.read_text("utf-8").replace("size < 100", "size < 1000"), "utf-8")
    done = again(path)
    assert done.steps[0].tally == {"created": 3}
    assert done.rejected == 2
    assert sorted(target("tubes")) == ["a-1", "a-2", "c-1", "c-2", "c-3"]
    assert [(one.attempt, one.state) for one in open_ones()] == [(2, "open"), (2, "open")]


def test_records_corrected_in_a_file_are_loaded(boxes, pipeline, run, target, state, again, tmp_path, open_ones):
    path = pipeline(text=FILE)
    run(path)
    out = tmp_path / "corrected.csv"
    RejectTable(RejectFile(state), Which(states=("open",))).write(out)
    out.write_text(out.read_text("utf-8").replace(",big,", ",7,").replace(",500,", ",50,"), "utf-8")
    done = again(path, corrected=out)
    assert done.steps[0].tally == {"created": 5}
    assert target("tubes")["b-1"]["size"] == 7
    assert open_ones() == []
    with pytest.raises(biodata.NotFound, match="no such reject"):
        again(path)


def test_a_replay_is_no_run_to_compare_with(boxes, pipeline, run, state, again):
    path = pipeline(text=FILE)
    first = run(path)
    again(path)
    journal = Journal(state)
    assert journal.last_done("tubes").id == first.run_id
    assert [one.kind for one in journal.runs()] == ["run", "replay"]
    assert journal.memory("tubes")["tubes"].rows_read == 3


CHILDREN = """\
version: 1
name: family
steps:
  - name: samples
    extract: {from: source/samples}
    transform:
      - links: {donor: donor_key}
    load: {to: molgenis/samples, mode: merge, key: [id]}
  - name: donors
    extract: {from: source/donors}
    transform:
      - columns: {id: src.id, born: CAST(src.born AS INTEGER)}
    load: {to: molgenis/donors, mode: merge, key: [id]}
on_reject: {budget: 1}
"""


@pytest.fixture
def family(connect):
    with Sandbox(("molgenis",)) as sandbox, biodata.connect("molgenis", config=sandbox.config_path) as server:
        key = Field("id", String(), required=True)
        server.ensure(Schema("donors", "id", (key, Field("born", Integer()))))
        server.ensure(Schema("samples", "id", (key, Field("donor", Reference("donors", String())))))
        with connect("source") as connection:
            donors = connection.ensure(Schema("donors", "id", (key, Field("born", String()))))
            donors.add([{"id": "d1", "born": "1970"}, {"id": "d2", "born": "long ago"}]).raise_for_refused()
            samples = connection.ensure(Schema("samples", "id", (key, Field("donor_key", String()))))
            samples.add([{"id": f"s{n}", "donor_key": f"d{1 + n % 2}"} for n in range(6)]).raise_for_refused()

        def opened(name):
            return connect(name) if name == "source" else biodata.connect(name, config=sandbox.config_path)

        yield server, opened, sandbox


def test_a_child_waits_for_its_parent_and_is_replayed_after_it(family, pipeline, state, again, tmp_path, open_ones):
    server, opened, sandbox = family
    path = pipeline(text=CHILDREN)
    before = len(list(sandbox.requests("molgenis")))
    report = load_pipeline(path).run(connect=opened, state_dir=state)
    asked = list(sandbox.requests("molgenis"))[before:]
    looked_up = [one for one in asked if "donors" in one.target and "d2" in one.target]
    assert len(looked_up) == 1  # one bulk look-up for all samples
    samples = report.steps[0] if report.steps[0].name == "samples" else report.steps[1]
    assert (samples.waiting, samples.tally) == (3, {"created": 3})
    assert report.rejected == 4
    assert {one.state for one in open_ones()} == {"open", "waiting"}
    assert {one.reason.partition(":")[0] for one in open_ones() if one.waiting} == {"waiting for parent"}
    out = tmp_path / "donors.ndjson"
    RejectTable(RejectFile(state), Which(states=("open",))).write(out)
    out.write_text(out.read_text("utf-8").replace("long ago", "1902"), "utf-8")
    done = again(path, corrected=out, opened=opened)
    assert {step.name: step.tally for step in done.steps} == {"donors": {"created": 1}, "samples": {"created": 3}}
    assert (server["donors"].count(), server["samples"].count()) == (2, 6)
    assert open_ones() == []


def test_what_waits_goes_with_the_next_run_that_loads_its_parent(family, pipeline, state, connect, open_ones):
    server, opened, _ = family
    path = pipeline(text=CHILDREN)
    load_pipeline(path).run(connect=opened, state_dir=state)
    with connect("source") as connection:
        connection["donors"].update({"id": "d2", "born": "1902"}).raise_for_refused()
    load_pipeline(path).run(connect=opened, state_dir=state)
    assert server["samples"].count() == 6
    assert open_ones() == []
