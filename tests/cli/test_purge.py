"""`biodata purge`: says what it removes, and removes it when told to."""

import json
import shutil
import stat

import pytest

import biodata
from biodata.pipelines.state.journal import Journal
from biodata.pipelines.state.rejects import Reject, RejectStore
from biodata.records.types import Field, Integer, Schema, String


@pytest.fixture
def journal(home):
    """Two runs that ended long ago, and an open reject."""
    state = home.parent / "state"
    state.mkdir()
    journal = Journal(state)
    for run in ("r1", "r2"):
        journal.begin(run, pipeline="night", file="night.yml", sha256="0", version="1")
        journal.run_directory(run).mkdir(parents=True)
        (journal.run_directory(run) / "report.html").write_text("x" * 1234)
        journal.end(run, "done")
    store = RejectStore(state, pipeline="night", run="r1")
    store.add(Reject("donors", "check", "rule", "reason", 1))
    store.flush()
    return journal


def left(journal):
    return [run.id for run in journal.runs()]


def test_a_dry_run_says_what_would_go(run, journal):
    shown = run("purge", "--older-than", "0s", "--dry-run", "-o", "json")
    assert shown.status == 0, shown.err
    assert [(row["run"], row["pipeline"], row["bytes"]) for row in json.loads(shown.out)] == [("r1", "night", 1234)]
    assert "would remove 1 runs (0.0 MB) and 0 rejects" in shown.err
    assert left(journal) == ["r1", "r2"]


def test_without_a_terminal_yes_has_to_be_said(run, journal):
    refused = run("purge", "--older-than", "0s")
    assert (refused.status, "say --yes" in refused.err) == (2, True)
    assert left(journal) == ["r1", "r2"]
    assert "removed 1 runs" in run("purge", "--older-than", "0s", "--yes").err
    assert left(journal) == ["r2"]
    assert not journal.run_directory("r1").exists()


def test_by_default_nothing_younger_than_the_retention_goes(run, journal, monkeypatch):
    run("purge", "--yes")
    assert left(journal) == ["r1", "r2"]
    monkeypatch.setenv("BIODATA_RETENTION", "0")
    run("purge", "--yes")
    assert left(journal) == ["r2"]
    monkeypatch.setenv("BIODATA_RETENTION", "never")
    assert "say --older-than" in run("purge", "--yes").err


@pytest.mark.parametrize("span", ["999999d", "99999999999999999w"])
def test_nothing_is_older_than_all_time(run, journal, span):
    refused = run("purge", "--older-than", span, "--yes")
    assert (refused.status, "before the first of all days" in refused.err) == (2, True)
    assert left(journal) == ["r1", "r2"]


def test_rejects_that_are_open_go_when_they_are_named(run, journal):
    assert "0 rejects" in run("purge", "--older-than", "0s", "--yes").err
    assert "and 1 rejects" in run("purge", "--older-than", "0s", "--rejects", "--yes").err


def test_a_run_whose_process_is_gone_is_no_run_under_way(run, journal):
    journal.begin("r0", pipeline="other", file="other.yml", sha256="0", version="1")
    run("purge", "--older-than", "0s", "--yes")
    assert left(journal) == ["r2"]


@pytest.mark.parametrize("span", ["90", "x", "-1d"])
def test_a_span_that_is_none(run, span):
    assert run("purge", "--older-than", span).status == 2


# What is left works after a purge: whole runs, by the command.

PEOPLE = Schema("people", "id", (Field("id", String(), required=True), Field("age", Integer())))
NIGHT = """\
version: 1
name: night
steps:
  - name: people
    extract: {from: source/people, incremental: {by: content}}
    check:
      - {name: an age, rows: "age >= 0"}
    load: {to: target/people, mode: merge, key: [id]}
  - name: all
    extract: {from: source/people}
    load: {to: target/all_people, mode: merge, key: [id], delete_missing: {max: 100%}}
on_reject: {budget: 90%}
"""
FROZEN = """\
version: 1
name: frozen
steps:
  - name: people
    extract: {from: source/people, contract: freeze}
    load: {to: target/frozen, mode: merge, key: [id]}
"""
NOW = ("--older-than", "0s", "--yes")


@pytest.fixture
def people(profiles, home):
    """Ten people, one of them younger than nobody is, and the files of two pipelines."""
    profiles(*(f"{name}: {{platform: duckdb, path: '{home}/{name}.duckdb'}}" for name in ("source", "target")))
    with biodata.connect("source") as connection:
        rows = [{"id": f"p{n}", "age": n - 1} for n in range(10)]
        connection.ensure(PEOPLE).add(rows).raise_for_refused()
    (home / "night.yml").write_text(NIGHT)
    (home / "frozen.yml").write_text(FROZEN)


def steps(ran):
    assert ran.out, ran.err
    return {step["name"]: step for step in json.loads(ran.out)["steps"]}


def test_after_a_purge_by_age_the_next_run_knows_what_the_last_one_did(run, people, home):
    for _ in range(3):
        assert run("run", "night.yml").status == 0
    assert "removed 2 runs" in run("purge", *NOW).err
    assert run("runs", "verify").status == 0
    (last,) = json.loads(run("runs", "list", "-o", "json").out)
    assert json.loads(run("runs", "show", "last", "-o", "json").out)["id"] == last["run"]
    (reject,) = json.loads(run("rejects", "list", "-o", "json").out)
    assert run("rejects", "show", str(reject["id"])).status == 0

    again = steps(run("run", "night.yml", "-o", "json"))
    assert (again["people"]["rows_read"], again["people"]["unchanged_since"]) == (10, 9)
    with biodata.connect("source") as connection:
        connection["people"].delete(["p2", "p3", "p4"]).raise_for_refused()
    assert "removed 1 runs" in run("purge", *NOW).err
    ran = run("run", "night.yml")
    assert (ran.status, "7 rows were read, 70% of the 10 of the last run" in ran.out) == (9, True)

    with biodata.connect("source") as connection:
        connection["people"].update({"id": "p0", "age": 50}).raise_for_refused()
    run("purge", *NOW)
    assert run("rejects", "list", "-o", "json").out != "[]\n"
    run("rejects", "export", "--output", "people.csv")
    text = (home / "people.csv").read_text()
    (home / "people.csv").write_text(text.replace("-1", "50"))
    ran = run("rejects", "replay", "night.yml", "--corrected", "people.csv")
    assert ran.status == 0, ran.err
    assert run("runs", "verify").status == 0


def test_after_all_is_forgotten_the_next_run_is_a_first_one(run, people, home):
    state = home.parent / "state"
    for name in ("night.yml", "night.yml", "frozen.yml"):
        assert run("run", name).status == 0
    noted = json.loads(run("runs", "verify", "-o", "json").out)
    asked = run("purge", "--pipeline", "night", "--all", "--dry-run", "-o", "json")
    assert len(json.loads(asked.out)) == 2
    assert "The next run of night will be a first one" in asked.err
    assert "1 of the rejects are open: their records are lost." in asked.err
    assert f"would remove {state / 'memory' / 'night'}" in asked.err
    assert (run("purge", "--pipeline", "night", "--all").status, (state / "memory/night").exists()) == (2, True)

    done = run("purge", "--pipeline", "night", "--all", "--yes")
    assert (done.status, "1 rejects and what 1 steps have seen" in done.err) == (0, True), done.err
    assert not (state / "memory/night").exists()
    assert [row["pipeline"] for row in json.loads(run("runs", "list", "-o", "json").out)] == ["frozen"]
    assert run("rejects", "list", "--state", "all", "-o", "json").out == "[]\n"
    assert run("rejects", "show", "1").status == 5
    assert run("rejects", "replay", "night.yml", "--all").status == 5
    verified = run("runs", "verify", "--noted", noted["hash"], "-o", "json")
    assert (verified.status, json.loads(verified.out)["lines"]) == (0, noted["lines"])

    first = steps(run("run", "night.yml", "-o", "json"))
    assert (first["people"]["rows_read"], first["people"]["unchanged_since"]) == (10, 0)
    assert first["people"]["tally"] == {"unchanged": 9}
    assert run("run", "frozen.yml").status == 0
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in state.rglob("*")}
    assert modes == {(True, 0o700), (False, 0o600)}


def test_a_removal_that_died_leaves_a_run_that_stops_rather_than_adds_twice(run, people, home):
    text = NIGHT.replace("to: target/people, mode: merge, key: [id]", "to: target/people, mode: append, key: [id]")
    (home / "night.yml").write_text(text)
    assert run("run", "night.yml").status == 0
    shutil.rmtree(home.parent / "state/memory/night")  # the first thing that a removal does
    ran = run("run", "night.yml")
    assert (ran.status, "mode append would add it again" in ran.err) == (3, True)
    assert "run once with --full" in ran.err
    assert run("purge", "--pipeline", "night", "--all", "--yes").status == 0
    assert run("runs", "list", "-o", "json").out == "[]\n"


def test_a_pipeline_whose_file_is_gone_can_be_forgotten(run, people, home):
    run("run", "night.yml")
    (home / "night.yml").unlink()
    assert run("purge", "--pipeline", "night", "--all", "--yes").status == 0
    shown = run("purge", "--pipeline", "night", "--all", "--yes")
    assert (shown.status, "BD-PIPELINE-UNKNOWN" in shown.err) == (5, True)


def test_a_plan_of_a_pipeline_that_was_forgotten_cannot_be_applied(run, people):
    assert run("run", "frozen.yml", "--save-plan", "plan.json").status == 0
    asked = run("purge", "--pipeline", "frozen", "--all", "--dry-run")
    assert "Runs that stopped while they wrote, and plans, cannot be gone on with" in asked.err
    run("purge", "--pipeline", "frozen", "--all", "--yes")
    ran = run("run", "frozen.yml", "--apply", "plan.json")
    assert (ran.status, "is not in this state directory" in ran.err) == (3, True), ran.err
    assert run("run", "frozen.yml").status == 0


def test_what_a_sync_leaves_goes_when_it_is_forgotten(run, people, home):
    state = home.parent / "state"
    assert run("sync", "source/people", "target/copy", "--where", "id != 'p1'").status == 0
    (file,) = (state / "sync").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "files of biodata sync" not in run("purge", *NOW).err
    assert file.exists()
    done = run("purge", "--pipeline", file.stem, "--all", "--yes")
    assert "1 files of biodata sync" in done.err
    assert not file.exists()
    assert run("sync", "source/people", "target/copy", "--where", "id != 'p1'").status == 0
    assert "unchanged" in run("sync", "source/people", "target/copy").out


def test_a_sync_runs_whatever_the_retention_is(run, people, home, monkeypatch):
    monkeypatch.setenv("BIODATA_RETENTION", "0")
    for _ in range(2):
        ran = run("sync", "source/people", "target/copy")
        assert ran.status == 0, ran.err
    assert len(list((home.parent / "state/sync").iterdir())) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--all"], "--all goes with --pipeline"),
        (["--all", "--pipeline", "night", "--older-than", "1w"], "--all is whatever its age"),
    ],
)
def test_all_is_of_one_pipeline_and_of_any_age(run, options, words):
    shown = run("purge", *options)
    assert (shown.status, words in shown.err) == (2, True)


def test_all_is_asked_for_whatever_the_retention_is(run, journal, monkeypatch):
    monkeypatch.setenv("BIODATA_RETENTION", "never")
    assert run("purge", "--pipeline", "night", "--all", "--yes").status == 0
    assert left(journal) == []
