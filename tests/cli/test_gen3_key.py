"""A Gen3 key that ends soon is told by doctor, by a run, and in its report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from biodata.sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """\
version: 1
name: cases
steps:
  - name: cases
    extract: {from: commons/case}
    load: {to: local/cases, mode: merge, key: [submitter_id]}
"""


def test_a_key_that_ends_within_a_week(run: Any, home: Path) -> None:
    with Sandbox(("gen3",)) as sandbox:
        key = home / "key.json"
        key.write_text(json.dumps(sandbox.platform("gen3").credentials("reader", 3 * 86_400)))
        entry = {**sandbox.entries["gen3"], "platform": "gen3", "credentials": str(key)}
        local = {"platform": "duckdb", "path": str(home / "local.duckdb")}
        (home / "config").mkdir()
        (home / "config" / "profiles.yml").write_text(json.dumps({"profiles": {"commons": entry, "local": local}}))
        (home / "pipeline.yml").write_text(PIPELINE)
        assert "the API key ends in 3 days" in run("doctor", "commons").out
        done = run("run", "pipeline.yml", "--report", str(home))
        assert done.status == 0, done.err
        assert "the API key ends in 3 days" in done.err
        report = json.loads((home / "cases.json").read_text())
        assert [text.partition(":")[0] for text in report["warnings"]] == ["the API key ends in 3 days"]
        assert "the API key ends in 3 days" in (home / "cases.html").read_text()
