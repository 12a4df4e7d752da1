"""The differential test on OpenCGA: the study's own tables, which refer to each other."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import pytest
from hypothesis import strategies as st

from biodata.records.types import Json, String
from biodata.sandbox import Sandbox
from biodata.testing import DifferentialSuite, Target, Wide, changed
from biodata.testing.values import of_type
from biodata_opencga.render import known
from biodata_opencga.sandbox import OpencgaSandbox
from biodata_opencga.tables import TABLES
from tests.adapters.opencga.conftest import Rig
from tests.domains import DOMAINS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.query.pushdown import Pushdown
    from biodata.query.tree import Leaf
    from biodata.records.types import DataType
    from biodata.testing.differential import Differential

DOMAIN = DOMAINS["opencga"]
_WORDS = st.none() | st.sampled_from(["a", "b", "it's", "a,b", "!a", "~a"])
_TERMS = st.lists(st.fixed_dictionaries({"id": _WORDS, "name": _WORDS}), max_size=3)
_STATUS = st.none() | st.fixed_dictionaries(
    {name: of_type(String(), DOMAIN) for name in ("id", "name", "description")}
)
_CHOSEN = st.none() | st.fixed_dictionaries({"id": st.sampled_from(["HIGH", "LOW"])})


def _key(number: int, odd: str) -> str:
    return f"d{odd}{number}"


def _file(number: int, odd: str) -> str:
    return f"data:{odd.replace(':', '_')}{number}.txt"


_ATTRIBUTES = st.none() | st.dictionaries(st.sampled_from("abc"), of_type(Json(), DOMAIN), max_size=2)


def _wide(table: str, rows: int, key: Any = _key, ties: str = "", **given: Any) -> Wide:
    usual = {"status": _STATUS, "attributes": _ATTRIBUTES}
    return Wide(table, given={**usual, **given}, rows=rows, key=key, ties=ties)


WIDE = (
    _wide("individuals", 30, samples=st.none(), disorders=_TERMS, name=_WORDS, dateOfBirth=_WORDS),
    _wide("samples", 30, ties="individualId"),
    _wide("families", 12),
    _wide("cohorts", 20),
    _wide("panels", 12),
    _wide("files", 20, _file, path=st.none(), type=st.just("FILE")),
    _wide("clinical", 20, status=_CHOSEN, priority=_CHOSEN, analysts=st.none(), responsible=st.none()),
    _wide("jobs", 15, status=st.none(), dependsOn=st.none(), visited=st.none()),
)


_TYPES = {"age": "INTEGER", "weight": "DOUBLE", "smoker": "BOOLEAN", "hospital": "STRING"}
_VARIABLES = [
    *({"id": name, "type": type_} for name, type_ in _TYPES.items()),
    {"id": "grade", "type": "CATEGORICAL", "allowedValues": ["I", "II", "I or II"]},
    {"id": "visits", "type": "INTEGER", "multiValue": True},
]
VARIABLE_SETS = [
    {"id": "clinic", "entities": ["SAMPLE", "COHORT"], "variables": _VARIABLES},
    {"id": "visit", "unique": False, "entities": ["SAMPLE"], "variables": _VARIABLES},
]


def _every_text_is_plain(pushdown: Pushdown) -> Pushdown:
    def known_text(leaf: Leaf, _: DataType) -> bool:
        return any((found := known(table, leaf.path)) is not None and found.kind == "text" for table in TABLES)

    return msgspec.structs.replace(pushdown, conditions={**pushdown.conditions, "text": known_text})


class TestOpencga(DifferentialSuite):
    questions = 25
    merges = 1
    mutations: ClassVar = {
        "a missing value is a value": partial(
            changed, reason="the server gives records without a value too", support="exact"
        ),
        "a part is the pattern": partial(
            changed, reason="the longest plain part goes as a regular expression", support="exact"
        ),
        "a term is its id": partial(changed, reason="the server compares id or name of a term", support="exact"),
        "seconds are exact": partial(changed, reason="how the server rounds seconds is not known", support="exact"),
        "a value is kept as it is shown": partial(
            changed, reason="the server keeps it in another form than it shows", support="exact"
        ),
        "every text is plain": _every_text_is_plain,
    }

    @pytest.fixture(scope="class")
    @classmethod
    def target(cls) -> Iterator[Target]:
        with Sandbox(("opencga",), classes={"opencga": OpencgaSandbox}) as sandbox:
            rig = Rig(sandbox)
            rig.connect()["variableSets"].add(VARIABLE_SETS).raise_for_refused()
            yield Target(connection=rig.connect("delete"), domain=DOMAIN, wide=WIDE)
            for connection in rig.opened:
                connection.close()

    def check_coverage(self, differential: Differential) -> None:
        """Besides, each parameter of the searches was sent."""
        super().check_coverage(differential)
        known = {(wide.table, path) for wide in WIDE for path in TABLES[wide.table].filters}
        assert not known - differential.coverage.sent
