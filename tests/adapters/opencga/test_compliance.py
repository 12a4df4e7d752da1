"""The compliance suite on OpenCGA: its sandbox's own tables, since none can be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from biodata.testing import ExistingSuite, Target
from biodata_opencga.sandbox.demo import OWNER, PASSWORDS

if TYPE_CHECKING:
    from tests.adapters.opencga.conftest import Rig


class TestIndividuals(ExistingSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def target(cls, shared: Rig) -> Target:
        connection = shared.connect("read")
        return Target(
            connection=connection,
            existing="individuals",
            reopen=shared.connect,
            read_only_table="projects",
            secrets=(PASSWORDS[OWNER],),
        )


class TestSamples(ExistingSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def target(cls, shared: Rig) -> Target:
        return Target(connection=shared.connect("read"), existing="samples")


class TestFamilies(ExistingSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def target(cls, shared: Rig) -> Target:
        return Target(connection=shared.connect("read"), existing="families")


class TestCohorts(ExistingSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def target(cls, shared: Rig) -> Target:
        return Target(connection=shared.connect("read"), existing="cohorts")
