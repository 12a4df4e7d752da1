"""Old state goes, and what the next run needs does not; all of it is for the owner alone."""

import os
import stat
from datetime import UTC, datetime, timedelta

import pytest

import biodata
from biodata.pipelines.state.audit import Audit
from biodata.pipelines.state.journal import Journal
from biodata.pipelines.state.journal_batches import Noted
from biodata.pipelines.state.reject_file import Which
from biodata.pipelines.state.rejects import Reject, RejectStore
from biodata.pipelines.state.retention import Purge, retention, tidy

LATER = datetime.now(UTC) + timedelta(days=91)


@pytest.fixture
def journal(tmp_path, monkeypatch):
    monkeypatch.delenv("BIODATA_RETENTION", raising=False)
    return Journal(tmp_path)


@pytest.fixture
def ended(journal):
    """Notes a run that ended: `ended("r1", "done")`, with files, and with a spool where it can be taken up again."""

    def note(run, state="done", *, pipeline="night", spool=False, loaded=("donors",), kind="run"):
        journal.begin(run, pipeline=pipeline, file="night.yml", sha256="0", version="1", kind=kind)
        for step in ("donors", "cases"):
            journal.step(run, step, state="done" if step in loaded else "checked", rows_read=1)
        journal.note(Noted(run=run, step="donors", number=1, rows=1, tally={"created": 1}), "done")
        directory = journal.run_directory(run) / ("spool" if spool else "")
        directory.mkdir(parents=True)
        (directory / "file").write_bytes(b"x" * 1000)
        if state != "running":
            journal.end(run, state)

    return note


def left(journal):
    return [run.id for run in journal.runs()]


def test_what_is_old_goes_with_its_files_and_rows(journal, ended):
    for run in ("r1", "r2", "r3"):
        ended(run)
    removed = tidy(journal, LATER)
    assert (removed.runs, removed.size) == (("r1", "r2"), 2000)
    assert left(journal) == ["r3"]
    assert not journal.steps("r1")
    assert not journal.batches("r1")
    assert [path.name for path in (journal.directory / "runs").iterdir()] == ["r3"]
    assert str(removed) == "2 runs (0.0 MB) and 0 rejects"


def test_what_is_not_old_stays(journal, ended):
    ended("r1")
    ended("r2")
    assert tidy(journal).runs == ()
    assert tidy(journal, LATER - timedelta(days=2)).runs == ()


def test_the_last_run_that_was_done_stays_and_so_does_what_steps_have_seen_since(journal, ended):
    ended("r1")
    ended("r2")
    ended("r3", "failed", loaded=("donors",))
    ended("r4", "failed", loaded=("donors",))
    ended("r5", "failed", loaded=())
    ended("o1", pipeline="other")
    tidy(journal, LATER)
    assert sorted(left(journal)) == ["o1", "r2", "r4"]
    ended("r6")
    tidy(journal, LATER)
    assert left(journal) == ["o1", "r6"]


@pytest.mark.parametrize("kind", ["preview", "plan", "replay"])
def test_what_was_no_run_of_the_pipeline_does_not_count_as_its_last(journal, ended, kind):
    ended("r1")
    ended("r2", kind=kind)
    tidy(journal, LATER)
    assert left(journal) == ["r1"]


def test_a_run_under_way_or_that_can_be_taken_up_again_stays(journal, ended):
    ended("r1", "running")
    ended("r2", "interrupted", spool=True, loaded=())
    ended("r3", "interrupted", loaded=())
    ended("r4")
    tidy(journal, LATER)
    assert left(journal) == ["r1", "r2", "r4"]
    Purge(journal, LATER, unfinished=True).carry_out()
    assert left(journal) == ["r1", "r4"]


def test_a_run_that_another_process_takes_up_now_stays(journal, ended, tmp_path):
    ended("r1", "interrupted", spool=True, loaded=())
    purge = Purge(journal, LATER, unfinished=True)
    with Journal(tmp_path).hold("night"):
        assert purge.carry_out().runs == ()
    assert left(journal) == ["r1"]
    assert purge.carry_out().runs == ("r1",)


def test_of_one_pipeline_only(journal, ended):
    for pipeline in ("night", "other"):
        ended(f"{pipeline}1", pipeline=pipeline)
        ended(f"{pipeline}2", pipeline=pipeline)
    assert Purge(journal, LATER, pipeline="other").carry_out().runs == ("other1",)


def test_a_preview_removes_nothing_and_says_what_would_go(journal, ended):
    ended("r1")
    ended("r2")
    purge = Purge(journal, LATER)
    assert purge.preview() == purge.preview()
    assert left(journal) == ["r1", "r2"]
    assert purge.preview() == purge.carry_out()


def test_rejects_that_are_open_stay_unless_they_are_named(journal):
    store = RejectStore(journal.directory, pipeline="night", run="r1")
    for row in range(3):
        store.add(Reject("donors", "check", "rule", "reason", row, waiting=row == 2))
    store.flush()
    store.close(Which(ids=(1,)), "dropped")
    assert tidy(journal).rejects == 0
    assert tidy(journal, LATER).rejects == 1
    assert [one.id for one in store] == [2, 3]
    assert Purge(journal, LATER, pipeline="other", rejects=True).carry_out().rejects == 0
    assert Purge(journal, LATER, rejects=True).preview().rejects == 2
    assert Purge(journal, LATER, rejects=True).carry_out().rejects == 2


def test_the_audit_log_stays(journal, ended):
    audit = Audit(journal.directory, run="r1")
    audit.write(profile="a", table="b", verb="add", counts={})
    ended("r1")
    ended("r2")
    Purge(journal, LATER, rejects=True, unfinished=True).carry_out()
    assert (audit.verify().ok, audit.verify().lines) == (True, 1)


def test_how_long_is_said_by_the_environment(journal, ended, monkeypatch):
    assert retention() == timedelta(days=90)
    ended("r1")
    ended("r2")
    monkeypatch.setenv("BIODATA_RETENTION", "never")
    assert retention() is None
    assert tidy(journal, LATER).runs == ()
    monkeypatch.setenv("BIODATA_RETENTION", "92")
    assert tidy(journal, LATER).runs == ()
    monkeypatch.setenv("BIODATA_RETENTION", "7")
    assert tidy(journal, LATER).runs == ("r1",)
    monkeypatch.setenv("BIODATA_RETENTION", "a week")
    with pytest.raises(biodata.ConfigError, match="BIODATA_RETENTION is a number of days or never") as caught:
        tidy(journal)
    assert caught.value.code == "BD-CONFIG-RETENTION"


def test_a_purge_that_died_in_between_is_finished(journal, ended):
    ended("r1")
    ended("r2")
    (journal.run_directory("r1") / "file").unlink()
    journal.run_directory("r1").rmdir()
    assert tidy(journal, LATER).runs == ("r1",)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_all_state_is_for_the_owner_alone_whatever_the_umask(source, pipeline, run, tmp_path, umask):
    rows = [{"ID": str(n), "SNP_ID": "rs12460890", "Ref_Counts": str(n), "Alt_Counts": "1"} for n in (-1, 1, 2)]
    source(rows, samples="3")
    old = os.umask(umask)
    try:
        run(pipeline(("budget: 0", "budget: 1")), report_dir=None)
        with pytest.raises(biodata.CheckFailed):
            run(pipeline(("field: Samples", "field: SNP_ID"), ("budget: 0", "budget: 1")), report_dir=None)
        Audit(tmp_path / "state").write(profile="a", table="b", verb="add", counts={}, keys=["k"])
    finally:
        os.umask(old)
    paths = [tmp_path / "state", *(tmp_path / "state").rglob("*")]
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in paths}
    assert modes == {(True, 0o700), (False, 0o600)}
    assert {"journal.sqlite", "rejects.sqlite", "audit.key", "report.html"} <= {path.name for path in paths}
