"""Filters over references by key sets: the same records as by the join, and what is asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biodata import Connection, Field, QueryError, Schema
from biodata.query.pushdown import Pushdown, Rule
from biodata.query.tree import Leaf
from biodata.records.types import Integer, List, Reference, String
from tests.core.memory import MemoryAdapter
from tests.core.query.trees import trees

if TYPE_CHECKING:
    from biodata.repository import Repository

STAFF = Schema(
    "staff",
    "id",
    (
        Field("id", String(), required=True),
        Field("name", String()),
        Field("age", Integer()),
        Field("tags", List(String())),
        Field("boss", Reference("staff")),
        Field("team", List(Reference("staff"))),
        Field("room", Reference("rooms", Integer())),
    ),
)
ROOMS = Schema("rooms", "number", (Field("number", Integer(), required=True), Field("keeper", Reference("staff"))))
OWN = frozenset({"field"})
NO_SORT = Rule("unsupported", ops=frozenset({"sort", "sort desc"}))
EVERYTHING = Pushdown((NO_SORT, Rule("exact", via=OWN)))
TABLES = {
    "join": msgspec.structs.replace(EVERYTHING, most_keys=0),
    "key sets": EVERYTHING,
    "few keys": msgspec.structs.replace(EVERYTHING, most_keys=2),
    "one key": msgspec.structs.replace(EVERYTHING, most_keys=1),
    "no or": msgspec.structs.replace(EVERYTHING, connectives=frozenset({"and"})),
    "one part": msgspec.structs.replace(EVERYTHING, connectives=frozenset()),
    "inexact": Pushdown((Rule("inexact", via=OWN),)),
    "no none": Pushdown((Rule("unsupported", quantifiers=frozenset({"none"})), Rule("exact", via=OWN))),
    "in alone": Pushdown((Rule("exact", ops=frozenset({"in"}), via=OWN),)),
    "equal alone": Pushdown((Rule("exact", ops=frozenset({"=="}), via=OWN),)),
}


class StaffAdapter(MemoryAdapter):
    """Two tables that refer to each other and to themselves, with the pushdown table of the test."""

    table = EVERYTHING

    def schema(self, table: str, *, refresh: bool = False) -> Schema:
        return {"staff": STAFF, "rooms": ROOMS}[table]

    def pushdown(self, schema: Schema) -> Pushdown:
        return self.table

    def page(self, plan: Any, request: Any) -> Any:
        self.calls[f"page {plan.schema.table}"] += 1
        return super().page(plan, request)


def staff(rows: dict[str, dict[str, Any]], table: Pushdown = EVERYTHING) -> Repository:
    adapter = StaffAdapter()
    adapter.table = table
    people = {
        key: {name: row.get(name, [] if name in ("tags", "team") else None) for name in STAFF.names} | {"id": key}
        for key, row in rows.items()
    }
    rooms = {number: {"number": number, "keeper": keeper} for number, keeper in ((1, "a"), (2, "gone"), (3, None))}
    adapter.rows = {"staff": people, "rooms": cast("Any", rooms)}
    return Connection(adapter, name="mem", access="read", page_size=100)["staff"]


def calls(table: Repository) -> dict[str, int]:
    counted = cast("StaffAdapter", table.adapter).calls
    return {name: number for name, number in counted.items() if name != "page"}


PEOPLE = {
    "a": {"name": "Ann", "age": 1, "boss": "b", "team": ["b", "c"], "room": 1, "tags": ["x", "y"]},
    "b": {"name": "Bob", "age": 2, "boss": "c", "team": [], "room": 2},
    "c": {"name": None, "age": 3, "boss": None, "team": ["gone", "a"], "room": 3, "tags": ["y"]},
    "d": {"name": "Ann", "age": None, "boss": "gone", "team": ["d", "b"], "room": 9},
    "e": {"name": "Dan", "boss": "a", "team": ["gone"]},
}

# --- the same answer ---------------------------------------------------------------------------------------

NAMES = st.sampled_from(["Ann", "Bob", "Dan", "Eve"])
TEXTS = st.sampled_from([
    ("name",), ("tags",), ("boss", "name"), ("team", "name"), ("boss", "tags"), ("boss", "boss", "name"),
    ("team", "boss", "name"), ("boss", "team", "name"), ("room", "keeper", "name"), ("team", "team", "tags"),
])  # fmt: skip
AGES = st.sampled_from([
    ("age",), ("boss", "age"), ("team", "age"), ("team", "team", "age"), ("room", "keeper", "age"),
])  # fmt: skip
KEYS = st.sampled_from([
    ("boss",), ("team",), ("boss", "boss"), ("boss", "team"), ("team", "room"), ("room", "keeper"),
])  # fmt: skip
LEAVES = st.one_of(
    st.builds(Leaf, TEXTS, st.sampled_from(["==", "!="]), NAMES | st.sampled_from(["x", "y"])),
    st.builds(Leaf, TEXTS, st.sampled_from(["in", "not in"]), st.lists(NAMES, min_size=1, max_size=3).map(tuple)),
    st.builds(Leaf, TEXTS, st.sampled_from(["like", "not like", "ilike", "contains"]), st.sampled_from(["a", "%n%"])),
    st.builds(Leaf, AGES, st.sampled_from(["==", "!=", "<", ">=", "not between"]).map(str), st.integers(0, 4)).map(
        lambda leaf: msgspec.structs.replace(leaf, value=(leaf.value, 3)) if leaf.op == "not between" else leaf
    ),
    st.builds(Leaf, TEXTS | AGES | KEYS, st.sampled_from(["is null", "is not null"])),
)
TREES = trees(LEAVES, parts=3, leaves_in_all=6)
KEY = st.sampled_from(["a", "b", "c", "d", "gone"])
ROWS = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]),
    st.fixed_dictionaries(
        {
            "name": st.none() | NAMES,
            "age": st.none() | st.integers(0, 4),
            "boss": st.none() | KEY,
            "team": st.lists(KEY, max_size=3),
            "room": st.none() | st.integers(1, 4),
            "tags": st.lists(st.sampled_from(["x", "y"]), max_size=2),
        }
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, tree=TREES, window=st.tuples(st.none() | st.integers(0, 3), st.integers(0, 2)))
def test_by_key_sets_as_by_the_join(rows: Any, tree: Any, window: tuple[int | None, int]) -> None:
    limit, offset = window
    expected = [row["id"] for row in staff(rows, TABLES["join"]).query(tree, fields=["id"])]
    for name, table in TABLES.items():
        people = staff(rows, table)
        assert [row["id"] for row in people.query(tree, fields=["id"])] == expected, name
        assert people.count(tree) == len(expected), name
        some = people.query(tree, fields=["id"], limit=limit, offset=offset)
        assert [row["id"] for row in some] == expected[offset:][: 9 if limit is None else limit], name


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("boss.name = 'Ann'", "e"),
        ("boss.name != 'Ann'", "a"),
        ("not boss.name = 'Ann'", "a"),
        ("boss.name is null", "bcd"),
        ("boss.name is not null", "ae"),
        ("boss.tags != 'x'", "abcd"),
        ("team.name != 'Bob'", "bce"),
        ("team.name is null", "be"),
        ("team.name = 'Ann' and team.age = 2", "d"),
        ("boss.name = 'Ann' or boss.age = 2", "ae"),
        ("boss.age > 0 and boss.name is null", "b"),
        ("boss.age > 0 and boss.tags != 'x'", "ab"),
        ("(boss.name = 'Ann' or boss.age = 3) and boss.tags is not null", "be"),
        ("boss.name is null or boss.name = 'Ann'", "bcde"),
        ("boss.boss.name = 'Bob'", "e"),
        ("room.keeper.name = 'Ann'", "a"),
        ("room.keeper is null", "cde"),
        ("boss.name = 'Nobody'", ""),
        ("boss.name = 'Nobody' or age = 1", "a"),
        ("not (boss.tags = 'Nobody')", "abcde"),
    ],
)
@pytest.mark.parametrize("table", TABLES)
def test_nulls_lists_and_records_that_are_not_there(table: str, where: str, found: str) -> None:
    assert "".join(row["id"] for row in staff(PEOPLE, TABLES[table]).query(where)) == found


# --- what is asked -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "pages"),
    [
        ("boss.name = 'Ann'", 2),
        ("boss.name = 'Ann' and boss.age = 1 and age > 0", 2),
        ("boss.name = 'Ann' or boss.age = 1 or age > 7", 2),
        ("team.name = 'Ann' and team.age = 2", 3),
        ("boss.boss.name = 'Bob'", 3),
        ("boss.name = 'Nobody'", 1),
        ("boss.name = 'Nobody' and team.age = 2", 2),
        ("boss.name = 'Ann' and boss = 'zzz'", 2),
    ],
)
def test_one_look_up_for_a_referenced_table_and_no_join(where: str, pages: int) -> None:
    people = staff(PEOPLE)
    list(people.query(where))
    assert calls(people) == {"page staff": pages}


def test_what_is_exact_by_keys_is_counted_and_cut_by_the_platform() -> None:
    people = staff(PEOPLE)
    plan = people.ready(people.query("boss.name is not null", limit=1, offset=1).plan)
    assert (plan.limit, plan.offset, plan.residual, plan.keyed) == (1, 1, None, None)
    assert plan.pushed == Leaf(("boss",), "in", ("a", "b", "d", "e"))


def test_too_many_keys_stop_the_look_up_and_are_joined() -> None:
    people = staff({f"p{n:03}": {"name": "Ann", "boss": f"p{n - 1:03}"} for n in range(1000)}, TABLES["few keys"])
    assert people.count("boss.name = 'Ann'") == 999
    assert calls(people) == {"page staff": 11, "fetch staff": 10}


def test_a_look_up_that_must_read_too_much_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biodata.keysets.MOST_READ", 250)
    in_alone = Pushdown((NO_SORT, Rule("exact", kinds=frozenset({"ref"}), via=OWN)))
    people = staff({f"p{n:03}": {"age": n, "boss": "p998"} for n in range(1000)}, in_alone)
    assert people.count("boss.age = 998") == 1000
    assert 3 + 10 <= calls(people)["page staff"] <= 5 + 10
    assert calls(people)["fetch staff"] == 10


def test_a_limit_of_nothing_looks_nothing_up() -> None:
    people = staff(PEOPLE)
    assert list(people.query("boss.name = 'Ann'", limit=0)) == []
    assert calls(people) == {}


def test_explain_tells_of_the_look_up_and_asks_nothing() -> None:
    people = staff(PEOPLE)
    told = people.query("boss.name = 'Ann' and room.keeper.age > 1", limit=3).explain()
    assert [(part.filter, part.support, part.reason) for part in told.parts] == [
        ("boss.name = 'Ann'", "exact", "by the keys of staff where name = 'Ann', which are read first"),
        ("room.keeper.age > 1", "exact", "by the keys of rooms where keeper.age > 1, which are read first"),
    ]
    assert (told.limited, len(told.requests), calls(people)) == ("platform", 4, {})


def test_strict_refuses_when_there_are_too_many_keys() -> None:
    table = msgspec.structs.replace(EVERYTHING, most_keys=1)
    assert staff(PEOPLE, table).query("boss.name = 'Bob'", strict=True, fields=["id"]).one() == {"id": "a"}
    asked = staff(PEOPLE, table).query("boss.age > 0", strict=True)
    for way in (asked.group_by("name").count().to_records, asked.to_records, asked.first, asked.count):
        with pytest.raises(QueryError) as caught:
            way()
        assert caught.value.code == "BD-QUERY-STRICT"
    assert "would be done by the platform" not in str(caught.value), "another comparison would find as many keys"
