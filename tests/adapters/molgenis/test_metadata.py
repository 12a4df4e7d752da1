"""The metadata API: reading what the server says of tables, and changing it."""

from __future__ import annotations

import pytest

import biodata
from biodata import Field
from biodata.records.types import Boolean, DateTime, File, Float, Integer, List, Reference, String
from biodata_molgenis.sandbox.model import Attribute

NEW = [
    Field("note", String(max_length=200), label="Note", description="Of anything"),
    Field("long", String()),
    Field("grade", String(choices=("a", "b"))),
    Field("number", Integer(32, minimum=0, maximum=9)),
    Field("big", Integer(64)),
    Field("weight", Float()),
    Field("flag", Boolean()),
    Field("when", DateTime()),
    Field("capital", Reference("rt_City", String())),
    Field("twins", List(Reference("rt_City", String()))),
    Field("scan", File()),
]


@pytest.fixture
def city(people):
    return people.connect()["rt_City"]


def test_metadata_is_the_servers_own(people):
    extras = people.connect().extras
    table = extras.metadata("rt_Person")
    assert (table["name"], table["idAttribute"]) == ("rt_Person", "id")
    assert table["attributes"]["city"]["fieldType"] == "XREF"
    assert extras.metadata("rt_Person", "city")["refEntity"]["hrefCollection"] == "/api/v1/rt_City"
    assert extras.metadata("rt_Person", "sex")["enumOptions"] == ["f", "m"]
    with pytest.raises(biodata.NotFound):
        extras.metadata("nope")
    with pytest.raises(biodata.QueryError, match="fullName"):
        extras.metadata("rt_Person", "fulName")


def test_the_servers_tables_of_tables_can_be_queried(people):
    rows = people.connect()["sys_md_Attribute"].query("entity = 'rt_City'", fields=["name", "type"], order_by="name")
    assert [(row["name"], row["type"]) for row in rows] == [
        ("code", "string"),
        ("name", "string"),
        ("people", "onetomany"),
    ]


@pytest.mark.parametrize("field", NEW, ids=lambda field: field.name)
def test_a_field_is_added_and_its_values_are_stored(city, field):
    value = {"number": 3, "big": 2**60, "weight": 1.5, "flag": True, "when": "2024-01-01T00:00:00Z", "grade": "b"}
    given = value.get(field.name, {"capital": "ams", "twins": ["ams"], "scan": None}.get(field.name, "text"))
    schema = city.connection.extras.add_field("rt_City", field)
    assert str(schema[field.name].type) == str(field.type)
    assert schema[field.name].description == field.description
    assert city.get("gro")[field.name] in (None, [])
    if given is not None:
        assert city.update({"code": "gro", field.name: given}).updated == 1
        assert city.count(biodata.col(field.name).is_not_null()) == 1


def test_a_field_is_changed_and_the_rest_of_it_stays(people, city):
    extras = city.connection.extras
    before = city.schema["name"]
    after = extras.change_field("rt_City", "name", label="Name", description="As on the map", required=True)["name"]
    assert (after.label, after.description, after.required) == ("Name", "As on the map", True)
    assert (after.type, after.unique) == (before.type, before.unique)
    assert [one.status for one in city.add({"code": "x"}).outcomes] == ["refused"]
    person = people.connect()["rt_Person"]
    person.add({"id": "p", "fullName": "x", "sex": "f"})
    people.connect().extras.change_field("rt_Person", "sex", choices=["f", "m", "x"])
    fresh = people.connect()["rt_Person"]
    assert fresh.update({"id": "p", "sex": "x"}).updated == 1


def test_a_change_that_the_rows_do_not_allow_is_refused(people, city):
    person = city.connection["rt_Person"]
    person.add({"id": "p", "fullName": "x"})
    with pytest.raises(biodata.SchemaError, match="null"):
        city.connection.extras.change_field("rt_Person", "age", required=True)
    assert not people.connect().schema("rt_Person")["age"].required
    with pytest.raises(biodata.SchemaError):
        city.connection.extras.add_field("rt_City", Field("code", String()))
    with pytest.raises(biodata.SchemaError):
        city.connection.extras.add_field("rt_City", Field("away", Reference("nowhere", String())))
    assert people.connect().schema("rt_City").names == ("code", "name", "people")


def test_a_field_is_removed_with_its_values(people, city):
    person = city.connection["rt_Person"]
    person.add({"id": "p", "fullName": "x", "age": 3})
    assert "age" not in city.connection.extras.remove_field("rt_Person", "age")
    assert "age" not in person.get("p")
    assert people.connect()["rt_Person"].update({"id": "p", "lvl": 9}).updated == 1
    with pytest.raises(biodata.SchemaError):
        city.connection.extras.remove_field("rt_Person", "id")
    with pytest.raises(biodata.QueryError):
        city.connection.extras.remove_field("rt_Person", "age")
    with pytest.raises(biodata.PermissionDenied):
        people.connect(access="write").extras.remove_field("rt_Person", "lvl")


def test_a_word_that_changes_nothing_is_refused_before_it_is_sent(people, city):
    assert city.schema.key
    people.log.clear()
    with pytest.raises(biodata.QueryError, match="Did you mean 'required'"):
        city.connection.extras.change_field("rt_City", "name", requird=True)
    with pytest.raises(biodata.QueryError, match="One of: label, description"):
        city.connection.extras.change_field("rt_City", "name", type="int")
    assert not people.log


def test_an_inherited_field_is_told_to_be_elsewhere(people, city):
    people.faults.add("GET /api/v2/sys_md_Attribute", status=200, body='{"items": [], "total": 0}', times=2)
    for change in (
        lambda: city.connection.extras.remove_field("rt_City", "name"),
        lambda: city.connection.extras.change_field("rt_City", "name", label="x"),
    ):
        with pytest.raises(biodata.SchemaError, match="Field 'name' is not the table's own"):
            change()


def test_a_state_that_nobody_knows_is_no_success(people, city):
    people.faults.add("GET /api/data/sys_job*", status=200, body='{"data": {"status": "CANCELED"}}')
    with pytest.raises(biodata.SchemaError, match="no reason given"):
        city.connection.extras.change_table("rt_City", label="x")


def test_a_table_is_renamed_for_people(city):
    schema = city.connection.extras.change_table("rt_City", label="Towns", description="All of them")
    assert (schema.label, schema.description) == ("Towns", "All of them")
    assert city.connection.extras.change_table("rt_City", label="Cities").description == "All of them"


def test_a_job_is_waited_for(people):
    """It takes 3 seconds of the sandbox's clock, which goes on by one with each request."""
    people.state.import_seconds = 3
    asked = []

    def tick(exchange):
        asked.append(exchange)
        people.clock.advance(1)

    login = {"username": "admin", "password": "admin", "access": "write"}
    url = people.sandbox.url("molgenis")
    with biodata.connect(url, platform="molgenis", on_exchange=tick, **login) as connection:
        assert connection.schema("rt_City")["name"].label == "name"
        asked.clear()
        assert connection.extras.change_field("rt_City", "name", label="slow")["name"].label == "slow"
    assert [(one.method, "sys_job" in one.url) for one in asked] == [
        ("GET", False),
        ("PATCH", False),
        ("GET", True),
        ("GET", True),
        ("GET", True),
        ("GET", False),
    ]


def test_a_job_that_takes_too_long_is_an_error(people):
    people.state.import_seconds = 1000
    extras = people.connect(import_timeout=0.01).extras
    with pytest.raises(biodata.RemoteError) as late:
        extras.change_table("rt_City", label="late")
    assert late.value.code == "BD-REMOTE-TIMEOUT"


def test_whole_types_by_the_wire(rig):
    """PUT replaces what PATCH keeps; a deleted type is gone, unless another needs it."""
    import requests

    rig.state.create_table("t", (Attribute(name="id", is_id=True), Attribute(name="a"), Attribute(name="b")))
    rig.state.create_table("u", (Attribute(name="id", is_id=True), Attribute(name="t", type="xref", ref="t")))
    rig.state.add_rows("t", [{"id": "1", "a": "x", "b": "y"}])
    url = rig.sandbox.url("molgenis") + "/api/metadata/"
    headers = {"x-molgenis-token": rig.state.login("admin", "admin")}
    body = {"label": "T", "attributes": [{"name": "id", "idAttribute": True, "nullable": False}, {"name": "b"}]}
    assert requests.put(url + "t", json=body, headers=headers, timeout=5).status_code == 202
    assert rig.connect()["t"].get("1") == {"id": "1", "b": "y"}
    answer = requests.delete(url + "t", headers=headers, timeout=5)
    assert answer.status_code == 202
    job = requests.get(answer.headers["location"], headers=headers, timeout=5).json()["data"]
    assert (job["status"], "depends on it" in job["progressMessage"]) == ("FAILED", True)
    assert requests.delete(url + "u", headers=headers, timeout=5).status_code == 202
    assert requests.delete(url + "t", headers=headers, timeout=5).status_code == 202
    assert "t" not in rig.state.types


@pytest.mark.parametrize(
    "body",
    [
        {"attributes": 5},
        {"attributes": [5]},
        {"attributes": [{"name": 5}]},
        {"attributes": [{"name": "a", "enumOptions": 5}]},
        {"attributes": [{"name": "a", "range": "1-5"}]},
    ],
)
def test_a_body_of_another_shape_is_refused_by_the_sandbox(rig, body):
    import requests

    rig.state.create_table("t", (Attribute(name="id", is_id=True),))
    headers = {"x-molgenis-token": rig.state.login("admin", "admin")}
    url = rig.sandbox.url("molgenis") + "/api/metadata"
    assert requests.put(f"{url}/t", json=body, headers=headers, timeout=5).status_code == 400
    assert requests.post(url, json={"id": "u", **body}, headers=headers, timeout=5).status_code == 400
    assert rig.connect()["t"].schema.names == ("id",)


def test_a_table_with_the_other_side_of_a_reference_is_not_dropped(people):
    """rt_City has the back side of rt_Person's reference, and would refer to nothing."""
    connection = people.connect()
    with pytest.raises(biodata.WriteError, match="'rt_City' depends on it"):
        connection.drop("rt_Person")
    assert connection["rt_City"].count() == 3
    connection.extras.remove_field("rt_City", "people")
    connection.drop("rt_Person")
    assert [one.name for one in connection.tables()] == ["rt_City"]
