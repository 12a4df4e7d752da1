"""`extract: {step: …}`: some rows and some fields of what an earlier step made; the rules are those of a platform."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from biodata.errors import QueryError
from biodata.pipelines.sources.filters import bound
from biodata.pipelines.sources.picked import Picked
from biodata.query.bind import bind_query
from biodata.query.evaluate import predicate
from biodata.records.arrow import from_arrow, to_batch
from biodata.records.types import (
    Boolean,
    Date,
    DateTime,
    Field,
    Float,
    Integer,
    Json,
    List,
    Object,
    Schema,
    String,
)

VISIT = Object((Field("at", Date()), Field("codes", List(String())), Field("by", Object((Field("id", String()),)))))
DONORS = Schema(
    "donors",
    "id",
    (
        Field("id", String()),
        Field("n", Integer()),
        Field("x", Float()),
        Field("ok", Boolean()),
        Field("seen", DateTime()),
        Field("sex", Object((Field("id", String()), Field("note", Json())))),
        Field("tags", List(String())),
        Field("visits", List(VISIT)),
        Field("extra", Json()),
    ),
)
ROWS = [
    {
        "id": "a", "n": 1, "x": 0.5, "ok": True, "seen": dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
        "sex": {"id": "f", "note": {"deep": [1, None]}}, "tags": ["p", "q"],
        "visits": [
            {"at": dt.date(2020, 1, 1), "codes": ["A", "B"], "by": {"id": "dr1"}},
            {"at": None, "codes": None, "by": None},
            {"at": dt.date(2021, 1, 1), "codes": ["C"], "by": {"id": "dr2"}},
        ],
        "extra": {"k": "it's"},
    },
    {
        "id": "b", "n": None, "x": None, "ok": False, "seen": None, "sex": None, "tags": [], "visits": [],
        "extra": None,
    },
    {
        "id": "c", "n": 3, "x": 2.5, "ok": None, "seen": dt.datetime(2021, 1, 1, tzinfo=dt.UTC),
        "sex": {"id": None, "note": None}, "tags": None, "visits": None, "extra": [1],
    },
]  # fmt: skip


def batch(rows=ROWS):
    from biodata.records.arrow import arrow_schema

    return to_batch(rows, arrow_schema(DONORS))


def picked(where=None, fields=None, rows=None):
    given = batch() if rows is None else rows
    chosen = Picked("donors", given.schema, bound(where, {}), fields)
    found = chosen.of(given)
    assert found.schema.equals(chosen.schema, check_metadata=True)
    assert chosen.of(given.slice(1)).to_pylist() == found.to_pylist()[len(found) - len(chosen.of(given.slice(1))) :]
    return list(from_arrow(found))


@pytest.mark.parametrize(
    "where",
    [
        "n >= 1", "n > 1", "not n = 1", "n is null", "n in (1, 3)", "n != 1", "x between 0.5 and 1", "x < 2.5",
        "ok = true", "ok is null", "seen >= '2020-06-01'", "sex.id = 'f'", "sex.id is null", "sex.id != 'm'",
        "tags = 'p'", "tags != 'p'", "not tags = 'p'", "tags is null", "visits.at >= '2020-06-01'",
        "visits.codes = 'C'", "visits.codes != 'C'", "visits.by.id in ('dr2', 'x')", "visits.by.id is null",
        "extra is null", "extra is not null", "sex.note is not null", "id like 'a%' or n = 3",
        "contains(id, 'b') and ok = false", "starts_with(sex.id, 'f')", "visits.at is not null and n < 2",
        "id in ()", "id not in ()",
    ],
)  # fmt: skip
def test_a_filter_says_what_it_says_of_records(where):
    test = predicate(bind_query(DONORS, where).filter, DONORS)
    assert [row["id"] for row in picked(where)] == [row["id"] for row in ROWS if test(row)]


def test_without_filter_and_fields_everything_stays():
    assert picked() == ROWS


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        (["n", "id"], {"n": 1, "id": "a"}),
        (["sex"], {"sex": {"id": "f", "note": {"deep": [1, None]}}}),
        (["sex.id", "id"], {"sex": {"id": "f"}, "id": "a"}),
        (["sex.note"], {"sex": {"note": '{"deep":[1,null]}'}}),
        (["extra", "sex.id"], {"extra": {"k": "it's"}, "sex": {"id": "f"}}),
        (["visits.at"], {"visits": {"at": [dt.date(2020, 1, 1), dt.date(2021, 1, 1)]}}),
        (["visits.codes", "tags"], {"visits": {"codes": ["A", "B", "C"]}, "tags": ["p", "q"]}),
        (["visits.by.id"], {"visits": {"by": {"id": ["dr1", "dr2"]}}}),
    ],
)
def test_fields_by_dotted_names(fields, first):
    rows = picked(fields=fields)
    assert len(rows) == 3
    assert rows[0] == first


def test_what_is_not_there_is_null_and_an_empty_list_stays_one():
    rows = picked(fields=["sex.id", "visits.at", "visits.codes", "tags"])
    assert rows[1] == {"sex": {"id": None}, "visits": {"at": [], "codes": []}, "tags": []}
    assert rows[2] == {"sex": {"id": None}, "visits": {"at": None, "codes": None}, "tags": None}


def test_a_filter_on_one_field_and_another_chosen():
    assert picked("visits.codes = 'C' and sex.id = 'f'", ["tags"]) == [{"tags": ["p", "q"]}]


@pytest.mark.parametrize(
    ("where", "fields", "words"),
    [
        ("m = 1", None, "There is no field 'm'"),
        ("sex.idd = 'f'", None, "Did you mean 'sex.id'"),
        ("n = '1'", None, "Write the number without quotes"),
        ("extra = 'x'", None, "JSON is not looked into"),
        ("extra.k = 'x'", None, "cannot be looked into"),
        (None, ["visits.when"], "There is no field 'visits.when'"),
        (None, ["tag"], "Did you mean 'tags'"),
    ],
)
def test_what_does_not_fit_is_an_error_before_any_row(where, fields, words):
    with pytest.raises(QueryError, match=words):
        Picked("donors", batch().schema, bound(where, {}), fields)


def test_columns_that_no_table_holds_go_through_and_can_be_asked_for_null():
    rows = pa.RecordBatch.from_pydict(
        {
            "id": ["a", "b"],
            "raw": pa.array([b"\xff", None]),
            "at": pa.array([dt.time(8), None]),
            "matrix": pa.array([[[1], [2]], None]),
            "pairs": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
        }
    )
    assert picked("id = 'b' or raw is not null", rows=rows) == rows.to_pylist()
    assert picked("raw is null", ["at", "id"], rows) == [{"at": None, "id": "b"}]
    assert picked("matrix is not null and pairs is not null", ["id"], rows) == [{"id": "a"}]
    with pytest.raises(QueryError, match="raw"):
        picked("raw = 'x'", rows=rows)


def test_narrow_numbers_and_decimals_are_compared_as_numbers():
    rows = pa.RecordBatch.from_pydict(
        {
            "small": pa.array([1, -2, None], pa.int16()),
            "unsigned": pa.array([1, 2**32 - 1, None], pa.uint32()),
            "huge": pa.array([1, 2**64 - 1, None], pa.uint64()),
            "half": pa.array([0.5, 1.5, None], pa.float32()),
            "amount": pa.array([Decimal("1.10"), Decimal("2.20"), None]),
        }
    )
    assert picked("small < 0", ["small"], rows) == [{"small": -2}]
    assert picked("unsigned > 5", ["unsigned"], rows) == [{"unsigned": 2**32 - 1}]
    assert picked("huge > 5", ["huge"], rows) == [{"huge": 2**64 - 1}]
    assert picked("half >= 1.5", ["half"], rows) == [{"half": 1.5}]
    assert picked("amount > 1.10", ["amount"], rows) == [{"amount": Decimal("2.20")}]


def test_names_with_dots_are_names():
    rows = pa.RecordBatch.from_pydict({"x": [1], "x.1": [2], "a b": [3]})
    assert picked("`x.1` = 2 and `a b` = 3", ["x.1"], rows) == [{"x.1": 2}]


# a step over a step

PIPELINE = """\
version: 1
name: twice
params: {least: 100}
steps:
  - name: counts
    extract: {from: source/SampleAse}
    transform:
      - columns:
          id: src.ID
          ref: CAST(src.Ref_Counts AS INTEGER)
          who: "{'snp': src.SNP_ID, 'more': {'alt': CAST(src.Alt_Counts AS INTEGER)}}"
    load: {to: target/counts, mode: merge, key: [id]}
  - name: many
    extract: {step: counts, where: "ref >= ${param:least} and who.snp = 'rs12460890'", fields: [id, who.more.alt]}
    transform: [{columns: {id: src.id, alt: src.who.more.alt}}]
    load: {to: target/many, mode: merge, key: [id]}
"""


def test_some_rows_and_fields_of_a_step(run, source, target, tmp_path):
    source()
    path = tmp_path / "twice.yml"
    path.write_text(PIPELINE, "utf-8")
    report = run(path)
    counts, many = report.steps
    wanted = {row["id"]: row["who"]["more"]["alt"] for row in target("counts").values() if row["ref"] >= 100}
    assert 0 < len(wanted) < 21
    assert (counts.rows_read, many.rows_read) == (21, len(wanted))
    assert (many.source, many.where) == ("step counts", "ref >= ${param:least} and who.snp = 'rs12460890'")
    assert {key: row["alt"] for key, row in target("many").items()} == wanted


def test_a_step_can_be_read_by_several_and_is_read_once(run, source, target, tmp_path):
    source()
    path = tmp_path / "twice.yml"
    third = PIPELINE + "  - {name: rest, extract: {step: many}, load: {to: target/rest, mode: merge, key: [id]}}\n"
    path.write_text(third, "utf-8")
    run(path)
    assert target("rest") == target("many")
