"""What explain says will be sent is what the server gets: held to the sandbox's log on each platform."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote

import pytest

import biodata
from biodata.records.types import Field, Integer, Schema, String

if TYPE_CHECKING:
    from pathlib import Path

    from biodata.sandbox import Sandbox
    from biodata.sandbox.log import Received

LONG = "SNP_ID in ({})".format(", ".join(f"'rs{number:0200}'" for number in range(30)))
QUERIES: list[tuple[str, str, dict[str, Any]]] = [
    ("molgenis", "ASE", {"where": "Chr = '19' and Pos > 5", "fields": ["SNP_ID", "Samples"], "order_by": "Pos"}),
    ("molgenis", "ASE", {"where": "Samples like '%3 & 4%' and Chr != ''", "fields": ["SNP_ID"], "limit": 2}),
    ("molgenis", "ASE", {"where": """SNP_ID = 'both '' and "'""", "fields": ["SNP_ID"]}),
    ("molgenis", "ASE", {"where": LONG}),
    ("molgenis", "SampleAse", {"fields": ["ID", "SNP_ID.Chr"], "page_size": 5, "limit": 12}),
    ("opencga", "individuals", {"where": "sex.id = 'MALE' and id != 'a b'", "order_by": "-id", "page_size": 3}),
    ("opencga", "samples", {"where": "creationDate >= '2020-01-01' and creationDate <= '2090-01-01'", "limit": 1}),
    ("opencga", "projects", {}),
    ("opencga", "studies", {"fields": ["id"]}),
    ("gen3", "sample", {}),
    ("gen3", "sample", {"where": "submitter_id in ('NA12878-blood', 'é')", "fields": ["tissue"], "page_size": 2}),
    ("gen3", "sample", {"where": "contains(submitter_id, 'NA') and tissue != 'skin'", "limit": 3}),
]
BASES = {"opencga": "/opencga/webservices/rest/v2"}
LOGINS = re.compile(r"/login|/access_token")


def target(received: Received, base: str) -> str:
    """Method, path and parameters of a request of the log, as explain writes them."""
    path, _, query = received.target.partition("?")
    shown = "&".join(f"{name}={value}" for name, value in parse_qsl(query, keep_blank_values=True))
    return f"{received.method} {unquote(path).removeprefix(base)}" + (f"?{shown}" if shown else "")


def check(line: str, received: Received, base: str) -> None:
    """That the line tells the request, the length of its body included."""
    start = target(received, base)
    if "{each project}" in line:
        line = line.replace("{each project}", dict(parse_qsl(received.target.partition("?")[2]))["project"])
    assert line.startswith(start)
    body = line.removeprefix(start).removeprefix(" ")
    if "urlencoded" in received.headers.get("content-type", ""):
        body = "&".join(f"{name}={quote(value, safe='')}" for name, value in parse_qsl(body))
    assert len(body.encode()) == received.request_bytes


@pytest.mark.parametrize(("platform", "table", "asked"), QUERIES)
def test_the_requests_are_those_that_are_sent(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, platform: str, table: str, asked: dict[str, Any]
) -> None:
    monkeypatch.setenv("BIODATA_CONFIG", str(sandbox.config_path))
    log = sandbox.requests(platform)
    with biodata.connect(platform) as connection:
        result = connection[table].query(**asked)
        told = result.explain().requests
        before = len(list(log))
        list(result)
    sent = [one for one in list(log)[before:] if not LOGINS.search(one.path)]
    assert told
    assert len(sent) >= len(told)
    for line, received in zip(told, sent, strict=False):
        check(line, received, BASES.get(platform, ""))


def test_explaining_reads_no_record(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIODATA_CONFIG", str(sandbox.config_path))
    with biodata.connect("opencga") as connection:
        assert connection["individuals"].schema
        before = len(list(sandbox.requests("opencga")))
        connection["individuals"].query("sex.id = 'MALE'", limit=1).explain()
        assert len(list(sandbox.requests("opencga"))) == before


def test_sql_is_told_as_it_is_run(tmp_path: Path) -> None:
    import duckdb

    with biodata.connect(str(tmp_path / "some.duckdb"), platform="duckdb") as connection:
        connection.ensure(Schema("t", "id", (Field("id", Integer()), Field("name", String()))))
        connection["t"].add([{"id": one, "name": f"n{one}"} for one in range(5)])
        (line,) = connection["t"].query("id > 1 and name != 'n3'", order_by="-id", limit=2).explain().requests
    with duckdb.connect(str(tmp_path / "some.duckdb")) as other:
        assert [row[0] for row in other.execute(line, [1, "n3"]).fetchall()] == [4, 2]
