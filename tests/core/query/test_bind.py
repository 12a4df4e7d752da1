import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from biodata.errors import QueryError
from biodata.query.bind import bind_filter, bind_query
from biodata.query.builder import col, native
from biodata.query.plan import Order
from biodata.query.tree import Always, And, Leaf, Or
from tests.core.query.tables import LOOKUP, PEOPLE, SEXES

NO_ZONE = dt.datetime(2020, 7, 1, 12)  # noqa: DTZ001 - what people give
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def bound(where):
    return bind_filter(PEOPLE, where, LOOKUP)


def leaf(path, op, value=None, quantifier="any"):
    return Leaf(tuple(path.split(".")), op, value, quantifier)


@pytest.mark.parametrize(
    ("where", "tree"),
    [
        (None, Always()),
        ("not age > 5", leaf("age", "<=", 5)),
        ("not not age > 5", leaf("age", ">", 5)),
        ("not (age > 5 or name is null)", And((leaf("age", "<=", 5), leaf("name", "is not null")))),
        ("not (age > 5 and name = 'a')", Or((leaf("age", "<=", 5), leaf("name", "!=", "a")))),
        ("not age between 1 and 2", leaf("age", "not between", (1, 2))),
        ("not contains(name, 'a')", leaf("name", "not contains", "a")),
        ("tags = 'a'", leaf("tags", "==", "a")),
        ("tags != 'a'", leaf("tags", "==", "a", "none")),
        ("not tags = 'a'", leaf("tags", "==", "a", "none")),
        ("not tags != 'a'", leaf("tags", "==", "a")),
        ("tags not in ('a', 'a', 'b')", leaf("tags", "in", ("a", "b"), "none")),
        ("tags not like 'a%'", leaf("tags", "like", "a%", "none")),
        ("not counts < 3", leaf("counts", "<", 3, "none")),
        ("not tags is null", leaf("tags", "is not null")),
        ("home.zips != 'a'", leaf("home.zips", "==", "a", "none")),
        ("visits.site != 'a'", leaf("visits.site", "==", "a", "none")),
        ("not visits.day > '2020-01-01'", leaf("visits.day", ">", dt.date(2020, 1, 1), "none")),
        ("home.city != 'a'", leaf("home.city", "!=", "a")),
        ("sex = 'F'", leaf("sex", "==", "F")),
        ("sex.code = 'F'", leaf("sex", "==", "F")),
        ("not sex.label = 'x'", leaf("sex.label", "!=", "x")),
        ("sex.tags != 'x'", leaf("sex.tags", "==", "x", "none")),
        ("parents.id != 'x'", leaf("parents", "==", "x", "none")),
        ("parents.sex.label = 'x'", leaf("parents.sex.label", "==", "x")),
        ("scan.filename = 'x'", leaf("scan.filename", "==", "x")),
        ("age in ()", Always(value=False)),
        ("age not in ()", Always()),
        ("not tags in ()", Always()),
        ("age in () or age = 1", leaf("age", "==", 1)),
        ("age in () and age = 1", Always(value=False)),
        ("age not in () and age = 1 and age = 1", leaf("age", "==", 1)),
        ("age > 40.5", leaf("age", ">", 40)),
        ("age >= 40.5", leaf("age", ">=", 41)),
        ("age < 40.5", leaf("age", "<", 41)),
        ("age <= -40.5", leaf("age", "<=", -41)),
        ("age between 1.5 and 2.5", leaf("age", "between", (2, 2))),
        ("age = 40.0", leaf("age", "==", 40)),
        ("weight = 40", leaf("weight", "==", 40.0)),
        ("price = 0.1", leaf("price", "==", Decimal("0.1"))),
        ("born = '2020-01-31'", leaf("born", "==", dt.date(2020, 1, 31))),
        ("seen = '2020-01-31'", leaf("seen", "==", dt.datetime(2020, 1, 31, tzinfo=dt.UTC))),
        ("seen = '2020-01-31T12:00'", leaf("seen", "==", dt.datetime(2020, 1, 31, 12, tzinfo=dt.UTC))),
        ("seen = '2020-01-31T12:00+02:00'", leaf("seen", "==", dt.datetime(2020, 1, 31, 10, tzinfo=dt.UTC))),
        ("colour = 'red'", leaf("colour", "==", "red")),
        ("colour like 'r%'", leaf("colour", "like", "r%")),
        (r"name like 'a\b'", leaf("name", "like", r"a\\b")),
        ("active = true", leaf("active", "==", value=True)),
        ("extra is null", leaf("extra", "is null")),
        ("`a.b` = 'x'", Leaf(("a.b",), "==", "x")),
        (Leaf(("tags",), "!=", "a", "none"), leaf("tags", "==", "a")),
        (Leaf(("name",), "==", "a", "none"), leaf("name", "!=", "a")),
        (col("seen") > NO_ZONE, leaf("seen", ">", dt.datetime(2020, 7, 1, 12, tzinfo=dt.UTC))),
        (col("seen") > dt.date(2020, 7, 1), leaf("seen", ">", dt.datetime(2020, 7, 1, tzinfo=dt.UTC))),
        (
            col("seen").is_in([dt.datetime(2020, month, 1, 12, tzinfo=AMSTERDAM) for month in (1, 7)]),
            leaf("seen", "in", tuple(dt.datetime(2020, m, 1, h, tzinfo=dt.UTC) for m, h in ((1, 11), (7, 10)))),
        ),
        ("seen < '2020-01-31 12:00:00 -0530'", leaf("seen", "<", dt.datetime(2020, 1, 31, 17, 30, tzinfo=dt.UTC))),
        (col("born") == dt.date(2020, 1, 31), leaf("born", "==", dt.date(2020, 1, 31))),
        (col("age") == np.int64(3), leaf("age", "==", 3)),
    ],
)
def test_binds(where, tree):
    assert bound(where) == tree


def test_literals_have_their_fields_type():
    assert type(bound("weight = 40").value) is float
    assert type(bound("age = 40.0").value) is int
    assert type(bound(col("age") == np.int64(3)).value) is int


def test_a_bound_filter_comes_back_through_json():
    text = "age in (1, 2) and born > '2020-01-01' and price = 0.1 and seen < '2020-01-31' or tags != 'a'"
    tree = bound(text)
    assert bound(msgspec.json.decode(msgspec.json.encode(tree))) == tree


@pytest.mark.parametrize(
    ("where", "code", "message"),
    [
        ("agee > 1", "FIELD", "Did you mean 'age'"),
        ("home.cty = 'x'", "FIELD", "no field 'home.cty'.*Did you mean 'home.city'"),
        ("sex.lable = 'x'", "FIELD", "no field 'sex.lable'.*Did you mean 'sex.label'"),
        ("parents.sex.zzz = 'x'", "FIELD", "'parents.sex' has: code, label"),
        ("name.first = 'x'", "FIELD", "'name' is of type string, which cannot be looked into"),
        ("extra.a = 'x'", "FIELD", "type json"),
        ("a.b = 'x'", "FIELD", "no field 'a'"),
        ("age = '5'", "VALUE", "without quotes"),
        ("age = true", "VALUE", "whole number"),
        ("age = 5.5", "VALUE", "fraction"),
        ("age < 3000000000", "VALUE", "32 bits"),
        ("name = 5", "VALUE", "Put it in quotes"),
        ("name like 5.5", "SYNTAX", "quotes"),
        ("weight = 'x'", "VALUE", "without quotes"),
        ("active = 1", "VALUE", "Write true or false"),
        ("born = 'x'", "VALUE", "2020-01-31"),
        ("born = '2020-01-31T10:00'", "VALUE", "the day alone"),
        ("born = '2020-02-30'", "VALUE", "no such day"),
        ("born = '2020-1-1'", "VALUE", "year first"),
        ("born = '01/02/2020'", "VALUE", "year first"),
        ("born = '2020'", "VALUE", "whole year"),
        ("born > '2020-02'", "VALUE", "whole year"),
        ("born = 2020", "VALUE", "whole year"),
        ("seen = '10:00'", "VALUE", "year first"),
        ("seen = '2020-01-31T12:00:00+25:00'", "VALUE", "A zone is"),
        ("seen = '2020-01-31T12:00:00 Europe/Amsterdam'", "VALUE", "A zone is"),
        ("colour = true", "VALUE", "in quotes"),
        ("counts = '5'", "VALUE", "without quotes"),
        ("contains(counts, 'x')", "OP", "no 'contains'"),
        ("age = 99999999999999999999999999", "VALUE", "32 bits"),
        (Leaf(("age",), "==", [1, 2]), "VALUE", "several values"),
        ("seen = 5", "VALUE", "in quotes"),
        ("colour = 'gren'", "VALUE", "Did you mean 'green'"),
        ("colour in ('blue')", "VALUE", "one of: red, green"),
        ("age like 'x'", "OP", "type int, which has no 'like'"),
        ("not contains(age, 'x')", "OP", "no 'contains'"),
        ("active > true", "OP", "= true or = false"),
        ("extra = 'x'", "OP", "looked into"),
        ("home = 'x'", "OP", "city, zips"),
        ("scan = 'x'", "OP", "id, filename or url"),
        (col("name") == np.array(["x"]), "VALUE", "text is needed, not a list"),
        (Leaf(("age",), "==", None), "NULL", "never true"),
        (Leaf(("age",), "in", (1, None)), "NULL", "never true"),
        (Leaf(("age",), "between", (1,)), "VALUE", "two values"),
        (Leaf(("age",), "in", "x"), "VALUE", "list of values"),
        (~native("q"), "NATIVE", "joined by AND"),
    ],
)
def test_what_does_not_fit(where, code, message):
    with pytest.raises(QueryError, match=message) as caught:
        bound(where)
    assert caught.value.code == f"BD-QUERY-{code}"


def test_a_tree_too_deep_is_an_error():
    tree = col("age") == 1
    for _ in range(5000):
        tree = ~tree
    with pytest.raises(QueryError) as caught:
        bound(tree)
    assert caught.value.code == "BD-QUERY-DEPTH"


def test_a_reference_is_not_stepped_over_without_a_lookup():
    with pytest.raises(QueryError, match=r"ref\(sexes\)"):
        bind_filter(PEOPLE, "sex.label = 'x'")
    assert bind_filter(PEOPLE, "sex = 'x'") == leaf("sex", "==", "x")


def test_a_query_of_all_parts():
    query = bind_query(
        PEOPLE,
        "age > 1",
        fields=["sex.label", "age", "age", "a.b", ("home", "city")],
        order_by=["-age", "home.city", "age", Order(("sex", "label"), descending=True)],
        limit=3,
        offset=2,
        native="q=1",
        lookup=LOOKUP,
    )
    assert query.fields == (("sex", "label"), ("age",), ("a.b",), ("home", "city"))
    assert query.order == (
        Order(("age",), descending=True),
        Order(("home", "city")),
        Order(("sex", "label"), descending=True),
    )
    assert (query.limit, query.offset, query.native) == (3, 2, "q=1")
    assert query.related == {"sexes": SEXES}
    assert query.lookup("sexes") is SEXES


def test_one_name_may_stand_alone():
    query = bind_query(PEOPLE, fields="age", order_by="-age")
    assert query.fields == (("age",),)
    assert query.order == (Order(("age",), descending=True),)


def test_native_text_is_taken_out_of_the_filter():
    query = bind_query(PEOPLE, native("q") & (col("age") > 1))
    assert (query.native, query.filter) == ("q", leaf("age", ">", 1))
    assert bind_query(PEOPLE, native("q")).filter == Always()
    with pytest.raises(QueryError, match="one native text"):
        bind_query(PEOPLE, native("q"), native="p")
    with pytest.raises(QueryError, match="joined by AND"):
        bind_query(PEOPLE, native("q") | (col("age") > 1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"fields": ["agee"]},
        {"fields": []},
        {"fields": ["home."]},
        {"order_by": "agee"},
        {"order_by": "tags"},
        {"order_by": "-home"},
        {"order_by": "extra"},
        {"order_by": "visits.site"},
        {"limit": -1},
        {"limit": True},
        {"limit": 1.5},
        {"offset": -1},
    ],
)
def test_fields_order_and_limits_that_cannot_be(wrong):
    with pytest.raises(QueryError):
        bind_query(PEOPLE, **wrong)
