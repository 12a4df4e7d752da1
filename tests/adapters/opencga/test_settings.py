"""The keys of a profile, and client-configuration.yml in both shapes."""

from __future__ import annotations

import pytest

import biodata
from biodata.config.settings import settings_from_values
from biodata_opencga.sandbox.demo import ORGANIZATION, OWNER, PASSWORDS
from biodata_opencga.settings import OpencgaSettings, check_login, server_root

SHIPPED = """\
logLevel: INFO
rest:
  hosts:
    - {name: test, url: https://test.example.org/opencga}
    - {name: prod, url: https://opencga.example.org/opencga/}
  defaultHost: prod
  tokenAutoRefresh: true
  query: {batchSize: 200, limit: 2000}
grpc: {host: "localhost:9091"}
"""
HOSTS = [{"name": "a", "url": "https://a.example.org"}, {"name": "b", "url": "https://opencga.example.org/opencga"}]


def settings(**values):
    return settings_from_values(OpencgaSettings, values)


@pytest.mark.parametrize(
    "values",
    [
        {"url": "https://opencga.example.org/opencga"},
        {"url": "https://opencga.example.org/opencga/webservices/rest/v2/"},
        {"config": {"rest": {"host": "https://opencga.example.org/opencga"}}},
        {"config": {"rest": {"hosts": [{"name": "a", "url": "https://opencga.example.org/opencga/"}]}}},
        {"config": {"rest": {"hosts": HOSTS, "defaultHost": "b"}}},
        {"config": {"rest": {"hosts": HOSTS, "defaultHostIndex": 1}}},
        {"config": {"rest": {"hosts": HOSTS, "defaultHost": "b", "defaultHostIndex": 0}}},
    ],
)
def test_addresses(values):
    assert server_root(settings(**values)) == "https://opencga.example.org/opencga"


def test_the_file_that_the_server_ships(tmp_path):
    path = tmp_path / "client-configuration.yml"
    path.write_text(SHIPPED, encoding="utf-8")
    assert server_root(settings(config=str(path))) == "https://opencga.example.org/opencga"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"url": "https://a.example.org/", "config": {"rest": {"host": "https://b.example.org"}}},
        {"config": {}},
        {"config": {"rest": {}}},
        {"config": {"rest": {"host": "opencga.example.org"}}},
        {"config": {"rest": {"hosts": HOSTS[:1], "defaultHost": "b"}}},
        {"config": {"rest": {"hosts": HOSTS, "defaultHostIndex": 2}}},
        {"config": {"rest": {"hosts": HOSTS, "defaultHostIndex": "b"}}},
        {"config": {"rest": {"hosts": HOSTS, "defaultHostIndex": -1}}},
    ],
)
def test_addresses_that_are_none(values):
    with pytest.raises(biodata.ConfigError):
        server_root(settings(**values))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"user": "me"},
        {"password": "x"},
        {"token": "t", "user": "me", "password": "x"},
        {"token": "t", "session": "file.json"},
        {"session": "file.json", "password": "x"},
    ],
)
def test_logins_that_are_none(values):
    with pytest.raises(biodata.ConfigError) as caught:
        check_login(settings(url="https://a.example.org/", **values))
    assert caught.value.code == "BD-CONFIG-LOGIN"


def test_a_file_is_an_address_too(rig, tmp_path):
    path = tmp_path / "client-configuration.yml"
    path.write_text(SHIPPED.replace("https://opencga.example.org/opencga/", rig.url), encoding="utf-8")
    login = {"user": OWNER, "password": PASSWORDS[OWNER], "organization": ORGANIZATION}
    with biodata.connect(str(path), platform="opencga", **login) as connection:
        assert connection["samples"].count() == 17
        assert connection.client.samples.search(limit=0, count=True).get_num_matches() == 17


def test_a_configuration_opens_a_connection(rig):
    config = {"rest": {"hosts": [{"name": "here", "url": rig.url}], "defaultHost": "here"}}
    assert rig.connect(url=None, config=config)["samples"].count() == 17
