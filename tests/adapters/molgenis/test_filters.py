"""Filters: the table's promises held against the server, and the texts that are sent."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from biodata import col
from biodata.query.evaluate import predicate
from biodata.query.tree import And, Leaf, Or
from biodata_molgenis.render import Unsayable, rsql, rules

ROWS = [
    {"id": "a", "fullName": "Jansen", "age": 1, "score": 0.5, "active": True, "sex": "f", "city": "gro"},
    {"id": "b", "fullName": "JANSEN", "age": 2, "score": -1.5, "active": False, "visited": ["gro", "ams"]},
    {"id": "c", "fullName": "50% of_it", "age": -3, "big": 2**53 + 1, "visited": ["ams"], "city": "ams"},
    {"id": "d", "fullName": 'O\'Neil "x"', "born": date(2000, 1, 1), "sex": "m", "active": True},
    {"id": "e", "fullName": "back\\slash", "born": date(2001, 1, 1), "seen": datetime(2024, 1, 1, 12, tzinfo=UTC)},
    {"id": "f", "fullName": "Kelvin \u212a, \u0130stanbul, stra\u00dfe", "notes": "NA", "age": 2},
    {"id": "G", "fullName": "it's", "seen": datetime(2024, 1, 1, 13, tzinfo=UTC), "mail": "x+y@example.org"},
    {"id": "h", "fullName": 'say "hi"', "notes": "a;b,c (d) = !~<> & # + \t\n", "visited": ["rtm", "gro"]},
]

FILTERS = [
    "age = 2", "age != 2", "age > 1", "age >= 1", "age < 1", "age <= 1", "age in (1, 2)", "age not in (1, 2)",
    "age between 1 and 2", "not (age between 1 and 2)", "age is null", "age is not null",
    "score = 0.5", "score < 0", "big = 9007199254740993", "big > 9007199254740992", "active = true",
    "active != true", "active = false", "active in (true, false)", "active is null", "active is not null",
    "born = '2000-01-01'", "born > '2000-01-01'", "born is null", "seen >= '2024-01-01T13:00:00+01:00'",
    "seen = '2024-01-01T12:00:00Z'", "seen < '2024-01-01T12:00:00.5Z'", "fullName = 'Jansen'", "fullName != 'Jansen'",
    "fullName < 'b'", "fullName between 'A' and 'K'", "fullName like '%ansen'", "fullName ilike 'jan%'",
    "fullName like '50\\% of\\_it'", "fullName like '%\\\\%'", "fullName not like 'J%'", "contains(fullName, '%')",
    "contains(fullName, 'of_it')", "starts_with(fullName, 'Jan')", "fullName ilike '%k%'", "fullName ilike '%i%'",
    "fullName ilike '%STRASSE%'", "fullName ilike '%stanbul%'", "fullName = 'back\\slash'", "fullName = 'it''s'",
    "fullName = 'say \"hi\"'", "fullName = 'O''Neil \"x\"'", "fullName in ('O''Neil \"x\"', 'Jansen') and age > 0",
    "contains(fullName, 'O''Neil \"')", "fullName = ''", "fullName != ''", "notes = ''", "notes != ''",
    "notes is null", "notes = 'NA'", "mail = 'x+y@example.org'", "sex = 'f'", "sex != 'f'", "sex in ('f', 'm')",
    "sex is null", "city = 'gro'", "city != 'gro'", "city is null", "city in ('gro', 'rtm')", "city not in ('gro')",
    "visited = 'gro'", "visited in ('ams', 'rtm')", "visited != 'gro'", "not (visited = 'gro')", "visited is null",
    "visited is not null", "visited not in ('ams')", "city.name = 'Groningen'", "visited.name like 'Ams%'",
    "age = 2 or fullName = 'it''s'", "(age = 1 or age = 2) and active is null", "age = 1 or fullName < 'b'",
    "not (age = 2 or active = true)", "age = 2 and (sex is null or city = 'gro') and fullName != 'JANSEN'",
    "active not in (true)", "id = 'g'", "id in ('G', 'a')", "big is not null and age < 0",
]  # fmt: skip


@pytest.fixture
def table(people):
    table = people.connect()["rt_Person"]
    assert table.add(ROWS).created == len(ROWS)
    return table


def test_each_filter_finds_what_it_says(table):
    """The server's part and ours together give what our evaluation gives on all rows."""
    everything = list(table.query())
    for text in FILTERS:
        result = table.query(text)
        keep = predicate(result.plan.query.filter, table.schema, table.connection.schema)
        joined = table.references.join([dict(row) for row in everything], table.schema, _joins(text))
        expected = [row["id"] for row in joined if keep(row)]
        assert [row["id"] for row in result] == expected, text
        assert table.count(text) == len(expected), text


BOTH = "fullName {} 'O''Neil \"x\"'"
"""RSQL cannot say it, so that a filter with it goes by v1's rules."""


@pytest.mark.parametrize(
    "other",
    [f"({{}}) and {BOTH.format('!=')}", f"({{}}) or {BOTH.format('=')}", f"not ({{}}) and {BOTH.format('!=')}"],
)
def test_each_filter_finds_the_same_by_the_servers_rules(people, table, other):
    everything = list(table.query())
    people.log.clear()
    for text in [one for one in FILTERS if not _joins(one)]:
        result = table.query(other.format(text))
        keep = predicate(result.plan.query.filter, table.schema, table.connection.schema)
        assert [row["id"] for row in result] == [row["id"] for row in everything if keep(row)], other.format(text)
    assert len(people.asked("POST", "/api/v1/rt_Person")) > len(FILTERS) / 2


def _joins(text):
    return [(word, "name") for word in ("city", "visited") if f"{word}.name" in text]


def test_the_servers_part_is_never_too_small_and_exact_where_it_says_so(table):
    """Without our check, an exact plan gives the same rows, and an inexact one no fewer."""
    everything = list(table.query())
    for text in FILTERS:
        plan = table.query(text).plan
        if plan.pushed is None or "." in text.split()[0]:
            continue
        keep = predicate(plan.query.filter, table.schema, table.connection.schema)
        expected = {row["id"] for row in everything if keep(row)}
        found = _ids(table, plan)
        if plan.residual is None:
            assert found == expected, text
        else:
            assert found >= expected, text


def _ids(table, plan):
    import msgspec

    wide = msgspec.structs.replace(plan, fields=(("id",),), residual=None, limit=None)
    pages = [table.adapter.page(wide, request) for request in table.adapter.requests(wide)]
    return {row["id"] for page in pages for row in page.rows}


def test_what_can_be_pushed_is(table):
    pushed = {text: [part.support for part in table.query(text).plan.parts] for text in FILTERS}
    assert pushed["age between 1 and 2"] == ["exact"]
    assert pushed["fullName = 'O''Neil \"x\"'"] == ["exact"]
    assert pushed["visited in ('ams', 'rtm')"] == ["exact"]
    assert pushed["active != true"] == ["exact"]
    assert pushed["fullName like '%ansen'"] == ["inexact"]
    assert pushed["fullName < 'b'"] == ["unsupported"]
    assert pushed["city.name = 'Groningen'"] == ["exact"]


def test_an_exact_count_reads_no_records(people, table):
    people.log.clear()
    assert table.count("age = 2") == 2
    (asked,) = people.asked("GET", "/api/v2/rt_Person")
    assert "num=1" in asked.target


def leaf(op, value=None):
    return Leaf(("a",), op, value)


RSQL = [
    (leaf("==", "x"), 'a=="x"'),
    (leaf("==", "it's"), 'a=="it\'s"'),
    (leaf("==", 'say "x"'), "a=='say \"x\"'"),
    (leaf("==", "back\\slash"), 'a=="back\\slash"'),
    (leaf("in", (1, 2)), 'a=in=("1","2")'),
    (leaf("not in", (1, 2)), 'a!="1";a!="2"'),
    (leaf("between", (1, 2)), 'a=ge="1";a=le="2"'),
    (leaf("is null"), 'a==""'),
    (leaf("!=", True), "a==false"),
    (leaf("contains", "x%yz"), 'a=like="yz"'),
    (leaf(">", datetime(2024, 1, 1, tzinfo=UTC)), 'a=gt="2024-01-01T00:00:00Z"'),
    (And((leaf("==", 1), Or((leaf("==", 2), leaf("==", 3))))), 'a=="1";(a=="2",a=="3")'),
    (Or((leaf("==", 1), And((leaf(">", 2), leaf("<", 3))))), 'a=="1",a=gt="2";a=lt="3"'),
]


@pytest.mark.parametrize(("node", "text"), RSQL)
def test_rsql(node, text):
    assert rsql(node) == text


def test_rsql_cannot_say_both_quotes_nor_odd_names():
    for node in (leaf("==", "\"'"), Leaf(("a b",), "==", 1)):
        with pytest.raises(Unsayable):
            rsql(node)


def test_rules():
    node = And((Or((leaf("==", "\"'"), leaf("is null"))), leaf("not in", (1, 2)), leaf("==", 2**60)))
    assert rules(node) == [
        {
            "operator": "NESTED",
            "nestedRules": [
                {"field": "a", "operator": "EQUALS", "value": "\"'"},
                {"operator": "OR"},
                {"field": "a", "operator": "EQUALS", "value": None},
            ],
        },
        {"operator": "AND"},
        {"operator": "NOT"},
        {"field": "a", "operator": "IN", "value": [1, 2]},
        {"operator": "AND"},
        {"field": "a", "operator": "EQUALS", "value": str(2**60)},
    ]


def test_a_range_in_rules_is_said_by_its_ends():
    """The server writes RANGE without brackets, so that NOT takes hold of its first half only."""
    assert [one.get("operator") for one in rules(leaf("not between", (1, 2)))] == ["LESS", "OR", "GREATER"]
    node = Or((leaf("between", (1, 2)), leaf("==", "\"'")))
    assert rules(node)[0]["nestedRules"] == [
        {"field": "a", "operator": "GREATER_EQUAL", "value": 1},
        {"operator": "AND"},
        {"field": "a", "operator": "LESS_EQUAL", "value": 2},
    ]


BOTH = "fullName = 'O''Neil \"x\"'"


@pytest.mark.parametrize(
    "text",
    [
        "not (age between 1 and 2)", "age between 1 and 2", "born between '1999-01-01' and '2000-01-01'",
        "seen >= '2024-01-01T12:00:00Z'", "active != true", "big = 9007199254740993", "score < 0",
        "visited in ('ams')", "city = 'gro'", "age is null", "contains(fullName, 'ansen')", "age not in (1, 2)",
    ],
)  # fmt: skip
def test_v1_gives_the_same_as_v2(people, table, text):
    people.log.clear()
    with_quotes = {row["id"] for row in table.query(f"{text} or {BOTH}")}
    assert len(people.asked("POST", "/api/v1/rt_Person")) == 1
    assert with_quotes == {row["id"] for row in table.query(text)} | {"d"}


def test_a_field_with_an_odd_name_is_asked_of_v1(rig):
    from biodata_molgenis.sandbox.model import Attribute

    rig.state.create_table("t", (Attribute(name="id", is_id=True), Attribute(name="a b", type="int")))
    rig.state.add_rows("t", [{"id": str(n), "a b": n} for n in range(5)])
    rows = rig.connect()["t"].query(col("a b") > 2)
    assert [row["a b"] for row in rows] == [3, 4]
    assert len(rig.asked("POST", "/api/v1/t")) == 1
