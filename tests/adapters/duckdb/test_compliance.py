"""The compliance suite on DuckDB: a file, and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import biodata
from biodata.testing import ComplianceSuite, Target, ValueDomain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from biodata.records.types import Schema

DOMAIN = ValueDomain(
    nul=True, lists=frozenset({"string", "int", "float", "decimal", "bool", "date", "datetime", "enum"})
)


class TestDuckdb(ComplianceSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def target(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
        path: Path = tmp_path_factory.mktemp("duckdb") / "new" / "house.duckdb"
        with biodata.connect(path, platform="duckdb") as connection:

            def provide(schema: Schema) -> str:
                return connection.ensure(schema).name

            connection.client.execute("CREATE VIEW looked_at AS SELECT 1 AS id")
            yield Target(
                connection=connection,
                domain=DOMAIN,
                provide=provide,
                reopen=lambda access: biodata.connect(path, platform="duckdb", access=access),
                read_only_table="looked_at",
            )
