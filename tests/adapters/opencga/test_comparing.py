"""OpenCGA: nulls and blanks, states, attributes that are merged, annotations; and that no version is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from biodata.comparing import compare
from biodata.testing.agreeing import agreed
from tests.adapters.opencga.test_annotations import CLINIC, FIRST, VISIT

if TYPE_CHECKING:
    from biodata import Connection
    from tests.adapters.opencga.conftest import Rig

STORED: dict[str, Any] = {
    "id": "one",
    "description": "first",
    "status": {"id": "ok", "description": "fine"},
    "processing": {"product": {"id": "DNA"}, "labSampleId": "L-7"},
    "phenotypes": [{"id": "HP:1", "name": "one"}],
    "attributes": {"a": 1, "b": {"c": None}},
    "annotations": {"clinic": FIRST, "visit": [{"day": 1}, {"day": 8}]},
}


@pytest.fixture
def samples(rig: Rig) -> Connection:
    """A study with two variable sets and a sample of ours."""
    connection = rig.connect()
    connection["variableSets"].add([CLINIC, VISIT]).raise_for_refused()
    connection["samples"].add(STORED).raise_for_refused()
    return connection


@pytest.mark.parametrize(
    ("given", "action"),
    [
        (STORED, "unchanged"),
        ({"id": "one", "status": {"id": "ok", "description": "fine", "name": "another", "date": ""}}, "unchanged"),
        ({"id": "one", "status": {"id": "ok"}}, "update"),
        ({"id": "one", "processing": {"product": {"id": "DNA", "name": None}, "labSampleId": "L-7"}}, "unchanged"),
        ({"id": "one", "processing": {"product": {"id": "DNA"}}}, "update"),
        ({"id": "one", "phenotypes": [{"id": "HP:1", "name": "one", "source": ""}, {}]}, "unchanged"),
        ({"id": "one", "phenotypes": []}, "update"),
        ({"id": "one", "description": ""}, "update"),
        ({"id": "one", "attributes": {"a": 1, "b": {}}}, "unchanged"),
        ({"id": "one", "attributes": {"a": 2, "b": {}}}, "update"),
        ({"id": "one", "attributes": {"a": 1}}, "refused"),
        ({"id": "one", "attributes": {"a": 1, "b": None}}, "refused"),
        ({"id": "one", "attributes": None}, "refused"),
        ({"id": "one", "version": 1}, "refused"),
        ({"id": "one", "annotations": {"clinic": FIRST}}, "unchanged"),
        ({"id": "one", "annotations": {"clinic": {**FIRST, "age": 41}}}, "update"),
        ({"id": "one", "annotations": {"visit": [{"day": 8}, {"day": 1}]}}, "update"),
        ({"id": "one", "annotations": {"visit": None}}, "update"),
        ({"id": "two", "somatic": True}, "create"),
        ({"id": "two", "version": 3}, "refused"),
    ],
)
def test_what_becomes_of_a_sample(samples: Connection, given: dict[str, Any], action: str) -> None:
    table = samples["samples"]
    assert [one.action for one in compare(table, given)] == [action]
    assert agreed(table, [given]) == {action: 1}


def test_what_is_the_same_makes_no_version(samples: Connection) -> None:
    table, same = samples["samples"], {**STORED, "phenotypes": [{"id": "HP:1", "name": "one", "source": None}]}
    before = table.get("one")["version"]
    assert table.upsert(same).unchanged == 1
    assert table.get("one")["version"] == before


def test_an_upsert_looks_once(rig: Rig, samples: Connection) -> None:
    samples["samples"].get("one")
    before = len(rig.log)
    changed = {"id": "one", "processing": {"labSampleId": "L-8", "date": None}, "attributes": {"a": 2, "b": {}}}
    assert samples["samples"].upsert(changed).updated == 1
    assert [one.method for one in list(rig.log)[before:]] == ["GET", "POST"]


def test_a_request_for_100_records_and_none_that_writes(rig: Rig, samples: Connection) -> None:
    records = [
        {"id": f"s{at}", "attributes": {"n": at}, "annotations": {"visit": [{"day": at}]}} for at in range(120)
    ]
    samples["samples"].add(records).raise_for_refused()
    before = len(rig.log)
    assert {one.action for one in compare(samples["samples"], records)} == {"unchanged"}
    asked = list(rig.log)[before:]
    assert len(asked) == 2, [one.target for one in asked]
    assert {one.method for one in asked} == {"GET"}
