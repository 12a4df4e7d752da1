"""Chunks: how many requests, how they shrink, and what a report of many errors becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from biodata.errors import PermissionDenied, RemoteError
from biodata_gen3.sandbox import READER
from tests.adapters.gen3.conftest import GRAPHQL, HERE, KEY

if TYPE_CHECKING:
    from tests.adapters.gen3.conftest import Rig

FAILURE = '{ "error": "service failure - try again later"}'


def sample(name: str, **values: Any) -> dict[str, Any]:
    return {"submitter_id": name, "cases": "NA12878", "tissue": "blood"} | values


def samples(number: int) -> list[dict[str, Any]]:
    return [sample(f"n{at:04}") for at in range(number)]


def test_a_thousand_creates_are_ten_requests(rig: Rig) -> None:
    receipt = rig.connect("write")["sample"].add(samples(1000))
    assert receipt.created == 1000
    assert len(rig.asked("POST", HERE)) == 10
    assert len(rig.asked()) == 12, "beside them the dictionary and a login"
    assert rig.log.count("POST", KEY) == 1


def test_a_full_scan_is_one_export(rig: Rig) -> None:
    rig.samples(2500)
    connection = rig.connect("read")
    for _ in range(2):
        assert sum(1 for _ in connection["sample"].query()) == 2506
    assert len(rig.asked("GET", f"{HERE}/export")) == 2
    assert len(rig.asked("GET", "/api/v0/submission/_dictionary")) == 1
    assert rig.logins() == 1


def test_a_denied_write_is_sent_once(rig: Rig) -> None:
    with pytest.raises(PermissionDenied):
        rig.connect("write", user=READER)["sample"].add(samples(250))
    assert len(rig.asked("POST", HERE)) == 1


@pytest.mark.parametrize("verb", ["add", "upsert"])
def test_chunks_that_are_too_large_go_in_halves(rig: Rig, verb: str) -> None:
    table = rig.connect("write")["sample"]
    method = "POST" if verb == "add" else "PUT"
    rig.faults.add(f"{method} {HERE}", status=413, html=True)
    rig.faults.add(f"{method} {HERE}", status=413, html=True)
    receipt = getattr(table, verb)(samples(200))
    assert receipt.created == 200
    asked = rig.asked(method, HERE)
    assert [one.status >= 400 for one in asked] == [True, True, *[False] * 7]
    per_record = asked[-1].request_bytes / 25
    assert [round(one.request_bytes / per_record) for one in asked] == [100, 50, 25, 25, 50, 25, 25, 25, 25]


def test_an_addition_that_takes_too_long_is_looked_up_and_goes_in_halves(rig: Rig) -> None:
    table = rig.connect("write")["sample"]
    table.schema  # noqa: B018 - asked for before the fault
    rig.faults.add(f"POST {HERE}", status=500, body=FAILURE)
    receipt = table.add(samples(100))
    assert receipt.created == 100
    assert [one.status for one in rig.asked("POST", HERE)] == [500, 201, 201]
    assert len(rig.asked("POST", GRAPHQL)) == 1


def test_an_addition_that_took_too_long_and_is_there(rig: Rig) -> None:
    rig.platform.submit(
        "demo", "ceph1463", [{"type": "sample", **one, "cases": {"submitter_id": "NA12878"}} for one in samples(20)]
    )
    rig.faults.add(f"POST {HERE}", status=500, body=FAILURE)
    receipt = rig.connect("write")["sample"].add(samples(20))
    assert receipt.created == 20
    assert all(one.id for one in receipt)
    assert len(rig.asked("POST", HERE)) == 1


def test_an_addition_whose_keys_had_other_values_is_unknown(rig: Rig) -> None:
    before = [{"type": "sample", **one, "cases": {"submitter_id": "NA12878"}} for one in samples(20)]
    before[7]["tissue"] = "saliva"
    rig.platform.submit("demo", "ceph1463", before)
    rig.faults.add(f"POST {HERE}", status=500, body=FAILURE)
    with pytest.raises(RemoteError) as caught:
        rig.connect("write")["sample"].add(samples(20))
    assert {one.status for one in caught.value.receipt} == {"unknown"}
    assert len(rig.asked("POST", HERE)) == 1


def test_one_record_that_fails_is_unknown(rig: Rig) -> None:
    rig.faults.add(f"POST {HERE}", status=500, body=FAILURE)
    with pytest.raises(RemoteError) as caught:
        rig.connect("write")["sample"].add(samples(1))
    assert [one.status for one in caught.value.receipt] == ["unknown"]


def test_all_errors_of_a_report_are_in_the_receipt(rig: Rig) -> None:
    given = samples(100)
    for at in (3, 50, 97):
        given[at]["cases"] = "nobody"
    table = rig.connect("write")["sample"]
    stopped = table.add(given)
    assert [one.row for one in stopped.refused] == [3, 50, 97]
    assert stopped.not_sent == 97
    assert {(one.code, one.field) for one in stopped.refused} == {("BD-WRITE-REFERENCE", "cases")}
    assert len(rig.asked("POST", HERE)) == 1
    rig.log.clear()
    isolated = table.add(given, on_refused="isolate")
    assert (isolated.created, len(isolated.refused)) == (97, 3)
    assert len(rig.asked("POST", HERE)) == 3, "the whole, and the others in halves"


def test_what_is_sent_again_is_said(rig: Rig) -> None:
    table = rig.connect("write")["sample"]
    receipt = table.update({"submitter_id": "NA12878-blood", "note": "x"})
    assert receipt.updated == 1
    assert receipt.outcomes[0].message == "sent again as they were, which the commons demands: cases"
    assert table.upsert(sample("new")).outcomes[0].message == ""
