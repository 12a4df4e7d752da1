"""The suite as one class to inherit from, and the part of it that only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from biodata.testing import samples
from biodata.testing.contract import Contract
from biodata.testing.differing import Differing
from biodata.testing.errors import Errors
from biodata.testing.existing import Existing
from biodata.testing.existing_refusals import ExistingRefusals
from biodata.testing.existing_writes import ExistingWrites
from biodata.testing.filtering import Filtering
from biodata.testing.following import Following
from biodata.testing.frames import Frames
from biodata.testing.grouping import ExistingGrouping, Grouping
from biodata.testing.paging import Paging
from biodata.testing.reading import Reading
from biodata.testing.writable import Bench
from biodata.testing.writing import Writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from biodata.records.types import Schema
    from biodata.repository import Repository
    from biodata.testing.target import Target

__all__ = ["ComplianceSuite", "DifferentialSuite", "ExistingSuite", "ExistingWriteSuite"]


class ComplianceSuite(
    Reading, Filtering, Grouping, Paging, Writing, Errors, Frames, Contract, Existing, ExistingGrouping, Following
):
    """All tests; a subclass called `Test…` has a fixture `target` of scope `class`."""

    @pytest.fixture(scope="class")
    @classmethod
    def target(cls) -> Target:
        """Where to run; to be overridden."""
        raise NotImplementedError("Give the class a fixture `target` of scope 'class'")

    @pytest.fixture(scope="class")
    @classmethod
    def provide(cls, target: Target) -> Iterator[Callable[[Schema], Repository]]:
        """Makes a table, which goes again at the end where the platform can drop tables."""
        if target.provide is None:
            pytest.skip("not run: this target has no way to make tables")
        made: list[str] = []

        def provided(schema: Schema) -> Repository:
            made.append(target.provide(schema))  # type: ignore[misc]
            return target.connection[made[-1]]

        yield provided
        if target.connection.adapter.has("drop"):
            for name in reversed(made):
                target.connection.drop(name)

    @pytest.fixture(scope="class")
    @classmethod
    def sample(cls, target: Target, provide: Callable[[Schema], Repository]) -> Repository:
        """A table with a field of each type and a record for each value; only read from."""
        place = None
        if target.domain.references:
            titles = {"gro": "Groningen", "ams": "Amsterdam", "rtm": None}
            there = provide(samples.places(samples.fresh_name("place")))
            there.add([{"code": code, "title": title} for code, title in titles.items()]).raise_for_refused()
            place = there.name
        table = provide(samples.people(samples.fresh_name("people"), target.domain, place))
        table.add(samples.rows(table.schema, target.domain)).raise_for_refused()
        return table

    @pytest.fixture
    def table(self, provide: Callable[[Schema], Repository]) -> Repository:
        """A table with a key, a name and a number, empty."""
        return provide(samples.plain(samples.fresh_name("plain")))

    @pytest.fixture(scope="class")
    @classmethod
    def there(cls, target: Target, request: pytest.FixtureRequest) -> Repository:
        """A table with records: the one that the target names, or the sample."""
        if target.existing is not None:
            return target.connection[target.existing]
        sample: Repository = request.getfixturevalue("sample")
        return sample


class ExistingSuite(Existing, ExistingGrouping, Following):
    """The part that needs no table of its own: it reads the target's `existing`."""

    @pytest.fixture(scope="class")
    @classmethod
    def there(cls, target: Target) -> Repository:
        """The table that the target names."""
        assert target.existing is not None, "the target names no existing table"
        return target.connection[target.existing]


class ExistingWriteSuite(ExistingWrites, ExistingRefusals):
    """The verbs that change something, on the table that the target calls `writable`, for platforms without `ensure`.

    A subclass called `Test…` has a fixture `target` of scope `class`, with access `delete`. Every test deletes the
    records that it made, and no other.
    """

    @pytest.fixture
    def bench(self, target: Target) -> Iterator[Bench]:
        """The table, and the records of one test."""
        assert target.writable is not None, "the target names no table that may be written"
        made = Bench(target.connection[target.writable.table], target.writable)
        yield made
        made.clear()


class DifferentialSuite(Differing):
    """What is answered is what the evaluator says, for many questions about many records.

    A subclass called `Test…` has a fixture `target` of scope `class`, with access `delete`. It fills the tables
    that the target calls `wide`, or two that it has the target `provide`.
    """

    @pytest.fixture(scope="class")
    @classmethod
    def target(cls) -> Target:
        """Where to run; to be overridden."""
        raise NotImplementedError("Give the class a fixture `target` of scope 'class'")
