"""Tables and schemas."""

from __future__ import annotations

import pytest

import biodata
from biodata.records.types import (
    Boolean,
    Date,
    DateTime,
    Field,
    File,
    Float,
    Integer,
    List,
    Reference,
    Schema,
    String,
)
from biodata_molgenis.emx import emx
from biodata_molgenis.sandbox.model import Attribute

ID = (Field("id", String(), required=True),)
TYPES = {
    "id": String(max_length=255),
    "fullName": String(max_length=255),
    "age": Integer(32),
    "score": Float(),
    "big": Integer(64),
    "active": Boolean(),
    "born": Date(),
    "seen": DateTime(),
    "notes": String(max_length=65535),
    "mail": String(max_length=255),
    "home": String(max_length=255),
    "sex": String(choices=("f", "m")),
    "city": Reference("rt_City"),
    "visited": List(Reference("rt_City")),
    "cat": Reference("rt_City"),
    "cats": List(Reference("rt_City")),
    "photo": File(),
    "lvl": Integer(32),
}


def test_tables_leave_out_the_servers_own(people):
    assert [one.name for one in people.connect().tables()] == ["rt_City", "rt_Person"]
    assert [one.label for one in people.connect().tables()] == ["City", "Person"]


def test_each_type(people):
    schema = people.connect().schema("rt_Person")
    assert {field.name: field.type for field in schema} == TYPES
    assert schema.key == "id"
    assert schema.label == "Person"
    assert [field.name for field in schema if field.required] == ["id", "fullName"]
    assert schema["mail"].unique
    assert schema["lvl"].default == "7"


def test_the_back_side_of_a_reference_is_a_list_that_may_be_left_out(people):
    table = people.connect()["rt_City"]
    people.connect()["rt_Person"].add({"id": "p1", "fullName": "x", "city": "gro"})
    field = table.schema["people"]
    assert field.type == List(Reference("rt_Person"))
    assert (field.required, field.read_only) == (False, False)
    assert table.get("gro")["people"] == ["p1"]
    assert table.get("ams")["people"] == []


def test_the_parts_of_a_compound_stand_in_its_place(rig):
    attributes = (
        Attribute(name="id", is_id=True),
        Attribute(name="address", type="compound"),
        Attribute(name="street", part_of="address"),
        Attribute(name="number", type="int", part_of="address"),
    )
    rig.state.create_table("t", attributes)
    rig.state.add_rows("t", [{"id": "a", "street": "s", "number": 3}])
    table = rig.connect()["t"]
    assert table.schema.names == ("id", "street", "number")
    assert list(table.query()) == [{"id": "a", "street": "s", "number": 3}]


def test_automatic_and_computed_fields(rig):
    attributes = (
        Attribute(name="id", is_id=True, auto=True),
        Attribute(name="n", type="int"),
        Attribute(name="twice", type="int", expression="$('n').times(2).value()"),
    )
    rig.state.create_table("t", attributes)
    schema = rig.connect().schema("t")
    assert (schema["id"].generated, schema["id"].required, schema["id"].read_only) == (True, False, False)
    assert (schema["twice"].generated, schema["twice"].read_only) == (True, True)


def test_a_schema_takes_one_request_and_is_kept(people):
    connection = people.connect()
    connection.tables()
    people.log.clear()
    connection.schema("rt_Person")
    connection.schema("rt_Person")
    assert len(people.log) == 1
    connection.schema("rt_Person", refresh=True)
    assert len(people.log) == 2


def test_an_unknown_table_names_a_near_one(people):
    with pytest.raises(biodata.NotFound) as caught:
        people.connect().schema("rt_Persn")
    assert caught.value.code == "BD-NOT-FOUND-TABLE"
    assert "rt_Person" in str(caught.value)


MADE = Schema(
    table="made_things",
    key="id",
    label="Things",
    fields=(
        Field("id", String(max_length=20), required=True, unique=True),
        Field("name", String(max_length=100), required=True),
        Field("story", String()),
        Field("kind", String(choices=("a", "b"))),
        Field("n", Integer(32, minimum=0, maximum=10)),
        Field("big", Integer()),
        Field("x", Float()),
        Field("yes", Boolean()),
        Field("day", Date()),
        Field("at", DateTime()),
        Field("city", Reference("rt_City")),
        Field("cities", List(Reference("rt_City"))),
    ),
)


def test_ensure_makes_a_table_once(people):
    connection = people.connect()
    table = connection.ensure(MADE)
    schema = table.schema
    assert schema.names == MADE.names
    assert [field.type.kind for field in schema] == [field.type.kind for field in MADE]
    assert schema["kind"].type == String(choices=("a", "b"))
    assert (schema["n"].type, schema["name"].required) == (Integer(32, 0, 10), True)
    table.add({"id": "1", "name": "one", "story": "long " * 1000, "cities": ["gro"]})
    people.log.clear()
    connection.ensure(MADE)
    assert not people.asked("POST")
    assert table.count() == 1
    connection.drop("made_things")
    assert "made_things" not in [one.name for one in connection.tables()]
    with pytest.raises(biodata.NotFound):
        connection.schema("made_things")


def test_ensure_refuses_another_shape(people):
    other = Schema("rt_City", "code", (Field("code", String()), Field("name", Integer()), Field("size", Integer())))
    with pytest.raises(biodata.SchemaError) as caught:
        people.connect().ensure(other)
    assert caught.value.code == "BD-SCHEMA-DIFFERS"
    assert "name, size, people" in str(caught.value)


def test_ensure_refuses_what_the_server_cannot_have(people):
    listed = Schema("t", "id", (Field("id", String()), Field("words", List(String()))))
    paired = Schema("t", ("a", "b"), (Field("a", String()), Field("b", String())))
    for schema, code in ((listed, "BD-SCHEMA-TYPE"), (paired, "BD-SCHEMA-KEY")):
        with pytest.raises(biodata.SchemaError) as caught:
            people.connect().ensure(schema)
        assert caught.value.code == code


@pytest.mark.parametrize("name", ["a b", "a-b", "1a", "meta", "é", "a.b"])
def test_names_are_refused_here_as_the_server_refuses_them(people, tmp_path, name):
    connection = people.connect()
    for schema in (Schema("t_x", "id", (Field("id", String()), Field(name, String()))), Schema(name, "id", ID)):
        with pytest.raises(biodata.SchemaError) as caught:
            connection.would_make(schema)
        assert caught.value.code == "BD-SCHEMA-NAME"
        (tmp_path / "emx.zip").write_bytes(emx(schema))
        with pytest.raises(biodata.WriteError, match=r"reserved keyword|Invalid (name|characters)"):
            connection.extras.upload(tmp_path / "emx.zip")


@pytest.mark.parametrize("name", ["a_b", "A1", "n#1", "a-en", "base_t", "Meta"])
def test_names_are_taken_here_as_the_server_takes_them(people, name):
    schema = Schema("t_x", "id", (*ID, Field(name, String())))
    connection = people.connect()
    assert connection.would_make(schema)
    assert connection.ensure(schema).schema.names == ("id", name)


def test_drop_of_an_unknown_table(rig):
    with pytest.raises(biodata.NotFound):
        rig.connect().drop("nope")


def test_an_import_that_fails_says_why(people):
    lost = Schema("t_x", "id", (Field("id", String()), Field("there", Reference("t_nowhere"))))
    with pytest.raises(biodata.SchemaError) as caught:
        people.connect().ensure(lost)
    assert "refuses the table" in str(caught.value)
