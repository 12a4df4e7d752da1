"""The graph of a project, as the submission portal shows it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import msgspec
import pytest
import yaml

import biodata
from biodata.cli.main import status_of
from biodata.sandbox import Sandbox
from biodata_gen3.sandbox import NOBODY, Gen3Sandbox
from tests.adapters.gen3.conftest import GRAPHQL

TEXT = """\
gen3: 6 tables, 26 records, 1 empty not shown
project                  1
  study                  1  -> project (projects)
    case                 6  -> study (studies)
      demographic        6  -> case (cases)
      sample             6  -> case (cases)
        submitted_reads  6  -> sample (samples)"""


def test_all_counts_are_one_request(rig):
    graph = rig.connect(access="read").graph()
    assert graph.filled().to_text() == TEXT
    assert [node.name for node in graph.nodes if not node.records] == ["aliquot"]
    assert len(rig.asked("POST", GRAPHQL)) == 1


def test_who_may_not_read_is_told(rig):
    with pytest.raises(biodata.PermissionDenied):
        rig.connect(access="read", user=NOBODY).graph()


def test_the_command(rig, tmp_path, capsys):
    entry = rig.sandbox.entries["gen3"]
    config = tmp_path / "profiles.yml"
    config.write_text(yaml.safe_dump({"profiles": {"gen3": {"platform": "gen3", **entry}}}))
    assert status_of(["--config", str(config), "graph", "gen3"]) == 0
    assert capsys.readouterr().out == TEXT + "\n"
    assert status_of(["--config", str(config), "graph", "gen3", "--all", "-o", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["nodes"]) == 7
    drawing = tmp_path / "commons.svg"
    assert status_of(["--config", str(config), "graph", "gen3", "--output", str(drawing)]) == 0
    assert drawing.read_text().startswith("<svg")
    assert status_of(["--config", str(config), "graph", "gen3", "--output", str(tmp_path / "no" / "x.svg")]) == 2


def _published(tmp_path):
    """The GDC's dictionary, as its package ships it, in the JSON form that commons publish."""
    package = pytest.importorskip("gdcdictionary", reason="not run: gdcdictionary is not installed")
    folder = Path(package.__file__).parent / "schemas"
    files = {one.name: yaml.safe_load(one.read_text(encoding="utf-8")) for one in sorted(folder.glob("*.yaml"))}
    path = tmp_path / "dictionary.json"
    path.write_bytes(msgspec.json.encode(files))
    return path


def test_the_dictionary_of_the_gdc(tmp_path):
    """A published dictionary runs in the sandbox, every table can be asked, and records go in and out."""
    classes = {"gen3": partial(Gen3Sandbox, dictionary=_published(tmp_path))}
    with Sandbox(("gen3",), classes=classes) as sandbox:
        entry = dict(sandbox.entries["gen3"])
        with biodata.connect(entry.pop("url"), platform="gen3", access="delete", **entry) as connection:
            project = connection["project"].query(fields=["code"], limit=1).first()["code"]
            connection["experiment"].add({"submitter_id": "e", "projects": project}).raise_for_refused()
            connection["case"].add({"submitter_id": "c", "experiments": "e"}).raise_for_refused()
            assert connection["case"].get("c")["experiments"] == "e"
            graph = connection.graph()
            assert len(graph.nodes) == 27
            assert {node.name: node.records for node in graph.filled().nodes} == {
                "case": 1,
                "experiment": 1,
                "project": 1,
            }
            assert graph.to_svg().count('class="table') == 27
            for table in connection.tables():
                connection[table.name].query(limit=1).to_records()
