"""The compliance suite on MOLGENIS: its sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import biodata
from biodata.sandbox import Sandbox
from biodata.testing import ComplianceSuite, ExistingSuite, ExistingWriteSuite, Target, Writable
from biodata_molgenis.sandbox import MolgenisSandbox
from tests.domains import DOMAINS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.config.profiles import Access
    from biodata.connection import Connection
    from biodata.records.types import Record, Schema

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


def _count(number: int) -> Record:
    return {
        "ID": f"bdc-{number}",
        "SNP_ID": "rs12460890",
        "Chromosome": "19",
        "Position": 829568,
        "Ref_Counts": "130",
        "Alt_Counts": "121",
    }


class TestMolgenisWrites(ExistingWriteSuite):
    """A table with a reference."""

    writable = Writable(
        table="SampleAse", make=_count, text="Ref_Counts", reference="SNP_ID", key_characters="/&#'\" ?%+,;:=é"
    )

    @pytest.fixture(scope="class")
    @classmethod
    def target(cls) -> Iterator[Target]:
        login = {"username": "admin", "password": "admin"}
        with Sandbox(("molgenis",), classes={"molgenis": MolgenisSandbox}) as sandbox:

            def opened(access: Access) -> Connection:
                return biodata.connect(sandbox.url("molgenis"), platform="molgenis", access=access, **login)

            with opened("delete") as connection:
                yield Target(connection=connection, writable=cls.writable, reopen=opened)
