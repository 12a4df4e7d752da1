"""The pages' tables of what a platform can do name every type that its tables have."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import biodata
from biodata.records.types import List, Object, String, element

if TYPE_CHECKING:
    from biodata.connection import Connection
    from biodata.records.types import DataType
    from biodata.sandbox import Sandbox

HAS: dict[str, tuple[str, ...]] = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "capabilities.py"))["HAS"]


def word(type_: DataType) -> str:
    """A type, as the tables have it."""
    if isinstance(element(type_), Object):
        return "in an object"
    if isinstance(type_, List):
        return f"list of {word(type_.item)}"
    return "enum" if isinstance(type_, String) and type_.choices is not None else type_.kind


def tables_of(connection: Connection, platform: str) -> Connection:
    """What has the tables: the connection, or the one to the search service beside it."""
    return connection.search if platform == "gen3-search" else connection


@pytest.mark.parametrize("platform", ["molgenis", "gen3", "gen3-search"])
def test_the_types_of_a_platform_are_in_its_table(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setenv("BIODATA_CONFIG", str(sandbox.config_path))
    with biodata.connect(platform.partition("-")[0]) as opened:
        connection = tables_of(opened, platform)
        schemas = [connection.schema(info.name) for info in connection.tables()]
    known = {word(field.type) for schema in schemas for field in schema}
    assert known - set(HAS[platform]) == set()
    assert len(known) > 3
