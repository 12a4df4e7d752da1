"""Functions of ours in expressions: dates and ages that say less of a person."""

import datetime as dt
import os
import subprocess
import sys

import duckdb
import pyarrow as pa
import pytest

from biodata.errors import QueryError
from biodata.pipelines.operations.expressions import locked_connection
from biodata.records.types import Date, DateTime, Field, Integer, Schema, String

PIPELINE = """\
version: 1
name: visits
steps:
  - name: visits
    extract: {from: source/visits}
    transform:
      - columns:
          id: src.id
          day: days_since(src.visit, src.birth)
          age: cap_age(age_at(src.birth, src.visit), 89)
          reported: cap_age(src.reported, 89)
          born: year_only(src.birth)
          seen: year_only(src.at)
    load: {to: target/visits, mode: merge, key: [id]}
on_reject: {budget: 1}
"""

VISITS = Schema(
    "visits",
    "id",
    (
        Field("id", String(), required=True),
        Field("birth", Date()),
        Field("visit", String()),
        Field("reported", Integer()),
        Field("at", DateTime()),
    ),
)


def ask(expression, **columns):
    connection = locked_connection()
    connection.register("t", pa.table({name: [value] for name, value in columns.items()} or {"nothing": [1]}))
    return connection.table("t").project(expression).fetchall()[0][0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("days_since('2024-03-01', '2024-02-28')", 2),
        ("days_since(DATE '2024-02-28', '2024-03-01')", -2),
        ("days_since(TIMESTAMP '2024-03-01 00:30:00', TIMESTAMP '2024-02-29 23:30:00')", 1),
        ("age_at('1980-06-15', '2020-06-14')", 39),
        ("age_at('1980-06-15', '2020-06-15')", 40),
        ("age_at('2000-02-29', '2001-02-27')", 0),
        ("age_at('2000-02-29', '2001-02-28')", 1),
        ("cap_age(89, 89)", 89),
        ("cap_age(90, 89)", 89),
        ("cap_age(17.5, 89)", 17.5),
        ("year_only('1980-06-15')", 1980),
        ("year_only(DATE '1980-06-15')", 1980),
    ],
)
def test_answers(expression, expected):
    assert float(ask(expression)) == expected


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2024-05-01", 0), (" 2024-05-01 ", 0), ("2024-05-01T23:30:00-02:00", 1), ("2024-05-01 00:30+0100", -1),
        ("2024-05-01T23:59:59.999999999Z", 0), ("2024-05-01T23:59", 0), ("2024-05-01T23:30:00-02", 1),
    ],
)  # fmt: skip
def test_a_text_is_its_day_in_utc(text, days):
    assert ask("days_since(t, '2024-05-01')", t=text) == days
    assert ask(f"days_since('{text}', DATE '2024-05-01')") == days


@pytest.mark.parametrize(
    "text",
    [
        "24-05-01", "2024-5-1", "2024/05/01", "20240501", "epoch", "infinity", "-infinity", "2024-05-01 (BC)", "",
        "0000-01-01", "2024-02-30", "2024-05-01T", "2024-05-01 nonsense", "2024-05-01T99", "2024-05-01T24:00:00",
        "2024-05-01 23:30:00 UTC", "2024-05-01T10:00:00-25:00", "0001-01-01T00:00:00+01:00", "12024-05-01",
        "9999-12-31T23:30:00-01:00", "2024-05-01\n",
    ],
)  # fmt: skip
def test_a_text_that_is_no_day_is_an_error_and_never_another_day(text):
    for expression in ("year_only(t)", "days_since(t, '2024-05-01')", "age_at(t, '2024-05-01')"):
        with pytest.raises(duckdb.ConversionException):
            ask(expression, t=text)


def test_days_of_texts_are_found_row_by_row():
    connection = locked_connection()
    connection.register("t", pa.table({"t": ["1980-06-15", None, "0001-01-01", "9999-12-31"]}))
    assert connection.table("t").project("year_only(t)").fetchall() == [(1980,), (None,), (1,), (9999,)]


@pytest.mark.parametrize("age", [pa.scalar("9"), pa.scalar(1, pa.date32()), pa.scalar(True)])
def test_what_is_no_number_is_no_age_whatever_it_is_compared_with(age):
    with pytest.raises(duckdb.BinderException):
        ask("cap_age(a, b)", a=age, b=age)


def test_an_age_that_is_not_a_number_is_not_the_most():
    assert ask("cap_age(a, 89)", a=float("nan")) is None


@pytest.mark.parametrize(
    "expression",
    [
        "days_since(NULL, '2024-01-01')", "days_since('2024-01-01', NULL)", "age_at(NULL, '2024-01-01')",
        "age_at('2024-01-01', NULL)", "cap_age(NULL, 89)", "cap_age(95, NULL)", "year_only(NULL)",
    ],
)  # fmt: skip
def test_null_of_anything_is_null(expression):
    assert ask(expression) is None


@pytest.mark.parametrize(
    ("kind", "named"), [(pa.int64(), "BIGINT"), (pa.float64(), "DOUBLE"), (pa.int8(), "TINYINT")]
)
def test_a_capped_age_stays_a_number_of_its_kind(kind, named):
    assert ask("typeof(cap_age(a, 89))", a=pa.scalar(95, kind)) == named


def test_the_day_of_an_instant_does_not_depend_on_the_computer():
    code = (
        "from biodata.pipelines.operations.expressions import locked_connection as c;"
        "print(c().sql(\"SELECT year_only(TIMESTAMPTZ '1980-12-31 23:00:00+00')\").fetchall()[0][0])"
    )
    env = {**os.environ, "TZ": "Asia/Tokyo"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1980"


def test_a_whole_run_keeps_no_date(connect, pipeline, run, target):
    rows = [
        {"id": "a", "birth": dt.date(1930, 5, 1), "visit": "2024-05-01", "reported": 94,
         "at": dt.datetime(2024, 12, 31, 23, 59, tzinfo=dt.UTC)},
        {"id": "b", "birth": dt.date(2000, 5, 2), "visit": "2024-05-01"},
        {"id": "c", "birth": dt.date(2000, 5, 2), "visit": "1.5.2024"},
        {"id": "d", "reported": 7},
    ]  # fmt: skip
    with connect("source") as connection:
        connection.ensure(VISITS).upsert(rows).raise_for_refused()
    report = run(pipeline(text=PIPELINE))
    assert list(target("visits").values()) == [
        {"id": "a", "day": 34334, "age": 89, "reported": 89, "born": 1930, "seen": 2024},
        {"id": "b", "day": 8765, "age": 23, "reported": None, "born": 2000, "seen": None},
        {"id": "d", "day": None, "age": None, "reported": 7, "born": None, "seen": None},
    ]
    (reject,) = report.steps[0].rejects
    assert (reject.rule, reject.reason, reject.rows) == ("column day", "a value cannot be converted", [3])


def test_an_age_that_is_text_is_found_before_any_row(connect, pipeline, run):
    with connect("source") as connection:
        connection.ensure(VISITS).upsert({"id": "a", "visit": "94"}).raise_for_refused()
    with pytest.raises(QueryError, match=r"column reported: .*explicit type cast"):
        run(pipeline(("cap_age(src.reported", "cap_age(src.visit"), text=PIPELINE))
