"""What the pages about pipelines show can be read: whole files are files, and operations are operations."""

import re
from textwrap import indent

import pytest

from biodata.pipelines import demo_file, load_pipeline

DOCS = demo_file().parents[3] / "docs"
YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
PAGES = ("pipelines.md", "mapping.md", "running.md")


def blocks(page):
    return YAML.findall((DOCS / page).read_text("utf-8"))


SHOWN = [(page, number, text) for page in PAGES for number, text in enumerate(blocks(page))]
FILES = [(page, number) for page, number, text in SHOWN if text.startswith("version: 1\n")]


@pytest.mark.parametrize(("page", "number"), FILES)
def test_a_file_that_is_shown_is_read(page, number, tmp_path):
    path = tmp_path / "shown.yml"
    path.write_text(blocks(page)[number], "utf-8")
    load_pipeline(path)


@pytest.mark.parametrize(
    "operation",
    [
        "{rename: {OLD: NEW}}",
        "{split: {column: C, by: ';'}}",
        "{explode: C}",
        "{explode: {column: C, into: D, empty: drop}}",
        "{dedupe: {by: [C], keep: last}}",
        "{links: {cases: case_key}}",
        "{pseudonymise: {field: id, domain: study-7, key: '${keyring:biodata/study-7}'}}",
        "{python: module:name}",
        "{python: {call: module:name, adds: {NAME: text}}}",
        "{columns: {'*': keep, C: '1'}}",
    ],
)
def test_each_operation_of_the_table_is_one(operation, tmp_path):
    path = tmp_path / "shown.yml"
    step = f"- name: s\n  extract: {{from: a/b}}\n  transform:\n    - {operation}\n"
    path.write_text(f"version: 1\nname: shown\nsteps:\n{indent(step, '  ')}", "utf-8")
    assert len(load_pipeline(path).spec.steps[0].transform) == 1
