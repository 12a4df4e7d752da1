"""Gen3: links that cannot be moved, lists without an order, and how often a commons is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from biodata.comparing import compare
from biodata.testing.agreeing import agreed
from tests.adapters.gen3.conftest import HERE
from tests.adapters.gen3.test_writing import sample

if TYPE_CHECKING:
    from tests.adapters.gen3.conftest import Rig


@pytest.mark.parametrize(
    ("given", "action"),
    [
        (sample("s0001"), "unchanged"),
        (sample("s0001", days_to_collection=1, concentration=0.25, note="note 1"), "unchanged"),
        ({"submitter_id": "s0001", "cell_line": True}, "update"),
        ({"submitter_id": "s0001", "id": None, "storage": ["a"]}, "unchanged"),
        ({"submitter_id": "s0000", "storage": None}, "unchanged"),
        ({"submitter_id": "s0001", "storage": []}, "update"),
        ({"submitter_id": "s0001", "note": None}, "update"),
        ({"submitter_id": "s0001", "cases": "NA12877"}, "refused"),
        ({"submitter_id": "s0001", "cases": None}, "refused"),
        (sample("new", note="x"), "create"),
        ({"submitter_id": "new", "note": "x"}, "refused"),
    ],
)
def test_what_becomes_of_a_sample(rig: Rig, given: dict[str, Any], action: str) -> None:
    rig.samples(2)
    table = rig.connect()["sample"]
    assert [one.action for one in compare(table, given)] == [action]
    assert agreed(table, [given]) == {action: 1}


@pytest.mark.parametrize(
    ("ends", "action"),
    [
        (["s0001", "s0000"], "unchanged"),
        (["s0000", "s0001", "s0002"], "update"),
        (["s0000"], "refused"),
        ([], "refused"),
    ],
)
def test_the_ends_of_several_links_have_no_order(rig: Rig, ends: list[str], action: str) -> None:
    rig.samples(3)
    table = rig.connect()["aliquot"]
    table.add({"submitter_id": "a", "samples": ["s0000", "s0001"]}).raise_for_refused()
    records = [{"submitter_id": "a", "samples": ends}]
    assert [one.action for one in compare(table, records)] == [action]
    assert agreed(table, records) == {action: 1}


def test_a_row_of_a_sheet_is_compared_as_a_record(rig: Rig) -> None:
    rig.samples(1)
    row = {"type": "sample", "submitter_id": "s0000", "cases.submitter_id": "NA12878", "note": "note 0"}
    assert [one.action for one in compare(rig.connect()["sample"], [row])] == ["unchanged"]


def test_a_request_for_500_records_and_none_that_writes(rig: Rig) -> None:
    rig.samples(600)
    table = rig.connect()["sample"]
    assert table.schema.key == "submitter_id"
    before, written = len(rig.asked()), len(rig.asked("PUT", HERE))
    changes = list(compare(table, [{"submitter_id": f"s{at:04}", "days_to_collection": at} for at in range(600)]))
    assert {one.action for one in changes} == {"unchanged"}
    assert len(rig.asked()[before:]) <= 4, [one.path for one in rig.asked()[before:]]
    assert len(rig.asked("PUT", HERE)) == written
