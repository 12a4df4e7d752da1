"""The compliance suite: the tests that every adapter must pass, ours or a stranger's.

An adapter's author answers one page of questions (`ValueDomain`), says how a table is made, and runs it:

    class TestMyPlatform(ComplianceSuite):
        @pytest.fixture(scope="class")
        @classmethod
        def target(cls) -> Iterator[Target]:
            with biodata.connect("my://here", platform="mine", access="delete") as connection:
                yield Target(connection=connection, provide=..., reopen=..., domain=ValueDomain())

Everything goes through the public interface, so the same tests hold the core to the house semantics.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    *(
        f"biodata.testing.{part}"
        for part in ("contract", "errors", "existing", "filtering", "frames", "paging", "reading", "writing")
    )
)

from biodata.testing.suite import ComplianceSuite, ExistingSuite  # noqa: E402 - asserts are rewritten at import
from biodata.testing.target import Target, ValueDomain  # noqa: E402

__all__ = ["ComplianceSuite", "ExistingSuite", "Target", "ValueDomain"]
