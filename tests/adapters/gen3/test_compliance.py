"""The compliance suite on Gen3: the tables that its sandbox comes with, because no client can make one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from biodata.adapter import Context
from biodata.config.settings import settings_from_values
from biodata.connection import Connection
from biodata.sandbox import Sandbox
from biodata.testing import ExistingSuite, Target
from biodata_gen3 import Gen3Adapter
from biodata_gen3.sandbox import Gen3Sandbox
from biodata_gen3.settings import Gen3Settings

if TYPE_CHECKING:
    from collections.abc import Iterator


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
