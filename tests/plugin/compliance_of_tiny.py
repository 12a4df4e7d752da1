"""The compliance suite on the tiny platform; run by test_plugin.py, where the wheel is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import biodata
from biodata.testing import ComplianceSuite, DifferentialSuite, Target, ValueDomain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.records.types import Schema

KINDS = frozenset({"string", "int", "float", "decimal", "bool", "date", "datetime", "enum"})


class TestTiny(ComplianceSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def target(cls) -> Iterator[Target]:
        with biodata.connect("tiny://compliance", platform="tiny") as connection:

            def provide(schema: Schema) -> str:
                return connection.ensure(schema).name

            yield Target(
                connection=connection,
                domain=ValueDomain(nul=True, lists=KINDS),
                provide=provide,
                reopen=lambda access: biodata.connect("tiny://compliance", platform="tiny", access=access),
                secrets=("tiny secret",),
            )


class TestTinyDifferential(DifferentialSuite):
    """It does nothing of a filter itself, so all its parts are done here."""

    supports = frozenset({"unsupported"})

    @pytest.fixture(scope="class")
    @classmethod
    def target(cls) -> Iterator[Target]:
        with biodata.connect("tiny://differential", platform="tiny") as connection:

            def provide(schema: Schema) -> str:
                return connection.ensure(schema).name

            yield Target(connection=connection, domain=ValueDomain(nul=True, lists=KINDS), provide=provide)
