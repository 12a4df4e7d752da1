"""A filter in another form says the same, and a platform gets at least as much of it."""

from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biodata.query.bind import bind_filter, bind_query
from biodata.query.evaluate import predicate
from biodata.query.paths import resolve
from biodata.query.pushdown import Pushdown, Rule
from biodata.query.rewrite import forms, simplified
from biodata.query.split import make_plan, supports
from biodata.query.text import render
from biodata.query.tree import Always, And, Leaf, Or
from tests.core.query.tables import LOOKUP, PEOPLE
from tests.core.query.trees import LEAVES, RECORDS, SMALL, TREES


@pytest.mark.parametrize(
    ("written", "short"),
    [
        ("age = 1 or age = 2", "age in (1, 2)"),
        ("age = 1 or age in (2, 3) or name = 'x'", "age in (1, 2, 3) or name = 'x'"),
        ("age = 1 or age = 1 or age in (1)", "age = 1"),
        ("age in (4)", "age = 4"),
        ("age not in (4)", "age != 4"),
        ("not (age = 1 or age = 2)", "age not in (1, 2)"),
        ("age != 1 and age not in (2, 3)", "age not in (1, 2, 3)"),
        ("tags = 'a' or tags = 'b'", "tags in ('a', 'b')"),
        ("tags != 'a' and tags != 'b'", "tags not in ('a', 'b')"),
        ("tags = 'a' and tags = 'b'", "tags = 'a' and tags = 'b'"),
        ("tags != 'a' or tags != 'b'", "tags != 'a' or tags != 'b'"),
        ("age != 1 or age != 2", "age != 1 or age != 2"),
        ("age >= 1 and age <= 5", "age between 1 and 5"),
        ("age <= 5 and name = 'x' and age >= 1", "age between 1 and 5 and name = 'x'"),
        ("age > 1 and age <= 5", "age > 1 and age <= 5"),
        ("counts >= 1 and counts <= 5", "counts >= 1 and counts <= 5"),
        ("(name = 'x' and age = 1) or (name = 'x' and age = 2)", "name = 'x' and age in (1, 2)"),
        ("(name = 'x' and age = 1) or name = 'x'", "name = 'x'"),
        ("(name = 'x' and age = 1) or (name = 'y' and age = 2)", None),
        ("name = 'x' and (age = 1 or age = 2)", "name = 'x' and age in (1, 2)"),
        ("sex.label = 'f' or sex.label = 'm'", "sex.label in ('f', 'm')"),
    ],
)
def test_the_short_form(written, short):
    made = simplified(bind_filter(PEOPLE, written, LOOKUP), PEOPLE, LOOKUP)
    assert render(made) == (short or "(name = 'x' and age = 1) or (name = 'y' and age = 2)")


@given(TREES)
def test_the_short_form_says_the_same(tree):
    bound = bind_filter(SMALL, tree)
    before, after = predicate(bound, SMALL), predicate(simplified(bound, SMALL), SMALL)
    assert [after(record) for record in RECORDS] == [before(record) for record in RECORDS]


@given(LEAVES)
def test_every_form_says_the_same(leaf):
    bound = bind_filter(SMALL, leaf)
    if not isinstance(bound, Leaf):
        return
    wanted = [predicate(bound, SMALL)(record) for record in RECORDS]
    for form in forms(bound, resolve(SMALL, bound.path).type):
        assert [predicate(form, SMALL)(record) for record in RECORDS] == wanted, form


OPS = ["==", "!=", "<", ">=", "in", "not in", "between", "not between", "like", "starts_with", "contains", "is null"]
SUPPORT = st.sampled_from(["exact", "inexact", "unsupported"])
RULE = st.builds(
    Rule,
    SUPPORT,
    st.sets(st.sampled_from(OPS), max_size=4).map(frozenset),
    lists=st.sampled_from([None, True, False]),
    quantifiers=st.sampled_from([frozenset(), frozenset({"any"}), frozenset({"none"})]),
    fields=st.sets(st.sampled_from(SMALL.names), max_size=3).map(frozenset),
)
CONNECTIVES = st.sampled_from([frozenset({"and", "or"}), frozenset({"and"}), frozenset({"or"}), frozenset()])
BY_OP = st.tuples(*(st.builds(Rule, SUPPORT, st.just(frozenset({op}))) for op in OPS))
TABLES = st.tuples(st.lists(RULE, max_size=3).map(tuple), BY_OP, CONNECTIVES).map(
    lambda made: Pushdown((*made[0], *made[1]), made[2])
)


def platform(node, table):
    """What a platform of that table gives: of an inexact comparison more than is asked for, as it likes."""
    match node:
        case None:
            return lambda record: True
        case And(parts):
            tests = [platform(part, table) for part in parts]
            return lambda record: all(test(record) for test in tests)
        case Or(parts):
            tests = [platform(part, table) for part in parts]
            return lambda record: any(test(record) for test in tests)
        case Always(value):
            return lambda record: value
    how = supports(table, node, resolve(SMALL, node.path).type).support
    assert how != "unsupported", "the platform was asked for what it cannot do"
    test = predicate(node, SMALL)
    whim = how == "inexact"
    return lambda record: test(record) or (whim and crc32(repr((node, record)).encode()) % 2 == 0)


@given(TREES, TABLES)
def test_what_is_pushed_and_what_is_checked_make_the_filter(tree, table):
    made = make_plan(bind_query(SMALL, tree), table)
    gives, keeps = platform(made.pushed, table), predicate(made.residual, SMALL)
    wanted = predicate(made.query.filter, SMALL)
    assert [made.limit != 0 and gives(r) and keeps(r) for r in RECORDS] == [wanted(r) for r in RECORDS]


@given(TREES, TABLES)
def test_no_and_stands_in_an_and(tree, table):
    waiting = [make_plan(bind_query(SMALL, tree), table).pushed]
    while waiting:
        node = waiting.pop()
        if isinstance(node, And | Or):
            assert len(node.parts) > 1
            assert not [part for part in node.parts if isinstance(part, type(node))]
            waiting += node.parts


def plainly(node, table):
    """What went down of a filter before there was any rewriting."""
    match node:
        case And(parts):
            sent = [part for part in (plainly(one, table) for one in parts) if part is not None]
            return And(tuple(sent)) if sent else None
        case Or(parts):
            sent = [plainly(one, table) for one in parts]
            return None if None in sent or "or" not in table.connectives else Or(tuple(sent))
        case Always():
            return None
    how = supports(table, node, resolve(SMALL, node.path).type).support
    return None if how == "unsupported" else node


@given(TREES, TABLES.filter(lambda table: "and" in table.connectives))
def test_no_platform_gets_less_than_of_the_filter_as_written(tree, table):
    made = make_plan(bind_query(SMALL, tree), table)
    if made.limit == 0:
        return
    before, after = predicate(plainly(made.query.filter, table), SMALL), predicate(made.pushed, SMALL)
    assert not [record for record in RECORDS if after(record) and not before(record)]


@pytest.mark.parametrize(
    ("rule", "written", "pushed"),
    [
        (("exact", {"=="}), "age in (1, 2)", "age = 1 or age = 2"),
        (("exact", {"!="}), "age not in (1, 2)", "age != 1 and age != 2"),
        (("exact", {">=", "<="}), "age between 1 and 2", "age >= 1 and age <= 2"),
        (("exact", {"<", ">"}), "age not between 1 and 2", "age < 1 or age > 2"),
        (("exact", {"between"}), "age >= 1 and age <= 2", "age between 1 and 2"),
        (("exact", {"in"}), "age = 1", "age in (1)"),
        (("exact", {"=="}), "active != true", "active = false"),
        (("exact", {"=="}), "name like 'a'", "name = 'a'"),
        (("exact", {"starts_with"}), "name like 'a%'", "starts_with(name, 'a')"),
        (("exact", {"contains"}), "name like '%a%'", "contains(name, 'a')"),
        (("exact", {"like"}), "contains(name, 'a')", "name like '%a%'"),
        (("inexact", {"like"}), "name = 'a_b'", "name like 'a\\_b'"),
    ],
)
def test_a_platform_is_asked_in_the_form_that_it_has(rule, written, pushed):
    made = make_plan(bind_query(PEOPLE, written), Pushdown((Rule(rule[0], frozenset(rule[1])),)))
    assert render(made.pushed) == pushed
    assert (made.residual is None) is (rule[0] == "exact")


def test_what_a_platform_may_refuse_as_no_value_of_an_enum_is_not_sent():
    equal = Pushdown((Rule("exact", frozenset({"=="})),))
    assert make_plan(bind_query(PEOPLE, "colour like 'blue'"), equal).pushed is None
    assert make_plan(bind_query(PEOPLE, "colour like 'red'"), equal).pushed == Leaf(("colour",), "==", "red")
