"""The compliance suite on a real server that a profile describes.

With access `delete` tables called `bdc_…` are made and dropped again; otherwise only `--table` is read. With
`--write` records called `bdc-…`, made like the first one of `--table`, are added to it, changed, and deleted again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import biodata
from biodata.testing import ComplianceSuite, ExistingWriteSuite, Target, ValueDomain
from tests.domains import DOMAINS, writable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.connection import Connection
    from biodata.records.types import Schema


class TestLive(ComplianceSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def target(cls, request: pytest.FixtureRequest) -> Iterator[Target]:
        profile = request.config.getoption("--profile")
        with biodata.connect(profile) as connection:
            yield cls._target(profile, connection, request.config.getoption("--table"))

    @staticmethod
    def _target(profile: str, connection: Connection, table: str | None) -> Target:
        def provide(schema: Schema) -> str:
            return connection.ensure(schema).name

        makes = connection.access == "delete" and connection.adapter.has("ensure") and connection.adapter.has("drop")
        if not makes and table is None:
            pytest.skip("not run: tables cannot be made with this profile, and no --table is named")
        return Target(
            connection=connection,
            domain=DOMAINS.get(connection.platform, ValueDomain()),
            provide=provide if makes else None,
            existing=table,
            reopen=lambda access: biodata.connect(profile, access=access),
        )


class TestLiveWrites(ExistingWriteSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def target(cls, request: pytest.FixtureRequest) -> Iterator[Target]:
        profile, table = request.config.getoption("--profile"), request.config.getoption("--table")
        if not request.config.getoption("--write"):
            pytest.skip("not run: no --write")
        if table is None:
            pytest.fail("--write needs a --table", pytrace=False)
        with biodata.connect(profile) as connection:
            if connection.access != "delete":
                pytest.fail("--write needs a profile with access: delete, to clean up", pytrace=False)
            yield Target(
                connection=connection,
                writable=writable(connection[table]),
                reopen=lambda access: biodata.connect(profile, access=access),
            )
