"""Filters that only DuckDB does down there: into structs, lists of structs, and at the edges of its numbers."""

from __future__ import annotations

import datetime as dt
import decimal

import pytest

import biodata
from biodata.query.evaluate import predicate
from biodata.query.split import paths_in
from biodata.records import types as t

ITEM = t.Object((t.Field("name", t.String()), t.Field("size", t.Integer()), t.Field("tags", t.List(t.String()))))
SCHEMA = t.Schema(
    "t",
    "id",
    (
        t.Field("id", t.Integer(), required=True),
        t.Field("one", ITEM),
        t.Field("many", t.List(ITEM)),
        t.Field("photo", t.File()),
        t.Field("at", t.DateTime()),
        t.Field("exact", t.Decimal()),
        t.Field("huge", t.Integer(None)),
        t.Field("text", t.String()),
        t.Field("other", t.Reference("t", t.Integer())),
        t.Field("others", t.List(t.Reference("t", t.Integer()))),
    ),
)
ROWS = [
    {
        "id": 1,
        "one": {"name": "a", "size": 1, "tags": ["x", "y"]},
        "many": [{"name": "a", "size": 1, "tags": []}, {"name": "b", "size": 2, "tags": ["z"]}],
        "photo": {"id": "p1", "filename": "a.png"},
        "at": dt.datetime(2020, 1, 1, 0, 0, 0, 1, tzinfo=dt.UTC),
        "exact": decimal.Decimal("0.1"),
        "huge": 2**100,
        "text": "İstanbul ΣΑΣ",
        "other": 2,
        "others": [2, 4, 9],
    },
    {
        "id": 2,
        "one": {"name": None, "size": None, "tags": None},
        "many": [],
        "exact": decimal.Decimal(-1),
        "huge": -5,
    },
    {"id": 3, "many": [{"name": None, "size": 3, "tags": ["x"]}], "text": "istanbul σας", "other": 9, "others": [1]},
    {"id": 4, "text": "ISTANBUL", "other": 3, "others": []},
]
FILTERS = {
    "one.name = 'a'": "exact",
    "one.name is null": "exact",
    "one.size between 1 and 2": "exact",
    "one.tags = 'y'": "exact",
    "one.tags != 'y'": "exact",
    "many.name = 'b'": "exact",
    "many.name != 'b'": "exact",
    "many.name is null": "exact",
    "many.size > 2": "exact",
    "many.tags = 'x'": "exact",
    "not (many.tags = 'x' or one.tags = 'x')": "exact",
    "many is null": "exact",
    "photo.filename like '%.png'": "exact",
    "photo is null": "exact",
    "at > '2020-01-01T00:00:00Z'": "exact",
    "at = '2020-01-01T02:00:00.000001+02:00'": "exact",
    "exact = 0.1": "exact",
    "exact < 1e30": "unsupported",
    "exact != 0.1234567890123456789012345": "unsupported",
    f"huge = {2**100}": "exact",
    f"huge < {2**130}": "unsupported",
    "text ilike 'i%'": "inexact",
    "text ilike '%σας'": "inexact",
    "text not ilike 'i%'": "inexact",
    "one.tags not ilike 'X'": "unsupported",
    "other = 2": "exact",
    "other.huge = -5": "exact",
    "other.huge != -5": "exact",
    "other.huge is null": "exact",
    "other.huge is not null": "exact",
    f"other.huge < {2**130}": "exact",
    "other.text ilike '%'": "exact",
    "not (other.text ilike 'i%')": "exact",
    "other.many.name = 'b' or other.huge = -5": "exact",
    "other.many.tags != 'x'": "exact",
    "other.others is null": "exact",
    "others.huge = -5": "exact",
    "others.huge != -5": "exact",
    "others.text is null": "exact",
    "others.huge = -5 and others.text like 'ISTANBUL'": "exact",
    "others.others.text = 'ISTANBUL'": "exact",
    "others.others.many.name != 'a'": "exact",
    "others.other.others is not null": "exact",
}


@pytest.fixture
def table(house):
    made = house.ensure(SCHEMA)
    made.add(ROWS).raise_for_refused()
    return made


@pytest.mark.parametrize(("text", "support"), FILTERS.items())
def test_a_filter(table, text, support):
    result = table.query(text, fields=["id"], order_by="id")
    assert {part.support for part in result.plan.parts} == {support}
    test = predicate(result.query.filter, table.schema, result.query.lookup)
    rows = table.references.join(list(table.query(order_by="id")), table.schema, paths_in(result.query.filter))
    expected = [row["id"] for row in rows if test(row)]
    assert [row["id"] for row in result] == expected
    assert result.count() == len(expected)


@pytest.mark.parametrize("order", ["one.name", "-one.size", "photo.id"])
def test_order_inside_an_object(table, order):
    result = table.query(order_by=[order, "id"], page_size=1)
    assert not result.plan.sort_here
    assert [row["id"] for row in result] == [1, 2, 3, 4]


def test_everything_is_a_parameter(table):
    odd = "it's \"; DROP TABLE t; --"
    table.add({"id": 9, "text": odd}).raise_for_refused()
    result = table.query(biodata.col("text") == odd)
    assert result.one()["id"] == 9
    assert odd not in str(result.plan.parts[0].support) + " ".join(result.explain().requests)


@pytest.mark.parametrize("where", ["text ilike '%É%'", "text ilike 'a%' and id > 1", "text ilike 'x' or id = 2"])
def test_frames_are_checked_here_as_records_are(table, where):
    rows = [{"id": 100 + at, "text": text} for at, text in enumerate(["É", "é", "aé", "A\u0130", "x", "X", None])]
    table.add(rows).raise_for_refused()
    result = table.query(where, fields=["id", "text"], order_by="id")
    assert result.plan.residual is not None
    assert result.to_arrow().to_pylist() == list(result) != []
    first = table.query(where, fields=["id"], order_by="id", limit=1)
    assert first.to_arrow().to_pylist() == list(first)


def test_a_table_whose_key_is_not_one_field_is_not_stepped_into(house):
    pair = t.Schema("pair", ("a", "b"), (t.Field("a", t.Integer()), t.Field("b", t.Integer())))
    house.ensure(pair)
    table = house.ensure(t.Schema("held", "id", (t.Field("id", t.Integer()), t.Field("pair", t.Reference("pair")))))
    table.add({"id": 1, "pair": "1"}).raise_for_refused()
    assert table.count("pair = '1'") == 1
    for asked in ({"where": "pair.b = 1"}, {"fields": ["pair.b"]}, {"order_by": "pair.b"}):
        with pytest.raises(biodata.QueryError, match="its key is not one field") as caught:
            table.query(**asked).to_records()
        assert caught.value.code == "BD-QUERY-FIELD"
    with pytest.raises(biodata.QueryError, match="its key is not one field"):
        table.query(expand="pair").to_records()
