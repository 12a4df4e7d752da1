"""molgenis-py-client on our session: each of its methods, the profile's access, our token, no other server."""

from __future__ import annotations

import zipfile

import pytest
from molgenis.api_support import ImportDataAction, ImportMetadataAction
from molgenis.client import Session

import biodata
from biodata_molgenis import client as ours

METHODS = {name for name, one in vars(Session).items() if callable(one) and not name.startswith("_")}


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "cities.zip"
    with zipfile.ZipFile(path, "w") as emx:
        emx.writestr("rt_City.csv", "code,name\nutr,Utrecht\n")
    return str(path)


def calls(archive, photo):
    """Each method of the client -> a call of it, in an order in which they work; and what it needs."""
    person = {"id": "b", "fullName": "Bob", "age": 5, "lvl": 1, "city": "gro", "visited": ["gro"]}
    add, upsert = ImportDataAction.ADD, ImportMetadataAction.IGNORE
    return {
        "login": ("read", lambda c: c.login("nobody", "wrong")),
        "add": ("write", lambda c: c.add("rt_Person", {"id": "a a"}, files={"photo": photo}, fullName="Ann")),
        "add_all": ("write", lambda c: c.add_all("rt_Person", [person])),
        "get_by_id": ("read", lambda c: c.get_by_id("rt_Person", "b", attributes="id,age", expand="city")),
        "get": ("read", lambda c: c.get("rt_Person", q="age=gt=1;city==gro", batch_size=1, sort_column="id")),
        "update_one": ("write", lambda c: c.update_one("rt_Person", "b", "age", 6)),
        "update_all": ("write", lambda c: c.update_all("rt_Person", [person])),
        "upsert": ("write", lambda c: c.upsert("rt_Person", [person, {**person, "id": "c"}])),
        "delete": ("delete", lambda c: c.delete("rt_Person", "c")),
        "delete_list": ("delete", lambda c: c.delete_list("rt_Person", ["b"])),
        "get_entity_meta_data": ("read", lambda c: c.get_entity_meta_data("rt_Person")),
        "get_attribute_meta_data": ("read", lambda c: c.get_attribute_meta_data("rt_Person", "age")),
        "get_meta": ("read", lambda c: c.get_meta("rt_City", expand=True)),
        "to_upload_format": ("read", lambda c: c.to_upload_format("rt_Person", [{"city": {"code": "gro"}}])),
        "upload_zip": ("write", lambda c: c.upload_zip(archive, add, upsert, asynchronous=False)),
        "import_data": ("write", lambda c: c.import_data({"rt_City": [{"code": "x", "name": "y"}]}, add, upsert)),
        "logout": ("read", lambda c: c.logout()),
    }


def test_each_method_works(people, archive):
    connection = people.connect()
    got = {name: call(connection.client) for name, (_, call) in calls(archive, ("a.txt", b"face")).items()}
    assert set(got) == METHODS, "a method of the client is not tried"
    assert got["add"] == "a%20a"
    assert got["get_by_id"]["city"]["name"] == "Groningen"
    assert [row["id"] for row in got["get"]] == ["b"]
    assert got["get_entity_meta_data"]["idAttribute"] == "id"
    assert got["to_upload_format"] == [{"city": "gro"}]
    assert {row["code"] for row in connection["rt_City"].query()} >= {"utr", "x"}
    assert [row["id"] for row in connection["rt_Person"].query()] == ["a a"]
    assert people.logins() == 1, "ours, and the client's own login sent nothing"
    assert not people.asked("POST", "/api/v1/logout")


@pytest.mark.parametrize(("access", "allowed"), [("read", {"read"}), ("write", {"read", "write"})])
def test_access_is_held(people, archive, access, allowed):
    people.state.add_rows("rt_Person", [{"id": "b", "fullName": "Bob", "age": 5, "city": "gro"}])
    client = people.connect(access=access).client
    for name, (needed, call) in calls(archive, ("a.txt", b"face")).items():
        if needed in allowed:
            continue
        with pytest.raises(biodata.PermissionDenied) as caught:
            call(client)
        assert (caught.value.code, name) == ("BD-ACCESS", name)
    sent = {one.method for one in people.log if "/login" not in one.path}
    assert "DELETE" not in sent
    assert access == "write" or sent <= {"GET"}


def test_a_tunnelled_method_is_held_too(people):
    connection = people.connect(access="write")
    with pytest.raises(biodata.PermissionDenied):
        connection.client._session.post(f"{connection.client._api_url}v1/rt_City?_method=DELETE")
    assert connection["rt_City"].count() == 3


def test_the_token_is_ours_and_is_renewed(people):
    client = people.connect().client
    assert len(client.get("rt_City")) == 3
    people.state.end_tokens()
    assert len(client.get("rt_City")) == 3
    assert people.logins() == 2
    assert client._token is None
    assert "held" in client._headers.token


def test_an_anonymous_write_says_that_it_is_json(people):
    people.state.grant("anonymous", "rt_City", "write")
    client = people.connect(anonymous=True).client
    assert client.add_all("rt_City", [{"code": "x", "name": "y"}]) == ["x"]


def test_no_other_server(people):
    client = people.connect().client
    with pytest.raises(biodata.ProtocolError):
        client._session.get("http://127.0.0.1:1/api/v2/rt_City")
    client._api_url = "http://127.0.0.1:1/api/"
    with pytest.raises(biodata.ProtocolError):
        client.get("rt_City")


def test_errors_are_biodatas_and_hold_no_value(people):
    client = people.connect().client
    with pytest.raises(biodata.NotFound):
        client.get_by_id("rt_City", "secretkey")
    with pytest.raises(biodata.BiodataError) as caught:
        client.add("rt_City", code="gro", name="Groningen")
    assert "gro" not in str(caught.value).lower()


def test_an_unknown_version_is_refused(people, monkeypatch):
    monkeypatch.setattr(ours, "KNOWN", "9.9")
    with pytest.raises(biodata.ConfigError, match="not known"):
        _ = people.connect().client


def test_ours_is_not_wrapped_again(people):
    with pytest.raises(biodata.ConfigError):
        biodata.connect(people.connect().client)
