"""Writes: receipts record by record, and what is sent."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from biodata.errors import PermissionDenied, RemoteError
from biodata_gen3.sandbox import READER
from tests.adapters.gen3.conftest import GRAPHQL, HERE

if TYPE_CHECKING:
    from tests.adapters.gen3.conftest import Rig


def sample(key: str, **more: Any) -> dict[str, Any]:
    return {"submitter_id": key, "cases": "NA12878", **more}


def statuses(receipt: Any) -> list[str]:
    return [one.status for one in receipt.outcomes]


def test_add_many_in_chunks_of_a_hundred(rig: Rig) -> None:
    samples = rig.connect()["sample"]
    receipt = samples.add([sample(f"n{at}", days_to_collection=at) for at in range(250)])
    assert receipt.created == 250
    assert len(rig.asked("POST", HERE)) == 3
    assert receipt.outcomes[0].id == samples.get("n0")["id"]
    assert samples.get("n249")["days_to_collection"] == 249


def test_add_what_is_there_is_a_duplicate(rig: Rig) -> None:
    samples = rig.connect()["sample"]
    samples.add(sample("a"))
    receipt = samples.add([sample("b"), sample("a"), sample("c")])
    assert statuses(receipt) == ["not_sent", "refused", "not_sent"]
    assert receipt.refused[0].code == "BD-WRITE-DUPLICATE"
    receipt = samples.add([sample("b"), sample("a"), sample("c")], on_refused="isolate")
    assert statuses(receipt) == ["created", "refused", "created"]


@pytest.mark.parametrize(
    ("record", "code", "field"),
    [
        ({"submitter_id": "x"}, "BD-WRITE-REQUIRED", "cases"),
        (sample("x", cases="absent"), "BD-WRITE-REFERENCE", "cases"),
        (sample("x", tissue="Blood"), "BD-WRITE-TYPE", "tissue"),
        (sample("x", zebra=1), "BD-WRITE-UNKNOWN-FIELD", "zebra"),
        (sample(""), "BD-KEY-EMPTY", "submitter_id"),
    ],
)
def test_refused(rig: Rig, record: dict[str, Any], code: str, field: str) -> None:
    receipt = rig.connect()["sample"].add(record)
    assert statuses(receipt) == ["refused"]
    assert (receipt.refused[0].code, receipt.refused[0].field) == (code, field)
    assert "absent" not in receipt.refused[0].message


def test_a_second_only_child_is_refused(rig: Rig) -> None:
    receipt = rig.connect()["demographic"].add({"submitter_id": "second", "cases": "NA12878", "sex": "female"})
    assert receipt.refused[0].code == "BD-WRITE-REFERENCE"


def test_update_keeps_what_is_not_given_and_clears_with_none(rig: Rig) -> None:
    files = rig.connect()["submitted_reads"]
    before = files.get("NA12878-reads")
    receipt = files.update({"submitter_id": "NA12878-reads", "mean_coverage": 30.5})
    assert receipt.updated == 1
    assert files.get("NA12878-reads") == {**before, "mean_coverage": 30.5}
    assert files.update({"submitter_id": "NA12878-reads", "mean_coverage": None}).updated == 1
    assert files.get("NA12878-reads") == before


def test_update_of_a_list_and_of_integers(rig: Rig) -> None:
    samples = rig.connect()["sample"]
    samples.add(sample("a", storage=["x", "y"], days_to_collection=3))
    samples.update({"submitter_id": "a", "storage": ["z"], "days_to_collection": 4})
    found = samples.get("a")
    assert (found["storage"], found["days_to_collection"], found["cases"]) == (["z"], 4, "NA12878")
    samples.update({"submitter_id": "a", "storage": []})
    assert samples.get("a")["storage"] == []


def test_what_is_so_already_is_not_sent(rig: Rig) -> None:
    samples = rig.connect()["sample"]
    samples.add(sample("a", days_to_collection=3))
    for verb in (samples.update, samples.upsert):
        assert statuses(verb(sample("a", days_to_collection=3))) == ["unchanged"]
    assert rig.asked("PUT") == []


def test_update_of_what_is_not_there(rig: Rig) -> None:
    samples = rig.connect()["sample"]
    receipt = samples.update(
        [{"submitter_id": "absent", "note": "x"}, {"submitter_id": "NA12878-blood", "note": "y"}]
    )
    assert statuses(receipt) == ["refused", "not_sent"]
    assert receipt.refused[0].code == "BD-NOT-FOUND"
    assert samples.count() == 6, "a PUT would have made it"


def test_upsert_is_one_put(rig: Rig) -> None:
    samples = rig.connect()["sample"]
    samples.add(sample("a", note="old"))
    rig.log.clear()
    receipt = samples.upsert([sample("a", note="new"), sample("b"), {"submitter_id": "NA12877-blood", "note": "x"}])
    assert statuses(receipt) == ["updated", "created", "updated"]
    assert len(rig.asked("PUT", HERE)) == 1
    assert samples.get("NA12877-blood")["cases"] == "NA12877", "its required link was sent again"


def test_links_can_be_added_to_but_not_moved(rig: Rig) -> None:
    connection = rig.connect()
    aliquots, samples = connection["aliquot"], connection["sample"]
    aliquots.add({"submitter_id": "al", "samples": ["NA12877-blood"]}).raise_for_refused()
    both = {"submitter_id": "al", "samples": ["NA12877-blood", "NA12878-blood"]}
    assert aliquots.update(both).updated == 1
    assert sorted(aliquots.get("al")["samples"]) == both["samples"]
    rig.log.clear()
    for repository, record in (
        (aliquots, {"submitter_id": "al", "samples": ["NA12878-blood"]}),
        (samples, {"submitter_id": "NA12878-blood", "cases": "NA12877"}),
    ):
        receipt = repository.update(record)
        assert receipt.refused[0].code == "BD-WRITE-LINK"
    assert rig.asked("PUT") == [], "refused before it is sent"


def test_delete(rig: Rig) -> None:
    samples = rig.connect()["sample"]
    samples.add([sample(f"n{at}") for at in range(150)])
    receipt = samples.delete([*(f"n{at}" for at in range(150)), "absent"])
    assert (receipt.deleted, receipt.unchanged) == (150, 1)
    assert len(rig.asked("DELETE")) == 2
    assert samples.count() == 6


def test_delete_of_a_parent(rig: Rig) -> None:
    cases = rig.connect()["case"]
    receipt = cases.delete("NA12878")
    assert receipt.refused[0].code == "BD-WRITE-REFERENCED"
    assert "depend on it" in receipt.refused[0].message
    assert cases.count() == 6


def test_a_deletion_whose_answer_is_lost(rig: Rig) -> None:
    samples = rig.connect()["sample"]
    samples.add([sample("a"), sample("b")])
    rig.faults.add("DELETE /*", drop="after")
    assert samples.delete(["a", "b"]).deleted == 2
    assert len(rig.asked("DELETE")) == 2


def test_an_addition_whose_answer_is_lost_is_unknown(rig: Rig) -> None:
    samples = rig.connect()["sample"]
    rig.faults.add(f"POST {HERE}", drop="after")
    with pytest.raises(RemoteError) as caught:
        samples.add(sample("a"))
    assert caught.value.receipt is not None
    assert statuses(caught.value.receipt) == ["unknown"]
    assert len(rig.asked("POST", HERE)) == 1, "a POST is not sent twice"


def test_an_upsert_whose_answer_is_lost_is_sent_again(rig: Rig) -> None:
    samples = rig.connect()["sample"]
    samples.schema  # noqa: B018 - asked for before the fault
    rig.faults.add(f"PUT {HERE}", status=500, body='{ "error": "service failure - try again later"}')
    assert samples.upsert(sample("a")).created == 1


def test_parallel_upserts_of_one_new_key(rig: Rig) -> None:
    connection = rig.connect()
    connection.schema("sample")
    receipts: list[Any] = []
    start = threading.Barrier(4)

    def upsert(number: int) -> None:
        start.wait()
        receipts.append(connection["sample"].upsert(sample("raced", note=str(number))))

    threads = [threading.Thread(target=upsert, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(receipt.ok for receipt in receipts)
    assert connection["sample"].count("submitter_id = 'raced'") == 1


def test_a_record_made_between_look_and_put(rig: Rig) -> None:
    connection = rig.connect()
    samples = connection["sample"]
    samples.schema  # noqa: B018 - asked for before the fault
    error = {"keys": [], "message": "sample already exists in the DB", "type": "ERROR"}
    report = {"code": 400, "entities": [{"action": "create", "errors": [error], "valid": False}], "success": False}
    import json

    rig.faults.add(f"PUT {HERE}", status=400, body=json.dumps(report))
    assert samples.upsert(sample("a")).created == 1
    assert len(rig.asked("PUT", HERE)) == 2


def test_a_denied_write_is_sent_once(rig: Rig) -> None:
    samples = rig.connect(user=READER)["sample"]
    with pytest.raises(PermissionDenied):
        samples.add(sample("a"))
    with pytest.raises(PermissionDenied):
        samples.delete("NA12878-blood")
    assert len(rig.asked("POST", HERE)) == 1
    assert len(rig.asked("DELETE")) == 1


def test_a_project_under_review_takes_nothing(rig: Rig) -> None:
    samples = rig.connect()["sample"]
    rig.state.project("demo", "ceph1463").props["state"] = "review"
    with pytest.raises(PermissionDenied) as caught:
        samples.add([sample("a"), sample("b")], on_refused="isolate")
    assert caught.value.code == "BD-WRITE-LOCKED"
    assert len(rig.asked("POST", HERE)) == 1


def test_access_levels_hold(rig: Rig) -> None:
    with pytest.raises(PermissionDenied):
        rig.connect(access="read")["sample"].add(sample("a"))
    with pytest.raises(PermissionDenied):
        rig.connect(access="write")["sample"].delete("NA12878-blood")
    assert rig.asked("POST", GRAPHQL) == []


@pytest.mark.parametrize("body", ["<html>", "{}", "[]", '{"entities": [3], "created_entity_count": 1}'])
@pytest.mark.parametrize(
    ("operation", "work"),
    [
        ("POST", lambda samples: samples.add(sample("x"))),
        ("PUT", lambda samples: samples.upsert(sample("x"))),
        ("DELETE", lambda samples: samples.delete("s0000")),
    ],
)
def test_what_a_proxy_says_is_no_success(rig: Rig, operation: str, work: Any, body: str) -> None:
    rig.samples(1)
    samples = rig.connect()["sample"]
    assert samples.count() == 7
    rig.faults.add(f"{operation} {HERE}*", status=200, body=body, content_type="text/html")
    with pytest.raises(RemoteError) as caught:
        work(samples)
    assert [one.status for one in caught.value.receipt.outcomes] == ["unknown"]
