"""Old state goes, and what the next run needs does not; all of it is for the owner alone."""

import os
import stat
from datetime import UTC, datetime, timedelta

import pytest

import biodata
from biodata.pipelines.pairs.pairing import Pairing
from biodata.pipelines.pairs.syncing import Sync, sync_file
from biodata.pipelines.state.audit import Audit
from biodata.pipelines.state.forgetting import Forgetting
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


@pytest.fixture
def remembers(journal):
    """Puts hashes of what steps have seen into the memory of a pipeline; gives its directory."""

    def note(*steps, pipeline="night"):
        directory = journal.directory / "memory" / pipeline
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("contents.key", *(f"{step}.contents" for step in steps)):
            (directory / name).write_bytes(b"x")
        return directory

    return note


@pytest.fixture
def synced(journal):
    """Writes the file of a sync; gives its path."""
    sync = Sync(a="one/donors", b="two/cases", pairing=Pairing((("id", "id"),), ()), where="id = 'Jane'")
    return lambda: sync_file(sync, journal.directory / "sync")


def kept(directory):
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


def open_reject(journal, pipeline):
    store = RejectStore(journal.directory, pipeline=pipeline, run=f"{pipeline}1")
    store.add(Reject("sync", "load", "rule", "reason", 1))
    store.flush()


def test_what_steps_have_seen_stays_while_a_run_has_the_step(journal, ended, remembers):
    directory = remembers("donors", "renamed")
    ended("r1")
    ended("r2")
    purge = Purge(journal, LATER)
    assert (purge.preview().steps, purge.preview()) == (1, purge.carry_out())
    assert kept(directory) == ["contents.key", "donors.contents"]
    assert Purge(journal, LATER, rejects=True, unfinished=True).carry_out().steps == 0


def test_what_a_run_that_stopped_may_have_put_there_stays(journal, ended, remembers):
    directory = remembers("cases")
    ended("r1", "interrupted", spool=True, loaded=())
    assert tidy(journal, LATER).steps == 0
    assert kept(directory) == ["cases.contents", "contents.key"]


def test_the_memory_of_a_pipeline_without_a_run_goes_when_it_is_old(journal, ended, remembers):
    directory = remembers("donors")
    ended("r1", "interrupted", spool=True, loaded=())
    assert Purge(journal, LATER, pipeline="other", unfinished=True).carry_out().steps == 0
    assert tidy(journal).steps == 0
    purge = Purge(journal, LATER, unfinished=True)
    assert (purge.preview().steps, [one.path for one in purge.left()]) == (1, [directory])
    assert purge.carry_out().steps == 1
    assert kept(directory) == []


def test_nothing_that_is_kept_goes_while_another_process_runs_the_pipeline(journal, remembers, synced, tmp_path):
    directory, path = remembers("donors"), synced()
    with Journal(tmp_path).hold("night"), Journal(tmp_path).hold(path.stem):
        assert (tidy(journal, LATER).steps, tidy(journal, LATER).syncs) == (0, 0)
    assert kept(directory) == ["contents.key", "donors.contents"]
    assert path.exists()
    assert (tidy(journal, LATER, held="night").steps, path.exists()) == (1, False)


def test_the_file_of_a_sync_goes_with_its_last_run(journal, ended, synced):
    path = synced()
    ended("r1", pipeline=path.stem)
    tidy(journal, LATER)
    assert path.exists()
    ended("r2", "failed", pipeline="other", loaded=())
    journal.forget("r1")
    assert Purge(journal, LATER, pipeline="other").carry_out().syncs == 0
    assert tidy(journal).syncs == 0
    assert Purge(journal, LATER).preview().syncs == 1
    assert tidy(journal, LATER, held=path.stem).syncs == 0, "it is about to be run"
    assert str(tidy(journal, LATER)) == "0 runs (0.0 MB), 0 rejects and 1 files of biodata sync"
    assert not path.exists()


def test_the_file_of_a_sync_that_wrote_nothing_goes_with_its_previews(journal, ended, synced):
    path = synced()
    ended("r1", pipeline=path.stem, kind="preview")
    assert Purge(journal, LATER).preview() == Purge(journal, LATER).carry_out()
    assert not path.exists()


def test_the_file_of_a_sync_whose_rejects_are_open_stays_to_replay_them(journal, synced):
    path = synced()
    open_reject(journal, path.stem)
    assert tidy(journal, LATER).syncs == 0
    assert path.exists()
    purge = Purge(journal, LATER, rejects=True)
    told = purge.preview()
    assert (told.rejects, told.syncs) == (1, 1)
    assert told == purge.carry_out()
    assert not path.exists()


def test_a_copy_of_a_syncs_file_is_somebodys_own(journal, synced):
    path = synced()
    copy, other = path.with_name("mine.yml"), path.with_name("other.yml")
    copy.write_bytes(path.read_bytes())
    other.write_text("version: 1\nname: other\n")
    path.unlink()
    assert tidy(journal, LATER).syncs == 0
    assert kept(path.parent) == ["mine.yml", "other.yml"]


def test_all_of_a_pipeline_can_be_forgotten_and_nothing_else(journal, ended, remembers, synced):
    path = synced()
    for pipeline in (path.stem, "other"):
        remembers("donors", "renamed", pipeline=pipeline)
        ended(f"{pipeline}1", pipeline=pipeline)
        ended(f"{pipeline}2", "interrupted", spool=True, pipeline=pipeline)
        open_reject(journal, pipeline)
    audit = Audit(journal.directory, run="r1", pipeline=path.stem)
    audit.write(profile="a", table="b", verb="add", counts={}, keys=["k"])
    forgetting = Forgetting(journal, path.stem)
    told = forgetting.preview()
    assert (told.runs, told.size) == ((f"{path.stem}1", f"{path.stem}2"), 2000)
    assert (told.rejects, told.steps, told.syncs) == (1, 2, 1)
    assert told == forgetting.carry_out()
    assert left(journal) == ["other1", "other2"]
    assert kept(journal.directory / "memory") == ["other"]
    assert kept(journal.directory / "memory/other") == ["contents.key", "donors.contents", "renamed.contents"]
    assert not path.exists()
    assert [one.pipeline for one in RejectStore(journal.directory, pipeline="x", run="x").find(Which())] == ["other"]
    assert (audit.verify().ok, audit.verify().lines) == (True, 1)
    with pytest.raises(biodata.NotFound, match="Nothing is kept of a pipeline"):
        Forgetting(journal, path.stem)


def test_what_will_be_missed_is_said(journal, ended):
    ended("r1")
    ended("r2", "planned")
    open_reject(journal, "night")
    first, opened, halted = Forgetting(journal, "night").losses()
    assert first.startswith("The next run of night will be a first one: incremental steps read everything again")
    assert opened == "1 of the rejects are open: their records are lost."
    assert halted == "Runs that stopped while they wrote, and plans, cannot be gone on with: r2."


def test_a_pipeline_that_is_being_run_cannot_be_forgotten(journal, ended, remembers, tmp_path):
    directory = remembers("donors")
    ended("r1")
    forgetting = Forgetting(journal, "night")
    with Journal(tmp_path).hold("night"), pytest.raises(biodata.ConfigError) as caught:
        forgetting.carry_out()
    assert caught.value.code == "BD-PIPELINE-HELD"
    assert (left(journal), kept(directory)) == (["r1"], ["contents.key", "donors.contents"])


@pytest.mark.parametrize(("name", "hint"), [("nigth", "Did you mean 'night'?"), ("../night", None), ("..", None)])
def test_what_is_no_pipeline_cannot_be_forgotten(journal, ended, remembers, name, hint):
    remembers("donors")
    ended("r1")
    with pytest.raises(biodata.NotFound) as caught:
        Forgetting(journal, name)
    assert caught.value.code == "BD-PIPELINE-UNKNOWN"
    assert hint in {None, caught.value.hint}
    assert left(journal) == ["r1"]


def test_no_value_of_a_cursor_stays_in_the_journal(journal, ended):
    ended("r1")
    journal.step("r1", "donors", seen={"cursor": {"value": "CANARY" * 9}})
    assert b"CANARY" in journal.path.read_bytes()
    Forgetting(journal, "night").carry_out()
    assert b"CANARY" not in journal.path.read_bytes()


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


@pytest.mark.parametrize("days", ["999999", "9" * 5000])
def test_before_the_first_of_all_days_there_is_nothing(journal, ended, monkeypatch, days):
    ended("r1")
    ended("r2")
    monkeypatch.setenv("BIODATA_RETENTION", days)
    assert tidy(journal, LATER).runs == ()
    monkeypatch.setenv("BIODATA_RETENTION", str(datetime.now(UTC).toordinal() - 1))
    assert tidy(journal).runs == ()


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
