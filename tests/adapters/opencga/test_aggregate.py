"""Different values by the server's distinct; numbers by value are counted here."""

from __future__ import annotations

import pytest

import biodata

EVERY = 10**6
"""A limit comes before grouping, so that with one all is read here."""


@pytest.fixture
def people(rig):
    table = rig.connect()["individuals"]
    table.add(
        {"id": "omega", "name": "Ωmega's", "sex": {"id": "FEMALE"}, "population": {"name": "CEU"}}
    ).raise_for_refused()
    table.add({"id": "zebra"}).raise_for_refused()
    rig.log.clear()
    return table


@pytest.mark.parametrize(
    "field", ["id", "name", "sex.id", "karyotypicSex", "lifeStatus", "population.name", "dateOfBirth"]
)
def test_one_request_gives_the_different_values(rig, people, field):
    found = people.distinct(field)
    (asked,) = rig.asked("GET", "/")
    assert "/individuals/distinct?" in asked.target
    assert found.explain().grouped == "platform"
    assert found == people.query(limit=EVERY).distinct(field)
    assert None not in found
    assert "" not in found


def test_a_boolean_and_a_filter(rig, people):
    samples = rig.connect()["samples"]
    samples.add({"id": "tumour", "somatic": True}).raise_for_refused()
    rig.log.clear()
    assert samples.distinct("somatic") == [False, True]
    assert samples.distinct("id", "somatic = true") == ["tumour"]
    assert [one.target.partition("?")[0].rpartition("/")[2] for one in rig.log] == ["distinct"] * 2
    assert samples.distinct("somatic", "id = 'tumour' and somatic = false") == []


def test_files_are_without_the_root_folder(rig):
    files = rig.connect()["files"]
    assert files.distinct("id") == files.query(limit=EVERY).distinct("id") == [one["id"] for one in files.query()]


@pytest.mark.parametrize(
    ("field", "where"),
    [
        ("father", None),
        ("samples", None),
        ("phenotypes.id", None),
        ("version", None),
        ("creationDate", None),
        ("mother.name", None),
        ("sex.id", "id ilike 'n%'"),
    ],
)
def test_what_the_server_may_say_otherwise_is_read_here(rig, people, field, where):
    found = people.distinct(field, where)
    assert found.explain().grouped == "here"
    assert not rig.asked("GET", "distinct")
    assert found == people.query(where, limit=EVERY).distinct(field)


def test_numbers_are_counted_here(rig, people):
    counts = people.group_by("sex.id").count()
    assert counts.explain().grouped == "here"
    assert sum(record["count"] for record in counts) == people.count()
    assert not rig.asked("GET", "aggregationStats")


def test_a_table_outside_of_the_study(rig):
    studies = rig.connect()["studies"]
    assert studies.distinct("fqn") == [one["fqn"] for one in studies.query()]
    assert studies.distinct("fqn").explain().grouped == "here"


def test_a_value_of_another_type_is_an_error(rig, people):
    body = '{"responses": [{"results": ["a", 5]}]}'
    rig.faults.add("GET /opencga/webservices/rest/v2/individuals/distinct", status=200, body=body)
    with pytest.raises(biodata.ProtocolError) as caught:
        people.distinct("name")
    assert caught.value.code == "BD-REMOTE-FORMAT"


def test_a_filter_beyond_a_reference_is_looked_up_first(rig, people):
    samples, where = rig.connect()["samples"], "individualId.sex.id = 'MALE'"
    rig.log.clear()
    found = samples.distinct("id", where)
    assert len(rig.asked("GET", "/individuals/search")) == len(rig.asked("GET", "/samples/distinct")) == 1
    assert not rig.asked("GET", "/samples/search")
    assert found == [one["id"] for one in samples.query(where, order_by="id")] != []
    told = found.explain()
    assert told.grouped == "platform"
    assert "/individuals/search" in told.requests[0]
    assert "/samples/distinct" in told.requests[-1]
