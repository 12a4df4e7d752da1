"""Groups by the server's aggregates: one request, the numbers that reading gives, and where it must not be asked."""

from __future__ import annotations

import pytest

import biodata
from biodata_molgenis.sandbox.model import Attribute

EVERY = 10**6
"""A limit comes before grouping, so that with one all is counted here."""
COUNTED = ("sex", "active", "city", "team")
TABLE = (
    Attribute(name="id", is_id=True),
    Attribute(name="sex", type="enum", enum_options=("f", "m"), aggregatable=True),
    Attribute(name="active", type="bool", aggregatable=True),
    Attribute(name="city", type="xref", ref="town", aggregatable=True),
    Attribute(name="cities", type="mref", ref="town", aggregatable=True),
    Attribute(name="team", aggregatable=True),
    Attribute(name="notes", type="text", aggregatable=True),
    Attribute(name="age", type="int", aggregatable=True),
    Attribute(name="plain"),
    Attribute(name="with space", aggregatable=True),
)
ROWS = [
    {"id": "1", "sex": "f", "active": True, "city": "gro", "cities": ["gro", "ams"], "team": "Ωmega", "age": 3},
    {"id": "2", "sex": "f", "active": False, "city": "ams", "cities": [], "team": "zebra", "notes": "n", "age": 3},
    {"id": "3", "sex": "m", "city": "gro", "cities": ["gro"], "team": "Zebra", "plain": "p", "with space": "w"},
    {"id": "4", "team": "it's \U0001f600", "active": True},
]


@pytest.fixture
def team(rig):
    rig.state.create_table("town", [Attribute(name="code", is_id=True), Attribute(name="name", is_label=True)])
    rig.state.create_table("team", list(TABLE))
    connection = rig.connect()
    connection["town"].add(
        [{"code": "gro", "name": "Groningen"}, {"code": "ams", "name": "Amsterdam"}]
    ).raise_for_refused()
    table = connection["team"]
    table.add(ROWS).raise_for_refused()
    rig.log.clear()
    return table


@pytest.mark.parametrize("name", COUNTED)
def test_one_request_counts_by_a_field(rig, team, name):
    counts = team.group_by(name).count()
    found = counts.to_records()
    (asked,) = rig.asked("GET", "/api/v2/team")
    assert f"aggs=x=={name}" in asked.target.replace("%3D", "=")
    assert counts.explain().grouped == "platform"
    assert found == team.query(limit=EVERY).group_by(name).count().to_records()
    assert sum(record["count"] for record in found) == len(ROWS)


@pytest.mark.parametrize("name", COUNTED)
def test_one_request_gives_the_different_values(rig, team, name):
    found = team.distinct(name)
    assert len(rig.asked()) == 1
    assert found == team.query(limit=EVERY).distinct(name)
    assert found == sorted({row[name] for row in ROWS if name in row})


def test_one_request_counts_by_two_fields(rig, team):
    found = team.group_by("city", "active").count().to_records()
    assert len(rig.asked()) == 1
    assert found == team.query(limit=EVERY).group_by("city", "active").count().to_records()
    assert {"city": None, "active": True, "count": 1} in found


@pytest.mark.parametrize(
    ("by", "where"),
    [
        (("sex", "city", "active"), None),
        (("sex",), "sex = 'f'"),
        (("sex",), "team ilike 'z%'"),
        (("cities",), None),
        (("city.name",), None),
        (("notes",), None),
        (("age",), None),
        (("plain",), None),
        (("with space",), None),
    ],
)
def test_what_the_aggregates_cannot_say_exactly_is_counted_here(rig, team, by, where):
    counts = team.group_by(*by, where=where).count()
    told = counts.explain()
    assert told.grouped == "here"
    assert told.grouped_why
    assert counts.to_records() == team.query(where, limit=EVERY).group_by(*by).count().to_records()
    assert not [one for one in rig.log if "aggs" in one.target]


def test_the_platforms_own_text_is_not_forgotten(rig, team):
    counts = team.query(native="sex==f").group_by("sex").count()
    assert counts.to_records() == [{"sex": "f", "count": 2}]
    assert counts.explain().grouped == "here"


def test_an_empty_table(rig):
    rig.state.create_table(
        "t", [Attribute(name="id", is_id=True), Attribute(name="ok", type="bool", aggregatable=True)]
    )
    table = rig.connect()["t"]
    assert table.group_by("ok").count().to_records() == []
    assert table.distinct("ok") == []


def test_small_numbers_that_the_server_hides_are_counted_here(rig, team):
    hidden = '{"aggs": {"matrix": [[0], [10]], "xLabels": ["f", "m"], "yLabels": [], "threshold": 10}}'
    rig.faults.add("GET /api/v2/team", status=200, body=hidden)
    expected = [{"sex": "f", "count": 2}, {"sex": "m", "count": 1}, {"sex": None, "count": 1}]
    assert team.group_by("sex").count().to_records() == expected
    rig.faults.add("GET /api/v2/team", status=200, body=hidden)
    with pytest.raises(biodata.QueryError) as caught:
        team.query(strict=True).distinct("sex")
    assert caught.value.code == "BD-QUERY-STRICT"


REFUSED = '{"errors": [{"message": "no aggregates for you"}]}'


@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_where_the_server_refuses_to_count_the_records_are_read(rig, team, status):
    expected = team.query(limit=EVERY).distinct("sex")
    rig.faults.add("GET /api/v2/team", status=status, body=REFUSED)
    found = team.distinct("sex")
    assert found == expected == ["f", "m"]
    told = found.explain()
    assert (told.grouped, told.here) == ("here", ("group by sex",))
    assert told.grouped_why.startswith("the platform refused to group (BD-")
    assert "aggs" not in "".join(told.requests)


def test_a_refusal_ends_a_strict_question(rig, team):
    rig.faults.add("GET /api/v2/team", status=401, body=REFUSED)
    with pytest.raises(biodata.PermissionDenied, match="no aggregates for you"):
        list(team.group_by("sex", strict=True).count())
    assert len(rig.asked("GET", "/api/v2/team")) == 1


def test_a_server_that_is_away_is_no_reason_to_read_everything(rig, team):
    rig.faults.add("GET /api/v2/team", status=503, body="", times=20)
    with pytest.raises(biodata.Unavailable):
        team.distinct("sex")
    assert all("aggs" in one.target for one in rig.asked("GET", "/api/v2/team"))


@pytest.mark.parametrize(
    "aggs",
    [
        '{"matrix": [[1]], "xLabels": ["f", "m"]}',
        '{"matrix": [[1, 2]], "xLabels": ["f"]}',
        '{"matrix": [[1]], "xLabels": [7]}',
    ],
)
def test_an_answer_that_is_no_matrix_is_an_error(rig, team, aggs):
    rig.faults.add("GET /api/v2/team", status=200, body='{"aggs": ' + aggs + "}")
    with pytest.raises(biodata.BiodataError) as caught:
        team.group_by("sex").count().to_records()
    assert caught.value.code == "BD-REMOTE-FORMAT"
