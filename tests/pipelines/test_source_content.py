"""`incremental: {by: content}`: only what is new or changed goes on, whatever the source tells of changes."""

import json
import stat

import pytest

from biodata.errors import ConfigError
from biodata.pipelines.sources.content import keep_content
from biodata.pipelines.state.hashes import Hashes, keep_hashes
from biodata.pipelines.state.memory import StepMemory
from biodata.records.types import Field, Integer, Json, Schema, String

FILE = "extract: {file: a.csv, incremental: {by: content}}"
DONORS = Schema("donors", "id", (Field("id", String(), required=True), Field("n", Integer()), Field("more", Json())))


@pytest.fixture
def night(read, tmp_path):
    """One run after the other, each loaded, with the rows of these numbers rejected."""

    def run(step=FILE, rejected=(), loaded=True, **values):
        found = read(step, **values)
        if loaded:
            keep_content(found.spool.directory, tmp_path / "kept", "s", rejected)
            seen = json.loads(json.dumps(found.source.seen()))
            read.memory = StepMemory("run", found.total, {}, seen)
        return found

    return run


@pytest.fixture
def csv(tmp_path):
    """Writes `a.csv` with these rows, the header first."""

    def write(*rows, name="a.csv"):
        (tmp_path / name).write_text("".join(f"{row}\n" for row in rows))

    return write


def ids(found):
    return [row["id"] for row in found.rows]


def test_only_new_and_changed_rows_go_on(night, csv):
    csv("id,n", "a,1", "b,2", "c,3")
    first = night()
    assert (ids(first), first.total, first.source.unchanged) == (["a", "b", "c"], 3, 0)
    again = night()
    assert (ids(again), again.total, again.source.unchanged) == ([], 3, 3)
    csv("id,n", "a,1", "b,20", "c,3", "d,4")
    changed = night()
    assert (ids(changed), changed.numbers) == (["b", "d"], [2, 4])
    assert (changed.total, changed.source.unchanged) == (4, 2)
    assert ids(night()) == []


def test_what_goes_back_to_what_it_was_is_a_change(night, csv):
    for value, wanted in [("1", ["a"]), ("2", ["a"]), ("1", ["a"]), ("1", [])]:
        csv("id,n", f"a,{value}")
        assert ids(night()) == wanted


def test_a_row_that_was_gone_is_new(night, csv):
    csv("id,n", "a,1", "b,2")
    night()
    csv("id,n", "a,1")
    night()
    csv("id,n", "a,1", "b,2")
    assert ids(night()) == ["b"]


def test_of_equal_rows_each_counts(night, csv):
    csv("id,n", "a,1", "a,1")
    assert len(night().rows) == 2
    csv("id,n", "a,1", "b,1", "a,1", "a,1")
    found = night()
    assert (ids(found), found.numbers) == (["b", "a"], [2, 4])
    csv("id,n", "a,1")
    assert ids(night()) == []
    csv("id,n", "a,1", "a,1")
    assert ids(night()) == ["a"]


def test_equal_rows_far_from_each_other_count_too(night, csv):
    many = [f"d{n},{n}" for n in range(9_000)]
    csv("id,n", "a,1", *many)
    night()
    csv("id,n", "a,1", *many, "a,1", "a,1")
    found = night()
    assert (ids(found), found.numbers) == (["a", "a"], [9_002, 9_003])


def test_another_order_of_rows_and_columns_is_no_change(night, csv):
    csv("id,n", "a,1", "b,")
    night()
    csv("n,id", ",b", "1,a")
    assert ids(night()) == []
    csv("n,id,more", ",b,", "1,a,")
    assert ids(night()) == []
    csv("n,id,more", ",b,", "1,a,x")
    assert ids(night()) == ["a"]


def test_values_do_not_run_into_each_other(night, csv):
    csv("x,y", "ab,c")
    night(FILE)
    csv("x,y", "a,bc")
    assert len(night(FILE).rows) == 1


def test_a_rejected_row_comes_again(night, csv):
    csv("id,n", "a,1", "b,2", "c,3")
    night(rejected=[2])
    found = night(rejected=[2])
    assert (ids(found), found.numbers) == (["b"], [2])
    assert ids(night()) == ["b"]
    assert ids(night()) == []


def test_a_row_that_cannot_be_read_comes_again(night, csv):
    csv("id,n", "a,1", "b")
    assert len(night().faults) == 1
    found = night()
    assert (ids(found), len(found.faults), found.total) == ([], 1, 2)


def test_a_run_that_was_not_loaded_has_seen_nothing(night, csv, tmp_path):
    csv("id,n", "a,1")
    night(loaded=False)
    assert ids(night()) == ["a"]
    csv("id,n", "a,1", "b,2")
    assert ids(night(loaded=False)) == ["b"]
    assert ids(night()) == ["b"]


def test_keeping_again_after_a_crash_changes_nothing(night, csv, read, tmp_path):
    csv("id,n", "a,1", "b,2")
    found = night(rejected=[1])
    keep_content(found.spool.directory, tmp_path / "kept", "s", [1])
    keep_content(found.spool.directory, tmp_path / "kept", "s", [])
    assert ids(night()) == ["a"]


def test_a_reading_that_broke_off_begins_anew(night, csv, read, tmp_path):
    from contextlib import ExitStack

    from biodata.pipelines.state.spool import Spool

    csv("id,n", *(f"d{n},{n}" for n in range(10_000)))
    night()
    csv("id,n", *(f"d{n},{n}" for n in range(10_001)))
    with ExitStack() as stack:
        source, _ = read.bound(FILE, {}, stack)
        spool = Spool(tmp_path / "broken")
        next(source.rows(spool))
        assert [row["id"] for piece in source.rows(spool) for row in piece.batch.to_pylist()] == ["d10000"]
        assert source.unchanged == 10_000


def test_tables_and_each_of_their_values(night, connect, read):
    with connect("source") as connection:
        donors = connection.ensure(DONORS)
        donors.upsert([{"id": "a", "n": 1, "more": {"k": [1]}}, {"id": "b", "n": 2, "more": None}])
    one = 'each: {at: [1, 2]}, extract: {from: source/donors, where: "n = ${param:at}", incremental: {by: content}}'
    assert ids(night(one)) == ["a", "b"]
    with connect("source") as connection:
        connection["donors"].upsert({"id": "a", "more": {"k": [2]}})
    assert night(one).rows == [{"id": "a", "n": 1, "more": {"k": [2]}, "at": 1}]


def test_a_step_that_was_changed_reads_everything(night, csv, read):
    csv("id,n", "a,1", "b,2")
    night()
    found = night(FILE + ", transform: [{columns: {id: src.id}}]")
    assert ids(found) == ["a", "b"]
    assert found.source.notes == [
        "the step was changed, or asks for other records than at the last run, so everything is read"
    ]
    assert ids(night(FILE + ", transform: [{columns: {id: src.id}}]")) == []


def test_append_is_not_told_to_add_everything_again(night, csv, read, connect):
    csv("id,n", "a,1")
    load = ", load: {to: target/t, mode: append, key: [id]}"
    night(FILE + load)
    assert ids(night(FILE + load)) == []
    with pytest.raises(ConfigError, match="mode append would add it again") as caught:
        night(FILE + load + ", transform: [{columns: {id: src.id}}]")
    assert caught.value.code == "BD-PIPELINE-INCREMENTAL"


def test_where_the_hashes_are_gone_everything_is_read(night, csv, tmp_path):
    csv("id,n", "a,1")
    night()
    (tmp_path / "kept" / "s.contents").unlink()
    found = night()
    assert ids(found) == ["a"]
    assert found.source.notes == ["what the last run has seen is not there any more, so everything is read"]


def test_a_damaged_file_of_hashes_is_told(night, csv, tmp_path):
    csv("id,n", "a,1")
    night()
    (tmp_path / "kept" / "s.contents").write_bytes(b"no database" * 1000)
    with pytest.raises(ConfigError, match=r"memory of a step .* cannot be used") as caught:
        night()
    assert caught.value.code == "BD-CONFIG-STATE"


def test_nothing_kept_tells_a_value_and_nobody_else_can_read_it(night, csv, tmp_path):
    csv("id,n", "CANARY,31415926")
    found = night()
    kept = [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]
    assert {path.name for path in kept} == {"s.contents", "contents.key"}
    for path in kept:
        assert b"CANARY" not in path.read_bytes()
        assert b"31415926" not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700
    assert "CANARY" not in json.dumps(found.source.seen())


def test_the_key_is_another_for_another_state_directory(tmp_path, csv, read):
    csv("id,n", "a,1")
    contents = []
    for name in ("one", "two"):
        read.directory = tmp_path
        found = read(FILE)
        keep_content(found.spool.directory, tmp_path / name, "s", [])
        contents.append((tmp_path / name / "s.contents").read_bytes())
        (tmp_path / "kept" / "contents.key").unlink()
    assert contents[0] != contents[1]


def test_many_rows_in_constant_time_each(tmp_path):
    first = Hashes(tmp_path / "first", None)
    hashes = [number.to_bytes(16, "big") for number in range(20_000)]
    for at in range(0, 20_000, 4096):
        assert first.add(range(at, at + len(hashes[at : at + 4096])), hashes[at : at + 4096]) == set()
    first.seal()
    keep_hashes(tmp_path / "first", tmp_path / "last", range(0, 20_000, 2))
    second = Hashes(tmp_path / "second", tmp_path / "last")
    found = second.add(range(20_000), hashes)
    second.seal()
    assert found == set(range(1, 20_000, 2))
