"""DuckDB compares by what a value becomes in its column."""

from __future__ import annotations

import decimal
from typing import TYPE_CHECKING, Any

import pytest

import biodata
from biodata.comparing import compare
from biodata.testing.agreeing import agreed

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """CREATE TABLE t (id INTEGER PRIMARY KEY, single FLOAT, money DECIMAL(9, 2), whole UHUGEINT, code UUID,
    clock TIME, moment TIMESTAMP_S, near TIMESTAMP_NS, tags VARCHAR[], size STRUCT(a INTEGER, b VARCHAR), extra JSON,
    needed INTEGER NOT NULL DEFAULT 7, must INTEGER NOT NULL, twice INTEGER GENERATED ALWAYS AS (2 * must))"""
UUID = "5d4e4c2a-0000-4000-8000-000000000001"
ROW = """INSERT INTO t (id, single, money, whole, code, clock, moment, near, tags, size, extra, must) VALUES (
    1, 0.1, 1.5, 1, ?, '12:00:00', '2020-01-01 12:00:00', '2020-01-01 12:00:00', NULL, {a: 1, b: NULL},
    '{"a":1}', 1)"""


@pytest.fixture
def table(house: biodata.Connection) -> biodata.Repository:
    """A table of odd types with one record."""
    house.client.execute(TABLE)
    house.client.execute(ROW, [UUID])
    return house["t"]


def changed(table: biodata.Repository, **given: Any) -> tuple[str, list[str]]:
    """What would become of the record, and which fields differ."""
    (change,) = compare(table, {"id": 1, **given})
    return change.action, list(change.after)


@pytest.mark.parametrize(
    ("field", "same", "other"),
    [
        ("single", 0.1, 0.2),
        ("money", decimal.Decimal("1.50"), decimal.Decimal("1.51")),
        ("whole", 1, 2),
        ("code", UUID.upper(), UUID.replace("01", "02")),
        ("clock", "12:00", "12:01"),
        ("moment", "2020-01-01T12:00:00Z", "2020-01-01T12:00:01Z"),
        ("near", "2020-01-01T13:00:00+01:00", "2020-01-01T12:00:00.000001Z"),
        ("tags", [], ["a"]),
        ("size", {"a": 1}, {"a": 1, "b": "x"}),
        ("extra", {"a": 1}, {"a": 2}),
        ("needed", 7, 8),
    ],
)
def test_values_are_compared_as_they_would_be_stored(
    table: biodata.Repository, field: str, same: Any, other: Any
) -> None:
    assert changed(table, **{field: same}) == ("unchanged", [])
    assert changed(table, **{field: other}) == ("update", [field])
    assert agreed(table, [{"id": 1, field: same}]) == {"unchanged": 1}
    assert agreed(table, [{"id": 1, field: other}]) == {"update": 1}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"id": 1, "money": decimal.Decimal("1.555")}, "BD-WRITE-TYPE"),
        ({"id": 2, "must": 1, "money": decimal.Decimal("1.555")}, "BD-WRITE-TYPE"),
        ({"id": 1, "code": "no uuid"}, "BD-WRITE-TYPE"),
        ({"id": 1, "near": "1000-01-01T00:00:00Z"}, "BD-WRITE-TYPE"),
        ({"id": 1, "single": 1e300}, "BD-WRITE-TYPE"),
        ({"id": 2, "needed": 1}, "BD-WRITE-REQUIRED"),
        ({"id": 1, "must": None}, "BD-WRITE-REQUIRED"),
        ({"id": 1, "twice": 4}, "BD-WRITE-READ-ONLY"),
    ],
)
def test_what_cannot_be_stored_is_told_and_stops_no_other(
    table: biodata.Repository, given: dict[str, Any], code: str
) -> None:
    records = [{"id": 1, "whole": 1}, given, {"id": 3, "must": 5}]
    told = list(compare(table, records))
    assert [one.action for one in told] == ["unchanged", "refused", "create"]
    assert told[1].code == code
    assert agreed(table, records) == {"unchanged": 1, "refused": 1, "create": 1}


def test_before_is_what_is_there(table: biodata.Repository) -> None:
    (change,) = compare(table, {"id": 1, "money": 2, "tags": ["a"], "must": 1})
    assert change.before == {"money": decimal.Decimal("1.5"), "tags": None}
    assert change.after == {"money": decimal.Decimal(2), "tags": ["a"]}


def test_a_file_that_may_only_be_read(table: biodata.Repository, path: Path) -> None:
    table.connection.close()
    with biodata.connect(path, platform="duckdb", access="read") as connection:
        assert [one.action for one in compare(connection["t"], [{"id": 1, "needed": 8}])] == ["update"]


def test_inside_a_transaction_it_sees_what_was_written_and_breaks_nothing(table: biodata.Repository) -> None:
    with table.connection.transaction():
        table.add({"id": 2, "must": 1}).raise_for_refused()
        told = compare(table, [{"id": 2, "must": 1}, {"id": 2, "code": "no uuid"}])
        assert [one.action for one in told] == ["unchanged", "refused"]
    assert table.count() == 2


def test_a_key_of_two_fields(house: biodata.Connection) -> None:
    house.client.execute("CREATE TABLE pair (a INTEGER, b VARCHAR, n INTEGER, PRIMARY KEY (a, b))")
    house.client.execute("INSERT INTO pair VALUES (1, 'x', 1), (1, 'y', 2)")
    records = [{"a": 1, "b": "x", "n": 1}, {"a": 1, "b": "y", "n": 1}, {"a": 2, "b": "x", "n": 1}]
    assert [(one.key, one.action) for one in compare(house["pair"], records)] == [
        ((1, "x"), "unchanged"),
        ((1, "y"), "update"),
        ((2, "x"), "create"),
    ]
    assert agreed(house["pair"], records) == {"unchanged": 1, "update": 1, "create": 1}
