"""Rows of the server's JSON as records."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

import biodata
from biodata_molgenis.decode import records

GOOD = {
    "id": "p",
    "age": 3,
    "score": 2,
    "big": 2**63 - 1,
    "active": True,
    "born": "2024-02-29",
    "seen": "2024-01-01T00:30:00+01:00",
    "city": {"_href": "/api/v2/rt_City/gro", "code": "gro", "name": "Groningen"},
    "visited": [{"_href": "/api/v2/rt_City/gro", "code": "gro"}],
    "photo": {"_href": "/api/v2/sys_FileMeta/1", "id": "1", "filename": "me.png"},
}
DONE = GOOD | {
    "score": 2.0,
    "born": date(2024, 2, 29),
    "seen": datetime(2023, 12, 31, 23, 30, tzinfo=UTC),
    "city": "gro",
    "visited": ["gro"],
    "photo": {"id": "1", "filename": "me.png"},
}
BAD = [
    ("fullName", 5),
    ("age", 1.5),
    ("age", True),
    ("age", "3"),
    ("score", "much"),
    ("active", "true"),
    ("born", "2024-02-30"),
    ("seen", "0001-01-01T00:00:00+14:00"),
    ("seen", 5),
    ("city", {"href": "/api/v1/rt_Person/p/city"}),
    ("city", "gro"),
    ("visited", ["gro"]),
    ("visited", {"href": "/api/v1/rt_Person/p/visited"}),
    ("photo", "me.png"),
]


@pytest.fixture
def person(people):
    return people.connect()["rt_Person"]


def test_values_by_their_types_and_what_is_absent(person):
    full, empty = records([GOOD, {}], person.schema.names, person.schema)
    assert full == dict.fromkeys(person.schema.names) | {"cats": []} | DONE
    assert empty == dict.fromkeys(person.schema.names) | {"visited": [], "cats": []}
    assert list(full) == list(person.schema.names)
    assert records([GOOD], ["seen", "age"], person.schema) == [{"seen": DONE["seen"], "age": 3}]


def test_an_envelope_of_v1_is_a_list(person):
    row = {"visited": {"href": "/api/v1/rt_Person/p/visited", "total": 1, "items": [{"code": "ams"}]}}
    assert records([row], ["visited"], person.schema) == [{"visited": ["ams"]}]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_row_and_field_of_what_does_not_fit_are_named_and_the_value_is_not(person, field, value):
    with pytest.raises(biodata.ProtocolError) as error:
        records([GOOD, {**GOOD, field: value}], person.schema.names, person.schema, start=4000)
    assert f"Field '{field}' of record 4001 is not {person.schema[field].type}," in error.value.message
    assert (error.value.code, error.value.table) == ("BD-REMOTE-FORMAT", "rt_Person")
    assert str(value) not in error.value.message.replace("record 4001", "")


def test_a_field_that_has_become_another_type_since_the_schema_was_read(people, person):
    """The page says so itself, and numbers must not pass for the text that they were."""
    assert person.schema["notes"].type.kind == "string"
    body = {"items": [{"id": "p", "fullName": "x", "notes": 5}], "total": 1}
    people.faults.add("GET /api/v2/rt_Person", status=200, body=json.dumps(body))
    with pytest.raises(biodata.ProtocolError, match="Field 'notes' of record 0 is not string"):
        person.query().to_records()
