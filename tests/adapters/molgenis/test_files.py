"""Files: stored with a record, kept by an update, brought back."""

from __future__ import annotations

import io

import pytest

import biodata
from biodata_molgenis.sandbox.model import Attribute
from tests.adapters.molgenis.test_writing import FULL, outcome

CONTENT = bytes(range(256)) * 20 + b"\r\n--boundary\r\n"


@pytest.fixture
def person(people):
    return people.connect()["rt_Person"]


def content(table, record, field="photo"):
    out = io.BytesIO()
    assert table.connection.extras.download(record[field], out) == len(out.getvalue())
    return out.getvalue()


def test_a_file_is_stored_with_its_record_and_comes_back(people, person, tmp_path):
    path = tmp_path / 'Foto "één".png'
    path.write_bytes(CONTENT)
    assert person.schema.key
    people.log.clear()
    assert person.add({**FULL, "photo": path}).created == 1
    assert [(one.method, one.path) for one in people.log] == [("POST", "/api/v1/rt_Person")]
    stored = person.get("p1")
    assert stored["photo"]["filename"] == path.name
    assert people.state.stored["sys_FileMeta"][stored["photo"]["id"]]["contentType"] == "image/png"
    assert content(person, stored) == CONTENT
    plain = person.get("p1", fields=list(FULL))
    assert plain == {**FULL, "seen": plain["seen"]}
    assert plain["seen"] == FULL["seen"]


def test_content_in_memory_is_a_file_too(person):
    upload = biodata.Upload(CONTENT, "a.dat", "application/x-own")
    assert person.add({"id": "a", "fullName": "x", "photo": upload}).created == 1
    assert content(person, person.get("a")) == CONTENT
    assert "5" in repr(upload)
    assert "a.dat" not in repr(upload)


def test_an_update_without_the_file_keeps_it(person):
    person.add({**FULL, "photo": biodata.Upload(CONTENT, "me.png")})
    before = person.get("p1")
    assert person.update({"id": "p1", "age": 3, "notes": None, "active": False}).updated == 1
    assert person.update({"id": "p1", "visited": ["rtm"]}).updated == 1
    after = person.get("p1")
    assert after == {**before, "age": 3, "notes": None, "active": False, "visited": ["rtm"]}
    assert person.update(after).unchanged == 1
    assert person.update({"id": "p1", "photo": "me.png"}).unchanged == 1
    assert person.upsert({"id": "p1", "photo": {"id": after["photo"]["id"], "filename": "me.png"}}).unchanged == 1
    assert content(person, after) == CONTENT


def test_an_update_with_a_file_keeps_everything_else(people, person):
    person.add(FULL)
    before = person.get("p1")
    people.log.clear()
    assert person.update({"id": "p1", "age": 3, "photo": biodata.Upload(CONTENT, "new.png")}).updated == 1
    assert [one.path for one in people.asked("POST")] == ["/api/v1/rt_Person/p1"]
    after = person.get("p1")
    assert {**after, "photo": None} == {**before, "age": 3}
    assert content(person, after) == CONTENT
    assert person.update({"id": "p1", "photo": biodata.Upload(b"other", "new.png")}).updated == 1
    assert content(person, person.get("p1")) == b"other"


def test_another_file_of_the_row_stays(rig):
    attributes = (
        Attribute(name="n", type="int", is_id=True),
        Attribute(name="one", type="file"),
        Attribute(name="two", type="file"),
    )
    rig.state.create_table("t", attributes)
    table = rig.connect()["t"]
    assert (
        table.add({"n": 5, "one": biodata.Upload(b"1", "1.txt"), "two": biodata.Upload(b"2", "2.txt")}).created == 1
    )
    assert table.update({"n": 5, "one": biodata.Upload(b"one", "1.txt")}).updated == 1
    row = table.get(5)
    assert (content(table, row, "one"), content(table, row, "two")) == (b"one", b"2")
    assert table.update({"n": 5, "two": None}).updated == 1
    row = table.get(5)
    assert row["two"] is None
    assert content(table, row, "one") == b"one"


def test_files_among_other_records(people, person):
    assert person.schema.key
    records = [{"id": f"p{n}", "fullName": "x"} for n in range(6)]
    records[2]["photo"] = biodata.Upload(b"2", "2.txt")
    records[3]["photo"] = biodata.Upload(b"3", "3.txt")
    people.log.clear()
    receipt = person.add(records)
    assert [one.key for one in receipt.outcomes] == [f"p{n}" for n in range(6)]
    assert receipt.created == 6
    paths = [one.path.split("/")[2] for one in people.asked("POST")]
    assert paths == ["v2", "v1", "v1", "v2"]


def test_a_refused_file_holds_back_what_comes_after(person):
    person.add({"id": "p1", "fullName": "x"})
    upload = biodata.Upload(b"1", "1.txt")
    records = [
        {"id": "p0", "fullName": "x"},
        {"id": "p1", "fullName": "x", "photo": upload},
        {"id": "p2", "fullName": "x"},
    ]
    assert [one.status for one in person.add(records)] == ["created", "refused", "not_sent"]
    person.delete("p0")
    assert [one.status for one in person.add(records, on_refused="isolate")] == ["created", "refused", "created"]


def test_an_upsert_takes_files(person):
    upload = biodata.Upload(CONTENT, "1.txt")
    assert person.upsert({"id": "p1", "fullName": "x", "age": 1, "photo": upload}).created == 1
    assert person.upsert({"id": "p1", "fullName": "y", "photo": upload}).updated == 1
    row = person.get("p1")
    assert (row["fullName"], row["age"]) == ("y", 1)
    assert content(person, row) == CONTENT


def test_a_generated_key_is_told_for_a_file_too(rig):
    rig.state.create_table("t", (Attribute(name="id", is_id=True, auto=True), Attribute(name="f", type="file")))
    table = rig.connect()["t"]
    receipt = table.add([{"f": biodata.Upload(b"x", "x")}])
    assert content(table, table.get(receipt.outcomes[0].key), "f") == b"x"


@pytest.mark.parametrize("given", ["me.png", {"id": "x", "filename": "me.png"}])
def test_what_is_no_file_is_refused_before_anything_is_sent(people, person, given):
    assert person.schema.key
    people.log.clear()
    record = {"id": "a", "fullName": "x", "photo": given}
    assert outcome(person.add(record)) == ("refused", "BD-WRITE-FILE", "photo")
    assert not people.asked("POST")


def test_what_cannot_travel_with_a_file_is_refused(people, person, tmp_path):
    upload = biodata.Upload(b"1", "1.txt")
    refused = ("refused", "BD-WRITE-FILE", "photo")
    receipt = person.add({"id": "a", "fullName": "x", "photo": tmp_path / "secret-name"})
    assert outcome(receipt) == refused
    assert "secret-name" not in receipt.outcomes[0].message
    people.connect()["rt_City"].add({"code": "a,b", "name": "x"})
    person.add([{"id": "a", "fullName": "x", "visited": ["a,b"]}, {"id": "s/t", "fullName": "x"}])
    assert outcome(person.update({"id": "a", "photo": upload})) == ("refused", "BD-WRITE-FILE", "visited")
    assert outcome(person.update({"id": "s/t", "photo": upload}))[:2] == refused[:2]
    assert outcome(person.connection.extras.replace("rt_Person", {"id": "s/t", "photo": upload}))[:2] == refused[:2]
    assert outcome(person.update({"id": "nope", "photo": upload}))[:2] == ("refused", "BD-NOT-FOUND")
    assert person.get("a")["visited"] == ["a,b"]


def test_a_lost_answer_to_a_file_is_looked_up(people, person):
    people.faults.add("POST /api/v1/rt_Person", drop="after")
    assert person.add({"id": "a", "fullName": "x", "photo": biodata.Upload(b"x", "x")}).created == 1
    assert person.count() == 1


def test_a_download_replaces_a_file_only_when_all_of_it_came(people, person, tmp_path):
    person.add({"id": "a", "fullName": "x", "photo": biodata.Upload(CONTENT, "x")})
    extras, file = person.connection.extras, person.get("a")["photo"]
    out = tmp_path / "out"
    out.write_bytes(b"before")
    people.faults.add("GET /api/files/*", delay=0.0001)
    people.faults.add("GET /api/files/*", cut=10, times=9)
    with pytest.raises(biodata.RemoteError):
        extras.download(file, out)
    assert out.read_bytes() == b"before"
    people.faults.clear()
    assert extras.download(file["id"], out) == len(CONTENT)
    assert out.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [out]
    with pytest.raises(biodata.NotFound):
        extras.download("nope", out)
