"""What is promised of the number of requests."""

from __future__ import annotations

import pytest


def metadata_requests(rig, table):
    """The requests that asked for a table's metadata and for nothing else."""
    found = [one for one in rig.log if one.target == f"/api/v2/{table}?num=0" or f"/{table}/meta" in one.path]
    return [*found, *rig.asked(None, "/api/metadata")]


@pytest.mark.parametrize(("rows", "pages"), [(1, 1), (2500, 3), (3000, 3), (3001, 4)])
def test_rows_take_a_request_a_page_and_one_for_metadata(rig, rows, pages):
    rig.numbers(rows)
    table = rig.connect()["numbers"]
    assert sum(1 for _ in table.query(page_size=1000)) == rows
    asked = rig.asked(None, "/api/v2/numbers")
    assert (len(asked), len(metadata_requests(rig, "numbers"))) == (pages + 1, 1)


def test_metadata_is_asked_for_once_in_a_connection(rig):
    rig.numbers(30)
    connection = rig.connect()
    for _ in range(3):
        table = connection["numbers"]
        assert table.count() == 30
        assert len(table.query(page_size=10).to_records()) == 30
        assert table.get([1, 2, 3])
        assert table.upsert({"n": 1, "name": "x"}).ok
        assert table.update({"n": 2, "name": "y"}).ok
        assert table.delete(99).ok
    assert len(metadata_requests(rig, "numbers")) == 1


def test_a_page_describes_only_the_fields_that_are_asked_for(rig):
    """Each page of v2 has metadata, of what its `attrs` names: with one of three fields a third of it."""
    rig.numbers(1)
    table = rig.connect()["numbers"]
    assert table.schema.key
    rig.log.clear()
    table.query(fields=["n"]).to_records()
    table.query().to_records()
    one, three = (asked.response_bytes for asked in rig.asked("GET", "/api/v2/numbers"))
    assert one < three - 500


def test_ten_thousand_rows_are_added_by_ten_requests(rig):
    rig.numbers(0)
    table = rig.connect()["numbers"]
    assert table.add({"n": n, "name": "x"} for n in range(10_000)).created == 10_000
    assert len(rig.asked("POST", "/api/v2/numbers")) == 10
    assert len(rig.asked(None, "/api/v2/numbers")) == 11


def test_an_upsert_asks_only_for_the_keys_that_it_writes(rig):
    rig.numbers(5000)
    table = rig.connect()["numbers"]
    assert table.schema.key
    rig.log.clear()
    written = [*range(4990, 5010)]
    receipt = table.upsert([{"n": n, "name": "new"} for n in written])
    assert (receipt.created, receipt.updated) == (10, 10)
    looked, added, changed = rig.asked(None, "/api/v2/numbers")
    assert (looked.method, added.method, changed.method) == ("GET", "POST", "PUT")
    assert [int(n) for n in _listed(looked.target)] == written
    assert "num=20" in looked.target
    assert "attrs=n%2Cname" in looked.target


def _listed(target: str) -> list[str]:
    from urllib.parse import parse_qs

    (q,) = parse_qs(target.partition("?")[2])["q"]
    assert q.startswith("n=in=(")
    return [one.strip('"') for one in q[len("n=in=(") : -1].split(",")]
