"""Every data type of EMX, in both directions."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta, timezone

import msgspec
import pytest

import biodata
from biodata_molgenis.sandbox.model import Attribute

ALL = (
    Attribute(name="id", is_id=True, auto=True),
    Attribute(name="string"),
    Attribute(name="text", type="text"),
    Attribute(name="html", type="html"),
    Attribute(name="script", type="script"),
    Attribute(name="email", type="email"),
    Attribute(name="hyperlink", type="hyperlink"),
    Attribute(name="int", type="int", minimum=-5, maximum=2**31 - 1),
    Attribute(name="long", type="long"),
    Attribute(name="decimal", type="decimal"),
    Attribute(name="bool", type="bool"),
    Attribute(name="date", type="date"),
    Attribute(name="datetime", type="datetime"),
    Attribute(name="enum", type="enum", enum_options=("a", "b")),
    Attribute(name="address", type="compound"),
    Attribute(name="street", part_of="address"),
    Attribute(name="more", type="compound", part_of="address"),
    Attribute(name="floor", type="int", part_of="more"),
    Attribute(name="xref", type="xref", ref="place"),
    Attribute(name="mref", type="mref", ref="place"),
    Attribute(name="categorical", type="categorical", ref="place"),
    Attribute(name="categorical_mref", type="categoricalmref", ref="place"),
    Attribute(name="file", type="file"),
    Attribute(name="parent", type="xref", ref="every"),
    Attribute(name="friends", type="mref", ref="every"),
    Attribute(name="made", type="datetime", auto=True),
)
PLACE = (
    Attribute(name="code", type="int", is_id=True),
    Attribute(name="guests", type="onetomany", ref="every", mapped_by="xref"),
)
VALUES = {
    "id": "one",
    "string": "é, \"q\" 'q' 中",
    "text": "two\nlines",
    "html": "<p>&amp;</p>",
    "script": "print('x') # %s",
    "email": "a@example.org",
    "hyperlink": "https://example.org/?a=b&c=%20#d",
    "int": 2**31 - 1,
    "long": -(2**63),
    "decimal": 1e-300,
    "bool": False,
    "date": date(1969, 12, 31),
    "datetime": datetime(2024, 3, 31, 2, 30, 15, 250000, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    "enum": "b",
    "street": "Broerstraat",
    "floor": -3,
    "xref": 1,
    "mref": [2, 1],
    "categorical": 2,
    "categorical_mref": [1],
    "parent": "one",
    "friends": ["one"],
}  # fmt: skip


@pytest.fixture
def every(rig):
    rig.state.create_table("place", PLACE)
    rig.state.create_table("every", ALL)
    connection = rig.connect()
    assert connection["place"].add([{"code": 1}, {"code": 2}]).created == 2
    return connection["every"]


def checked(row):
    """The row without what the server made, its instants being in UTC."""
    assert row.pop("made").tzinfo is UTC
    assert row["datetime"].utcoffset() == timedelta(0)
    return row


def test_every_type_is_added_changed_and_read(every):
    assert every.add(VALUES).created == 1
    assert checked(every.get("one")) == VALUES | {"file": None}
    assert every.add({"id": "two"}).created == 1
    assert every.update(VALUES | {"id": "two"}).updated == 1
    assert checked(every.get("two")) == VALUES | {"id": "two", "file": None}


def test_every_type_is_cleared(every):
    every.add(VALUES | {"file": biodata.Upload(b"x", "x")})
    assert every.update({"id": "one"} | dict.fromkeys([*VALUES, "file"][1:])).updated == 1
    row = every.get("one")
    assert row.pop("made")
    assert {name for name, value in row.items() if value not in (None, [])} == {"id"}


def test_every_type_travels_with_a_file(every):
    assert every.add(VALUES | {"file": biodata.Upload(b"1", "1.txt")}).created == 1
    before = every.get("one")
    assert checked(dict(before)) == VALUES | {"file": before["file"]}
    assert every.update({"id": "one", "file": biodata.Upload(b"2", "2.txt")}).updated == 1
    after = every.get("one")
    assert {**after, "file": None} == {**before, "file": None}
    out = io.BytesIO()
    every.connection.extras.download(after["file"], out)
    assert out.getvalue() == b"2"


def test_a_long_goes_as_text_where_a_number_would_lose_digits(rig, every):
    for number in (2**53 + 1, -(2**53) - 1, 2**63 - 1):
        every.upsert({"id": "n", "long": number}).raise_for_refused()
        assert every.get("n")["long"] == number
        assert [row["id"] for row in every.query(biodata.col("long") == number)] == ["n"]
        assert every.count(biodata.col("long") == number - 1) == 0


def test_the_schema_says_every_type_and_makes_the_table_again(every):
    schema = every.schema
    assert {field.name: field.options["type"] for field in schema} == {
        one.name: one.type.replace("datetime", "date_time").replace("calmref", "cal_mref")
        for one in ALL
        if one.type != "compound"
    }
    again = every.connection.ensure(msgspec.structs.replace(schema, table="base_again"))
    assert {field.name: field.options["type"] for field in again.schema} == {
        field.name: field.options["type"] for field in schema
    }


def test_the_back_side_of_a_reference_is_written(every):
    places = every.connection["place"]
    every.add([{"id": key} for key in "abc"])
    assert places.add({"code": 3, "guests": ["b", "a"]}).created == 1
    assert places.get(3)["guests"] == ["a", "b"]
    assert [row["xref"] for row in every.get(["a", "b", "c"])] == [3, 3, None]
    assert places.update({"code": 3, "guests": ["b", "a"]}).unchanged == 1
    assert places.upsert({"code": 3, "guests": ["b", "a"]}).unchanged == 1
    assert places.update({"code": 3, "guests": ["c"]}, lists="add").updated == 1
    assert places.update({"code": 3, "guests": ["a"]}, lists="remove").updated == 1
    assert places.get(3)["guests"] == ["b", "c"]
    taken = places.update({"code": 1, "guests": ["b"]})
    assert [one.status for one in taken.outcomes] == ["refused"]
    assert places.update({"code": 3, "guests": None}).updated == 1
    assert every.get("b")["xref"] is None


def test_a_circle_takes_two_passes(rig, every):
    records = [{"id": "a", "parent": "b", "friends": ["b", "a"]}, {"id": "b", "parent": "a", "string": "kept"}]
    assert every.schema.key
    rig.log.clear()
    assert every.add(records).created == 2
    assert [(one.method, one.path) for one in rig.log if one.method != "GET"] == [
        ("POST", "/api/v2/every"),
        ("PUT", "/api/v2/every/friends"),
        ("PUT", "/api/v2/every/parent"),
    ]
    assert [(row["parent"], row["friends"]) for row in every.get(["a", "b"])] == [("b", ["b", "a"]), ("a", [])]
    assert every.get("b")["string"] == "kept"


def test_a_circle_that_cannot_be_closed_says_so(rig, every):
    rig.faults.add("PUT /api/v2/every/parent", status=400, body='{"errors":[{"message":"no","code":"D23"}]}')
    receipt = every.add([{"id": "a", "parent": "b"}, {"id": "b", "parent": "a"}])
    assert [one.status for one in receipt.outcomes] == ["created", "refused"]
    assert "the record is there, without a reference to its own table" in receipt.refused[0].message
    assert every.count() == 2


def test_the_last_of_two_records_of_one_key_wins_in_a_circle(every):
    circle = [{"id": "a", "parent": "b"}, {"id": "b", "parent": "a"}]
    assert every.upsert([*circle, {"id": "b", "parent": None}]).ok
    assert [row["parent"] for row in every.get(["a", "b"])] == ["b", None]


@pytest.mark.parametrize("verb", ["add", "upsert"])
def test_what_is_referred_to_goes_first_through_all_batches(rig, every, verb):
    """The first of 2500 refers to the second, and so on: as they stand, the server would refuse the first batch."""
    records = [{"id": f"{n:04}", "parent": f"{n + 1:04}"} for n in range(2499)]
    records += [{"id": "2499", "friends": ["0000"]}]
    receipt = getattr(every, verb)(records)
    assert receipt.created == 2500
    assert [one.key for one in receipt.outcomes] == [record["id"] for record in records]
    assert every.get("0999")["parent"] == "1000"
    assert every.get("2499")["friends"] == ["0000"]
    assert every.upsert(records).unchanged == 2500


def test_a_key_that_the_server_makes_can_be_referred_to(every):
    (made,) = every.add([{"string": "x"}]).outcomes
    assert every.add({"id": "child", "parent": made.key}).created == 1
    assert every.get("child", fields=["parent.string"]) == {"parent": {"string": "x"}}


def test_lists_are_added_to_and_taken_from(rig, every):
    every.add([{"id": "a", "mref": [1]}, {"id": "b", "mref": [2], "string": "kept"}])
    rig.log.clear()
    assert every.update([{"id": "a", "mref": [2, 1]}, {"id": "b", "mref": [2]}], lists="add").updated == 1
    assert [one.path for one in rig.asked("PUT")] == ["/api/v2/every/mref"]
    assert [row["mref"] for row in every.get(["a", "b"])] == [[1, 2], [2]]
    receipt = every.update([{"id": "a", "mref": [1]}, {"id": "b", "mref": [1], "string": "new"}], lists="remove")
    assert receipt.updated == 2
    assert [row["mref"] for row in every.get(["a", "b"])] == [[2], [2]]
    assert every.get("b")["string"] == "new"
