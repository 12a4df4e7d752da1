"""A database in a file of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import biodata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "house.duckdb"


@pytest.fixture
def house(path: Path) -> Iterator[biodata.Connection]:
    with biodata.connect(path, platform="duckdb") as connection:
        yield connection
