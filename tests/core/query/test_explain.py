import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biodata.query.bind import bind_filter, bind_query
from biodata.query.explain import explain
from biodata.query.parser import parse
from biodata.query.pushdown import Pushdown, Rule
from biodata.query.split import make_plan
from biodata.query.text import render
from biodata.query.tree import Always, And, Leaf, Not, Or
from tests.core.query.tables import LOOKUP, PEOPLE

TABLE = Pushdown(
    (Rule("exact", frozenset({">"})), Rule("inexact", frozenset({"like"}), lists=False, reason="ignores case"))
)


def explained(where=None, **query):
    plan = make_plan(bind_query(PEOPLE, where, lookup=LOOKUP, **query), TABLE, page_size=500)
    return explain(plan, TABLE, transport="JSON pages", requests=["GET /people?q=1"])


def test_says_who_does_what():
    told = explained(
        "age > 1 and name like 'a%' and tags != 'it''s'", fields=["age"], order_by="-age", limit=3, offset=1
    )
    assert str(told).split("\n") == [
        "people",
        "  filter",
        "    age > 1",
        "      platform",
        "    name like 'a%'",
        "      platform, checked here: ignores case",
        "    tags != 'it''s'",
        "      here: the platform has no such comparison",
        "  read      age, name, tags, id",
        "  order     -age (here: the platform has no such comparison)",
        "  limit     skip 1, take 3 (here: only after the check and the sorting)",
        "  pages of  500",
        "  transport JSON pages",
        "  request   GET /people?q=1",
        "  here      check name like 'a%' and tags != 'it''s', then sort by -age, then skip 1, take 3",
        "  hint      All that the platform sends is read, because it is sorted here before the limit.",
    ]


def test_a_long_filter_is_cut_in_the_text_and_whole_in_json():
    where = f"age != 1 and name in ({', '.join(repr(f'n{number}') for number in range(1000))})"
    told = explained(where, fields=["age"])
    assert len(str(told)) < 2000
    assert "'n999') (7,917 characters)" in str(told)
    assert told.to_dict()["parts"][1]["filter"] in where
    assert "'n500'" in told.here[0]


def test_has_a_json_form():
    told = explained("age > 1", fields=["age"], limit=3).to_dict()
    assert told["parts"] == [{"filter": "age > 1", "support": "exact"}]
    assert (told["asked"], told["fields"], told["limited"]) == (["age"], ["age", "id"], "platform")
    assert json.loads(json.dumps(told)) == told
    assert "here      nothing" in str(explained("age > 1"))


SOME_PAGES = "Pages are read until enough records have passed the check here."
EVERY_PAGE = "All that the platform sends is read, because it is sorted here before the limit."


@pytest.mark.parametrize(
    ("asked", "hints"),
    [
        ({"order_by": "age", "limit": 3}, ("Without order_by the platform would apply the limit.",)),
        ({"where": "name = 'x'", "limit": 3}, (SOME_PAGES,)),
        ({"where": "name = 'x'", "offset": 3}, ()),
        ({"where": "name = 'x'", "order_by": "age", "limit": 3}, (EVERY_PAGE,)),
        ({"limit": 3}, ()),
    ],
)
def test_hints_at_what_a_limit_here_costs(asked, hints):
    assert explained(**asked).hints == hints


@pytest.mark.parametrize(
    "text",
    [
        "a = 1",
        "a.b != 'it''s'",
        "`odd name`.`in` is not null",
        "a in (1, 2) and (b = 'x' or c like 'y%')",
        "not (a = 1 and b = 2)",
        "not contains(a, 'x')",
        "a not between -1 and 2.5",
        "native('q')",
    ],
)
def test_text_that_is_in_the_house_form_is_printed_as_it_was_written(text):
    assert render(parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "tags != 'a'",
        "tags not in ('a')",
        "not tags < 'a'",
        "not contains(tags, 'x')",
        "not counts >= 2",
        "visits.day not between '2020-01-01' and '2020-01-02'",
        "seen >= '2020-01-01T00:00:00Z' and price = 0.10",
        "sex.label not like 'a%' or not (name = 'x' and age < 5)",
    ],
)
def test_a_bound_filter_is_printed_so_that_it_binds_to_the_same(text):
    tree = bind_filter(PEOPLE, text, LOOKUP)
    assert bind_filter(PEOPLE, render(tree), LOOKUP) == tree


def test_constants_and_dates_have_words():
    assert render(Always()) == "every record"
    assert render(Always(value=False)) == "no record"
    assert render(Leaf(("born",), "==", dt.date(2020, 1, 31))) == "born = '2020-01-31'"


NAMES = st.lists(
    st.text(min_size=1, max_size=4) | st.sampled_from(["a", "not", "in", "or", "é"]), min_size=1, max_size=2
)
VALUES = st.text(max_size=5) | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
PATHS = NAMES.map(tuple)
LEAVES = st.one_of(
    st.builds(Leaf, PATHS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), VALUES),
    st.builds(Leaf, PATHS, st.sampled_from(["in", "not in"]), st.lists(VALUES, max_size=3).map(tuple)),
    st.builds(Leaf, PATHS, st.sampled_from(["between", "not between"]), st.tuples(VALUES, VALUES)),
    st.builds(Leaf, PATHS, st.sampled_from(["like", "not like", "ilike", "not ilike"]), st.text(max_size=5)),
    st.builds(Leaf, PATHS, st.sampled_from(["contains", "starts_with"]), st.text(max_size=5)),
    st.builds(Leaf, PATHS, st.sampled_from(["is null", "is not null"])),
)


def _flat(kind, parts):
    return kind(tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))))


TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: _flat(And, parts)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: _flat(Or, parts)),
    ),
    max_leaves=6,
)


@given(TREES)
def test_a_tree_is_read_from_its_text_again(tree):
    assert parse(render(tree)) == tree
