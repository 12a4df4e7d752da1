"""Rejects last: in their own types, once each, counted, closed and taken up again; and never told with values."""

import datetime as dt
import os
import signal
import stat
import subprocess
import sys
from decimal import Decimal

import pyarrow as pa
import pytest

import biodata
from biodata.pipelines.state.exact import from_text, to_text
from biodata.pipelines.state.reject import CLOSED, OPEN
from biodata.pipelines.state.reject_file import RejectFile, Which
from biodata.pipelines.state.rejects import Reject, RejectStore

EVERYTHING = {
    "text": "Jane", "blank": "", "none": None, "flag": True, "whole": 2**62, "float": 0.1, "nan": float("inf"),
    "decimal": Decimal("1.50"), "digits": Decimal(10) ** 37, "day": dt.date(2000, 1, 2), "time": dt.time(1, 2, 3),
    "instant": dt.datetime(2020, 1, 2, 3, 4, 5, 6, dt.UTC), "local": dt.datetime(2020, 1, 2),  # noqa: DTZ001 - that is the case
    "raw": b"\x00\xff",
    "span": dt.timedelta(days=-1, microseconds=3), "list": [dt.date(2001, 1, 1), None],
    "object": {"born": dt.date(1999, 1, 1), "parts": [{"weight": Decimal("0.10")}], "empty": {}},
}  # fmt: skip
SCHEMA = pa.schema(
    {
        "text": pa.string(), "blank": pa.string(), "none": pa.int64(), "flag": pa.bool_(), "whole": pa.int64(),
        "float": pa.float64(), "nan": pa.float64(), "decimal": pa.decimal128(10, 2), "digits": pa.decimal128(38),
        "day": pa.date32(), "time": pa.time64("us"), "instant": pa.timestamp("us", "UTC"),
        "local": pa.timestamp("us"), "raw": pa.binary(), "span": pa.duration("us"), "list": pa.list_(pa.date32()),
        "object": pa.struct({
            "born": pa.date32(), "parts": pa.list_(pa.struct({"weight": pa.decimal128(5, 2)})),
            "empty": pa.struct({}),
        }),
    }
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    """The rejects of a run of the pipeline `night`: `store()`, or of another run or pipeline."""

    def make(run="r1", pipeline="night"):
        return RejectStore(tmp_path / "state", pipeline=pipeline, run=run)

    return make


def reject(row=1, rule="named", **more):
    given = {"step": "s", "stage": "check", "reason": "it is not true for this row", "record": {"id": f"p{row}"}}
    return Reject(rule=rule, row=row, **given | more)


def kept(store, run="r1", **which):
    return list(RejectFile(store().path.parent).find(Which(run=run, **which)))


def test_rejects_are_kept_whole_and_told_without_values(store):
    one = store()
    record = {"id": "p1", "name": "Jane", "born": dt.date(2000, 1, 2), "weight": Decimal("1.50")}
    for row in range(1, 31):
        one.add(reject(row, key="p1", record=record))
    one.add(Reject("s", "load", "name", "too long", 40))
    found = list(one)
    assert len(found) == 31
    assert (found[0].record, found[0].key, found[0].state, found[0].attempt) == (record, "p1", "open", 1)
    assert [(tally.rule, tally.count) for tally in one.tallies("s")] == [("named", 30), ("name", 1)]
    assert one.tallies("s")[0].rows == list(range(1, 21))
    assert "Jane" not in str(one.tallies())
    assert (one.count(), one.count("s"), one.count("other")) == (31, 31, 0)
    assert stat.S_IMODE(one.path.stat().st_mode) == 0o600


def test_a_record_comes_back_in_the_types_that_arrow_gave(store):
    (record,) = pa.RecordBatch.from_pylist([EVERYTHING], SCHEMA).to_pylist()
    one = store()
    one.add(reject(record=record, key=(dt.date(2000, 1, 1), 7), target_key=("a", Decimal("1.0"))))
    (found,) = one
    assert found.record == record
    assert [type(value) for value in found.record.values()] == [type(value) for value in record.values()]
    assert (found.key, found.target_key) == ((dt.date(2000, 1, 1), 7), ("a", Decimal("1.0")))
    again = pa.RecordBatch.from_pylist([found.record], SCHEMA)
    assert again.equals(pa.RecordBatch.from_pylist([EVERYTHING], SCHEMA))


def test_values_that_look_like_ours_stay_what_they_are():
    for value in ({"date": "2020-01-31"}, {"$date": "x"}, "\ud800", 10**30, [], {}, "2020-01-31"):
        assert from_text(to_text(value)) == value


def test_a_platforms_words_are_masked_once_more(store):
    one = store()
    words = "value 'Jane Doe' of born is no date, nor is Jane"
    one.add(reject(stage="load", rule="born", reason=words, record={"name": "Jane Doe", "first": "Jane"}, key="p9"))
    one.add(reject(2, stage="load", reason="the record p9 is there", key="p9"))
    one.add(reject(3, reason="the column name is empty", record={"x": "name"}))
    assert [(tally.reason) for tally in one.tallies()] == [
        "value '<value>' of born is no date, nor is <value>",
        "the record <value> is there",
        "the column name is empty",
    ]


def test_nothing_is_written_before_the_flush_and_much_is_written_anyway(store):
    one = store()
    for row in range(1, 11):
        one.add(reject(row))
    assert (one.count(), len(kept(store))) == (10, 0)
    one.flush()
    assert len(kept(store)) == 10
    for row in range(11, 1511):
        one.add(reject(row))
    assert 1000 <= len(kept(store)) < 1510


def test_a_run_that_is_taken_up_again_has_its_tallies_and_tells_nothing_twice(store):
    first = store()
    batch = [reject(row, record={"id": row % 2}) for row in (1, 1, 2)] + [reject(3, waiting=True, stage="load")]
    for one in batch:
        first.add(one)
    first.flush()
    again = store()
    assert again.tallies() == first.tallies()
    assert (again.count("s"), again.count("s", counted=True), again.waiting("s")) == (4, 3, 1)
    for one in [*batch, reject(4)]:
        again.add(one)
    assert again.count() == 5  # now, because the budget is looked at after each
    again.flush()
    assert (again.count(), len(kept(store))) == (5, 5)
    assert [tally.rows for tally in again.tallies()] == [[1, 1, 2, 4], [3]]


def test_rows_that_came_of_one_row_and_are_alike_are_rejects_each(store):
    one = store()
    for _ in range(3):
        one.add(reject(7, at=1, record={"code": "x"}))
    assert (one.count(), len(list(one))) == (3, 3)


def test_a_refusal_in_other_words_is_the_same_refusal(store):
    one = store()
    one.add(reject(stage="load", rule="BD-A", reason="no"))
    one.flush()
    again = store()
    again.add(reject(stage="load", rule="name", reason="not this either"))
    assert [(one.rule, one.reason) for one in again] == [("BD-A", "no")]


def test_what_is_rejected_twice_within_a_process_is_counted_once_after_the_flush(store):
    one = store()
    for _ in range(2):
        one.add(reject(1))
        one.flush()
    assert (one.count(), len(kept(store))) == (1, 1)


def test_what_a_run_does_again_is_retracted(store):
    one = store()
    for row in range(1, 5):
        one.add(reject(row))
        one.add(reject(row, stage="load"))
    assert one.retract("s", ["load"], rows=[2, 3]) == 2
    assert [(found.stage, found.row) for found in one if found.stage == "load"] == [("load", 1), ("load", 4)]
    assert one.retract("s", ["check", "transform"]) == 4
    assert one.count() == 2
    assert one.tallies()[0].rows == [1, 4]


def test_rejects_of_runs_of_long_ago_are_superseded_by_step_or_by_key(store):
    for run in ("r1", "r2", "r3"):
        one = store(run)
        for row, key in ((1, "a"), (2, ("b", 1)), (3, None)):
            one.add(reject(row, key=key, target_key=(key,)))
        one.flush()
    other = store("a1", "other")
    other.add(reject(1, key="a"))
    other.flush()
    assert other.supersede_keys("night", "s", "r3", ["a", None, ("b", 1), "not there"]) == 4
    assert [one.state for one in kept(store, "r2")] == ["superseded", "superseded", "open"]
    assert store("r3").supersede("s") == 2
    assert store("r3").supersede("s") == 0
    assert {one.state for one in kept(store, "r3")} | {one.state for one in other} == {"open"}


def replay(store, run, one, *outcomes):
    """A replay of one reject in which these were rejected again."""
    now = store(run)
    for again in outcomes:
        now.add(again)
    now.flush()
    return now


def test_a_replay_that_goes_well_closes_the_reject(store):
    store().add(reject())
    one = store()
    one.add(reject())
    one.flush()
    (number,) = (found.id for found in one)
    replay(store, "r2", number).settle("r2", [number])
    assert RejectFile(one.path.parent).get(number).state == "replayed"


def test_what_is_rejected_again_keeps_its_id_and_has_an_attempt_more(store):
    one = store()
    one.add(reject(row=5))
    one.flush()
    (before,) = one
    for attempt, run in enumerate(("r2", "r3"), start=2):
        replay(store, run, before, reject(5, "other", of=before.id, stage="load", key="k")).settle(run, [before.id])
        (found,) = kept(store, run)
        assert (found.id, found.attempt, found.rule, found.state) == (before.id, attempt, "other", "open")
        assert (found.since, found.of) == (before.since, 0)
    assert kept(store) == []


def test_of_several_that_came_of_one_each_is_a_reject(store):
    one = store()
    one.add(reject(row=5))
    one.flush()
    (before,) = one
    pieces = [reject(5, at=1, of=before.id, record={"code": code}, waiting=code == "y") for code in "xy"]
    replay(store, "r2", before, *pieces).settle("r2", [before.id])
    found = kept(store, "r2")
    assert [(one.id == before.id, one.record["code"], one.state, one.attempt) for one in found] == [
        (True, "x", "open", 2),
        (False, "y", "waiting", 2),
    ]


def test_a_replay_that_dies_changes_nothing(store):
    one = store()
    one.add(reject(row=5))
    one.flush()
    (before,) = one
    replay(store, "r2", before, reject(5, "other", of=before.id))
    assert RejectFile(one.path.parent).get(before.id) == before
    assert [one.state for one in kept(store, "r2")] == ["replaying"]
    one.remove(Which(states=CLOSED))
    assert len(kept(store, "r2")) == 1  # perhaps it has not died
    replay(store, "r3", before).settle("r3", [before.id])
    assert RejectFile(one.path.parent).get(before.id).state == "replayed"
    assert kept(store, "r2") == []


def test_counts_and_closing_and_removing(store):
    one = store()
    for row in range(1, 4):
        one.add(reject(row, "a" if row == 1 else "b"))
    one.flush()
    counts = one.counts(Which(pipeline="night"))
    assert [(count.rule, count.count, count.state) for count in counts] == [("a", 1, "open"), ("b", 2, "open")]
    assert one.close(Which(ids=(counts[0].first,)), "dropped") == 1
    assert one.close(Which(ids=(counts[0].first,)), "dropped") == 0
    assert one.remove(Which(until="2000-01-01")) == 0
    assert one.remove(Which(pipeline="other")) == 0
    assert one.remove(Which(until="9999-01-01", states=CLOSED)) == 1
    assert one.remove(Which(states=OPEN)) == 2
    with pytest.raises(biodata.NotFound, match="no reject 1") as caught:
        one.get(1)
    assert caught.value.code == "BD-PIPELINE-REJECT"


def test_what_is_removed_is_overwritten(store):
    one = store()
    one.add(reject(record={"name": "Scheherazade"}))
    one.flush()
    assert b"Scheherazade" in one.path.read_bytes()
    one.remove(Which(run="r1"))
    assert b"Scheherazade" not in one.path.read_bytes()


def test_many_are_found_in_pages(store):
    one = store()
    for row in range(1, 1301):
        one.add(reject(row))
    assert [found.row for found in one] == list(range(1, 1301))


def test_a_file_that_others_could_read_is_for_the_owner_alone_again(store):
    one = store()
    one.path.chmod(0o644)
    one.add(reject())
    one.flush()
    assert stat.S_IMODE(one.path.stat().st_mode) == 0o600


def test_a_file_that_is_none(tmp_path):
    (tmp_path / "rejects.sqlite").write_text("not a database, and long enough to be taken for one" * 10)
    with pytest.raises(biodata.ConfigError, match=r"rejects.*cannot be used: file is not a database") as caught:
        RejectFile(tmp_path)
    assert caught.value.code == "BD-CONFIG-STATE"


KILLED = """
import sys
from pathlib import Path
from biodata.pipelines.state.rejects import Reject, RejectStore
store = RejectStore(Path(sys.argv[1]), pipeline="night", run="r1")
for batch in range(10**6):
    for row in range(20):
        store.add(Reject("s", "check", "rule", "reason", batch * 20 + row, record={"row": row}))
    store.flush()
    print(batch, flush=True)
"""


def test_kill_9_leaves_all_that_was_flushed_and_a_file_that_goes_on(tmp_path, store):
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / "state")], stdout=subprocess.PIPE)
    for _ in range(15):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    flushed = 15 + len(process.communicate()[0].splitlines())
    found = [one.row for one in store()]
    assert found == list(range(len(found)))
    assert flushed * 20 <= len(found) <= flushed * 20 + 20
