"""The compliance suite on DuckDB: a file, and memory."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

import biodata
from biodata.testing import ComplianceSuite, ExistingWriteSuite, Target, Writable
from tests.domains import DOMAINS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from biodata.config.profiles import Access
    from biodata.records.types import Record, Schema


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
                domain=DOMAINS["duckdb"],
                provide=provide,
                reopen=lambda access: biodata.connect(path, platform="duckdb", access=access),
                read_only_table="looked_at",
            )


MADE_ELSEWHERE = """
    CREATE TABLE people (
        id VARCHAR PRIMARY KEY, name VARCHAR, sex VARCHAR NOT NULL, age INTEGER, height DOUBLE, fee DECIMAL(9, 2),
        smoker BOOLEAN, born DATE, seen TIMESTAMPTZ, tags VARCHAR[], notes JSON
    )
"""


def _person(number: int) -> Record:
    return {
        "id": f"bdc-{number}",
        "name": "a text",
        "sex": "f",
        "age": 7,
        "height": 1.5,
        "fee": Decimal("12.34"),
        "smoker": False,
        "born": date(2001, 2, 3),
        "seen": datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
        "tags": ["a", "b"],
        "notes": {"a": [1, "2", None]},
    }


class TestDuckdbWrites(ExistingWriteSuite):
    """A small table that SQL made."""

    @pytest.fixture(scope="class")
    @classmethod
    def target(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
        path: Path = tmp_path_factory.mktemp("duckdb") / "there.duckdb"

        def opened(access: Access) -> biodata.Connection:
            return biodata.connect(path, platform="duckdb", access=access)

        people = Writable(table="people", make=_person, text="name", required="sex", key_characters="/&#'\" ?%+,;:=é")
        with opened("delete") as connection:
            connection.client.execute(MADE_ELSEWHERE)
            yield Target(connection=connection, writable=people, reopen=opened)
