"""Scans, pages, filters, keys: what is sent, and what comes."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from biodata import col
from biodata.errors import NotFound, PermissionDenied, RemoteError
from biodata_gen3.sandbox import NOBODY, READER
from tests.adapters.gen3.conftest import GRAPHQL, HERE, KEY

if TYPE_CHECKING:
    from tests.adapters.gen3.conftest import Rig


def test_a_whole_scan_is_one_export_and_a_count(rig: Rig) -> None:
    rig.samples(1200)
    connection = rig.connect()
    rows = connection["sample"].query().to_records()
    assert len(rows) == len({row["submitter_id"] for row in rows}) == 1206
    assert [one.path for one in rig.log] == ["/api/v0/submission/_dictionary/_all", KEY, GRAPHQL, f"{HERE}/export"]
    first = next(row for row in rows if row["submitter_id"] == "s0003")
    assert first["days_to_collection"] == 3
    assert isinstance(first["days_to_collection"], int)
    assert (first["concentration"], first["cases"], first["storage"], first["cell_line"]) == (
        0.75,
        "NA12878",
        [],
        False,
    )


def test_a_table_that_is_too_large_for_an_export_goes_in_pages(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.samples(1200)
    monkeypatch.setattr("biodata_gen3.read._LARGEST_EXPORT", 1000)
    rows = rig.connect()["sample"].query().to_records()
    assert len({row["submitter_id"] for row in rows}) == 1206
    assert rig.asked("GET", f"{HERE}/export") == []
    assert len(rig.asked("POST", GRAPHQL)) == 1 + 2


def test_a_filtered_scan_goes_in_pages_by_id(rig: Rig) -> None:
    rig.samples(1200)
    connection = rig.connect()
    rows = connection["sample"].query("tissue = 'saliva'").to_records()
    assert len({row["submitter_id"] for row in rows}) == 1200
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    assert len(rig.asked("POST", GRAPHQL)) == 2, "1000 records each"
    assert all(isinstance(row["days_to_collection"], int) for row in rows)


def test_a_table_as_long_as_the_page_and_an_empty_one(rig: Rig) -> None:
    connection = rig.connect()
    assert len(connection["case"].query("generation > 0", page_size=6).to_records()) == 6
    assert connection["aliquot"].query().to_records() == []
    assert connection["aliquot"].count() == 0


def test_limit_and_offset_go_down(rig: Rig) -> None:
    rig.samples(50)
    connection = rig.connect()
    rows = connection["sample"].query("tissue = 'saliva'", limit=5, offset=10, fields=["submitter_id"]).to_records()
    assert len(rows) == 5
    assert len(rig.asked("POST", GRAPHQL)) == 1


@pytest.mark.parametrize(
    ("where", "number"),
    [
        ("tissue = 'saliva'", 90),
        ("tissue in ('saliva', 'blood')", 96),
        ("tissue != 'saliva'", 6),
        ("days_to_collection = 7", 1),
        ("days_to_collection >= 80", 10),
        ("concentration = 0.75", 1),
        ("concentration = 4", 1),
        ("concentration in (0.25, 0.5)", 2),
        ("cell_line = true", 51),
        ("cell_line != true", 45),
        ("note = 'note 1' and cell_line = false", 15),
        ("note = 'note 1' and note = 'note 2'", 0),
        ("note = 'note 1' or note = 'note 2'", 60),
        ("note is null", 6),
        ("note like 'note%'", 90),
        ("storage = 'a'", 60),
        ("storage = 'a' and storage = 'b'", 30),
        ("storage in ('a', 'b')", 60),
        ("storage != 'b'", 66),
        ("cases = 'NA12878'", 91),
        ("cases.generation = 1", 4),
        ("contains(submitter_id, 's000')", 10),
        ("contains(submitter_id, 'S000')", 0),
        ("starts_with(submitter_id, 's00') and contains(submitter_id, '7')", 18),
        ("submitter_id in ('s0001', 's0002', 'absent')", 2),
        ("submitter_id = 's''0001'", 0),
    ],
)
def test_filters_mean_what_the_house_says(rig: Rig, where: str, number: int) -> None:
    rig.samples(90)
    connection = rig.connect()
    assert connection["sample"].count(where) == number
    assert len(connection["sample"].query(where).to_records()) == number


def test_integers_are_not_pushed_down(rig: Rig) -> None:
    explained = str(rig.connect()["sample"].query(col("days_to_collection") == 7).explain())
    assert "none matches" in explained


def test_nulls_and_order(rig: Rig) -> None:
    rig.samples(5)
    rows = rig.connect()["sample"].query(order_by=["-days_to_collection"], fields=["days_to_collection"]).to_records()
    assert [row["days_to_collection"] for row in rows] == [4, 3, 2, 1, 0, None, None, None, None, None, None]


def test_get_by_key_and_by_id(rig: Rig) -> None:
    connection = rig.connect()
    cases = connection["case"]
    found = cases.get("NA12878")
    assert (found["generation"], found["father"], found["relatives"]) == (2, "NA12891", ["NA12891", "NA12892"])
    assert cases.get(id=found["id"])["submitter_id"] == "NA12878"
    several = cases.get(["NA12889", "absent", "NA12877"], fields=["submitter_id"])
    assert [one["submitter_id"] for one in several] == ["NA12889", "NA12877"]
    assert several.missing == ("absent",)
    with pytest.raises(NotFound):
        cases.get("absent")


def test_odd_keys(rig: Rig) -> None:
    connection = rig.connect(access="write")
    key = 'a b/c,&#"d"\'e\t-ü%'
    connection["sample"].add({"submitter_id": key, "cases": "NA12878"}).raise_for_refused()
    assert connection["sample"].get(key)["submitter_id"] == key
    assert connection["sample"].count(col("submitter_id") == key) == 1


def test_integers_that_a_float_cannot_hold(rig: Rig) -> None:
    number = 2**62 + 1
    connection = rig.connect(access="write")
    connection["sample"].add({"submitter_id": "big", "cases": "NA12878", "days_to_collection": number})
    assert connection["sample"].get("big")["days_to_collection"] == number
    assert connection["sample"].query("submitter_id = 'big'").one()["days_to_collection"] == number


def test_no_rights_is_not_no_rows(rig: Rig) -> None:
    reader, nobody = rig.connect(user=READER), rig.connect(user=NOBODY)
    assert reader["aliquot"].query("volume > 1").to_records() == []
    for ask in (
        lambda: nobody["case"].query().to_records(),
        lambda: nobody["case"].query("father = 'x'").to_records(),
        lambda: nobody["case"].get("NA12878"),
        nobody["case"].count,
    ):
        with pytest.raises(PermissionDenied):
            ask()


def test_rights_are_asked_for_once(rig: Rig) -> None:
    connection = rig.connect(user=READER)
    for _ in range(5):
        assert connection["aliquot"].count() == 0
    assert len(rig.asked("GET", "/user/user")) == 1


def test_an_unknown_project(rig: Rig) -> None:
    with pytest.raises(NotFound) as caught:
        rig.connect(project="other")["case"].count()
    assert caught.value.code == "BD-NOT-FOUND-PROJECT"


def test_a_table_that_changes_while_it_is_read(rig: Rig) -> None:
    rig.samples(30)
    connection = rig.connect()
    adapter = connection.adapter
    plan = connection["sample"].query("tissue = 'saliva'", page_size=10).plan
    first = adapter.page(plan, adapter.requests(plan)[0])
    with rig.state.lock:
        rig.state.remove(rig.state.by_key("sample", "demo-ceph1463", "s0019"))
    with pytest.raises(RemoteError) as caught:
        adapter.page(plan, adapter.requests(plan, first)[0])
    assert caught.value.code == "BD-REMOTE-CHANGED"


def test_a_cut_export_is_noticed(rig: Rig) -> None:
    rig.samples(20)
    connection = rig.connect()
    connection.schema("sample")
    rig.faults.add(f"GET {HERE}/export", cut=2000, times=9)
    with pytest.raises(RemoteError):
        connection["sample"].query().to_records()


def test_the_proxys_500_is_tried_again(rig: Rig) -> None:
    connection = rig.connect()
    connection.schema("case")
    body = '{ "error": "service failure - try again later"}'
    rig.faults.add(f"POST {GRAPHQL}", status=500, body=body, content_type="text/plain")
    assert connection["case"].count() == 6
    rig.faults.add(f"POST {GRAPHQL}", status=500, body='{"message": "internal server error"}')
    with pytest.raises(RemoteError):
        connection["case"].count()


def test_requests_can_be_pickled_and_hold_no_secret(rig: Rig) -> None:
    from biodata.query.plan import Plan, Query

    adapter = rig.connect().adapter
    plan = Plan(Query(adapter.schema("case")), fields=(("submitter_id",),), limit=3)
    request = adapter.requests(plan)[0]
    text = pickle.dumps(request)
    assert pickle.loads(text) == request  # noqa: S301 - our own
    assert b"eyJ" not in text


def test_frames(rig: Rig) -> None:
    frame = rig.connect()["case"].query("generation > 0", fields=["submitter_id", "generation"]).to_pandas()
    assert sorted(frame["generation"]) == [1, 1, 1, 1, 2, 2]


@pytest.mark.parametrize(
    "data",
    ["null", "[]", '{"data": {"total": "x"}}', '{"data": {"rows": [1], "total": 1}}', '{"data": {"rows": []}}'],
)
def test_what_is_no_answer_to_a_query(rig: Rig, data: str) -> None:
    samples = rig.connect()["sample"]
    assert samples.count() == 6
    rig.faults.add(f"POST {GRAPHQL}", status=200, body=data)
    with pytest.raises(RemoteError) as caught:
        samples.query("tissue = 'blood'").first()
    assert caught.value.code == "BD-REMOTE-FORMAT"


@pytest.mark.parametrize("body", ['{"authz": [1]}', '{"authz": {"/": [3]}}', "[]"])
def test_what_is_no_user(rig: Rig, body: str) -> None:
    connection = rig.connect(user=NOBODY)
    rig.faults.add("GET /user/user", status=200, body=body)
    with pytest.raises(RemoteError):
        connection["sample"].count()
