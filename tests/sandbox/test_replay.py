"""The sandbox answers as the real server did: recordings are played against it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from biodata_molgenis.sandbox import rsql
from tests.replay.__main__ import main
from tests.replay.compare import Differences, shape
from tests.replay.known import known_differences
from tests.replay.molgenis import MolgenisRules
from tests.replay.player import replay
from tests.replay.recording import exchanges_in, exchanges_of

if TYPE_CHECKING:
    from pathlib import Path

EXPECTED = {"molgenis": 139, "molgenis-py-client-real": 54}


@pytest.mark.parametrize("folder", EXPECTED)
def test_molgenis_recordings(folder: str, recordings: Path) -> None:
    first = exchanges_of(recordings / "molgenis" / "010_import.json") if folder != "molgenis" else []
    verdicts = list(replay(MolgenisRules(), exchanges_in(recordings / folder), first))
    known = known_differences("molgenis")

    assert len(verdicts) >= EXPECTED[folder]
    assert [one for one in verdicts if not one.agrees and one.name not in known] == []
    assert [one.name for one in verdicts if one.agrees and one.name in known] == [], "no longer a difference"
    assert all(one.status_agrees for one in verdicts)


def test_known_differences_are_of_recordings(recordings: Path) -> None:
    names = {one.name for folder in EXPECTED for one in exchanges_in(recordings / folder)}
    assert known_differences("molgenis") <= names


def test_command_prints_json_lines(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["molgenis", str(recordings / "molgenis")]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert set(lines[0]) == {"name", "agrees", "status_agrees", "shape_agrees", "difference"}
    assert lines[-1]["totals"]["exchanges"] == len(lines) - 1


def test_without_recordings_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["molgenis", str(tmp_path / "absent")]) == 0
    assert "not_run" in capsys.readouterr().out


def test_a_wrong_answer_is_a_new_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded = {
        "name": "001_version",
        "request": {"method": "GET", "path": "/api/v2/version", "headers": {}, "body": None},
        "response": {"status": 200, "headers": {}, "body": {"molgenisVersion": "9.9.9", "buildDate": "then"}},
    }
    (tmp_path / "001_version.json").write_text(json.dumps(recorded), encoding="utf-8")
    assert main(["molgenis", str(tmp_path)]) == 1
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (line["agrees"], line["status_agrees"], line["shape_agrees"]) == (False, True, True)
    assert "9.9.9" in line["difference"]


def test_comparison() -> None:
    differences = Differences(re.compile(r"\bid\d+\b"), frozenset({"when"}), {})
    assert differences.first({"a": [1, "x id1"], "when": "a"}, {"a": [1, "x id7"], "when": "b"}) is None
    assert differences.first("id1", "id8") is not None, "id1 was id7 before"
    assert differences.first({"a": 1}, {"a": 1, "b": 2}) is not None
    assert differences.first([1, 2], [1]) is not None
    assert differences.first(1, True) is not None
    assert shape({"a": [1, 2.5]}) == shape({"a": [3]}) != shape({"a": ["3"]})


def test_rsql_parser_reads_as_the_real_one(recordings: Path) -> None:
    probes = json.loads((recordings / "rsql-parser" / "probes-2.0.0.json").read_text(encoding="utf-8"))["probes"]
    assert len(probes) > 60
    assert [probe for probe in probes if _parsed(probe["q"]) != probe] == []


def _parsed(text: str) -> dict[str, object]:
    try:
        return {"q": text, "ast": _tree(rsql.parse(text))}
    except rsql.UnknownOperatorError as error:
        return {"q": text, "error": f"UnknownOperatorException: Unknown operator: {error}"}
    except rsql.RsqlError as error:
        said = re.sub(r"\s+", " ", str(error)).removeprefix("cz.jirutka.rsql.parser.")
        return {"q": text, "error": f"TokenMgrError: {said}" if said.startswith("Lexical") else said}


def _tree(node: rsql.Node) -> dict[str, object]:
    if isinstance(node, rsql.Comparison):
        return {"sel": node.selector, "op": node.operator, "args": list(node.arguments)}
    return {node.operator: [_tree(child) for child in node.children]}
