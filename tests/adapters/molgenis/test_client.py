"""molgenis-py-client on our session: each of its methods, the profile's access, our token, no other server."""

from __future__ import annotations

import zipfile

import pytest

import biodata
from biodata_molgenis import client as ours
from tests.molgenis_calls import METHODS, calls


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "cities.zip"
    with zipfile.ZipFile(path, "w") as emx:
        emx.writestr("rt_City.csv", "code,name\nutr,Utrecht\n")
    return str(path)


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


@pytest.mark.parametrize("query", ["_method=DELETE", "_method=delete", "_method=DELETE&_method=GET"])
def test_a_tunnelled_method_is_held_too(people, query):
    connection = people.connect(access="write")
    with pytest.raises(biodata.PermissionDenied):
        connection.client._session.post(f"{connection.client._api_url}v1/rt_City?{query}")
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
    with pytest.raises(biodata.ProtocolError, match="another server"):
        client._session.get("http://127.0.0.1:1/api/v2/rt_City")
    client._api_url = "http://127.0.0.1:1/api/"
    with pytest.raises(biodata.ProtocolError, match="another server"):
        client.get("rt_City")


@pytest.mark.parametrize("name", ["x+y", "a#b", "100%", "é 1"])
def test_what_the_client_writes_into_an_address_arrives(people, name):
    people.state.add_rows("rt_City", [{"code": "z", "name": name}])
    client = people.connect().client
    found = client.get("rt_City", q=f"name=='{name}'", attributes="code", sort_column="code", batch_size=7)
    assert [row["code"] for row in found] == ["z"]


def test_a_key_with_a_blank_or_a_plus_is_found_and_deleted(people):
    """On its own the client asks for `a+b` where it means `a b`: it deletes nothing, and says nothing."""
    people.state.add_rows("rt_City", [{"code": "a b", "name": "A"}, {"code": "a+b", "name": "B"}])
    connection = people.connect()
    client = connection.client
    assert [client.get_by_id("rt_City", key)["name"] for key in ("a b", "a+b")] == ["A", "B"]
    client.update_one("rt_City", "a+b", "name", "C")
    client.delete("rt_City", "a b")
    assert connection["rt_City"].get(["a b", "a+b"]) == [{"code": "a+b", "name": "C", "people": []}]


def test_an_ampersand_that_would_cut_its_query_is_refused(people):
    client = people.connect().client
    people.log.clear()
    with pytest.raises(biodata.QueryError) as caught:
        client.get("rt_City", q="name=='Smith&Jones'", sort_column="code")
    assert (caught.value.code, "Jones" in str(caught.value)) == ("BD-QUERY-NATIVE", False)
    assert not [one for one in people.log if "Smith" in one.target]


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
