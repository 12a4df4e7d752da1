"""Where a connection's data are: known before anything is sent."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

import biodata

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = {"rest": {"hosts": [{"name": "prod", "url": "https://omics.example.org/opencga"}], "defaultHost": "prod"}}
GEN3 = {"program": "P", "project": "C"}


@pytest.mark.parametrize(
    ("platform", "address", "settings", "host"),
    [
        ("molgenis", "https://molgenis.example.org/context/api/v2", {}, "molgenis.example.org"),
        ("molgenis", "http://LocalHost:8080", {}, "localhost:8080"),
        ("opencga", "https://omics.example.org:9090/opencga", {"token": "t"}, "omics.example.org:9090"),
        ("gen3", "https://commons.example.org/user", {"token": "t", **GEN3}, "commons.example.org"),
        ("duckdb", ":memory:", {}, "this computer"),
    ],
)
def test_the_host_of_an_address(platform: str, address: str, settings: dict[str, Any], host: str) -> None:
    with biodata.connect(address, platform=platform, **settings) as connection:
        assert connection.host == host


def test_an_opencga_configuration_says_it(tmp_path: Path) -> None:
    (tmp_path / "client-configuration.yml").write_text(json.dumps(CONFIG))
    path = str(tmp_path / "client-configuration.yml")
    with biodata.connect(path, platform="opencga", token="t") as connection:
        assert connection.host == "omics.example.org"


def test_a_gen3_key_says_it_and_the_search_is_there_too(tmp_path: Path) -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"iss": "https://commons.example.org/user"}).encode()).decode()
    (tmp_path / "credentials.json").write_text(json.dumps({"api_key": f"e30.{claims.rstrip('=')}.c2ln"}))
    settings = {"credentials": str(tmp_path / "credentials.json"), **GEN3}
    (tmp_path / "profiles.yml").write_text(
        json.dumps({"profiles": {"commons": {"platform": "gen3", "may_flow_to": [], **settings}}})
    )
    with biodata.connect("commons", config=tmp_path / "profiles.yml") as connection:
        beside = (connection, connection.search, connection.extras.search("all"))
        assert {one.host for one in beside} == {"commons.example.org"}
        assert {one.may_flow_to and one.may_flow_to.profiles for one in beside} == {()}
