"""One reject, night after night: the same as long as its record is rejected, closed only when that was read again."""

import sqlite3
from contextlib import closing

import pytest

from biodata.errors import RejectBudgetExceeded
from biodata.pipelines.state.reject_file import RejectFile, Which
from biodata.pipelines.state.rejects import Reject, RejectStore

FILE = """\
version: 1
name: night
params: {input: people.csv, least: 0}
steps:
  - name: people
    extract: {file: "${param:input}", where: "id >= '0'"}
    transform: [{columns: {id: src.id, n: CAST(src.n AS INTEGER)}}]
    check: [{name: least, rows: "n >= ${param:least}"}]
    load: {to: target/people, mode: merge, key: [id]}
on_reject: {budget: 2}
"""


@pytest.fixture
def night(run, tmp_path, monkeypatch):
    """A run over a file of these rows."""
    monkeypatch.chdir(tmp_path)

    def call(*rows, text=FILE, name="people.csv", **parameters):
        (tmp_path / name).write_text("".join(f"{row}\n" for row in ("id,n", *rows)))
        (tmp_path / "night.yml").write_text(text)
        return run(tmp_path / "night.yml", parameters={"input": name, **parameters})

    return call


@pytest.fixture
def states(state):
    """Of each reject, however it stands: id, state, attempt and the record's id."""

    def read():
        found = RejectFile(state).find(Which())
        return [(one.id, one.state, one.attempt, one.record.get("id")) for one in found]

    return read


def test_it_keeps_its_id_and_has_an_attempt_more(night, states):
    night("a,1", "b,x", "c,-1")
    night("a,1", "new,2", "c,-1", "b,x")
    assert states() == [(1, "open", 2, "c"), (2, "open", 2, "b")]


def test_another_content_of_the_record_is_another_reject(night, states):
    night("b,x")
    night("b,y")
    assert states() == [(1, "superseded", 1, "b"), (2, "open", 1, "b")]


def test_records_that_are_equal_are_two_rejects(night, states):
    for _ in range(2):
        night("b,x", "b,x")
    assert states() == [(1, "open", 2, "b"), (2, "open", 2, "b")]
    night("b,x")
    assert states() == [(1, "open", 3, "b"), (2, "superseded", 2, "b")]


def test_what_was_dropped_stays_dropped_and_is_not_counted(night, states, state):
    night("a,1", "b,x")
    RejectFile(state).close(Which(ids=(1,)), "dropped")
    report = night("a,1", "b,x", "c,x", "d,x")
    assert (report.rejected, report.steps[0].notes) == (
        2,
        ("1 record was rejected again that somebody has dropped or replayed",),
    )
    assert states()[0] == (1, "dropped", 2, "b")
    night("a,1", "b,2")
    night("a,1", "b,x")
    assert [one for one in states() if one[1] == "open"] == [(5, "open", 1, "b")]


def test_what_was_corrected_and_replayed_stays_so_while_the_source_is_wrong(night, states, again, tmp_path, target):
    night("a,1", "b,x")
    corrected = tmp_path / "corrected.csv"
    corrected.write_text("_reject,id,n\n1,b,7\n")
    again(tmp_path / "night.yml", corrected=corrected)
    report = night("a,1", "b,x")
    assert (report.rejected, states(), target("people")["b"]["n"]) == (0, [(1, "replayed", 2, "b")], 7)


def test_a_file_that_was_exported_on_monday_is_good_on_tuesday(night, states, again, tmp_path, target):
    night("b,x")
    night("b,x")
    corrected = tmp_path / "corrected.csv"
    corrected.write_text("_reject,id,n\n1,b,7\n")
    again(tmp_path / "night.yml", corrected=corrected)
    assert target("people")["b"]["n"] == 7


def test_a_run_that_asked_for_other_records_closes_none(night, states):
    night("a,1", "b,x", name="monday.csv")
    night("d,4", name="tuesday.csv")
    assert states() == [(1, "open", 1, "b")]
    night("d,4", "b,5", name="tuesday.csv")
    assert states() == [(1, "superseded", 1, "b")]


def test_nor_one_of_which_the_file_asks_otherwise(night, states):
    night("b,x", "0,x")
    night("b,x", "0,x", text=FILE.replace("id >= '0'", "id > '0'"))
    assert states() == [(1, "open", 2, "b"), (2, "open", 1, "0")]


def test_runs_that_stopped_at_the_budget_leave_each_reject_once(night, states):
    for _ in range(3):
        with pytest.raises(RejectBudgetExceeded):
            night("a,x", "b,x", "c,x")
    assert states() == [(1, "open", 3, "a"), (2, "open", 3, "b"), (3, "open", 3, "c")]
    night("a,1", "b,1", "c,1")
    assert {one[1] for one in states()} == {"superseded"}


def test_a_dry_run_changes_none(run, night, states, tmp_path):
    night("a,1", "b,x")
    RejectFile(tmp_path / "state").close(Which(ids=(1,)), "dropped")
    run(tmp_path / "night.yml", dry_run=True, parameters={"input": "people.csv"})
    assert states() == [(1, "dropped", 1, "b")]


def test_a_clock_that_was_once_ahead_closes_them_all_the_same(night, states, monkeypatch):
    monkeypatch.setattr("biodata.pipelines.runs.run.new_run_id", lambda: "20310101T020000.000Z-aaaa")
    night("b,x")
    monkeypatch.undo()
    assert states() == [(1, "open", 1, "b")]


def test_the_rejects_of_an_older_version_are_read(night, state, states):
    night("b,x")
    path = RejectFile(state).path
    drop = "DROP INDEX rejects_alike; ALTER TABLE rejects DROP COLUMN alike; ALTER TABLE rejects DROP COLUMN asked;"
    drop += "PRAGMA user_version = 0;"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(drop)
    assert states() == [(1, "open", 1, "b")]
    night("b,1")
    assert states() == [(1, "superseded", 1, "b")]
    assert RejectStore(state, pipeline="night", run="r").count() == 0


def test_to_carry_on_twice_is_to_carry_on_once(state):
    alike = [Reject("s", "check", "r", "why", row, record={"id": "b"}) for row in (1, 2)]
    for run, some in (("r1", alike), ("r2", alike[:1])):
        store = RejectStore(state, pipeline="night", run=run, asked={"s": "all"})
        for one in some:
            store.add(one)
        for _ in range(2):
            store.carry_on()
    assert [(one.id, one.run, one.attempt) for one in RejectFile(state).find(Which())] == [(1, "r2", 2), (2, "r1", 1)]
