"""The compliance suite on MOLGENIS: its sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import biodata
from biodata.sandbox import Sandbox
from biodata.testing import ComplianceSuite, ExistingSuite, Target
from biodata_molgenis.sandbox import MolgenisSandbox
from tests.domains import DOMAINS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.connection import Access, Connection
    from biodata.records.types import Schema

PASSWORD = "a secret of the sandbox"


class TestMolgenis(ComplianceSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def target(cls) -> Iterator[Target]:
        with Sandbox(("molgenis",), empty=True, classes={"molgenis": MolgenisSandbox}) as sandbox:
            sandbox.platform("molgenis").state.passwords["admin"] = PASSWORD
            login = {"username": "admin", "password": PASSWORD}

            def opened(access: Access) -> Connection:
                return biodata.connect(sandbox.url("molgenis"), platform="molgenis", access=access, **login)

            with opened("delete") as connection:

                def provide(schema: Schema) -> str:
                    return connection.ensure(schema).name

                yield Target(
                    connection=connection,
                    domain=DOMAINS["molgenis"],
                    provide=provide,
                    reopen=opened,
                    secrets=(PASSWORD,),
                )


class TestMolgenisDemo(ExistingSuite):
    """The real rows that the sandbox comes with."""

    @pytest.fixture(scope="class")
    @classmethod
    def target(cls, sandbox: Sandbox) -> Iterator[Target]:
        login = {"username": "admin", "password": "admin"}
        with biodata.connect(sandbox.url("molgenis"), platform="molgenis", access="read", **login) as connection:
            yield Target(connection=connection, existing="ASE")
