"""`biodata runs`: what was run, how it went, and whether the audit log is as it was written."""

import json
import shutil

import pytest

import biodata
from biodata.pipelines.state.audit import Audit
from biodata.records.types import Field, Integer, Schema, String

PEOPLE = Schema("people", "id", (Field("id", String(), required=True), Field("age", Integer())))
PIPELINE = """
version: 1
name: NAME
steps:
  - name: ages
    extract: {from: source/people}
    transform:
      - columns: {id: src.id, age: src.age}
    check:
      - {name: an age, rows: "age >= 0"}
    load: {to: target/ages, mode: merge, key: [id]}
on_reject: {budget: 1}
"""


@pytest.fixture
def ran(run, profiles, home):
    """Three runs: `young` done, `old` failed, `young` done again; gives their ids."""
    profiles(*(f"{name}: {{platform: duckdb, path: '{home}/{name}.duckdb'}}" for name in ("source", "target")))
    with biodata.connect("source") as connection:
        connection.ensure(PEOPLE).add([{"id": "Jane", "age": 1}, {"id": "John", "age": -2}])
    (home / "young.yml").write_text(PIPELINE.replace("NAME", "young"))
    (home / "old.yml").write_text(PIPELINE.replace("NAME", "old").replace("budget: 1", "budget: 0"))
    assert [run("run", f"{name}.yml").status for name in ("young", "old", "young")] == [0, 8, 0]
    return [row["run"] for row in json.loads(run("runs", "list", "-o", "json").out)]


def listed(run, *options):
    shown = run("runs", "list", *options, "-o", "json")
    assert shown.status == 0, shown.err
    return json.loads(shown.out)


def test_no_runs_yet(run):
    assert listed(run) == []
    assert run("runs", "show", "last").status == 5


def test_list_says_how_each_went(run, ran):
    rows = listed(run)
    assert [(row["pipeline"], row["state"], row["read"], row["rejected"]) for row in rows] == [
        ("young", "done", 2, 1), ("old", "failed", 2, 1), ("young", "done", 2, 1),
    ]  # fmt: skip
    assert rows[0]["tally"] == {"created": 1}
    assert rows[2]["tally"] == {"unchanged": 1}
    assert all(row["seconds"] > 0 for row in rows)
    table = run("runs", "list", "-o", "table").out
    assert "1 created" in table
    assert [row["run"] for row in listed(run, "--pipeline", "young")] == [ran[0], ran[2]]
    assert [row["run"] for row in listed(run, "--state", "failed")] == [ran[1]]
    assert [row["run"] for row in listed(run, "--last", "2")] == ran[1:]


def test_show_has_steps_rejects_and_the_report(run, ran):
    shown = run("runs", "show", "last")
    assert shown.status == 0, shown.err
    assert ran[2] in shown.out
    assert "report.html" in shown.out
    assert "an age" in shown.out
    assert not any(name in shown.out for name in ("Jane", "John"))
    facts = json.loads(run("runs", "show", ran[0], "-o", "json").out)
    assert [(step["step"], step["read"], step["passed"], step["batches"]) for step in facts["steps"]] == [
        ("ages", 2, 1, 1)
    ]
    assert [(one["step"], one["number"], one["rows"], one["tally"]) for one in facts["batches"]] == [
        ("ages", 1, 1, {"created": 1})
    ]
    assert facts["rejects"] == []  # a later run has rejected the same record
    latest = json.loads(run("runs", "show", ran[2], "-o", "json").out)
    assert [(one["rule"], one["count"]) for one in latest["rejects"]] == [("an age", 1)]
    assert (facts["pipeline"], facts["state"], facts["file"]) == ("young", "done", "young.yml")


def test_show_by_the_beginning_of_an_id(run, ran):
    assert ran[1] in run("runs", "show", ran[1][:-1]).out
    many = run("runs", "show", "2")
    assert (many.status, "3 runs begin with '2'" in many.err) == (5, True)
    assert "There is no run 'x'" in run("runs", "show", "x").err


def test_verify_tells_the_hash_and_finds_what_was_changed(run, home):
    assert run("runs", "verify").out.startswith("0 lines")
    audit = Audit(home.parent / "state", run="r1")
    for number in range(3):
        audit.write(profile="target", table="ages", verb="upsert", counts={"created": number}, keys=["Jane"])
    whole = run("runs", "verify")
    assert (whole.status, whole.out) == (
        0, f"3 lines, as they were written; the last has the hash {audit.verify().hash}\n",
    )  # fmt: skip
    assert run("runs", "verify", "--noted", audit.verify().hash).status == 0
    assert json.loads(run("runs", "verify", "-o", "json").out) == {"lines": 3, "hash": audit.verify().hash}
    assert "no line has the hash" in run("runs", "verify", "--noted", "ab").err
    text = audit.chain.path.read_bytes()
    audit.chain.path.write_bytes(text + b'{"half')
    assert "cut off" in run("runs", "verify").err
    audit.chain.path.write_bytes(text.replace(b'"created":1', b'"created":0'))
    broken = run("runs", "verify")
    assert broken.status == 9
    assert "BD-PIPELINE-AUDIT" in broken.err
    assert "broken at line 2: it was changed" in broken.err
    assert broken.out == ""


@pytest.mark.parametrize("removed", [["audit.head"], ["audit.ndjson"], ["audit.ndjson", "audit.head"],
                                     ["audit.ndjson", "audit.head", "audit.key"]])  # fmt: skip
def test_verify_finds_a_log_that_was_removed_whatever_was_removed_with_it(run, ran, home, removed):
    assert run("runs", "verify").status == 0
    for name in removed:
        (home.parent / "state" / name).unlink()
    broken = run("runs", "verify")
    assert (broken.status, "BD-PIPELINE-AUDIT" in broken.err) == (9, True)
    with biodata.connect("target") as connection:
        connection["ages"].delete("Jane")
    assert run("run", "young.yml").status == 0
    assert run("runs", "verify").status == 9  # and what is written later covers nothing up


def test_verify_of_a_state_directory_in_which_nothing_was_written(run, ran, home):
    shutil.rmtree(home.parent / "state")
    assert run("run", "young.yml", "--dry-run").status == 0
    assert run("run", "young.yml", "--save-plan", "plan.json").status == 0
    assert run("runs", "verify").out.startswith("0 lines")
