"""`biodata doctor`."""

import json

import pytest

from biodata.adapter import Identity
from biodata.cli.checks import _identity, duration
from biodata.registry import adapter_class


def checks(text):
    return {(check["subject"], check["name"]): check for check in json.loads(text)}


def test_a_fresh_installation_is_well(run):
    shown = run("doctor", "-o", "json")
    assert shown.status == 0
    found = checks(shown.out)
    assert found["installation", "namesake"]["level"] == "ok"
    assert found["installation", "profiles"]["level"] == "warn"
    assert "duckdb" in found["installation", "extras"]["text"]


def test_somebody_elses_biodata_is_found(program, home):
    info = home / "site" / "biodata-0.4.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: biodata\nVersion: 0.4\n")
    shown = program("doctor", "-o", "json", env={"PYTHONPATH": str(home / "site")})
    assert shown.status == 1
    namesake = checks(shown.out)["installation", "namesake"]
    assert namesake["level"] == "fail"
    assert "biodata 0.4" in namesake["text"]


def test_a_local_file_and_a_server_that_is_not_there(run, profiles, home):
    profiles(
        f"local: {{platform: duckdb, path: '{home}/local.duckdb'}}",
        "umcg: {platform: molgenis, url: http://127.0.0.1:9, timeout: 5}",
    )
    shown = run("doctor", "-o", "json")
    found = checks(shown.out)
    assert shown.status == 6
    assert found["local", "server"]["level"] == "ok"
    assert ("local", "user") not in found
    assert found["umcg", "connection"]["code"] == "BD-REMOTE-CONNECT"
    assert run("doctor", "local").status == 0
    assert "FAIL" in run("doctor", "umcg").out


def test_a_broken_file_is_told_and_does_not_stop_it(run, profiles):
    profiles("umcg: [")
    shown = run("doctor")
    assert shown.status == 3
    assert "BD-CONFIG" in shown.out
    assert "python" in shown.out


def test_an_unknown_profile(run):
    assert run("doctor", "umcg").status == 3


class Connection:
    adapter = adapter_class("molgenis")

    def __init__(self, identity):
        self._identity = identity

    def identity(self):
        return self._identity


@pytest.mark.parametrize(
    ("identity", "name", "level", "said"),
    [
        (Identity(server="MOLGENIS", version="8.4"), "server", "ok", "MOLGENIS 8.4"),
        (Identity(server="MOLGENIS"), "user", "warn", "anonymous"),
        (Identity(server="MOLGENIS", user="me"), "user", "ok", "me"),
        (Identity(server="MOLGENIS", token_seconds=7199), "token", "ok", "1 h 59 min"),
        (Identity(server="Gen3", key_seconds=86_400 * 29 + 7), "key", "ok", "29 d 7 s"),
        (Identity(server="Gen3", key_seconds=86_400 * 6), "key", "warn", "6 d"),
        (Identity(server="MOLGENIS", notes=("this is EMX2",)), "note", "note", "this is EMX2"),
    ],
)
def test_what_an_identity_says(identity, name, level, said):
    found = {check.name: check for check in _identity("umcg", Connection(identity))}
    assert found[name].level == level
    assert said in found[name].text


def test_durations():
    assert duration(0) == "0 s"
    assert duration(45.9) == "45 s"
    assert duration(7200) == "2 h"
