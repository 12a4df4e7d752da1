"""`incremental: {cursor: …}`: each run reads on where the last one stopped, with the same file."""

import datetime as dt
import json

import pytest

import biodata
from biodata.errors import BiodataError, ConfigError
from biodata.pipelines.state.memory import StepMemory
from biodata.records.types import Date, DateTime, Field, Float, Integer, Object, Schema, String

VISITS = Schema(
    "visits",
    "id",
    (
        Field("id", String(), required=True),
        Field("changed", DateTime()),
        Field("day", Date()),
        Field("n", Integer()),
        Field("x", Float()),
        Field("meta", Object((Field("v", Integer()), Field("by", String())))),
        Field("site", String()),
    ),
)
NOON = dt.datetime(2020, 1, 10, 12, tzinfo=dt.UTC)


def visit(number, **more):
    return {
        "id": f"v{number}", "changed": NOON + dt.timedelta(days=number), "day": dt.date(2020, 1, 10 + number),
        "n": number, "x": number + 0.5, "meta": {"v": number, "by": "me"}, "site": "a", **more,
    }  # fmt: skip


@pytest.fixture
def add(connect):
    """Adds or changes visits."""

    def rows(*records):
        with connect("source") as connection:
            connection.ensure(VISITS).upsert(list(records)).raise_for_refused()

    return rows


@pytest.fixture
def night(read):
    """One run after the other; the state goes through JSON, as the journal's does."""

    def run(step, **values):
        found = read(step, **values)
        seen = json.loads(json.dumps(found.source.seen()))
        read.memory = StepMemory("run", found.total, {}, seen)
        return found

    return run


def step(incremental="{cursor: changed}", more=""):
    return f"extract: {{from: source/visits, incremental: {incremental}{more}}}"


def ids(found):
    return sorted(row["id"] for row in found.rows)


@pytest.mark.parametrize("cursor", ["changed", "day", "n", "x", "meta.v", "id"])
def test_the_second_run_reads_what_is_not_before_the_greatest_value(night, add, cursor):
    add(visit(1), visit(2), visit(3))
    one = step(f"{{cursor: {cursor}}}")
    assert ids(night(one)) == ["v1", "v2", "v3"]
    assert ids(night(one)) == ["v3"]
    add(visit(4), visit(5))
    assert ids(night(one)) == ["v3", "v4", "v5"]
    assert ids(night(one)) == ["v5"]


def test_the_thousandth_run_is_like_the_second(night, add):
    add(visit(1))
    night(step())
    for number in range(2, 8):
        add(visit(number))
        assert ids(night(step())) == [f"v{number - 1}", f"v{number}"]


@pytest.mark.parametrize(
    ("cursor", "lag", "again"),
    [
        ("changed", "1d", ["v4", "v5"]),
        ("changed", "36h", ["v4", "v5"]),
        ("changed", "5m", ["v5"]),
        ("day", "2d", ["v3", "v4", "v5"]),
        ("day", "1h", ["v4", "v5"]),
        ("n", "2", ["v3", "v4", "v5"]),
        ("n", "1.5", ["v4", "v5"]),
        ("x", "0.5", ["v5"]),
        ("x", "1.0", ["v4", "v5"]),
    ],
)
def test_a_lag_reads_a_part_again(night, add, cursor, lag, again):
    add(*map(visit, range(1, 6)))
    one = step(f"{{cursor: {cursor}, lag: {lag}}}")
    night(one)
    assert ids(night(one)) == again
    assert ids(night(one)) == again


def test_a_lag_before_all_time_reads_everything(night, add):
    add(visit(1), visit(2))
    one = step("{cursor: changed, lag: 2000000d}")
    night(one)
    assert ids(night(one)) == ["v1", "v2"]


def test_what_has_no_value_is_always_read(night, add):
    add(visit(1, changed=None), visit(2), visit(3))
    night(step())
    assert ids(night(step())) == ["v1", "v3"]


def test_without_a_new_record_the_cursor_stays(night, add, connect):
    add(visit(1), visit(2))
    night(step())
    with connect("source") as connection:
        connection["visits"].delete("v2")
    assert ids(night(step())) == []
    add(visit(1), visit(2))
    assert ids(night(step())) == ["v2"]


def test_a_change_that_goes_back_does_not_move_the_cursor_back(night, add):
    add(visit(1), visit(5))
    night(step("{cursor: changed, lag: 10d}"))
    add(visit(5, changed=NOON))
    night(step("{cursor: changed, lag: 10d}"))
    add(visit(2))
    assert ids(night(step("{cursor: changed}"))) == []


@pytest.mark.parametrize(
    ("cursor", "date"), [("changed", dt.datetime(2999, 1, 1, tzinfo=dt.UTC)), ("day", dt.date(2999, 1, 1))]
)
def test_a_date_ahead_of_now_does_not_hide_what_comes_later(night, add, cursor, date):
    add(visit(1), visit(2, **{cursor: date}))
    one = step(f"{{cursor: {cursor}}}")
    found = night(one)
    assert found.source.notes == [
        f"1 records have a {cursor} that lies ahead of now; the cursor does not follow them"
    ]
    add(visit(3))
    assert ids(night(one)) == ["v1", "v2", "v3"]


@pytest.mark.parametrize(
    ("cursor", "fields", "row"),
    [
        ("changed", "[id]", {"id": "v1"}),
        ("meta.v", "[id]", {"id": "v1"}),
        ("meta.v", "[id, meta.by]", {"id": "v1", "meta": {"by": "me"}}),
        ("meta.v", "[id, meta]", {"id": "v1", "meta": {"v": 1, "by": "me"}}),
        ("n", "[n, id]", {"n": 1, "id": "v1"}),
    ],
)
def test_the_cursor_is_read_and_taken_away_again(night, add, cursor, fields, row):
    add(visit(1), visit(2))
    one = step(f"{{cursor: {cursor}}}", f", fields: {fields}")
    first = night(one)
    assert len(first.rows) == 2
    assert min(first.rows, key=lambda one: one["id"]) == row
    assert first.source.schema.names == list(row)
    assert len(night(one).rows) == 1


def test_the_platform_gets_the_cursor(night, add, read):
    add(visit(1), visit(2))
    night(step())
    told = read.explain(step())
    assert "changed >= '<value>' or changed is null" in told
    assert "check" not in told
    assert "2020" not in told
    assert "cursor    changed: from the last value that was seen, and what has none" in told
    assert night(step()).source.count() == 1


def test_another_filter_or_value_reads_everything(night, add, read):
    read.params = "{site: a}"
    add(visit(1), visit(2), visit(1, id="w1", site="b"))
    one = step(more=', where: "site = ${param:site}"')
    assert ids(night(one)) == ["v1", "v2"]
    found = night(one, site="b")
    assert ids(found) == ["w1"]
    note = "the step was changed, or asks for other records than at the last run, so everything is read"
    assert found.source.notes == [note]
    assert ids(night(one)) == ["v1", "v2"]
    assert ids(night(one)) == ["v2"]
    assert ids(night(step(more=", where: \"site = 'a'\""))) == ["v1", "v2"]


@pytest.mark.parametrize(
    "more",
    [
        ", transform: [{columns: {id: src.id, n: src.n}}]",
        ", transform: [{columns: {id: src.id, n: src.n + 1}}]",
        ", transform: [{code_list: {column: site, file: sites.csv}}]",
    ],
)
def test_another_transform_reads_everything(night, add, tmp_path, more):
    (tmp_path / "sites.csv").write_text("source,target\na,A\n")
    add(visit(1), visit(2))
    night(step())
    assert ids(night(step() + more)) == ["v1", "v2"]
    assert ids(night(step() + ", needs: []" + more)) == ["v2"]
    (tmp_path / "sites.csv").write_text("source,target\na,B\n")
    assert ids(night(step() + more)) == (["v1", "v2"] if "file" in more else ["v2"])


def test_a_step_that_only_stands_at_another_line_is_the_same(night, add, read):
    add(visit(1), visit(2))
    one = step(more=", where: \"site = 'a'\"") + ", transform: [{columns: {id: src.id}}]"
    night(one)
    read.params = "{more: a}"
    assert ids(night(one)) == ["v2"]


def test_another_field_reads_everything(night, add):
    add(visit(1), visit(2))
    night(step(more=", fields: [id]"))
    assert ids(night(step(more=", fields: [id, n]"))) == ["v1", "v2"]


def test_append_would_double_the_last_record(read, add):
    add(visit(1))
    with pytest.raises(ConfigError, match="mode append would add them again"):
        read(f"{step()}, load: {{to: source/other, mode: append, key: [id]}}")


def test_one_more_value_of_each_reads_everything(night, add):
    add(visit(1), visit(3), visit(2, id="w2", site="b"))
    one = 'each: {at: [a]}, extract: {from: source/visits, where: "site = ${param:at}", incremental: {cursor: n}}'
    assert ids(night(one)) == ["v1", "v3"]
    assert ids(night(one)) == ["v3"]
    assert ids(night(one.replace("[a]", "[a, b]"))) == ["v1", "v3", "w2"]
    assert ids(night(one.replace("[a]", "[a, b]"))) == ["v3"]


def test_what_is_kept_tells_no_parameter(night, add, read):
    read.params = "{site: a}"
    add(visit(1, site="CANARY"))
    night(step(more=', where: "site = ${param:site}"'), site="CANARY")
    assert "CANARY" not in json.dumps(read.memory.seen)


def test_files_read_on_too(night, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,changed\na,2020-01-01\nb,2020-01-02\nc,\n")
    one = "extract: {file: a.csv, fields: [id], incremental: {cursor: changed}}"
    assert ids(night(one)) == ["a", "b", "c"]
    path.write_text("id,changed\na,2020-01-01\nb,2020-01-02\nc,\nd,2020-01-03\n")
    found = night(one)
    assert found.rows == [{"id": "b"}, {"id": "c"}, {"id": "d"}]
    assert found.total == 3


@pytest.fixture
def sheet(night, tmp_path):
    """One night after the other over a csv with these values of the cursor; gives those that were read."""

    def run(*values):
        (tmp_path / "a.csv").write_text("".join(f"{value},x\n" for value in ("seq", *values)).replace(",x", ",n", 1))
        return [row["seq"] for row in night("extract: {file: a.csv, incremental: {cursor: seq}}").rows]

    return run


@pytest.mark.parametrize(
    ("before", "new"),
    [
        (["008", "009"], ["010", "011"]),
        (["S-0098", "S-0099"], ["S-0100"]),
        (["9.50", "9.75"], ["9.80"]),
        (["01ARZ3NDEK", "01BX5ZZKBK"], ["01BX5ZZKC0"]),
        (["2020-01-09", "2020-01-10"], ["2020-01-11", "2021-01-01"]),
        (["20200109", "20200110"], ["20210101"]),
        (["2020-01-09 10:00:00", "2020-01-10"], ["2020-01-10 10:00:00.5", "2020-01-10T11:00"]),
        (["2020-01-10T10:00:00Z"], ["2020-01-10T10:00:00.5Z", "2020-01-10T10:00:01Z"]),
        (["2020-10-25T02:50:00+02:00"], ["2020-10-25T02:10:00+01:00", "2020-10-25T02:10:00+0100"]),
    ],
)
def test_texts_that_grow_as_what_they_spell_are_read_on(sheet, before, new):
    assert sheet(*before) == before
    again = sheet(*before, *new)
    assert again[-len(new) :] == new
    assert len(again) == len(new) + 1


@pytest.mark.parametrize(
    ("before", "new"),
    [
        (["8", "9"], ["10", "11"]),
        (["998", "999"], ["1000"]),
        (["S-98", "S-99"], ["S-100"]),
        (["9.50", "9.75"], ["10.5"]),
        (["2020-01-10"], ["11-01-2020"]),
        (["2020-01-10"], ["20200111"]),
        (["2020-01-10T10:00:00Z"], ["2020-01-10T10:00:00+01:00"]),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_text_of_another_form_stops_the_run_when_it_comes(sheet, before, new, at_once):
    if not at_once:
        assert sheet(*before) == before
        assert len(sheet(*before)) == 1
    with pytest.raises(ConfigError, match=r"text, which (is not of one length and form|has)") as caught:
        sheet(*before, *new)
    assert caught.value.code == "BD-PIPELINE-INCREMENTAL"
    assert "leading zeros" in caught.value.hint


@pytest.mark.parametrize(
    "values",
    [
        ["-7", "-6"],
        ["+7"],
        ["1.5E3", "2.5E3"],
        ["1e+03"],
        ["31-12-2020"],
        ["1/2/20"],
        ["31.12.2020 10:00"],
        ["31-Dec-2020"],
    ],
)
def test_a_text_that_grows_otherwise_than_what_it_spells_is_no_cursor(sheet, values):
    with pytest.raises(ConfigError, match="a sign or an exponent, dates that do not begin with the year, or empty"):
        sheet(*values)


def test_a_date_in_text_that_lies_ahead_does_not_hide_what_comes_later(sheet, read):
    sheet("2020-01-09", "2999-01-01")
    assert read.memory.seen["cursor"]["last"] == "2020-01-09"
    assert sheet("2020-01-08", "2020-01-10", "2999-01-01") == ["2020-01-10", "2999-01-01"]


def test_a_date_that_is_none_reads_everything(sheet):
    for _ in range(2):
        assert sheet("0000-00-00T00:00:00+00:00") == ["0000-00-00T00:00:00+00:00"]


def test_a_cursor_that_an_older_version_has_followed_is_looked_at_again(sheet, read):
    sheet("08")
    for last in ("9", "31-12-2020"):
        read.memory.seen["cursor"]["last"] = last
        with pytest.raises(ConfigError, match="the cursor seq is text"):
            sheet("8", "9", "10", "11", "31-12-2020")


def test_texts_of_a_table_are_held_to_one_form_too(night, add):
    add(visit(1, site="8"), visit(2, site="9"))
    one = step("{cursor: site}")
    assert ids(night(one)) == ["v1", "v2"]
    assert ids(night(one)) == ["v2"]
    for text, words in (("10", "not of one length and form"), ("", "or empty texts")):
        add(visit(3, site=text))
        with pytest.raises(ConfigError, match=words):
            night(one)


def test_nothing_is_written_where_a_text_does_not_grow(run, target, tmp_path):
    path = tmp_path / "nightly.yml"
    path.write_text(
        "version: 1\nname: nightly\nsteps:\n  - name: rows\n    extract: {file: a.csv, incremental: {cursor: seq}}\n"
        "    load: {to: target/rows, mode: merge, key: [seq]}\n"
    )
    (tmp_path / "a.csv").write_text("seq,n\n8,x\n9,x\n")
    assert run(path).ok
    (tmp_path / "a.csv").write_text("seq,n\n8,x\n9,y\n10,x\n11,x\n")
    with pytest.raises(ConfigError, match=r"nightly.yml:5:\d+: step rows: incremental: the cursor seq is text"):
        run(path)
    assert {row["n"] for row in target("rows").values()} == {"x"}
    (tmp_path / "a.csv").write_text("seq,n\n08,x\n09,y\n10,x\n11,x\n")
    with pytest.raises(ConfigError, match="the cursor seq is text"):
        run(path)
    assert run(path, full=True).steps[0].tally == {"created": 4}
    assert run(path).steps[0].rows_read == 1


@pytest.mark.parametrize(
    ("incremental", "words"),
    [
        ("{cursor: chnged}", "there is no field 'chnged'; did you mean 'changed'"),
        ("{cursor: meta}", "the cursor meta is of type struct"),
        ("{cursor: n, lag: 5d}", "the lag 5d is none for the cursor n of kind int"),
        ("{cursor: day, lag: 5}", "the lag 5.0 is none for the cursor day of kind date"),
        ("{cursor: site, lag: 5}", "there is no lag for the cursor site, which is text"),
    ],
)
def test_what_is_no_cursor_is_an_error_before_anything_is_read(read, add, incremental, words):
    add(visit(1))
    with pytest.raises(ConfigError, match=words) as caught:
        read(step(incremental))
    assert caught.value.code == "BD-PIPELINE-INCREMENTAL"


def test_a_cursor_of_another_type_than_before_is_an_error(night, tmp_path):
    path = tmp_path / "a.ndjson"
    one = "extract: {file: a.ndjson, incremental: {cursor: v}}"
    path.write_text('{"v": "2020-01-01"}\n')
    night(one)
    path.write_text('{"v": 5}\n')
    with pytest.raises(ConfigError, match="the cursor v was of kind text, and is of kind int"):
        night(one)


@pytest.mark.parametrize(
    ("load", "words"),
    [
        ("mode: merge, key: [id], delete_missing: {}", "delete_missing would delete the rest"),
        ("mode: replace, key: [id]", "mode replace would delete the rest"),
    ],
)
@pytest.mark.parametrize("incremental", ["{cursor: n}", "{by: content}"])
def test_a_part_is_not_taken_for_the_whole(read, add, connect, load, words, incremental):
    add(visit(1))
    with pytest.raises(BiodataError, match=words) as caught:
        read(f"{step(incremental)}, load: {{to: source/other, {load}}}")
    assert caught.value.code == "BD-PIPELINE-INCREMENTAL"


def test_the_share_of_a_part_says_nothing(read, add):
    add(visit(1))
    with pytest.raises(ConfigError, match="the check 'enough' of how much that is says nothing"):
        read(f"{step()}, check: [{{name: enough, share_of_last_run: 90%}}]")


def test_a_whole_pipeline_night_after_night(run, add, target, tmp_path):
    path = tmp_path / "nightly.yml"
    path.write_text(
        "version: 1\nname: nightly\nsteps:\n"
        "  - name: visits\n    extract: {from: source/visits, fields: [id, n], incremental: {cursor: changed}}\n"
        "    load: {to: target/visits, mode: merge, key: [id]}\n"
    )
    add(visit(1), visit(2))
    assert run(path).steps[0].tally == {"created": 2}
    add(visit(3))
    report = run(path)
    assert (report.steps[0].rows_read, report.steps[0].tally) == (2, {"created": 1, "unchanged": 1})
    assert sorted(target("visits")) == ["v1", "v2", "v3"]


def test_a_server_gets_the_cursor(sandbox, tmp_path):
    from tests.pipelines.reading import Reader

    read = Reader(tmp_path, lambda name: biodata.connect(name, config=sandbox.config_path))
    one = "extract: {from: molgenis/ASE, fields: [SNP_ID], incremental: {cursor: Pos, lag: 5}}"
    first = read(one)
    read.memory = StepMemory("run", first.total, {}, first.source.seen())
    greatest = first.source.seen()["cursor"]["last"]
    before = len(list(sandbox.requests("molgenis")))
    again = read(one)
    asked = " ".join(str(request) for request in list(sandbox.requests("molgenis"))[before:])
    assert 0 < len(again.rows) < len(first.rows)
    assert again.source.schema.names == ["SNP_ID"]
    assert f"Pos=ge={int(greatest) - 5}" in asked or str(int(greatest) - 5) in asked
