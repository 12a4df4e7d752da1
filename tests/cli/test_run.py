"""`biodata run` on DuckDB tables: what it prints, and each way that it can end."""

import json

import pytest

import biodata
from biodata.records.types import Field, Integer, Schema, String

PEOPLE = Schema(
    table="people",
    key="id",
    fields=(Field("id", String(), required=True), Field("age", Integer())),
)
PIPELINE = """
version: 1
name: ages
steps:
  - name: ages
    extract: {from: source/people, fields: [id, age]}
    transform:
      - columns: {id: src.id, age: src.age}
    check:
      - {name: an age, rows: "age >= 0"}
      - {name: everybody, count: {equals: NUMBER}}
    load: {to: target/ages, mode: merge, key: [id]}
on_reject: {budget: BUDGET}
"""


@pytest.fixture
def pipeline(profiles, home):
    """Write the profiles, the source's rows and the pipeline file; gives its name."""
    profiles(
        f"source: {{platform: duckdb, path: '{home}/source.duckdb'}}",
        f"target: {{platform: duckdb, path: '{home}/target.duckdb'}}",
    )

    def write(rows, *, number, budget="0"):
        with biodata.connect("source") as connection:
            connection.ensure(PEOPLE).add(rows)
        (home / "ages.yml").write_text(PIPELINE.replace("NUMBER", str(number)).replace("BUDGET", budget))
        return "ages.yml"

    return write


GOOD = [{"id": "s1", "age": 1}, {"id": "s2", "age": 2}]
ONE_BAD = [*GOOD, {"id": "s3", "age": -1}]


def test_done_and_then_nothing_changed(run, home, pipeline):
    file = pipeline(GOOD, number=2)
    first = run("run", file, "--report", "reports")
    assert first.status == 0, first.err
    assert "2 rows read" in first.out
    assert "2 created" in first.out
    assert (home / "reports" / "ages.html").is_file()
    assert "reports/ages.html" in first.err
    second = run("run", file, "--report", "reports")
    assert second.status == 0
    assert "nothing changed" in second.out


def test_json_is_the_report(run, pipeline):
    shown = json.loads(run("run", pipeline(GOOD, number=2), "-o", "json").out)
    assert shown["state"] == "done"
    assert shown["steps"][0]["rows_read"] == 2


def test_dry_run_writes_nothing(run, home, pipeline):
    shown = run("run", pipeline(GOOD, number=2), "--dry-run")
    assert shown.status == 0, shown.err
    assert "nothing was written" in shown.out
    assert not (home / "target.duckdb").exists() or json.loads(run("ls", "target", "-o", "json").out) == []


def test_rejects_within_the_budget_are_0_and_7_when_strict(run, pipeline):
    file = pipeline(ONE_BAD, number=3, budget="1")
    shown = run("run", file)
    assert shown.status == 0, shown.err
    assert "1 rejected" in shown.out
    assert run("run", file, "--strict").status == 7


def test_more_than_the_budget_is_8(run, pipeline):
    shown = run("run", pipeline(ONE_BAD, number=3))
    assert shown.status == 8
    assert "BD-PIPELINE-BUDGET" in shown.err
    assert ".html" in shown.err
    assert shown.out.startswith("ages: failed: 1 record was rejected")
    (listed,) = json.loads(run("runs", "list", "--state", "failed", "-o", "json").out)
    assert listed["rejected"] == 1
    assert run("runs", "list", "--state", "faild").status == 2


def test_a_run_that_failed_is_told_as_json_too(run, pipeline):
    shown = run("run", pipeline(GOOD, number=5), "-o", "json")
    assert (shown.status, json.loads(shown.out)["state"]) == (9, "failed")


def test_a_check_that_does_not_hold_is_9(run, pipeline):
    shown = run("run", pipeline(GOOD, number=5))
    assert shown.status == 9
    assert "BD-PIPELINE-CHECK" in shown.err


def test_a_file_that_is_not_there(run):
    shown = run("run", "none.yml")
    assert shown.status == 3
    assert "none.yml" in shown.err


def test_a_key_twice_is_told_with_its_line(run, home):
    (home / "twice.yml").write_text("version: 1\nname: a\nname: b\n")
    shown = run("run", "twice.yml")
    assert shown.status == 3
    assert "twice.yml:3" in shown.err


def test_a_dry_run_says_how_sources_are_asked_what_targets_would_get_and_which_hosts_get_data(run, pipeline):
    file = pipeline(GOOD, number=2)
    run("run", file)
    with biodata.connect("source") as connection:
        connection["people"].update({"id": "s1", "age": 41}).raise_for_refused()
    shown = run("run", file, "--dry-run")
    assert shown.status == 0, shown.err
    assert "step ages: source/people -> target/ages (merge)" in shown.out
    assert "SELECT" in shown.out
    assert "would change 1, leave 1" in shown.out
    (host,) = [line for line in shown.out.splitlines() if line.strip().startswith("target")]
    assert "this computer" in host
    assert "gets records" in host
    assert "41" not in shown.out
    assert "s1" not in shown.out
    values = run("--show-values", "run", file, "--dry-run")
    assert "s1: age: 1 -> 41" in values.out


def test_a_plan_is_saved_and_applied(run, pipeline, home):
    file = pipeline(GOOD, number=2)
    saved = run("run", file, "--save-plan", "plan.json")
    assert saved.status == 0, saved.err
    assert "planned, nothing was written" in saved.out
    assert json.loads((home / "plan.json").read_text())["steps"][0]["would"] == {"add": 2}
    applied = run("run", file, "--apply", "plan.json")
    assert applied.status == 0, applied.err
    assert "2 created" in applied.out
    assert run("run", file, "--apply", "plan.json").status == 3


def test_deletes_that_are_withheld_are_9_and_told_in_one_line(run, pipeline, home):
    file = pipeline(GOOD, number=2)
    text = (home / file).read_text().replace("key: [id]}", "key: [id], delete_missing: {max: 0}}")
    (home / file).write_text(text)
    assert run("run", file).status == 0
    with biodata.connect("source") as connection:
        connection["people"].add({"id": "s3", "age": 3}).raise_for_refused()
        connection["people"].delete("s1").raise_for_refused()
    shown = run("run", file)
    assert shown.status == 9
    assert "1 of 3 records would be deleted (max: 0)" in shown.err
    assert "--save-plan" in shown.err


def test_parameters(run, pipeline, home):
    file = pipeline(GOOD, number=1)
    text = (home / file).read_text()
    text = text.replace("steps:", "params:\n  least: {type: int}\nsteps:").replace(
        "fields: [id, age]", 'where: "age >= ${param:least}", fields: [id, age]'
    )
    (home / file).write_text(text)
    missing = run("run", file)
    assert (missing.status, "--param least=VALUE" in missing.err) == (3, True)
    wrong = run("run", file, "--param", "least=many")
    assert (wrong.status, "many" not in wrong.err, "a whole number" in wrong.err) == (3, True, True)
    unknown = run("run", file, "--param", "lest=2")
    assert (unknown.status, "Did you mean 'least'?" in unknown.err) == (3, True)
    assert run("run", file, "--param", "least").status == 2
    done = run("run", file, "--param", "least=2")
    assert (done.status, "1 created" in done.out) == (0, True), done.err


def test_another_key_of_pseudonyms_is_taken_when_that_is_said(run, pipeline, home, monkeypatch):
    path = home / pipeline(GOOD, number=2)
    hidden = "      - pseudonymise: {field: id, domain: d, key: '${env:KEY}'}\n      - columns"
    path.write_text(path.read_text().replace("      - columns", hidden))
    monkeypatch.setenv("KEY", "a key of sixteen bytes")
    assert "2 created" in run("run", "ages.yml").out
    monkeypatch.setenv("KEY", "another key of sixteen bytes")
    stopped = run("run", "ages.yml", "--full")
    assert (stopped.status, "BD-PIPELINE-PSEUDONYM-KEY" in stopped.out) == (3, True)
    assert "2 created" in run("run", "ages.yml", "--new-key").out


def test_events_are_lines_of_json(run, pipeline, home):
    assert run("run", pipeline(GOOD, number=2), "--events", "events.ndjson").status == 0
    events = [json.loads(line) for line in (home / "events.ndjson").read_text().splitlines()]
    kinds = [event["event"] for event in events]
    assert (kinds[0], kinds[-1]) == ("run.started", "run.ended")
    assert {"stage.started", "stage.ended", "check.ended", "batch.loaded"} <= set(kinds)
    assert events[-1]["tally"] == {"created": 2}


def test_the_schema_for_editors(run):
    shown = run("run", "--json-schema")
    assert shown.status == 0
    assert json.loads(shown.out)["$schema"].startswith("https://json-schema.org/")
