"""Counts by group and different values, counted here: what a group is, its shape, and what is read for it."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import biodata
from biodata.query.evaluate import predicate
from biodata.query.grouping import groups_of, tally
from biodata.query.plan import Query
from biodata.query.pushdown import Pushdown, Rule
from biodata.query.tree import Leaf
from biodata.records.types import Field, Float, Integer, List, Schema, String
from tests.core.memory import memory

T = Schema(
    "t",
    "id",
    (
        Field("id", String()),
        Field("text", String()),
        Field("number", Float()),
        Field("texts", List(String())),
        Field("numbers", List(Integer())),
    ),
)
TEXTS = st.none() | st.sampled_from(["", "a", "A", "é", "e\u0301", "\U0001f600", "\uff5e", "NA"])
RECORDS = st.lists(
    st.fixed_dictionaries({
        "text": TEXTS,
        "number": st.none() | st.sampled_from([0.0, -0.0, 1.5, float("nan")]),
        "texts": st.none() | st.lists(TEXTS, max_size=4),
        "numbers": st.none() | st.lists(st.integers(0, 2), max_size=3),
    }),
    max_size=8,
)  # fmt: skip


@pytest.fixture
def people():
    return memory(people=30)["people"]


@given(
    records=RECORDS, names=st.lists(st.sampled_from(["text", "number", "texts", "numbers"]), min_size=1, unique=True)
)
def test_a_group_has_the_records_that_its_filter_is_true_of(records, names):
    query = Query(T, fields=tuple((name,) for name in names))
    groups = tally(groups_of(records, query))
    for values, number in groups:
        leaves = [
            Leaf((name,), "is null") if value is None else Leaf((name,), "==", value)
            for name, value in zip(names, values, strict=True)
        ]
        tests = [predicate(leaf, T) for leaf in leaves]
        assert number == sum(all(test(record) for test in tests) for record in records)
    assert sum(number for _, number in groups) >= len(records)


@given(records=RECORDS)
def test_groups_come_once_and_in_order_with_null_last(records):
    values = [group[0] for group, _ in tally(groups_of(records, Query(T, fields=(("text",),))))]
    assert values == sorted({value for value in values if value is not None}) + [None] * (None in values)


def test_the_shape(people):
    assert people.group_by("active").count().to_records() == [
        {"active": False, "count": 15},
        {"active": True, "count": 15},
    ]
    assert people.group_by("city", "active", where="age > 26").count("people").to_records() == [
        {"city": "ams", "active": True, "people": 1},
        {"city": "gro", "active": False, "people": 1},
        {"city": None, "active": False, "people": 1},
    ]


def test_paths_over_references_nest_as_in_a_query(people):
    found = people.group_by("city.name").count()
    assert found.to_records() == [
        {"city": {"name": "Amsterdam"}, "count": 10},
        {"city": {"name": "Groningen"}, "count": 10},
        {"city": {"name": None}, "count": 10},
    ]
    assert found.to_arrow().column_names == ["city.name", "count"]
    assert people.distinct("visited.name") == ["Amsterdam", "Groningen"]


def test_lists_count_each_element_once_and_an_empty_one_as_null(people):
    assert people.group_by("tags").count().to_records() == [{"tags": None, "count": 30}]
    assert people.group_by("visited").count().to_records() == [
        {"visited": "ams", "count": 20},
        {"visited": "gro", "count": 10},
        {"visited": None, "count": 10},
    ]
    assert people.distinct("tags") == []


def test_frames_and_files_have_types(people, tmp_path):
    counts = people.group_by("age", "visited").count()
    assert counts.arrow_schema == pa.schema([("age", pa.int64()), ("visited", pa.string()), ("count", pa.int64())])
    frame = counts.to_pandas()
    assert frame["count"].sum() == sum(record["count"] for record in counts)
    assert counts.write(tmp_path / "counts.csv") == len(frame)
    assert next(counts.to_batches(20)).num_rows == 20
    assert "age" in counts._repr_html_()


def test_only_the_fields_that_are_needed_are_read(people):
    told = people.group_by("age", where="name = 'Name 3'").count().explain()
    assert told.fields == ("age", "id")
    assert told.grouped == "here"
    assert "group by age" in told.here
    assert "groups    by age (here: " in str(told)


@pytest.mark.parametrize("rule", [Rule("unsupported", frozenset({"group"})), Rule("inexact", frozenset({"group"}))])
def test_a_platform_that_is_not_exact_is_not_asked_whether_it_says_why_or_not(people, rule, monkeypatch):
    can = people.adapter.capabilities
    monkeypatch.setattr(people.adapter, "pushdown", lambda _: Pushdown((rule,)))
    monkeypatch.setattr(people.adapter, "aggregate", lambda *_: pytest.fail("it was asked"))
    assert "aggregate" not in can.missing
    assert people.group_by("city").count().explain().grouped == "here"


def test_limit_and_offset_come_first(people):
    some = people.query(order_by="-id", limit=4, offset=1)
    assert some.group_by("city").count().to_records() == [
        {"city": one, "count": number}
        for one, number in sorted(Counter(row["city"] for row in some).items(), key=lambda pair: pair[0] or "~")
    ]
    assert some.distinct("name") == sorted({row["name"] for row in some})
    assert "limit and offset" in people.query(limit=4).distinct("name").explain().grouped_why


def test_counting_again_sees_what_came(people):
    counts = people.group_by("active").count()
    before = counts.to_records()
    people.add({"id": "new", "name": "New", "active": True})
    assert counts.to_records() == [before[0], {"active": True, "count": 16}]


def test_nothing_is_asked_where_nothing_can_match(people):
    people.adapter.calls.clear()
    assert people.query("id in ()").group_by("age").count().to_records() == []
    assert people.query(limit=0).distinct("age") == []
    assert not people.adapter.calls


@pytest.mark.parametrize(
    ("by", "name", "code"),
    [
        ((), "count", "BD-QUERY-GROUP"),
        (("nope",), "count", "BD-QUERY-FIELD"),
        (("age",), "age", "BD-QUERY-GROUP"),
        (("city.name",), "city", "BD-QUERY-GROUP"),
        (("age",), "", "BD-QUERY-GROUP"),
    ],
)
def test_what_cannot_be_grouped_says_so(people, by, name, code):
    with pytest.raises(biodata.QueryError) as caught:
        people.group_by(*by).count(name)
    assert caught.value.code == code
    assert caught.value.table == "people"


def test_names_in_a_list_are_several_fields(people):
    both = people.group_by("city", "active").count().to_records()
    assert people.group_by(["city", "active"]).count().to_records() == both
    assert people.query().group_by(["city"], "active").count().to_records() == both
    assert people.group_by(("city", "name")).count().to_records()[0] == {"city": {"name": "Amsterdam"}, "count": 10}


def test_strict_refuses_to_count_here(people):
    for ask in (
        lambda: people.query(strict=True).distinct("age"),
        lambda: people.distinct("age", strict=True),
        lambda: list(people.query(strict=True).group_by("age").count()),
        lambda: list(people.group_by("age", strict=True).count()),
    ):
        with pytest.raises(biodata.QueryError) as caught:
            ask()
        assert caught.value.code == "BD-QUERY-STRICT"
        assert "group by age" in str(caught.value)
