"""Pages, keys, order, counts: what users see, and how many requests it takes."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import biodata
from biodata import col

ODD_KEYS = ["a/b", "a&b", "a#b", "a'b", 'a"b', "a b", "a'b\"c", "a+b", "a%b", "a;b,c", "é", "..", "*", "a\\b", "(x)"]


@pytest.mark.parametrize(("rows", "pages"), [(0, 1), (9, 1), (10, 1), (11, 2), (35, 4)])
def test_a_scan_asks_for_each_page_once(rig, rows, pages):
    rig.numbers(rows)
    table = rig.connect()["numbers"]
    assert table.schema.key == "n"
    rig.log.clear()
    assert [row["n"] for row in table.query(page_size=10)] == list(range(rows))
    assert len(rig.asked("GET", "/api/v2/numbers")) == pages


def test_pages_in_flight_keep_their_order(rig):
    rig.numbers(200)
    rig.faults.add("GET /api/v2/numbers", delay=0.0001)
    rig.faults.add("GET /api/v2/numbers", delay=0.2)
    rows = list(rig.connect()["numbers"].query(page_size=20))
    assert [row["n"] for row in rows] == list(range(200))


def test_limit_and_offset_go_to_the_server(rig):
    rig.numbers(50)
    table = rig.connect()["numbers"]
    rig.log.clear()
    rows = list(table.query(col("n") >= 10, offset=3, limit=4, fields=["n"]))
    assert [row["n"] for row in rows] == [13, 14, 15, 16]
    (asked,) = rig.asked("GET", "/api/v2/numbers?") or rig.asked("GET", "/api/v2/numbers")[-1:]
    assert "start=3" in asked.target
    assert "num=4" in asked.target
    assert "attrs=n" in asked.target


def test_limit_nothing_asks_nothing(rig):
    rig.numbers(3)
    table = rig.connect()["numbers"]
    assert table.schema.names
    rig.log.clear()
    assert list(table.query(limit=0)) == []
    assert len(rig.log) == 0


@pytest.mark.parametrize("change", ["more", "fewer"])
def test_a_table_that_changes_during_a_scan_is_an_error(rig, change):
    rig.numbers(30)
    table = rig.connect()["numbers"]
    adapter, plan = table.adapter, table.query(page_size=10).plan
    first = adapter.page(plan, adapter.requests(plan)[0])
    rest = adapter.requests(plan, first)
    assert [request.offset for request in rest] == [10, 20]
    if change == "more":
        rig.state.add_rows("numbers", [{"n": -1}])
    else:
        table.delete(0)
    with pytest.raises(biodata.RemoteError) as caught:
        adapter.page(plan, rest[0])
    assert caught.value.code == "BD-REMOTE-CHANGED"


def test_requests_can_be_pickled_and_hold_no_secret(rig):
    rig.numbers(30)
    connection = rig.connect()
    result = connection["numbers"].query(page_size=10)
    requests = connection.adapter.requests(result.plan)
    packed = pickle.dumps(requests)
    assert b"admin" not in packed
    assert pickle.loads(packed) == requests  # noqa: S301 - our own


def test_odd_keys_are_found_changed_and_deleted(people):
    table = people.connect()["rt_Person"]
    receipt = table.add([{"id": key, "fullName": f"name of {key}"} for key in ODD_KEYS])
    assert receipt.created == len(ODD_KEYS), receipt.outcomes
    found = table.get(list(reversed(ODD_KEYS)))
    assert [row["id"] for row in found] == list(reversed(ODD_KEYS))
    for key in ODD_KEYS:
        assert table.get(key)["fullName"] == f"name of {key}"
        assert [row["id"] for row in table.query(col("id") == key)] == [key]
        assert table.update({"id": key, "age": 5}).updated == 1
        assert table.update({"id": key, "age": 6, "notes": "n", "active": True}).updated == 1
    assert {row["age"] for row in table.query()} == {6}
    assert table.delete(ODD_KEYS).deleted == len(ODD_KEYS)
    assert table.count() == 0


ANY_KEY = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40)
HEALTH = [HealthCheck.function_scoped_fixture]


@given(key=ANY_KEY, value=ANY_KEY)
@settings(max_examples=60, deadline=None, suppress_health_check=HEALTH)
def test_any_text_is_a_key_and_a_value(people, key, value):
    table = people.connect()["rt_Person"]
    assert table.add({"id": key, "fullName": value, "notes": value}).created == 1
    try:
        assert table.get(key)["notes"] == value
        assert [row["id"] for row in table.query((col("id") == key) & (col("notes") == value))] == [key]
        assert table.count(col("fullName").contains(value[:3])) == 1
        assert table.count(col("fullName").ilike(f"%{value.replace(chr(92), '_')}%")) == 1
        assert table.update({"id": key, "notes": None, "age": 3}).updated == 1
        assert table.get(key)["notes"] is None
    finally:
        assert table.delete(key).deleted == 1


def test_no_key_goes_into_a_path_where_the_server_refuses_it(people):
    table = people.connect()["rt_Person"]
    table.add([{"id": key, "fullName": "x"} for key in ODD_KEYS])
    people.log.clear()
    for key in ODD_KEYS:
        table.update({"id": key, "age": 6, "notes": "n"})
    assert not [one.path for one in people.log if "%2f" in one.path.lower() or "%5c" in one.path.lower()]


def test_missing_keys_are_listed(people):
    table = people.connect()["rt_City"]
    found = table.get(["rtm", "nope", "gro"])
    assert [row["code"] for row in found] == ["rtm", "gro"]
    assert found.missing == ("nope",)
    with pytest.raises(biodata.NotFound):
        table.get("nope")


def test_many_keys_take_one_request_per_500(rig):
    rig.numbers(1200)
    table = rig.connect()["numbers"]
    assert table.schema.key
    rig.log.clear()
    assert len(table.get(list(range(1100)))) == 1100
    assert len(rig.asked(None, "/api/v2/numbers")) == 3


def test_a_key_that_cannot_be_is_missing_without_an_error(rig):
    rig.numbers(3)
    assert rig.connect().adapter.fetch is not None
    connection = rig.connect()
    rows = list(connection.adapter.fetch(connection.schema("numbers"), [2, 2**40, -(2**33)], ["name"]))
    assert rows == [{"n": 2, "name": "row 00002"}]


def test_both_kinds_of_quote_go_to_v1(people):
    connection = people.connect()
    table = connection["rt_Person"]
    name = 'O\'Neil "x"'
    table.add(
        [
            {"id": "p1", "fullName": name, "city": "gro", "visited": ["ams", "gro"], "born": "1980-02-29", "age": 7},
            {"id": "p2", "fullName": "Ann", "age": 7},
        ]
    )
    people.log.clear()
    (row,) = table.query((col("fullName") == name) & (col("age") == 7))
    assert (row["id"], row["city"], row["visited"], row["cats"]) == ("p1", "gro", ["ams", "gro"], [])
    assert row["born"].isoformat() == "1980-02-29"
    assert [one.path for one in people.log if "Person" in one.path] == ["/api/v1/rt_Person"]
    assert table.count(col("fullName") != name) == 1
    assert [row["id"] for row in table.query(col("fullName").is_in([name, "Ann"]))] == ["p1", "p2"]


@pytest.mark.parametrize("key", ["p1", 'it\'s "p1"'])
def test_a_list_longer_than_v1_expands_comes_whole(people, key):
    people.state.add_rows("rt_City", [{"code": f"c{n:03}", "name": "x"} for n in range(150)])
    table = people.connect()["rt_Person"]
    visited = [f"c{n:03}" for n in range(150)]
    name = 'O\'Neil "x"'
    table.add([{"id": key, "fullName": name, "visited": visited}, {"id": "p2", "fullName": name, "visited": ["gro"]}])
    rows = {row["id"]: row["visited"] for row in table.query(col("fullName") == name)}
    assert rows == {key: visited, "p2": ["gro"]}


def test_a_long_filter_is_posted(rig):
    rig.numbers(1500)
    table = rig.connect()["numbers"]
    names = [f"row {n:05}" for n in range(1000)]
    rig.log.clear()
    assert table.count(col("name").is_in(names)) == 1000
    assert sum(1 for _ in table.query(col("name").is_in(names), page_size=300)) == 1000
    assert {one.method for one in rig.asked(None, "/api/v2/numbers") if "num=0" not in one.target} == {"POST"}


def test_order(people):
    table = people.connect()["rt_Person"]
    ages = {"a": 3, "b": None, "c": 1, "d": 3, "e": 2}
    table.add([{"id": key, "fullName": key, "age": age} for key, age in ages.items()])
    people.log.clear()
    assert [row["id"] for row in table.query(order_by=["age"])] == ["c", "e", "a", "d", "b"]
    assert "sort=age%2Cid" in people.asked("GET", "/api/v2/rt_Person")[-1].target
    assert [row["id"] for row in table.query(order_by=["-age"])] == ["a", "d", "e", "c", "b"]
    assert [row["id"] for row in table.query(order_by=["-fullName"], limit=2)] == ["e", "d"]


def test_a_native_query_is_joined_with_the_filter(rig):
    rig.numbers(30)
    table = rig.connect()["numbers"]
    rows = table.query(col("n") < 10, native="n==3,n==4,n==20")
    assert [row["n"] for row in rows] == [3, 4]


def test_a_native_search_beyond_its_window_is_refused_before_records_get_lost(rig):
    rig.numbers(10_050)
    table = rig.connect()["numbers"]
    assert len(list(table.query(native="name=q=row", limit=10_000, fields=["n"], page_size=5000))) == 10_000
    with pytest.raises(biodata.QueryError) as caught:
        list(table.query(native="name=q=row", fields=["n"], page_size=5000))
    assert caught.value.code == "BD-QUERY-NATIVE"
    assert sum(1 for _ in table.query(fields=["n"], page_size=5000)) == 10_050


def test_a_native_query_cannot_be_joined_with_both_quotes(rig):
    rig.numbers(3)
    with pytest.raises(biodata.QueryError) as caught:
        list(rig.connect()["numbers"].query(col("name") == "\"'", native="n==3"))
    assert caught.value.code == "BD-QUERY-NATIVE"


def test_explain_shows_the_request(rig):
    rig.numbers(3)
    text = str(rig.connect()["numbers"].query((col("n") > 1) & (col("name") > "a")).explain())
    assert 'q=n=gt="1"' in text
    assert "WEB03" in text


def test_what_the_next_link_says_does_not_matter(rig):
    rig.numbers(25)
    connection = rig.connect()
    rows = list(connection["numbers"].query(col("n") >= 5, page_size=10))
    assert len(rows) == 20
    assert all("num=0" not in one.target or "start" not in one.target for one in rig.log)


def test_explain_says_where_else_the_platform_compares_a_reference(people):
    (part,) = people.connect()["rt_City"].query("people = 'a'").explain().parts
    assert part.support == "unsupported"
    assert part.hint == "The other table has the reference itself, which the platform compares."
