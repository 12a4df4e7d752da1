"""What the command does with a commons on loopback: exports, sheets, numbers of records, dependants."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from biodata.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def commons(home: Path) -> Iterator[Any]:
    """The platform of a sandbox that the profile `commons` leads to."""
    with Sandbox(("gen3",)) as sandbox:
        values = {"platform": "gen3", "access": "delete", **sandbox.entries["gen3"]}
        directory = home / "config"
        directory.mkdir()
        (directory / "profiles.yml").write_text(json.dumps({"profiles": {"commons": values}}))
        yield sandbox.platform("gen3")


def test_a_node_to_a_file_and_back_to_another_key(run: Any, commons: Any, home: Path) -> None:
    done = run("export", "commons/sample", "--to", "sample.tsv")
    assert (done.status, done.out, done.err) == (0, "", "6 of sample\n")
    sheet = (home / "sample.tsv").read_text()
    assert json.loads(run("upsert", "commons/sample", "sample.tsv").out)["tally"] == {"unchanged": 6}
    (home / "new.tsv").write_text(sheet.replace("-blood", "-new"))
    added = json.loads(run("add", "commons/sample", "new.tsv", "-o", "json").out)
    assert added["tally"] == {"created": 6}
    assert commons.state.by_key("sample", "demo-ceph1463", "NA12878-new").props["cell_line"] is True


def test_a_directory_that_is_not_there_is_named(run: Any, commons: Any) -> None:
    done = run("export", "commons/sample", "--to", "nowhere/sample.tsv")
    assert (done.status, "Invalid value for --to: there is no directory nowhere." in done.err) == (2, True)


def test_to_standard_output(run: Any, commons: Any) -> None:
    done = run("export", "commons/case", "-o", "json")
    assert len(json.loads(done.out)["data"]) == 6
    ids = [argument for one in commons.state.of_type("case") for argument in ("--id", one.id)]
    assert len(json.loads(run("export", "commons", *ids, "-o", "json").out)) == 6


def test_what_is_to_be_exported_must_be_said(run: Any, commons: Any) -> None:
    for wrong in (("commons",), ("commons/case", "--id", "x")):
        assert run("export", *wrong).status == 2


def test_nodes_with_the_numbers_of_their_records(run: Any, commons: Any) -> None:
    listed = {one["name"]: one["records"] for one in json.loads(run("ls", "commons", "-o", "json").out)}
    assert listed["case"] == listed["sample"] == 6
    assert (listed["aliquot"], listed["study"]) == (0, 1)
    commons.state.revoked.update(commons.state.keys)
    done = run("ls", "commons", "-o", "json")
    assert {one["records"] for one in json.loads(done.out)} == {None}
    assert done.err == "records are not counted: The API key was revoked\n"


def test_what_depends_on_a_record_goes_only_when_it_is_said(run: Any, commons: Any) -> None:
    assert run("delete", "commons/case", "NA12878").status == 9
    asked = run("delete", "commons/case", "NA12878", "--with-dependants")
    assert (asked.status, commons.state.by_key("case", "demo-ceph1463", "NA12878") is None) == (2, False)
    assert "1 of sample" in asked.err
    done = run("delete", "commons/case", "NA12878", "--with-dependants", "--yes", "-o", "text")
    assert done.status == 0
    assert done.out.splitlines()[-1] == "delete case: 1 deleted"
    assert commons.state.by_key("case", "demo-ceph1463", "NA12878") is None
    assert run("delete", "commons/case", "--all", "--with-dependants").status == 2
