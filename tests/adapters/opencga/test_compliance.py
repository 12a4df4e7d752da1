"""The compliance suite on OpenCGA: its sandbox's own tables, since none can be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from biodata.sandbox import Sandbox
from biodata.testing import ExistingSuite, ExistingWriteSuite, Target, Writable
from biodata_opencga.sandbox import OpencgaSandbox
from biodata_opencga.sandbox.demo import OWNER, PASSWORDS
from tests.adapters.opencga.conftest import Rig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.records.types import Record


@pytest.fixture(scope="module")
def written() -> Iterator[Rig]:
    """A server of its own: others count the records of the shared one."""
    with Sandbox(("opencga",), classes={"opencga": OpencgaSandbox}) as sandbox:
        rig = Rig(sandbox)
        yield rig
        for connection in rig.opened:
            connection.close()


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


def _sample(number: int) -> Record:
    return {
        "id": f"bdc-{number}",
        "description": "a text",
        "individualId": "NA12878",
        "somatic": True,
        "processing": {"labSampleId": "L-7", "quantity": "2"},
        "phenotypes": [{"id": "HP:1", "name": "one", "status": "OBSERVED"}],
        "attributes": {"a": 1, "deep": {"b": [1, 2]}},
    }


def _individual(number: int) -> Record:
    return {
        "id": f"bdc-{number}",
        "name": "a text",
        "father": "NA12877",
        "mother": "NA12878",
        "sex": {"id": "FEMALE"},
        "lifeStatus": "ALIVE",
        "dateOfBirth": "20010203",
    }


class TestSampleWrites(ExistingWriteSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def target(cls, written: Rig) -> Target:
        uncleared = dict.fromkeys(("somatic", "processing", "attributes"), "BD-WRITE-CLEAR")
        samples = Writable(
            table="samples", make=_sample, text="description", reference="individualId",
            ties="individualId", uncleared=uncleared,
            key_characters="._:", refused_key_characters=" ,/'&#?%",
        )  # fmt: skip
        return Target(connection=written.connect("delete"), writable=samples, reopen=written.connect)


class TestIndividualWrites(ExistingWriteSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def target(cls, written: Rig) -> Target:
        uncleared = dict.fromkeys(("father", "mother", "sex", "lifeStatus"), "BD-WRITE-CLEAR")
        people = Writable(
            table="individuals", make=_individual, text="name", reference="mother", uncleared=uncleared,
            key_characters="._:", refused_key_characters=" ,/'&#?%",
        )  # fmt: skip
        return Target(connection=written.connect("delete"), writable=people, reopen=written.connect)
