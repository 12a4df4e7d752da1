"""Hints are found in the pushdown table, so another table gives other ones; `strict` refuses with them."""

import pytest

from biodata.errors import QueryError
from biodata.query.bind import bind_query
from biodata.query.explain import explain
from biodata.query.pushdown import Pushdown, Rule
from biodata.query.split import make_plan
from biodata.query.strict import refuse_partial
from tests.core.query.tables import LOOKUP, PEOPLE


def ops(*names):
    return frozenset(names)


OWN = frozenset({"field"})
EXACT = Rule("exact", ops("==", "in", "<=", "starts_with"), lists=False, via=OWN)
ILIKE = Rule("exact", ops("ilike"), via=OWN)
SORT = Rule("exact", ops("sort"), frozenset({"int"}))
FRACTION = Rule("unsupported", kinds=frozenset({"float"}), when="whole", reason="4 is not 4.0")
WHOLE = {"whole": lambda leaf, _: 4.0 in (leaf.value if isinstance(leaf.value, tuple) else (leaf.value,))}
AND = frozenset({"and"})
BOTH = frozenset({"and", "or"})


def told(where=None, rules=(EXACT,), connectives=BOTH, **query):
    table = Pushdown((FRACTION, *rules), connectives, conditions=WHOLE)
    return explain(make_plan(bind_query(PEOPLE, where, lookup=LOOKUP, **query), table), table)


DONE, NARROWED = " would be done by the platform.", " would be narrowed down by the platform."
ALONE = "Asked one after the other, the platform would do each of its 2 branches."
VALUE = "With another value, as in weight = 4.5, the platform would do it."
KEY = "sex, the key of what it refers to, would be compared by the platform."
LOOSE, OWN_HINT = Rule("inexact", ops("ilike")), Rule("unsupported", ops(">"), reason="no", hint="Ask the operators.")


@pytest.mark.parametrize(
    ("where", "rule", "connectives", "hint"),
    [
        ("age < 5", EXACT, BOTH, "age <= 5" + DONE),
        ("age < 5", Rule("exact", ops(">")), BOTH, ""),
        ("name like 'a_b'", ILIKE, BOTH, "name ilike 'a_b'" + DONE),
        ("name like 'a_b'", LOOSE, BOTH, "name ilike 'a_b'" + NARROWED),
        ("name like 'ab_c%'", EXACT, BOTH, "starts_with(name, 'ab')" + DONE),
        ("name like '_b%'", Rule("exact", ops("contains")), BOTH, "contains(name, 'b')" + DONE),
        ("contains(name, 'a%')", ILIKE, BOTH, "name ilike '%a\\%%'" + DONE),
        ("age = 1 or name is null", EXACT, BOTH, "age = 1" + DONE),
        ("age = 1 or name is null", EXACT, AND, "age = 1" + DONE),
        ("age = 1 or name = 'x' or tags = 'a'", EXACT, BOTH, "age = 1 or name = 'x'" + DONE),
        ("age = 1 or name = 'x'", EXACT, AND, ALONE),
        ("weight = 4.0", EXACT, BOTH, VALUE),
        ("sex.label = 'f'", EXACT, BOTH, ""),
        ("sex.label = 'f'", Rule("exact", ops("=="), via=OWN), AND, KEY),
        ("age is null", EXACT, BOTH, ""),
        ("age > 5", OWN_HINT, BOTH, "Ask the operators."),
        ("age = 5", EXACT, BOTH, ""),
    ],
)
def test_a_hint_is_what_the_table_has(where, rule, connectives, hint):
    (part,) = told(where, [rule], connectives).parts
    assert part.hint == hint


def test_a_hint_is_true_of_the_table():
    shown = told("age < 5 and name like 'ab_c%'").parts
    for part in shown:
        other = part.hint.split(" would be")[0]
        assert [one.support for one in told(other).parts] == ["exact"]


@pytest.mark.parametrize(
    ("order", "hint"),
    [
        (["-age"], "Ordered by age, it would be sorted by the platform."),
        (["age", "name"], "Ordered by age, it would be sorted by the platform."),
        (["name", "age"], "Ordered by age, it would be sorted by the platform."),
        (["name"], ""),
        (["age"], ""),
    ],
)
def test_an_order_that_the_platform_has(order, hint):
    assert told(order_by=order, rules=[SORT]).sorted_hint == hint


def test_references_that_are_followed_are_told():
    shown = told(fields=["name", "sex.label", "parents.sex.label"])
    assert shown.follows == ("sex", "parents", "parents.sex")
    assert shown.here[:3] == ("follow sex", "follow parents", "follow parents.sex")
    assert shown.hints == ("Without sex.label, parents.sex.label no other table would be read.",)
    assert told("sex.label = 'f'", fields=["name"]).hints == ()


def test_strict_refuses_each_thing_that_is_done_here():
    shown = told("age < 5 and name ilike 'a%'", [EXACT, Rule("inexact", ops("ilike"), reason="by ASCII"), SORT],
                 order_by=["-age"], limit=3, fields=["sex.label"])  # fmt: skip
    with pytest.raises(QueryError) as caught:
        refuse_partial(shown)
    assert caught.value.code == "BD-QUERY-STRICT"
    assert caught.value.message.split("\n  ") == [
        "The platform does not do all of a strict query:",
        "age < 5: the platform has no such comparison (age <= 5 would be done by the platform.)",
        "name ilike 'a%': by ASCII (name like 'a%' would be done by the platform.)",
        "order by -age: the platform has no such comparison (Ordered by age, it would be sorted by the platform.)",
        "limit and offset: only after the check and the sorting",
        "fields beyond sex: the referenced records are read by key",
    ]


def test_strict_lets_pass_what_the_platform_does():
    refuse_partial(told("age <= 5 and name = 'x'", [EXACT, SORT], order_by="age", limit=3))
