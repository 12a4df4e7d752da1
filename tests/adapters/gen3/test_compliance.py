"""The compliance suite on Gen3: the tables that its sandbox comes with, because no client can make one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from biodata.adapter import Context
from biodata.config.settings import settings_from_values
from biodata.connection import Connection
from biodata.sandbox import Sandbox
from biodata.testing import ExistingSuite, ExistingWriteSuite, Target, Writable
from biodata_gen3 import Gen3Adapter
from biodata_gen3.sandbox import Gen3Sandbox
from biodata_gen3.settings import Gen3Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from biodata.config.profiles import Access
    from biodata.records.types import Record


@pytest.fixture(scope="module")
def opened() -> Iterator[Callable[[Access], Connection]]:
    """Connections to a commons that may be written to."""
    with Sandbox(("gen3",), classes={"gen3": Gen3Sandbox}) as sandbox:
        settings = settings_from_values(Gen3Settings, sandbox.entries["gen3"])

        def connect(access: Access) -> Connection:
            adapter = Gen3Adapter.open(settings, Context(profile="gen3", access=access))
            return Connection(adapter, name="gen3", access=access)

        yield connect


class TestGen3Demo(ExistingSuite):
    """The cases of the pedigree."""

    table = "case"

    @pytest.fixture(scope="class")
    @classmethod
    def target(cls) -> Iterator[Target]:
        with Sandbox(("gen3",), classes={"gen3": Gen3Sandbox}) as sandbox:
            settings = settings_from_values(Gen3Settings, sandbox.entries["gen3"])
            adapter = Gen3Adapter.open(settings, Context(profile="gen3"))
            with Connection(adapter, name="gen3", access="read") as connection:
                yield Target(connection=connection, existing=cls.table)


class TestGen3Files(TestGen3Demo):
    """Data files, with required fields and integers."""

    table = "submitted_reads"


def _sample(number: int) -> Record:
    return {
        "submitter_id": f"bdc-{number}",
        "cases": "NA12878",
        "note": "a text",
        "cell_line": False,
        "collected_datetime": datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
        "concentration": 2.5,
        "days_to_collection": 7,
        "storage": ["a", "b"],
        "tissue": "saliva",
    }


def _case(number: int) -> Record:
    return {
        "submitter_id": f"bdc-{number}",
        "studies": "ceph-1463",
        "father": "a text",
        "generation": 3,
        "relatives": ["NA12878"],
    }


class TestGen3SampleWrites(ExistingWriteSuite):
    """A property of each type, and a required link."""

    writable = Writable(
        table="sample", make=_sample, text="note", required="cases", reference="cases",
        relink_code="BD-WRITE-LINK",
        key_characters="/&#'\" ?%+,;:=é",
    )  # fmt: skip

    @pytest.fixture(scope="class")
    @classmethod
    def target(cls, opened: Callable[[Access], Connection]) -> Iterator[Target]:
        with opened("delete") as connection:
            yield Target(connection=connection, writable=cls.writable, reopen=opened)


class TestGen3CaseWrites(TestGen3SampleWrites):
    """The cases of the pedigree."""

    writable = Writable(
        table="case", make=_case, text="father", required="studies", reference="studies", relink_code="BD-WRITE-LINK"
    )
