"""The command on MOLGENIS: every data type through each file format, and files."""

from __future__ import annotations

import json

import pytest

from biodata.cli.main import status_of
from tests.adapters.molgenis.test_types import ALL, PLACE, VALUES

OTHER = {
    "id": "two",
    "string": "NA",
    "text": "null",
    "long": 2**53 + 1,
    "decimal": 0.1 + 0.2,
    "friends": ["one", "two"],
}


@pytest.fixture
def every(rig):
    rig.state.create_table("place", PLACE)
    rig.state.create_table("every", ALL)
    connection = rig.connect()
    connection["place"].add([{"code": 1}, {"code": 2}]).raise_for_refused()
    connection["every"].add([VALUES, OTHER]).raise_for_refused()
    return connection["every"]


@pytest.fixture
def run(rig, capfd):
    """`run("get", "molgenis/every", "one")` gives status, stdout and stderr."""

    def call(*arguments):
        capfd.readouterr()
        status = status_of(["--config", str(rig.sandbox.config_path), *map(str, arguments)])
        return status, *capfd.readouterr()

    return call


@pytest.mark.parametrize("ending", ["json", "ndjson", "csv", "tsv", "parquet", "arrow", "xlsx"])
def test_every_type_goes_out_and_comes_back(every, run, tmp_path, ending):
    file, before = tmp_path / f"every.{ending}", every.get(["one", "two"])
    assert run("query", "molgenis/every", "--output", file)[0] == 0
    status, out, err = run("upsert", "molgenis/every", file)
    assert (status, json.loads(out)["tally"]) == (0, {"unchanged": 2}), err
    every.delete(all=True)
    status, out, err = run("add", "molgenis/every", file)
    assert (status, json.loads(out)["tally"]) == (0, {"created": 2}), err
    assert every.get(["one", "two"]) == before


def test_one_field_of_one_record_by_hand(every, run):
    before = every.get("one")
    sets = ["--set", "id=one", "--set", f"long={2**53 + 1}", "--set", "datetime=2024-01-01T01:00:00+01:00"]
    assert run("update", "molgenis/every", *sets, "--set", "mref=1")[0] == 0
    status, out, _ = run("get", "molgenis/every", "one", "-o", "json")
    (row,) = json.loads(out)
    assert (status, row["long"], row["datetime"], row["mref"]) == (0, 2**53 + 1, "2024-01-01T00:00:00Z", [1])
    changed = {"long": 0, "datetime": 0, "mref": 0}
    assert {**every.get("one"), **changed} == {**before, **changed}
    assert run("update", "molgenis/every", "--set", "id=one", "--set", "mref=[2]", "--lists", "add")[0] == 0
    assert every.get("one")["mref"] == [1, 2]
    assert run("update", "molgenis/every", "--set", "id=one", "--set", "mref=1", "--lists", "remove")[0] == 0
    assert every.get("one")["mref"] == [2]


def test_a_file_by_hand(every, run, tmp_path):
    scan = tmp_path / "scan.png"
    scan.write_bytes(b"\x00pixels")
    before = every.get("one")
    status, _, err = run("update", "molgenis/every", "--set", "id=one", "--set", f"file=@{scan}")
    assert status == 0, err
    row = every.get("one")
    assert every.connection.extras.download(row["file"], tmp_path / "back.png") == 7
    assert (tmp_path / "back.png").read_bytes() == b"\x00pixels"
    assert {**row, "file": None} == before
    assert run("update", "molgenis/every", "--set", "id=one", "--set", "file=")[0] == 0
    assert every.get("one") == before


def test_a_file_is_not_opened_because_a_table_says_so(every, run, tmp_path):
    """Only what is typed is a path: in a file's cell, and in a field of text, it is text."""
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (tmp_path / "in.csv").write_text(f"id,file\none,@{secret}\n")
    status, _, err = run("update", "molgenis/every", tmp_path / "in.csv")
    assert (status, "--set FIELD=@PATH" in err) == (9, True)
    assert run("update", "molgenis/every", "--set", "id=one", "--set", f"string=@{secret}")[0] == 0
    assert (every.get("one")["string"], every.get("one")["file"]) == (f"@{secret}", None)
    status, _, err = run("update", "molgenis/every", "--set", "id=one", "--set", f"file=@{tmp_path / 'secert.txt'}")
    assert (status, "secret.txt" in err) == (2, True)
