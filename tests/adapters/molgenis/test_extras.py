"""What MOLGENIS can do beyond the verbs: copies, whole rows, files, the metadata API."""

from __future__ import annotations

import pytest

import biodata
from biodata_molgenis.encode import entity
from biodata_molgenis.sandbox.model import Attribute


def test_a_table_is_copied_with_its_rows(people):
    connection = people.connect()
    assert connection.extras.copy("rt_City", "towns") == "towns"
    assert connection["towns"].count() == 3
    with pytest.raises(biodata.SchemaError, match="towns"):
        connection.extras.copy("rt_City", "towns")
    with pytest.raises(biodata.NotFound):
        connection.extras.copy("nope", "more")
    with pytest.raises(biodata.PermissionDenied):
        people.connect(access="read").extras.copy("rt_City", "again")


def test_whole_rows_replace_what_is_there(people):
    connection = people.connect()
    person = connection["rt_Person"]
    person.add([{"id": f"p{n}", "fullName": "x", "age": n, "lvl": 1, "visited": ["gro"]} for n in range(1001)])
    person.update({"id": "p0", "photo": biodata.Upload(b"x", "x.txt")})
    people.log.clear()
    rows = [{"id": f"p{n}", "fullName": "new"} for n in range(1001)]
    assert connection.extras.replace("rt_Person", rows).updated == 1001
    assert [(one.method, one.path) for one in people.log] == [("PUT", "/api/v2/rt_Person")] * 2
    row = person.get("p1")
    assert (row["fullName"], row["age"], row["lvl"], row["visited"]) == ("new", None, 7, [])
    assert person.get("p0")["photo"] is None


def test_whole_rows_keep_a_file_that_they_name_and_take_a_new_one(people):
    connection = people.connect()
    person = connection["rt_Person"]
    person.add({"id": "p", "fullName": "x", "age": 3, "photo": biodata.Upload(b"x", "x.txt")})
    row = person.get("p")
    assert connection.extras.replace("rt_Person", {**row, "age": 4}).updated == 1
    assert person.get("p") == {**row, "age": 4}
    new = {"id": "p", "fullName": "y", "photo": biodata.Upload(b"y", "y.txt")}
    assert connection.extras.replace("rt_Person", new).updated == 1
    assert (person.get("p")["photo"]["filename"], person.get("p")["age"]) == ("y.txt", None)


def test_a_refused_row_holds_back_its_batch_unless_it_is_isolated(people):
    connection = people.connect()
    connection["rt_Person"].add([{"id": key, "fullName": "x"} for key in "ab"])
    rows = [{"id": "a", "fullName": "y"}, {"id": "nope", "fullName": "y"}, {"id": "b", "fullName": "y", "city": "no"}]
    assert {one.status for one in connection.extras.replace("rt_Person", rows, dry_run=True)} == {"not_sent"}
    assert connection.extras.replace("rt_Person", rows).updated == 0
    receipt = connection.extras.replace("rt_Person", rows, on_refused="isolate")
    assert [one.status for one in receipt.outcomes] == ["updated", "refused", "refused"]
    assert [row["fullName"] for row in connection["rt_Person"].get(["a", "b"])] == ["y", "x"]
    with pytest.raises(biodata.PermissionDenied):
        people.connect(access="read").extras.replace("rt_Person", rows)


def test_whole_rows_keep_what_cannot_be_changed(rig):
    """A read-only value stays because it is sent again; what the server computes is not sent."""
    attributes = (
        Attribute(name="id", is_id=True),
        Attribute(name="a"),
        Attribute(name="fixed", read_only=True),
        Attribute(name="computed", expression="$('a').value()"),
        Attribute(name="scan", type="file"),
    )
    rig.state.create_table("t", attributes)
    connection = rig.connect()
    connection["t"].add({"id": "1", "a": "x", "fixed": "kept"}).raise_for_refused()
    row = connection["t"].get("1")
    for more in ({"a": "y", "computed": "z"}, {"a": "w", "scan": biodata.Upload(b"s", "s.txt")}):
        assert connection.extras.replace("t", {**row, **more}).updated == 1
        assert (connection["t"].get("1")["a"], connection["t"].get("1")["fixed"]) == (more["a"], "kept")
    assert entity(connection["t"].schema, {"id": "1", "computed": "z", "fixed": None}) == {"id": "1", "fixed": None}
    assert connection["t"].schema["fixed"].read_only
    with pytest.raises(biodata.WriteError, match="would empty a, fixed, scan"):
        connection.extras.import_tables({"t": [{"id": "1"}]}, data="update")


@pytest.mark.parametrize("file", [None, "", {}, {"filename": "x.txt"}])
def test_a_download_of_no_file_says_so(people, tmp_path, file):
    with pytest.raises(biodata.QueryError) as none:
        people.connect().extras.download(file, tmp_path / "out")
    assert none.value.code == "BD-QUERY-VALUE"
    assert not list(tmp_path.iterdir())
