"""`biodata purge`: says what it removes, and removes it when told to."""

import json

import pytest

from biodata.pipelines.state.journal import Journal
from biodata.pipelines.state.rejects import Reject, RejectStore


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
