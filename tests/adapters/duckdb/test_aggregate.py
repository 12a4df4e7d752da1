"""Groups in SQL, at the edges of DuckDB's types; the numbers are those of reading."""

from __future__ import annotations

import pytest

import biodata

EVERY = 10**6
"""A limit comes before grouping, so that with one all is counted here."""
MADE = """
CREATE TABLE odd (
    id INTEGER PRIMARY KEY, element VARCHAR, "biodata group" VARCHAR, folded VARCHAR COLLATE NOCASE,
    number DOUBLE, numbers DOUBLE[], texts VARCHAR[], fixed INTEGER[2],
    inside STRUCT(deep STRUCT(size DOUBLE), t VARCHAR),
    many STRUCT(name VARCHAR, tags VARCHAR[])[],
    "at" TIMESTAMPTZ, nanos TIMESTAMP_NS, big HUGEINT, money DECIMAL(9, 2),
    kind ENUM('b', 'a'), flag BOOLEAN, "day" DATE
);
INSERT INTO odd VALUES
    (1, 'x', 'é', 'A', 'nan', ['nan'::DOUBLE, 1], ['b', 'a', 'b', NULL], [1, 1],
        {deep: {size: 'nan'::DOUBLE}, t: 'x'},
        [{name: 'n', tags: ['p', 'q']}, {name: 'n', tags: NULL}], '2020-01-01 00:00:00+02', '2020-01-01',
        5, 1.50, 'a', true, '2020-01-01'),
    (2, 'x', 'e', 'a', -0.0, ['nan'::DOUBLE], [], [1, 2], {deep: {size: 1.5}, t: NULL}, [],
        '2019-12-31 22:00:00+00', '2020-01-01', 5, 1.5, 'b', false, NULL),
    (3, NULL, 'Z', 'B', 0.0, [], [NULL], NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE VIEW seen AS SELECT * FROM odd;
CREATE TABLE keyless (word VARCHAR);
INSERT INTO keyless VALUES ('a'), ('a'), (NULL);
"""
FIELDS = (
    "id", "element", "biodata group", "folded", "number", "numbers", "texts", "fixed", "inside.deep.size", "inside.t",
    "many.name", "many.tags", "at", "nanos", "big", "money", "kind", "flag", "day",
)  # fmt: skip


@pytest.fixture
def odd(house):
    house.client.execute(MADE)
    return house["odd"]


@pytest.mark.parametrize("where", [None, "element = 'x'", "texts = 'a'", "many.tags = 'p'"])
def test_the_numbers_are_those_of_reading(odd, where):
    rows, here = odd.query(where), odd.query(where, limit=EVERY)
    for field in FIELDS:
        assert rows.group_by(field).count().to_records() == here.group_by(field).count().to_records(), field
        assert rows.distinct(field) == here.distinct(field), field


@pytest.mark.parametrize(
    "fields", [("texts", "fixed"), ("texts", "kind", "folded"), ("element", "texts", "inside.t")]
)
def test_several_fields(odd, fields):
    counts = odd.group_by(*fields).count()
    assert counts.explain().grouped == "platform"
    assert counts.to_records() == odd.query(limit=EVERY).group_by(*fields).count().to_records()


@pytest.mark.parametrize("field", ["numbers", "many.name", "many.tags"])
def test_lists_that_are_counted_here(odd, field):
    told = odd.group_by(field).count().explain()
    assert (told.grouped, told.grouped_why) == ("here", "lists of such values are laid flat here")


def test_views_and_tables_without_a_key(odd, house):
    assert house["seen"].group_by("kind").count().to_records() == odd.group_by("kind").count().to_records()
    assert house["keyless"].group_by("word").count().to_records() == [
        {"word": "a", "count": 2},
        {"word": None, "count": 1},
    ]


def test_a_native_condition_goes_along(odd):
    counts = odd.query(native="id % 2 = 1").group_by("texts").count()
    assert counts.explain().grouped == "platform"
    assert counts.to_records() == [
        {"texts": "a", "count": 1},
        {"texts": "b", "count": 1},
        {"texts": None, "count": 1},
    ]
    with pytest.raises(biodata.QueryError):
        odd.query(native="1); DROP TABLE odd; --").distinct("kind")
