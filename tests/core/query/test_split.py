import msgspec
import pytest

from biodata.query.bind import bind_query
from biodata.query.builder import native
from biodata.query.plan import Order
from biodata.query.pushdown import Pushdown, Rule
from biodata.query.split import make_plan, sort_support, supports
from biodata.query.tree import And, Leaf, Native, Or
from biodata.records.types import Integer, List, String
from tests.core.query.tables import LOOKUP, PEOPLE

AGE, NAME, TAG = Leaf(("age",), ">", 1), Leaf(("name",), "like", "a%"), Leaf(("tags",), "==", "a", "none")
RULES = (
    Rule("unsupported", frozenset({"=="}), when="too long", reason="too long a text"),
    Rule("exact", frozenset({"==", ">"}), lists=False, via=frozenset({"field"})),
    Rule("inexact", frozenset({"like"}), lists=False, via=frozenset({"field"}), reason="ignores case"),
    Rule("exact", frozenset({"sort"}), frozenset({"int"})),
    Rule("unsupported", frozenset({"==", "in"}), lists=True, quantifiers=frozenset({"none"}), reason="no 'none of'"),
    Rule("exact", frozenset({"=="}), lists=True),
)
TESTS = {"too long": lambda leaf, _: isinstance(leaf.value, str) and len(leaf.value) > 5}
TABLE = Pushdown(RULES, conditions=TESTS)


def plan(where=None, pushdown=TABLE, **query):
    return make_plan(bind_query(PEOPLE, where, lookup=LOOKUP, **query), pushdown)


def test_each_and_part_goes_where_it_can():
    made = plan("age > 1 and name like 'a%' and tags != 'a'")
    assert [(part.support, part.reason) for part in made.parts] == [
        ("exact", ""),
        ("inexact", "ignores case"),
        ("unsupported", "no 'none of'"),
    ]
    assert made.pushed == And((AGE, NAME))
    assert made.residual == And((NAME, TAG))


@pytest.mark.parametrize(
    ("where", "pushed", "residual"),
    [
        (None, None, None),
        ("age > 1", AGE, None),
        ("tags != 'a'", None, TAG),
        ("age > 1 or name like 'a%'", Or((AGE, NAME)), Or((AGE, NAME))),
        ("age > 1 or tags != 'a'", None, Or((AGE, TAG))),
        ("age > 1 or (name like 'a%' and tags != 'a')", Or((AGE, NAME)), Or((AGE, And((NAME, TAG))))),
        ("name = 'abcdef'", Leaf(("name",), "like", "abcdef"), Leaf(("name",), "==", "abcdef")),
        ("parents.name != 'x'", None, Leaf(("parents", "name"), "==", "x", "none")),
    ],
)
def test_an_or_goes_down_as_a_superset(where, pushed, residual):
    made = plan(where)
    assert (made.pushed, made.residual) == (pushed, residual)


def test_without_connectives_only_one_part_goes_down():
    lone = Pushdown(RULES, connectives=frozenset(), conditions=TESTS)
    made = plan("name like 'a%' and age > 1 and id = 'x'", lone)
    assert made.pushed == AGE
    assert [part.reason for part in made.parts] == ["the platform has no 'and'", "", "the platform has no 'and'"]
    assert plan("age > 1 or id = 'x'", lone).parts[0].reason == "the platform has no 'or'"
    only_or = Pushdown(RULES, connectives=frozenset({"or"}), conditions=TESTS)
    assert plan("age > 1 or (id = 'x' and name = 'y')", only_or).pushed == Or((AGE, Leaf(("id",), "==", "x")))


def test_the_first_rule_that_matches_decides():
    leaf = Leaf(("tags",), "==", "a")
    assert supports(TABLE, leaf, List(String())).support == "exact"
    assert supports(TABLE, Leaf(("age",), "<", 1), Integer()).support == "unsupported"
    enum = Pushdown((Rule("exact", kinds=frozenset({"enum"})), Rule("inexact", kinds=frozenset({"string"}))))
    assert supports(enum, leaf, String(choices=("a",))).support == "exact"
    assert supports(enum, leaf, String()).support == "inexact"
    named = Pushdown((Rule("exact", fields=frozenset({"id"})),))
    assert supports(named, leaf, String()).support == "unsupported"
    assert sort_support(TABLE, Order(("age",)), Integer()).support == "exact"
    assert sort_support(TABLE, Order(("age",), descending=True), Integer()).support == "unsupported"


@pytest.mark.parametrize(
    ("query", "order", "here", "limit", "offset"),
    [
        ({"limit": 3, "offset": 2}, (), False, 3, 2),
        ({"where": "age > 1", "limit": 3}, (), False, 3, 0),
        ({"where": "tags != 'a'", "limit": 3, "offset": 2}, (), False, None, 0),
        ({"order_by": "age", "limit": 3}, (Order(("age",)),), False, 3, 0),
        ({"order_by": "-age", "limit": 3, "offset": 1}, (), True, None, 0),
        ({"order_by": ["age", "name"], "limit": 3}, (), True, None, 0),
        ({"where": "tags != 'a'", "order_by": "age", "limit": 3}, (Order(("age",)),), False, None, 0),
        ({"where": "tags != 'a'", "limit": 0}, (), False, 0, 0),
        ({"where": "age in ()"}, (), False, 0, 0),
    ],
)
def test_order_and_limit_go_down_only_when_all_before_them_did(query, order, here, limit, offset):
    made = plan(**query)
    assert (made.order, made.sort_here, made.limit, made.offset) == (order, here, limit, offset)


def test_what_is_read():
    assert plan(fields=["age"]).fields == (("age",), ("id",))
    assert plan().fields == tuple((name,) for name in PEOPLE.names)
    made = plan("tags != 'a' and age > 1", fields=["name"], order_by="-weight")
    assert made.fields == (("name",), ("tags",), ("weight",), ("id",))
    assert plan(fields=["home.city", "home"]).fields == (("home",), ("id",))
    no_keys = msgspec.structs.replace(TABLE, most_keys=0)
    assert plan("sex.label = 'x'", no_keys, fields=["sex"]).fields == (("sex", "code"), ("sex", "label"), ("id",))
    assert plan(fields=["sex"]).fields == (("sex",), ("id",))


def test_native_text_is_an_exact_part():
    made = plan(native("q") & (Leaf(("age",), ">", 1)), limit=3)
    assert made.parts[0].filter == Native("q")
    assert (made.pushed, made.limit, made.query.native) == (AGE, 3, "q")
