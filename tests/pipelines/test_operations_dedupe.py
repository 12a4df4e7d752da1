"""`dedupe`: one of the rows that agree, the others counted, and nothing of a row changed."""

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import biodata
from biodata.pipelines.spec import Dedupe
from biodata.pipelines.state.spool import BATCH_ROWS
from tests.pipelines.chains import JSON, compiled, through

VISITS = [
    {"id": "v1", "patient": "p1", "day": "2024-01-01"},
    {"id": "v2", "patient": "p2", "day": "2024-01-02"},
    {"id": "v3", "patient": "p1", "day": "2024-01-03"},
    {"id": "v4", "patient": None, "day": "2024-01-04"},
    {"id": "v5", "patient": None, "day": "2024-01-05"},
]


def kept(operation, rows=VISITS):
    found = through(rows, operation)
    assert [row["id"] for row in found.rows] == [rows[number - 1]["id"] for number in found.numbers]
    return [row["id"] for row in found.rows], found.chain.notes()


def test_the_first_or_the_last_stays_in_the_order_of_rows_and_nulls_are_equal():
    assert kept(Dedupe(("patient",))) == (["v1", "v2", "v4"], ("dedupe patient: 2 rows are left out",))
    assert kept(Dedupe(("patient",), "last"))[0] == ["v2", "v3", "v5"]


def test_rows_that_agree_in_some_columns_only_both_stay():
    assert kept(Dedupe(("patient", "day"))) == (["v1", "v2", "v3", "v4", "v5"], ())


def test_without_columns_the_whole_row_is_compared():
    rows = [{"id": "v1", "tags": ["a", None]}, {"id": "v1", "tags": ["a"]}, {"id": "v1", "tags": ["a", None]}]
    found = through(rows, Dedupe())
    assert (found.rows, found.chain.notes()) == (rows[:2], ("dedupe: 1 rows are left out",))


SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), metadata={"unit": "none"}),
        ("ID", pa.int32()),
        pa.field("doc", pa.string(), metadata=JSON),
        pa.field("docs", pa.list_(pa.string()), metadata=JSON),
        ("at", pa.timestamp("us", "UTC")),
        ("sites", pa.list_(pa.struct([("code", pa.string()), pa.field("more", pa.string(), metadata=JSON)]))),
        ("big", pa.decimal128(38)),
    ]
)
ROW = {
    "id": "x",
    "ID": 5,
    "doc": {"b": [1, None], "a": "x"},
    "docs": [{"a": 1}, None],
    "at": dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    "sites": [{"code": "C50", "more": [1, 2]}, None],
    "big": 10**30,
}


def test_every_kind_of_column_survives_and_is_compared():
    other = ROW | {"docs": [{"a": 2}, None]}
    found = through([ROW, other, ROW], Dedupe(), schema=SCHEMA)
    assert found.rows == [ROW, other]
    assert found.schema == SCHEMA
    assert [one.metadata for one in found.schema] == [one.metadata for one in SCHEMA]


def test_names_that_differ_in_case_only_are_two_columns():
    rows = [ROW | {"ID": number} for number in (1, 2, 1)]
    assert [row["ID"] for row in through(rows, Dedupe(("ID",)), schema=SCHEMA).rows] == [1, 2]


def test_a_column_that_is_not_there():
    with pytest.raises(biodata.QueryError, match="step s: dedupe: there is no column 'idd'; did you mean 'id'"):
        compiled(pa.schema([("id", pa.string())]), Dedupe(("idd",)))


def test_rows_of_many_batches():
    rows = [{"n": number, "k": number % (BATCH_ROWS + 7)} for number in range(3 * BATCH_ROWS)]
    found = through(rows, Dedupe(("k",)))
    assert found.rows == rows[: BATCH_ROWS + 7]
    last = through(rows, Dedupe(("k",), "last"))
    assert last.rows == rows[2 * BATCH_ROWS - 7 :]
    assert last.numbers == list(range(2 * BATCH_ROWS - 6, 3 * BATCH_ROWS + 1))


def test_no_rows():
    assert through([], Dedupe(), schema=SCHEMA).rows == []


VALUES = st.sampled_from([None, "", "a", "A", " a"])


@given(
    st.lists(st.fixed_dictionaries({"a": VALUES, "b": st.none() | st.lists(VALUES, max_size=2)}), max_size=30),
    st.sampled_from([(), ("a",), ("b",), ("b", "a")]),
    st.sampled_from(["first", "last"]),
)
def test_what_stays_is_what_a_dictionary_would_keep(rows, by, keep):
    schema = pa.schema([("a", pa.string()), ("b", pa.list_(pa.string()))])
    found = through(rows, Dedupe(by, keep), schema=schema)
    numbered = list(enumerate(rows, start=1))
    chosen = {}
    for number, row in numbered if keep == "last" else reversed(numbered):
        chosen[repr([row[name] for name in by or ("a", "b")])] = number
    assert found.numbers == sorted(chosen.values())
    assert found.rows == [rows[number - 1] for number in found.numbers]
