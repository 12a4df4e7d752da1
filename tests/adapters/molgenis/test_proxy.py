"""Behind a reverse proxy: another host in every link, a path before the server's, cookies that nobody asked for."""

from __future__ import annotations

import io
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

import biodata
from biodata.records.types import Field, Schema, String
from tests.core.loopback import Answer, Asked, Loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

INSIDE = "inside.example:8080"


@contextmanager
def proxy(server: str, prefix: str = "", cookie: str = "JSESSIONID=stranger; Path=/") -> Iterator[Loopback]:
    """A proxy that cuts `prefix` off, names itself `INSIDE` to the server, and leaves the answers as they are."""
    there = urlsplit(server)

    def forward(asked: Asked) -> Answer:
        if not asked.path.startswith(f"{prefix}/"):
            return Answer(502, b"<html><title>Bad gateway</title></html>", {"Content-Type": "text/html"})
        line = HTTPConnection(str(there.hostname), there.port)
        headers = {**asked.headers, "host": INSIDE, "connection": "close"}
        line.request(asked.method, asked.path.removeprefix(prefix), asked.body, headers)
        answer = line.getresponse()
        kept = {name: value for name, value in answer.getheaders() if name.lower() in {"content-type", "location"}}
        body = answer.read()
        line.close()
        return Answer(answer.status, body, {**kept, "Set-Cookie": cookie})

    with Loopback(forward) as running:
        yield running


@pytest.mark.parametrize("ending", ["", "/", "/api", "/api/", "/api/v2/"])
@pytest.mark.parametrize("prefix", ["", "/molgenis", "/a/my-api"])
def test_everything_works_below_a_path_and_with_foreign_links(people, prefix, ending):
    with proxy(people.sandbox.url("molgenis"), prefix) as front:
        connection = people.connect(url=front.url.rstrip("/") + prefix + ending)
        _use_everything(connection)
        assert all(one.path.startswith(f"{prefix}/") for one in front.asked)
        assert not [one for one in front.asked if "cookie" in one.headers]
        assert INSIDE.encode() in _page(front, prefix)


def _page(front: Loopback, prefix: str) -> bytes:
    """A page as the proxy gives it, whose next link names a host that nobody can reach."""
    asked = next(one for one in front.asked if one.path.startswith(f"{prefix}/api/v2/rt_City?"))
    line = HTTPConnection(urlsplit(front.url).netloc)
    token = {name: value for name, value in asked.headers.items() if "token" in name}
    line.request("GET", f"{prefix}/api/v2/rt_City?num=1", headers=token)
    body = line.getresponse().read()
    line.close()
    return body


def _use_everything(connection: biodata.Connection) -> None:
    assert {"rt_City", "rt_Person"} <= {one.name for one in connection.tables()}
    person = connection["rt_Person"]
    records = [{"id": f"p{n}", "fullName": f"name {n}", "city": "gro"} for n in range(25)]
    assert person.add(records).created == 25
    assert [row["id"] for row in person.query(order_by="fullName", page_size=4)] == [
        row["id"] for row in sorted(records, key=lambda one: one["fullName"])
    ]
    assert person.count("fullName = 'name 7'") == 1
    assert person.get("p7", fields=["city.name"]) == {"city": {"name": "Groningen"}}
    assert person.query(biodata.col("fullName") == "both ' and \"").to_records() == []
    assert person.update([{"id": "p1", "age": 1}, {"id": "p2", "age": 2}]).updated == 2
    assert person.update({"id": "p1", "age": 3, "notes": "n"}).updated == 1
    assert person.update({"id": "p1", "photo": biodata.Upload(b"\x00\xff", "p.bin")}).updated == 1
    out = io.BytesIO()
    assert connection.extras.download(person.get("p1")["photo"], out) == 2
    made = connection.ensure(Schema("base_made", "id", (Field("id", String(), required=True),)))
    assert made.add({"id": "x"}).created == 1
    connection.drop("base_made")
    assert connection.extras.copy("rt_City", "towns") == "towns"
    assert connection.extras.change_table("towns", label="Towns").label == "Towns"
    assert connection.extras.replace("towns", {"code": "gro", "name": "Grunn"}).updated == 1
    assert connection.extras.import_tables({"towns": [{"code": "x", "name": "X"}]}).tables == ("towns",)
    assert person.delete(["p1", "p2"]).deleted == 2
    assert person.delete(all=True).deleted == 23
    assert connection.identity().user == "admin"


def test_a_cookie_of_a_session_gives_nobody_its_rights(people):
    """The session belongs to the administrator; a client that sent it back would be him and not anonymous."""
    session = people.state.open_session("admin")
    people.state.grant("anonymous", "rt_City", "read")
    cookie = f"JSESSIONID={session}; Path=/"
    with proxy(people.sandbox.url("molgenis"), cookie=cookie) as front:
        connection = people.connect(url=front.url, anonymous=True)
        assert connection["rt_City"].count() == 3
        with pytest.raises(biodata.PermissionDenied):
            connection["rt_Person"].count()
        with pytest.raises(biodata.PermissionDenied):
            connection["rt_City"].add({"code": "x", "name": "x"})


def test_anonymous_reads_behind_a_proxy(people):
    people.state.grant("anonymous", "rt_City", "read")
    with proxy(people.sandbox.url("molgenis"), "/molgenis") as front:
        connection = people.connect(url=f"{front.url}molgenis/api/", anonymous=True)
        assert [row["code"] for row in connection["rt_City"].query(page_size=1)] == ["ams", "gro", "rtm"]
        assert not [one for one in front.asked if "x-molgenis-token" in one.headers]
