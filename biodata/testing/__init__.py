"""The compliance suite: the tests that every adapter must pass, ours or a stranger's.

An adapter's author answers one page of questions (`ValueDomain`), says how a table is made, and runs it:

    class TestMyPlatform(ComplianceSuite):
        @pytest.fixture(scope="class")
        @classmethod
        def target(cls) -> Iterator[Target]:
            with biodata.connect("my://here", platform="mine", access="delete") as connection:
                yield Target(connection=connection, provide=..., reopen=..., domain=ValueDomain())

A platform where no client can make a table has `ExistingSuite`, which reads one, and `ExistingWriteSuite`, which
writes to one as its author says (`Writable`). Everything goes through the public interface, so the same tests hold
the core to the house semantics.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    *(
        f"biodata.testing.{part}"
        for part in (
            "agreeing",
            "contract",
            "differential",
            "differing",
            "errors",
            "existing",
            "existing_refusals",
            "existing_writes",
            "filtering",
            "following",
            "frames",
            "paging",
            "reading",
            "writable",
            "writing",
        )
    )
)

from biodata.testing.differing import changed, conditioned  # noqa: E402 - asserts are rewritten at import
from biodata.testing.suite import (  # noqa: E402
    ComplianceSuite,
    DifferentialSuite,
    ExistingSuite,
    ExistingWriteSuite,
)
from biodata.testing.target import Target, ValueDomain  # noqa: E402
from biodata.testing.wide import Wide  # noqa: E402
from biodata.testing.writable import Writable, writable_like  # noqa: E402

__all__ = [
    "ComplianceSuite",
    "DifferentialSuite",
    "ExistingSuite",
    "ExistingWriteSuite",
    "Target",
    "ValueDomain",
    "Wide",
    "Writable",
    "changed",
    "conditioned",
    "writable_like",
]
