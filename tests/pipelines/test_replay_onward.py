"""Rejects of a step that others read: their rows go on into those, once; nothing is closed that got nowhere."""

import pytest

import biodata
from biodata.pipelines.state.reject_file import RejectFile, Which
from biodata.records.types import Field, Integer, List, Schema, String

READ = """\
version: 1
name: tubes
steps:
  - name: read
    extract: {from: source/boxes}
    transform:
      - columns: {id: src.id, size: CAST(src.size AS INTEGER), tubes: src.tubes}
    check:
      - {name: small, rows: size < 100}
"""
TUBES = """\
  - name: tubes
    extract: {step: read, where: "size > 5"}
    transform:
      - explode: {column: tubes, into: tube}
      - columns: {id: "src.id || '-' || src.tube", size: src.size}
    check:
      - {name: not the third, rows: id NOT LIKE '%-3'}
    load: {to: target/tubes, mode: MODE, key: [id]}
"""
SUMS = """\
  - name: sums
    extract: {sql: "SELECT count(*) AS n, 'all' AS id FROM read"}
    load: {to: target/sums, mode: merge, key: [id]}
"""
TABLE = """\
  - name: read
    extract: {from: source/boxes}
    transform:
      - columns: {id: src.id, size: CAST(src.size AS INTEGER), tubes: src.tubes}
    load: {to: target/boxes, mode: MODE, key: [id]}
"""
PLAIN = """\
version: 1
name: tubes
steps:
  - name: plain
    extract: {from: source/boxes, fields: [id, size]}
    check: [{name: number, rows: size <> 'big'}]
    load: {to: target/plain, mode: replace}
"""
REJECT = "on_reject: {budget: 9}\n"


def allow(path, *changes):
    text = path.read_text("utf-8")
    for old, new in changes:
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


@pytest.mark.parametrize("mode", ["merge", "append"])
def test_they_go_on_into_the_steps_that_read_it(boxes, pipeline, run, target, open_ones, again, mode):
    path = pipeline(text=READ + TUBES.replace("MODE", mode) + REJECT)
    assert (run(path).rejected, target("tubes")) == (2, {})
    allow(path, ("size < 100", "size < 1000"))
    done = again(path)
    assert [(one.name, one.rows_read, one.tally) for one in done.steps] == [
        ("read", 2, {}),
        ("tubes", 1, {"created": 2}),
    ]
    assert sorted(target("tubes")) == ["c-1", "c-2"]
    assert sorted((one.step, one.attempt, one.record.get("tube")) for one in open_ones()) == [
        ("read", 2, None),
        ("tubes", 2, "3"),
    ]
    allow(path, ("id NOT LIKE '%-3'", "true"))
    done = again(path, Which(step="tubes"))
    assert (done.steps[-1].tally, sorted(target("tubes"))) == ({"created": 1}, ["c-1", "c-2", "c-3"])
    assert [one.step for one in open_ones()] == ["read"]


def test_what_the_platform_refused_was_handed_on_before(boxes, pipeline, run, target, open_ones, again, connect):
    with connect("target") as connection:
        fields = (Field("id", String(), required=True), Field("size", Integer(maximum=100)))
        connection.ensure(Schema("boxes", "id", (*fields, Field("tubes", List(String())))))
    text = "version: 1\nname: tubes\nsteps:\n" + TABLE.replace("MODE", "merge") + TUBES.replace("MODE", "append")
    path = pipeline(text=text + REJECT)
    run(path)
    assert (sorted(target("boxes")), sorted(target("tubes"))) == (["a"], ["c-1", "c-2"])
    assert sorted((one.step, one.stage) for one in open_ones()) == [
        ("read", "load"),
        ("read", "transform"),
        ("tubes", "check"),
    ]
    allow(path, ("CAST(src.size AS INTEGER)", "'ifnull(TRY_CAST(src.size AS INTEGER), 7)'"))
    done = again(path, Which(step="read"))
    assert {one.name: one.tally for one in done.steps} == {
        "read": {"created": 1, "refused": 1},
        "tubes": {"created": 2},
    }
    assert sorted(target("tubes")) == ["b-1", "b-2", "c-1", "c-2"]


def test_a_step_that_reads_all_rows_together_is_for_a_run(boxes, pipeline, run, target, open_ones, again):
    path = pipeline(text=READ + SUMS + REJECT)
    run(path)
    with pytest.raises(biodata.ConfigError, match="sums reads all rows of read together") as caught:
        again(path)
    assert caught.value.code == "BD-PIPELINE-REPLAY"
    assert "Run the pipeline again" in caught.value.hint
    assert [one.attempt for one in open_ones()] == [1, 1]
    allow(path, ("size < 100", "size < 1000"))
    run(path)
    assert (target("sums")["all"]["n"], len(open_ones())) == (2, 1)


def test_one_that_gets_to_a_table_goes_there_and_it_is_told_what_does_not(boxes, pipeline, run, target, again):
    path = pipeline(text=READ + TUBES.replace("MODE", "merge") + SUMS + REJECT)
    run(path)
    allow(path, ("size < 100", "size < 1000"))
    done = again(path)
    assert sorted(target("tubes")) == ["c-1", "c-2"]
    assert any("sums reads all rows of read together" in one for one in done.warnings)
    assert target("sums")["all"]["n"] == 1


def test_a_replay_of_a_table_without_a_key_adds_to_it(boxes, pipeline, run, connect, state, again):
    with connect("target") as connection:
        fields = tuple(Field(name, String()) for name in ("id", "size"))
        connection.ensure(Schema("plain", (), fields))
    path = pipeline(text=PLAIN + REJECT)
    run(path)
    allow(path, ("size <> 'big'", "true"))
    again(path)
    with connect("target") as connection:
        assert sorted(row["id"] for row in connection["plain"].query()) == ["a", "b", "c"]
    assert [one.state for one in RejectFile(state).find(Which())] == ["replayed"]
