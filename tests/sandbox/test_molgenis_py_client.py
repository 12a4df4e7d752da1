"""molgenis-py-client, unchanged, works on the sandbox."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import molgenis.client
import pytest
from molgenis.errors import MolgenisRequestError

from tests.molgenis_calls import METHODS, calls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from biodata.sandbox import Sandbox

ATTRIBUTES = """name,entity,dataType,idAttribute,labelAttribute,nillable,refEntity
code,lab_City,string,TRUE,,FALSE,
name,lab_City,string,,TRUE,FALSE,
id,lab_Person,string,TRUE,,FALSE,
fullName,lab_Person,string,,TRUE,FALSE,
age,lab_Person,int,,,TRUE,
city,lab_Person,xref,,,TRUE,lab_City
visited,lab_Person,mref,,,TRUE,lab_City
photo,lab_Person,file,,,TRUE,
"""
ENTITIES = "name,label,package\nCity,City,lab\nPerson,Person,lab\n"
CITIES = "code,name\ngro,Groningen\nams,Amsterdam\n"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "emx.zip"
    with zipfile.ZipFile(path, "w") as emx:
        emx.writestr("packages.csv", "name,label\nlab,Lab\n")
        emx.writestr("entities.csv", ENTITIES)
        emx.writestr("attributes.csv", ATTRIBUTES)
        emx.writestr("lab_City.csv", CITIES)
    return path


@pytest.fixture
def session(empty_molgenis: Sandbox, archive: Path) -> Iterator[molgenis.client.Session]:
    client = molgenis.client.Session(empty_molgenis.url("molgenis"))
    client.login("admin", "admin")
    job = client.upload_zip(str(archive))
    run = client.get_by_id("sys_ImportRun", job.rpartition("/")[2], attributes="status,message")
    assert run["status"] == "FINISHED", run["message"]
    yield client
    client._session.close()


@pytest.fixture
def people(session: molgenis.client.Session) -> list[str]:
    rows = [{"id": f"p{number:03}", "fullName": f"Person {number}", "age": number} for number in range(250)]
    return session.add_all("lab_Person", rows)


def test_wrong_password(empty_molgenis: Sandbox) -> None:
    client = molgenis.client.Session(empty_molgenis.url("molgenis"))
    with pytest.raises(MolgenisRequestError) as caught:
        client.login("admin", "wrong")
    assert "Bad credentials" in str(caught.value)
    client._session.close()


def test_get_pages_filters_and_sorts(session: molgenis.client.Session, people: list[str]) -> None:
    assert [row["id"] for row in session.get("lab_Person", batch_size=60)] == people
    found = session.get(
        "lab_Person", q="age=ge=240;age!=245", attributes="id,age", sort_column="age", sort_order="desc"
    )
    assert [row["age"] for row in found] == [249, 248, 247, 246, 244, 243, 242, 241, 240]
    assert len(session.get("lab_Person", num=30, start=100)) == 30
    assert session.get("lab_Person", raw=True)["total"] == 250


def test_get_by_id_and_expand(session: molgenis.client.Session) -> None:
    session.add("lab_Person", id="a", fullName="Ann", city="gro", visited=["ams", "gro"], age=None)
    row = session.get_by_id("lab_Person", "a", expand="city")
    assert (row["fullName"], row["city"]["name"], "age" in row) == ("Ann", "Groningen", False)
    assert session.get("lab_Person", uploadable=True)[0]["visited"] == ["ams", "gro"]


def test_add_with_a_file(session: molgenis.client.Session, tmp_path: Path) -> None:
    path = tmp_path / "face.txt"
    path.write_text("a face", encoding="utf-8")
    with path.open("rb") as file:
        assert session.add("lab_Person", {"id": "f", "fullName": "F"}, files={"photo": file}) == "f"
    photo = session.get_by_id("lab_Person", "f")["photo"]
    assert photo["filename"] == "face.txt"
    content = session._session.get(photo["url"], headers=session._headers.token_header, timeout=10)
    assert content.text == "a face"


def test_update_one_and_all(session: molgenis.client.Session, people: list[str]) -> None:
    session.update_one("lab_Person", "p001", "age", 99)
    session.update_all("lab_Person", [{"id": "p002", "fullName": "Only a name"}])
    assert session.get_by_id("lab_Person", "p001")["age"] == 99
    assert "age" not in session.get_by_id("lab_Person", "p002"), "a whole row was put in its place"


def test_upsert(session: molgenis.client.Session, people: list[str]) -> None:
    session.upsert("lab_Person", [{"id": "p000", "fullName": "Old"}, {"id": "new", "fullName": "New"}])
    assert session.get_by_id("lab_Person", "p000")["fullName"] == "Old"
    assert session.get_by_id("lab_Person", "new")["fullName"] == "New"


def test_delete(session: molgenis.client.Session, people: list[str]) -> None:
    session.delete("lab_Person", "p000")
    session.delete_list("lab_Person", ["p001", "p002", "absent"])
    assert session.get("lab_Person", raw=True)["total"] == 247
    session.delete("lab_Person")
    assert session.get("lab_Person") == []


def test_metadata(session: molgenis.client.Session) -> None:
    meta = session.get_entity_meta_data("lab_Person")
    assert (meta["idAttribute"], meta["labelAttribute"]) == ("id", "fullName")
    assert meta["attributes"]["city"]["refEntity"]["hrefCollection"] == "/api/v1/lab_City"
    assert session.get_attribute_meta_data("lab_Person", "age")["fieldType"] == "INT"
    items = session.get_meta("lab_Person", expand=True)["attributes"]["items"]
    assert [one["data"]["type"] for one in items] == ["string", "string", "int", "xref", "mref", "file"]


def test_errors_carry_the_servers_words(session: molgenis.client.Session) -> None:
    with pytest.raises(MolgenisRequestError, match="Unknown entity type 'nowhere'"):
        session.get("nowhere")
    with pytest.raises(MolgenisRequestError, match="can not be null"):
        session.add("lab_Person", id="x")
    with pytest.raises(MolgenisRequestError, match="Number of entities cannot be more than 1000"):
        session.add_all("lab_City", [{"code": f"c{number}"} for number in range(1001)])


def test_every_method(session: molgenis.client.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client waits 5 s before it asks for an import; here it need not."""
    monkeypatch.setattr(molgenis.client, "sleep", lambda _: None)
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as emx:
        emx.writestr("packages.csv", "name,label\nrt,RT\n")
        emx.writestr("entities.csv", ENTITIES.replace(",lab\n", ",rt\n"))
        emx.writestr("attributes.csv", ATTRIBUTES.replace("lab_", "rt_") + "lvl,rt_Person,int,,,TRUE,\n")
        emx.writestr("rt_City.csv", CITIES)
    session.upload_zip(str(tmp_path / "more.zip"), asynchronous=False)
    with zipfile.ZipFile(tmp_path / "cities.zip", "w") as emx:
        emx.writestr("rt_City.csv", "code,name\nutr,Utrecht\n")
    table = calls(str(tmp_path / "cities.zip"), ("a.txt", b"face"))
    table["login"] = ("read", lambda client: client.login("admin", "admin"))
    got = {}
    for name, (_, call) in table.items():
        got[name] = call(session)
    assert set(got) == METHODS
    assert (got["add"], got["add_all"], got["get_by_id"]["age"]) == ("a%20a", ["b"], 5)
    assert got["get_by_id"]["city"]["name"] == "Groningen"
    assert [row["id"] for row in got["get"]] == ["b"]
    assert got["get_attribute_meta_data"]["fieldType"] == "INT"
    assert got["to_upload_format"] == [{"city": "gro"}]


def test_after_logout_anonymous(session: molgenis.client.Session) -> None:
    session.logout()
    with pytest.raises(MolgenisRequestError, match="No 'Read metadata' permission on entity type 'Entity type'"):
        session.get("lab_City")
