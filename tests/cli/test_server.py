"""The command and a server: the MOLGENIS sandbox."""

import json

import pytest

from biodata.sandbox.run import Sandbox


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(("molgenis",)) as servers:
        yield servers


@pytest.fixture(autouse=True)
def _configured(sandbox, monkeypatch):
    monkeypatch.setenv("BIODATA_CONFIG", str(sandbox.config_path))


def test_look_and_read(run):
    assert {json.loads(line)["name"] for line in run("ls", "molgenis").out.splitlines()} >= {"ASE", "SampleAse"}
    assert run("count", "molgenis/SampleAse", "SNP_ID = 'rs12460890'").out == "21\n"
    asked = ("query", "molgenis/ASE", "Chr = '19'", "--fields", "SNP_ID,Pos", "--order-by", "-Pos", "--limit", "10")
    assert run(*asked).out == '{"SNP_ID":"rs12460890","Pos":829568}\n'


def test_a_reference_is_followed(run):
    shown = run("get", "molgenis/SampleAse", "1418785", "--expand", "SNP_ID")
    assert json.loads(shown.out)["SNP_ID"]["Chr"] == "19"
    rows = run(
        "query", "molgenis/SampleAse", "SNP_ID.Chr = '19'", "--fields", "ID,SNP_ID.Pos", "--limit", "1", "-o", "csv"
    )
    assert rows.out.splitlines()[0] == "ID,SNP_ID.Pos"
    lines = run(
        "query", "molgenis/SampleAse", "--fields", "ID", "--expand", "SNP_ID", "--limit", "2"
    ).out.splitlines()
    assert [json.loads(line)["SNP_ID"]["Pos"] for line in lines] == [829568, 829568]
    assert run("query", "molgenis/SampleAse", "--expand", "ID").status == 2


def test_an_odd_key_comes_back(run):
    key = "a/b&c#d'e\" f"
    assert run("add", "molgenis/ASE", "--set", f"SNP_ID={key}", "--set", "Pos=5").status == 0
    assert json.loads(run("get", "molgenis/ASE", key, "--fields", "SNP_ID,Pos").out) == {"SNP_ID": key, "Pos": 5}
    assert json.loads(run("delete", "molgenis/ASE", key).out)["tally"] == {"deleted": 1}


def test_both_kinds_of_quote_in_a_filter(run):
    shown = run("count", "molgenis/ASE", "Chr = 'it''s \"19\"'")
    assert shown == (0, "0\n", "")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("schema", "molgenis/ASEE"), 5, "BD-NOT-FOUND-TABLE"),
        (("query", "molgenis/ASE", "Chrr = '19'"), 2, "Did you mean 'Chr'"),
        (("query", "molgenis/ASE", "Chr = "), 2, "BD-QUERY"),
        (("get", "molgenis/ASE", "no-such-key"), 5, "BD-NOT-FOUND"),
        (("update", "molgenis/ASE", "--set", "SNP_ID=no-such-key", "--set", "Pos=1"), 9, "refused: row 0"),
        (("delete", "molgenis/ASE", ""), 2, "BD-KEY-EMPTY"),
    ],
)
def test_what_goes_wrong(run, arguments, status, said):
    shown = run(*arguments)
    assert shown.status == status
    assert said in shown.err
    assert "no-such-key" not in shown.err
    assert "Traceback" not in shown.err


def test_a_wrong_password(run, sandbox, profiles, monkeypatch):
    profiles(
        f"umcg: {{platform: molgenis, url: '{sandbox.url('molgenis')}', username: admin, password: '${{env:PW}}'}}"
    )
    monkeypatch.delenv("BIODATA_CONFIG")
    monkeypatch.setenv("PW", "not-the-password")
    shown = run("ls", "umcg")
    assert shown.status == 4
    assert "BD-AUTH" in shown.err
    assert "password" in shown.err.partition("hint:")[2]
    assert "not-the-password" not in shown.err
    assert run("doctor", "umcg").status == 4


def test_doctor_says_who_and_what(run):
    shown = run("doctor", "molgenis", "-o", "json")
    assert shown.status == 0, shown.out
    found = {check["name"]: check for check in json.loads(shown.out) if check["subject"] == "molgenis"}
    assert found["server"]["text"].startswith("MOLGENIS")
    assert found["user"]["text"] == "admin"
    assert any("ASE" in line for line in found["rights"]["lines"])
    assert found["token"]["text"].startswith("lives another ")
    assert "token" in run("doctor", "molgenis").out


def test_a_write_that_breaks_off_tells_what_it_had_done(run, sandbox, tmp_path):
    rows = tmp_path / "rows.ndjson"
    rows.write_text("".join(f'{{"SNP_ID": "broken{number:04}"}}\n' for number in range(1500)))
    faults = sandbox.platform("molgenis").faults
    faults.add("POST /api/v2/ASE", delay=0.001)
    faults.add("POST /api/v2/ASE", drop="before")
    faults.add("POST /api/v2/ASE*", times=4, drop="before")
    shown = run("add", "molgenis/ASE", str(rows))
    assert shown.status == 6
    assert json.loads(shown.out)["tally"] == {"created": 1000, "unknown": 500}
    assert "unknown: row 1000" in shown.err
