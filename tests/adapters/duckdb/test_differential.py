"""The differential test on DuckDB: the suite's own tables."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

import pytest

import biodata
from biodata.testing import DifferentialSuite, Target, changed
from tests.domains import DOMAINS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.records.types import Schema


class TestDuckdb(DifferentialSuite):
    questions = 120
    mutations: ClassVar = {
        "case is the same everywhere": partial(changed, reason="case rules differ outside ASCII", support="exact"),
    }
    unmet: ClassVar = {"only single values have an order": "a list cannot be ordered by in the first place"}

    @pytest.fixture(scope="class")
    @classmethod
    def target(cls) -> Iterator[Target]:
        with biodata.connect(":memory:", platform="duckdb") as connection:

            def provide(schema: Schema) -> str:
                return connection.ensure(schema).name

            yield Target(connection=connection, domain=DOMAINS["duckdb"], provide=provide)
