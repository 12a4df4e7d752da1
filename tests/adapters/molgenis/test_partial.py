"""A partial update changes what it names and nothing else, whatever the row has and by whichever way it goes."""

from __future__ import annotations

import io

import pytest

import biodata
from biodata.records.types import String
from biodata_molgenis.sandbox.model import Attribute
from tests.adapters.molgenis.test_types import ALL, VALUES

MORE = (
    Attribute(name="hidden", visible=False),
    Attribute(name="fixed", read_only=True),
    Attribute(name="level", type="int", default="7"),
    Attribute(name="word", default="given"),
    Attribute(name="second", type="file"),
    Attribute(name="children", type="onetomany", ref="every", mapped_by="parent"),
)
PLACE = (
    Attribute(name="code", type="int", is_id=True),
    Attribute(name="name"),
    Attribute(name="scan", type="file"),
    Attribute(name="guests", type="onetomany", ref="every", mapped_by="xref"),
)
FULL = VALUES | {"hidden": "h", "fixed": "f", "level": None, "word": None, "long": 2**63 - 1, "decimal": 0.1 + 0.2}
CHANGES = {
    "one value": {"string": "new"},
    "some values, a request a record": {"string": "new", "int": 1, "decimal": 2.5, "date": None},
    "a reference": {"xref": 2},
    "a list": {"mref": [1], "string": "new"},
    "an empty text": {"text": ""},
    "a hidden field": {"hidden": "seen"},
    "a default's field": {"level": 3},
    "a file": {"file": biodata.Upload(b"new", "new.txt")},
    "a file and values": {"file": biodata.Upload(b"new", "new.txt"), "string": "new", "floor": None, "friends": []},
    "a file taken away": {"file": None},
    "children": {"children": []},
}


@pytest.fixture
def every(rig):
    rig.state.create_table("place", PLACE)
    rig.state.create_table("every", (*ALL, *MORE))
    connection = rig.connect()
    scan = biodata.Upload(b"scan", "scan.png")
    connection["place"].add([{"code": 1, "name": "one", "scan": scan}, {"code": 2}]).raise_for_refused()
    files = {"file": biodata.Upload(b"1", "1.txt"), "second": biodata.Upload(b"2", "2.txt")}
    rows = [{**FULL, **files, "id": key} for key in ("one", "two")]
    connection["every"].add([{**row, "parent": None} for row in rows]).raise_for_refused()
    connection["every"].update([{"id": key, "children": [key]} for key in ("one", "two")]).raise_for_refused()
    return connection["every"]


def stored(table, key):
    """Everything that is known of a row and of the place that it refers to, with the files' content."""
    row = table.get(key)
    place = table.connection["place"].get(1)
    return {**row, "place": {name: value for name, value in place.items() if name != "guests"}}, {
        name: content(table, value) for name, value in (*row.items(), *place.items()) if isinstance(value, dict)
    }


def content(table, file):
    out = io.BytesIO()
    table.connection.extras.download(file, out)
    return out.getvalue()


def without(found, names):
    row, contents = found
    return [{name: value for name, value in one.items() if name not in names} for one in (row, contents)]


def linked(changes):
    """The fields that change with those given: the two sides of one reference."""
    return {*changes, "parent"} if "children" in changes else {*changes}


@pytest.mark.parametrize("verb", ["update", "upsert"])
@pytest.mark.parametrize("keys", [("one",), ("one", "two")])
@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
def test_what_is_not_named_stays(every, changes, keys, verb):
    before = {key: stored(every, key) for key in ("one", "two")}
    assert before["one"][0]["children"] == ["one"]
    assert before["one"][0]["level"] is None
    receipt = getattr(every, verb)([{"id": key, **changes} for key in keys])
    assert receipt.updated == len(keys), receipt.outcomes
    for key in ("one", "two"):
        changed = linked(changes) if key in keys else set()
        assert without(stored(every, key), changed) == without(before[key], changed)


def test_a_parent_with_a_new_file_keeps_its_children(every):
    places = every.connection["place"]
    before = places.get(1)
    assert before["guests"] == ["one", "two"]
    assert places.update({"code": 1, "scan": biodata.Upload(b"other", "scan.png")}).updated == 1
    after = places.get(1)
    assert {**after, "scan": None} == {**before, "scan": None}
    assert content(every, after["scan"]) == b"other"


def test_a_field_that_is_new_since_the_schema_was_read_stays(rig, every):
    other = rig.connect()
    other.extras.add_field("every", biodata.Field("late", String()))
    assert other["every"].update({"id": "one", "late": "kept"}).updated == 1
    assert "late" not in every.schema
    assert every.update({"id": "one", "file": biodata.Upload(b"new", "new.txt")}).updated == 1
    assert other["every"].get("one")["late"] == "kept"
