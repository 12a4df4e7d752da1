"""The differential test on OpenCGA: the study's own tables, which refer to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st

from biodata.sandbox import Sandbox
from biodata.records.types import String
from biodata.testing import DifferentialSuite, Target, Wide
from biodata.testing.values import of_type
from biodata_opencga.sandbox import OpencgaSandbox
from biodata_opencga.tables import TABLES
from tests.adapters.opencga.conftest import Rig
from tests.domains import DOMAINS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.testing.differential import Differential

DOMAIN = DOMAINS["opencga"]
_STATUS = st.none() | st.fixed_dictionaries({name: of_type(String(), DOMAIN) for name in ("id", "name", "description")})


def _key(number: int, odd: str) -> str:
    return f"d{odd}{number}"


def _file(number: int, odd: str) -> str:
    return f"data:{odd.replace(':', '_')}{number}.txt"


def _wide(table: str, rows: int, key: Any = _key, **given: Any) -> Wide:
    return Wide(table, given={"status": _STATUS, **given}, rows=rows, key=key)


WIDE = (
    _wide("individuals", 40, samples=st.none()),
    _wide("samples", 40),
    _wide("families", 12),
    _wide("cohorts", 20),
    _wide("files", 20, _file, path=st.none(), type=st.just("FILE")),
)


class TestOpencga(DifferentialSuite):
    questions = 120

    @pytest.fixture(scope="class")
    @classmethod
    def target(cls) -> Iterator[Target]:
        with Sandbox(("opencga",), classes={"opencga": OpencgaSandbox}) as sandbox:
            rig = Rig(sandbox)
            yield Target(connection=rig.connect("delete"), domain=DOMAIN, wide=WIDE)
            for connection in rig.opened:
                connection.close()

    def check_coverage(self, differential: Differential) -> None:
        """Besides, each parameter of the searches was sent."""
        super().check_coverage(differential)
        known = {(wide.table, path) for wide in WIDE for path in TABLES[wide.table].filters}
        assert known <= differential.coverage.sent
