import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biodata.errors import SchemaError
from biodata.query.bind import bind_query
from biodata.query.evaluate import predicate
from biodata.query.tree import NEGATED, And, Leaf, Not, Or
from biodata.records.types import Field, Integer, Schema, String
from tests.core.query.tables import LOOKUP, PEOPLE
from tests.core.query.trees import trees

NOON = dt.datetime(2020, 1, 31, 12, tzinfo=dt.UTC)


def holds(where, **record):
    query = bind_query(PEOPLE, where, lookup=LOOKUP)
    return predicate(query.filter, PEOPLE, query.lookup)(record)


@pytest.mark.parametrize(
    ("where", "record", "true"),
    [
        ("age > 5", {"age": 6}, True),
        ("age > 5", {"age": 5}, False),
        ("age > 5", {"age": None}, False),
        ("age > 5", {}, False),
        ("age != 5", {"age": None}, False),
        ("not age = 5", {"age": None}, False),
        ("age not in (5)", {"age": None}, False),
        ("age not in (5)", {"age": 6}, True),
        ("age not between 1 and 5", {"age": 6}, True),
        ("age not between 1 and 5", {"age": None}, False),
        ("age between 5 and 1", {"age": 3}, False),
        ("age is null", {}, True),
        ("age is not null", {"age": 0}, True),
        ("name = ''", {"name": ""}, True),
        ("name is null", {"name": ""}, False),
        ("name < 'a'", {"name": "Z"}, True),
        ("name > 'z'", {"name": "é"}, True),
        ("name > '\uffff'", {"name": "😀"}, True),
        ("name = 'A'", {"name": "a"}, False),
        ("name like 'a%'", {"name": "a\nb"}, True),
        ("name like 'A%'", {"name": "ab"}, False),
        ("name ilike 'A%É'", {"name": "abé"}, True),
        ("name not like 'a%'", {"name": None}, False),
        ("name not ilike 'B%'", {"name": "ab"}, True),
        (r"name like '50\%'", {"name": "50%"}, True),
        ("contains(name, '%')", {"name": "50%"}, True),
        ("contains(name, '')", {"name": ""}, True),
        ("not contains(name, 'b')", {"name": "ab"}, False),
        ("starts_with(name, 'a')", {"name": "ab"}, True),
        ("starts_with(name, 'b')", {"name": "ab"}, False),
        ("tags = 'a'", {"tags": ["b", "a"]}, True),
        ("tags != 'a'", {"tags": ["b", "a"]}, False),
        ("tags != 'a'", {"tags": ["b"]}, True),
        ("tags != 'a'", {"tags": []}, True),
        ("tags != 'a'", {"tags": None}, True),
        ("tags != 'a'", {}, True),
        ("tags is null", {"tags": []}, True),
        ("tags is null", {"tags": [None]}, True),
        ("tags is not null", {"tags": ["a"]}, True),
        ("tags is null", {}, True),
        ("tags = 'a'", {"tags": []}, False),
        ("counts between 2 and 3", {"counts": [1, 4]}, False),
        ("counts >= 2 and counts <= 3", {"counts": [1, 4]}, True),
        ("not counts < 2", {"counts": [2, 3]}, True),
        ("not counts < 2", {"counts": [1, 3]}, False),
        ("counts not in (1, 2)", {"counts": [3, None]}, True),
        ("home.city = 'x'", {"home": {"city": "x"}}, True),
        ("home.city is null", {"home": None}, True),
        ("home.city != 'x'", {"home": None}, False),
        ("home.zips = 'x'", {"home": {"zips": ["x"]}}, True),
        ("visits.site = 'x'", {"visits": [{"site": "y"}, {"site": "x"}]}, True),
        ("visits.site != 'x'", {"visits": [{"site": "y"}, {"site": None}]}, True),
        ("visits.site is null", {"visits": [{"site": None}]}, True),
        ("scan.filename = 'x'", {"scan": {"filename": "x"}}, True),
        ("sex = 'F'", {"sex": "F"}, True),
        ("parents = 'p1'", {"parents": ["p2", "p1"]}, True),
        ("sex.label = 'f'", {"sex": {"code": "F", "label": "f"}}, True),
        ("sex.label = 'f' and sex = 'F'", {"sex": {"code": "F", "label": "f"}}, True),
        ("sex.label is null", {"sex": None}, True),
        ("sex.tags != 'x'", {"sex": {"code": "F", "tags": None}}, True),
        ("parents.sex.label = 'f'", {"parents": [{"id": "a", "sex": {"label": "f"}}]}, True),
        ("price = 0.1", {"price": Decimal("0.10")}, True),
        ("price = 0.1", {"price": 0.1}, True),
        ("price > 1", {"price": 2}, True),
        ("weight = 1", {"weight": 1}, True),
        ("weight is null", {"weight": float("nan")}, True),
        ("weight != 1", {"weight": float("nan")}, False),
        ("born >= '2020-01-31'", {"born": dt.date(2020, 1, 31)}, True),
        ("born = '2020-01-31'", {"born": NOON}, True),
        ("seen = '2020-01-31T14:00+02:00'", {"seen": NOON}, True),
        ("seen > '2020-01-31'", {"seen": NOON.replace(tzinfo=None)}, True),
        ("seen = '2020-01-31'", {"seen": dt.date(2020, 1, 31)}, True),
        ("active = false", {"active": False}, True),
        ("active != true", {"active": None}, False),
        ("age in ()", {"age": 1}, False),
        ("age not in ()", {"age": None}, True),
    ],
)
def test_the_house_semantics(where, record, true):
    assert holds(where, **record) is true


def test_no_filter_lets_every_record_pass():
    assert predicate(None, PEOPLE)({})


def test_a_key_where_the_record_is_needed_is_an_error_and_not_a_silent_no():
    with pytest.raises(SchemaError, match=r"sex\.label"):
        holds("sex.label = 'f'", sex="F")


def test_only_bound_filters_are_evaluated():
    with pytest.raises(TypeError, match="bound"):
        predicate(Not(Leaf(("age",), "==", 1)), PEOPLE)


PAIR = Schema("pair", "a", (Field("a", Integer()), Field("b", String())))
NUMBERS = st.integers(-2, 2)
LETTERS = st.sampled_from(["", "a", "b", "ab", "A", "%"])


def _leaves():
    text = st.sampled_from(["==", "!=", "<", ">=", "like", "not like", "ilike", "contains", "not starts_with"])
    return st.one_of(
        st.builds(Leaf, st.just(("a",)), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), NUMBERS),
        st.builds(Leaf, st.just(("a",)), st.sampled_from(["in", "not in"]), st.lists(NUMBERS, max_size=2).map(tuple)),
        st.builds(Leaf, st.just(("a",)), st.sampled_from(["between", "not between"]), st.tuples(NUMBERS, NUMBERS)),
        st.builds(Leaf, st.sampled_from([("a",), ("b",)]), st.sampled_from(["is null", "is not null"])),
        st.builds(Leaf, st.just(("b",)), text, LETTERS),
    )


TREES = trees(_leaves(), parts=3, leaves_in_all=8)


def sql(node, record):
    """Three-valued logic as SQL has it: True, False, or None for unknown."""
    match node:
        case Not(part):
            inner = sql(part, record)
            return None if inner is None else not inner
        case And(parts):
            found = [sql(part, record) for part in parts]
            return False if False in found else None if None in found else True
        case Or(parts):
            found = [sql(part, record) for part in parts]
            return True if True in found else None if None in found else False
    return _sql_leaf(node, record[node.path[0]])


def _sql_leaf(leaf, value):
    if leaf.op in {"is null", "is not null"}:
        return (value is None) is (leaf.op == "is null")
    if leaf.op in {"in", "not in"} and not leaf.value:
        return leaf.op == "not in"
    if value is None:
        return None
    if leaf.op.startswith("not ") or leaf.op == "!=":
        return not _sql_leaf(Leaf(leaf.path, NEGATED[leaf.op], leaf.value), value)
    schema = Schema("t", leaf.path[0], (PAIR[leaf.path[0]],))
    return predicate(leaf, schema)({leaf.path[0]: value})


@given(TREES, st.none() | NUMBERS, st.none() | LETTERS)
def test_taking_not_away_keeps_the_meaning_that_sql_gives(tree, a, b):
    record = {"a": a, "b": b}
    bound = bind_query(PAIR, tree).filter
    assert predicate(bound, PAIR)(record) is (sql(tree, record) is True)
