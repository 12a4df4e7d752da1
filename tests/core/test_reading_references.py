"""References in get and query: followed, nested, to records that are not there, beside their own keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from biodata import Connection, Field, QueryError, Schema
from biodata.records.types import List, Object, Reference, String
from tests.core.memory import MemoryAdapter, memory

if TYPE_CHECKING:
    from collections.abc import Sequence

STAFF = Schema(
    "staff",
    "id",
    (Field("id", String()), Field("boss", Reference("staff")), Field("team", List(Reference("staff")))),
)


class StaffAdapter(MemoryAdapter):
    """One table that refers to itself."""

    def schema(self, table: str, *, refresh: bool = False) -> Schema:
        return STAFF


def staff(**bosses: str | None) -> Connection:
    adapter = StaffAdapter()
    adapter.rows = {"staff": {name: {"id": name, "boss": boss, "team": []} for name, boss in bosses.items()}}
    return Connection(adapter, name="mem", access="delete")


def with_dangling() -> Connection:
    """Three people, of whom p001 refers to a city that is not there."""
    connection = memory(people=3)
    cast("MemoryAdapter", connection.adapter).rows["people"]["p001"].update(city="zzz", visited=["zzz", "ams"])
    return connection


@pytest.mark.parametrize("fields", ["name", ("name",), [("name",)]])
def test_fields_of_get_are_names_or_paths(fields: Any) -> None:
    assert memory(people=1)["people"].get("p000", fields=fields) == {"name": "Name 0"}


@pytest.mark.parametrize("name", ["city.nme", "nme", 5])
def test_an_unknown_field_of_get_is_an_error(name: Any) -> None:
    with pytest.raises(QueryError) as caught:
        memory(people=1)["people"].get("p000", fields=[name])
    assert caught.value.code == "BD-QUERY-FIELD"


@pytest.mark.parametrize("fields", [["id"], ["id", "city"], ["id", "city.name"]])
def test_what_is_expanded_is_wanted_whole(fields: Sequence[str]) -> None:
    record = memory(people=1)["people"].get("p000", fields=fields, expand="city")
    assert record == {"id": "p000", "city": {"code": "gro", "name": "Groningen"}}


@pytest.mark.parametrize("expand", ["boss.boss", ["boss", "boss.boss"], ["boss.boss", "boss"]])
def test_expand_of_two_levels_in_a_cycle(expand: Any) -> None:
    record = staff(a="b", b="a")["staff"].get("a", expand=expand)
    assert record == {
        "id": "a",
        "boss": {"id": "b", "boss": {"id": "a", "boss": "b", "team": []}, "team": []},
        "team": [],
    }


def test_a_step_of_expand_that_is_no_reference_is_an_error() -> None:
    with pytest.raises(QueryError) as caught:
        memory(people=1)["people"].get("p000", expand=["city.name"])
    assert caught.value.code == "BD-QUERY-EXPAND"


def test_the_key_of_a_record_that_is_not_there_stays() -> None:
    people = with_dangling()["people"]
    found = people.get("p001", expand=["city", "visited"])
    assert (found["city"], found["visited"]) == ("zzz", ["zzz", {"code": "ams", "name": "Amsterdam"}])
    rows = people.query("visited.name = 'Amsterdam' and city is not null", fields=["id", "city", "visited"])
    assert list(rows) == [{"id": "p001", "city": "zzz", "visited": ["zzz", "ams"]}]
    assert people.query("city.name is null and city is not null", fields=["id"]).to_records() == [{"id": "p001"}]


def test_a_reference_beside_its_fields_is_its_key() -> None:
    result = memory(people=2)["people"].query(fields=["id", "city", "city.name"])
    assert list(result) == [
        {"id": "p000", "city": {"code": "gro", "name": "Groningen"}},
        {"id": "p001", "city": {"code": "ams", "name": "Amsterdam"}},
    ]
    assert result.to_arrow().to_pylist() == [
        {"id": "p000", "city.code": "gro", "city.name": "Groningen"},
        {"id": "p001", "city.code": "ams", "city.name": "Amsterdam"},
    ]


def test_expand_of_a_query_asks_once_a_page_table_and_level() -> None:
    connection = memory(people=9)
    people = connection["people"]
    rows = list(people.query(fields=["id"], expand=["visited", "city"], order_by="id", page_size=3))
    assert rows == list(people.get([f"p{n:03}" for n in range(9)], fields=["id"], expand=["visited", "city"]))
    assert rows[1] == {
        "id": "p001",
        "visited": [{"code": "ams", "name": "Amsterdam"}],
        "city": {"code": "ams", "name": "Amsterdam"},
    }
    assert cast("MemoryAdapter", connection.adapter).calls["fetch cities"] == 3 + 1


def test_each_way_to_a_record_is_expanded_as_far_as_it_was_asked() -> None:
    rows = staff(a="b", b="c", c=None)["staff"]
    cast("StaffAdapter", rows.adapter).rows["staff"]["a"]["team"] = ["b", "nobody"]
    found = rows.query("id = 'a'", expand=["boss", "team.boss"]).one()
    assert found["boss"] == {"id": "b", "boss": "c", "team": []}
    assert found["team"] == [{"id": "b", "boss": {"id": "c", "boss": None, "team": []}, "team": []}, "nobody"]
    assert cast("StaffAdapter", rows.adapter).calls["fetch staff"] == 2


def test_many_keys_go_in_chunks() -> None:
    bosses: dict[str, str | None] = {f"p{number:04}": f"p{(number + 1) % 1200:04}" for number in range(1200)}
    table = staff(**bosses)["staff"]
    rows = table.query(expand="boss", page_size=100)
    assert [row["boss"]["id"] for row in rows] == list(bosses.values())
    assert cast("StaffAdapter", table.adapter).calls["fetch staff"] == 12
    assert len(table.get(list(bosses), expand="boss")) == 1200
    assert cast("StaffAdapter", table.adapter).calls["fetch staff"] == 12 + 3 + 3


def test_expanded_references_are_structs_in_a_frame() -> None:
    people = with_dangling()["people"]
    table = people.query(fields=["id"], expand=["city", "visited"]).to_arrow()
    assert str(table.schema.field("city").type) == "struct<code: string, name: string>"
    assert table["city"].to_pylist()[1:] == [{"code": "zzz", "name": None}, None]
    assert table["visited"].to_pylist()[1] == [
        {"code": "zzz", "name": None},
        {"code": "ams", "name": "Amsterdam"},
    ]
    assert next(iter(people.query(fields=["id"], expand="city", offset=1)))["city"] == "zzz"


def test_a_query_that_expands_what_is_no_reference_asks_for_nothing() -> None:
    connection = memory(people=1)
    with pytest.raises(QueryError) as caught:
        connection["people"].query(expand="city.name").first()
    assert caught.value.code == "BD-QUERY-EXPAND"
    assert not cast("MemoryAdapter", connection.adapter).calls


HOMES = Schema(
    "homes",
    "id",
    (
        Field("id", String()),
        Field("left", Reference("homes")),
        Field("right", Reference("homes")),
        Field("at", Object((Field("owners", List(Reference("homes"))), Field("door", String())))),
    ),
)


class HomesAdapter(MemoryAdapter):
    """Records with references in an object."""

    def schema(self, table: str, *, refresh: bool = False) -> Schema:
        return HOMES


def test_one_record_reached_in_two_ways_goes_on_in_both() -> None:
    adapter = HomesAdapter()
    adapter.rows = {
        "homes": {
            key: {"id": key, "left": end, "right": end, "at": {"owners": ["a", "b"], "door": f"door of {key}"}}
            for key, end in (("a", "b"), ("b", None))
        }
    }
    homes = Connection(adapter, name="mem", access="read")["homes"]
    steps = ("left", "right")
    row = homes.query("id = 'a'", fields=[(step, "at", "owners", "at", "door") for step in steps]).one()
    doors = {"at": {"owners": [{"at": {"door": "door of a"}}, {"at": {"door": "door of b"}}]}}
    assert row == {"left": doors, "right": doors}
    assert adapter.calls["fetch homes"] == 2
    found = homes.query("id = 'a'", expand=["left.at.owners", "right"]).one()
    assert [one["id"] for one in found["left"]["at"]["owners"]] == ["a", "b"]
    assert found["right"]["at"]["owners"] == ["a", "b"]
    frame = homes.query("id = 'a'", expand=["left.at.owners"], fields=["id"]).to_arrow()
    assert frame["left"].to_pylist()[0]["at"]["owners"][1]["at"] == {"owners": ["a", "b"], "door": "door of b"}
