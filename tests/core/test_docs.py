"""What the documents say is so: their Python blocks run, their tables are up to date, their links lead somewhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from biodata.sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)\)")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))], ids=name)
def test_the_examples_run(page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = "\n".join(BLOCK.findall(page.read_text(encoding="utf-8")))
    monkeypatch.chdir(tmp_path)
    with Sandbox() as sandbox:  # one of its own, because examples write
        monkeypatch.setenv("BIODATA_CONFIG", str(sandbox.config_path))
        exec(compile(code, str(page), "exec"), {})  # noqa: S102 - that is the test


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pipeline_files_that_are_named_are_there(page: Path) -> None:
    named = re.findall(r"biodata run (config/\S+?\.yml)", page.read_text(encoding="utf-8"))
    assert not [file for file in named if not (ROOT / file).is_file()]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files(page: Path) -> None:
    missing = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert not missing


def test_the_tables_are_up_to_date() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "tables.py"))
    for page in made["PAGES"]:
        text = page.read_text(encoding="utf-8")
        assert made["page"](text) == text


def test_the_lock_file_holds_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--index" not in lock
    assert "--find-links" not in lock
