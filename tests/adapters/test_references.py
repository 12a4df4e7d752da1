"""References on each platform: the same by the platform, by key sets and by the join; and what is asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import biodata
from biodata.query.pushdown import Pushdown, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from biodata import Connection
    from biodata.repository import Repository
    from biodata.sandbox import Sandbox

LOGINS = re.compile(r"/login|/access_token")
TABLES = {
    "molgenis": ("SampleAse", "ASE"),
    "opencga": ("samples", "individuals", "families"),
    "gen3": ("sample", "case", "study", "project"),
}
"""The demo's tables that refer to each other; the first one is copied to DuckDB with those that follow."""

FILTERS = [
    ("molgenis", "SampleAse", "SNP_ID.Chr = '19'"),
    ("molgenis", "SampleAse", "SNP_ID.Chr != '19' and SNP_ID.Pos > 5"),
    ("molgenis", "SampleAse", "SNP_ID.Chr is null or SNP_ID.Pos between 1 and 900000"),
    ("molgenis", "SampleAse", "not (SNP_ID.Chr = '19' or Chromosome = '1')"),
    ("molgenis", "SampleAse", "SNP_ID.Samples like '2%' and Position > 5"),
    ("molgenis", "SampleAse", "SNP_ID.Chr = 'none'"),
    ("opencga", "samples", "individualId.sex.id = 'MALE'"),
    ("opencga", "samples", "individualId.sex.id != 'MALE'"),
    ("opencga", "samples", "individualId.name like 'NA128%' and individualId.lifeStatus is not null"),
    ("opencga", "samples", "individualId.father is null"),
    ("opencga", "samples", "individualId.father.sex.id = 'MALE'"),
    ("opencga", "samples", "individualId.father.name is null and id like 'N%'"),
    ("opencga", "individuals", "samples.somatic = false"),
    ("opencga", "individuals", "samples.individualId.name like '%8'"),
    ("opencga", "individuals", "samples.id = 'none' or father.name is not null"),
    ("opencga", "individuals", "mother.samples.somatic != true"),
    ("gen3", "sample", "cases.generation = 1"),
    ("gen3", "sample", "cases.generation != 3 and tissue = 'blood'"),
    ("gen3", "sample", "cases.father is null"),
    ("gen3", "sample", "cases.studies.submitter_id is not null and cases.submitter_id like 'NA%'"),
    ("gen3", "submitted_reads", "samples.cases.generation in (1, 2)"),
    ("gen3", "submitted_reads", "samples.tissue is null or samples.cases.generation > 1"),
    ("duckdb", "molgenis", "SNP_ID.Chr != '19' and SNP_ID.Pos > 5"),
    ("duckdb", "opencga", "individualId.father.sex.id = 'MALE' or individualId.samples.somatic is null"),
    ("duckdb", "gen3", "not (cases.generation = 1)"),
]


@pytest.fixture
def opened(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """A connection to each platform; of DuckDB, to a copy of another platform's tables."""
    monkeypatch.setenv("BIODATA_CONFIG", str(sandbox.config_path))
    connections: list[Connection] = []

    def connect(platform: str) -> Connection:
        connections.append(biodata.connect(platform))
        return connections[-1]

    def table(platform: str, name: str) -> Repository:
        if platform != "duckdb":
            return connect(platform)[name]
        source, copy = connect(name), biodata.connect(tmp_path / "copy.duckdb", platform="duckdb")
        connections.append(copy)
        for one in TABLES[name]:
            copy.ensure(source[one].schema).add(source[one].query()).raise_for_refused()
        return copy[TABLES[name][0]]

    yield table
    for connection in connections:
        connection.close()


def joined(table: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let neither platform nor key sets follow references from now on."""
    pushdown = table.adapter.pushdown
    here = Rule("unsupported", via=frozenset({"reference"}))

    def without(schema: Any) -> Pushdown:
        made = pushdown(schema)
        return msgspec.structs.replace(made, rules=(here, *made.rules), most_keys=0)

    monkeypatch.setattr(table.adapter, "pushdown", without)


@pytest.mark.parametrize(("platform", "name", "where"), FILTERS)
def test_as_by_the_join(opened: Any, monkeypatch: pytest.MonkeyPatch, platform: str, name: str, where: str) -> None:
    table: Repository = opened(platform, name)
    key = str(table.schema.key)
    found = sorted(row[key] for row in table.query(where, fields=[key]))
    number = table.count(where)
    window = list(table.query(where, fields=[key], order_by=key, limit=2, offset=1))
    joined(table, monkeypatch)
    expected = sorted(row[key] for row in table.query(where, fields=[key]))
    assert (found, number) == (expected, len(expected))
    assert [row[key] for row in window] == expected[1:3]


REQUESTS = [
    ("molgenis", "SampleAse", "SNP_ID.Chr = '19'", 2),
    ("molgenis", "SampleAse", "SNP_ID.Chr = '19' and SNP_ID.Pos > 5 and Chromosome is not null", 2),
    ("molgenis", "SampleAse", "SNP_ID.Chr = 'none'", 1),
    ("opencga", "samples", "individualId.sex.id = 'MALE'", 2),
    ("opencga", "samples", "individualId.father.name = 'none'", 2),
    ("opencga", "individuals", "samples.somatic = true", 1),
    ("opencga", "individuals", "samples.somatic = false", 2),
]


@pytest.mark.parametrize(("platform", "name", "where", "number"), REQUESTS)
def test_a_look_up_and_the_pages(
    sandbox: Sandbox, opened: Any, platform: str, name: str, where: str, number: int
) -> None:
    table: Repository = opened(platform, name)
    key = str(table.schema.key)
    told = table.query(where, fields=[key]).explain()
    log, before = sandbox.requests(platform), len(list(sandbox.requests(platform)))
    list(table.query(where, fields=[key]))
    sent = [one for one in list(log)[before:] if not LOGINS.search(one.path)]
    assert len(sent) == number
    assert any("which are read first" in part.reason for part in told.parts)


EXPANSIONS = [
    ("molgenis", "SampleAse", "SNP_ID", ("SNP_ID", "Chr"), 1 + 1),
    ("opencga", "samples", ["individualId.father", "individualId.mother"], ("individualId", "father", "sex"), 1 + 2),
    ("opencga", "individuals", ["father", "mother", "samples"], ("mother", "sex"), 1 + 2),
    ("gen3", "sample", "cases.studies", ("cases", "studies", "submitter_id"), 2 + 2),
    ("gen3", "submitted_reads", "samples.cases", ("samples", "cases", "generation"), 2 + 2),
]


@pytest.mark.parametrize(("platform", "name", "expand", "path", "number"), EXPANSIONS)
def test_expand_asks_once_for_each_table_and_level(
    sandbox: Sandbox, opened: Any, platform: str, name: str, expand: Any, path: tuple[str, ...], number: int
) -> None:
    table: Repository = opened(platform, name)
    list(table.query(expand=expand, limit=1))
    log, before = sandbox.requests(platform), len(list(sandbox.requests(platform)))
    rows = list(table.query(expand=expand))
    assert len(list(log)) - before == number
    assert any(value is not None for row in rows for value in values(row, path))
    key = str(table.schema.key)
    assert list(table.get([row[key] for row in rows], expand=expand)) == rows
    frame = table.query(expand=expand).to_arrow()
    assert frame.num_rows == len(rows)


def values(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """What is at the path, in lists too."""
    if isinstance(value, list):
        for item in value:
            yield from values(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        yield from values(value.get(path[0]), path[1:])
