"""MOLGENIS compares by what the server keeps; and how often it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from biodata.comparing import compare
from biodata.records.uploads import Upload
from biodata.testing.agreeing import agreed
from tests.adapters.molgenis.test_writing import FULL

if TYPE_CHECKING:
    from biodata import Connection
    from tests.adapters.molgenis.conftest import Rig


@pytest.fixture
def server(people: Rig) -> Connection:
    """With one person, who has a photo."""
    connection = people.connect()
    connection["rt_Person"].add(FULL | {"photo": Upload(b"png", "me.png")}).raise_for_refused()
    return connection


@pytest.mark.parametrize(
    ("field", "same", "other"),
    [
        ("notes", FULL["notes"], ""),
        ("home", FULL["home"], None),
        ("visited", ["gro", "ams"], ["ams", "gro"]),
        ("cats", ["gro"], []),
        ("big", 9007199254740993, 9007199254740992),
        ("seen", "2024-01-02T02:04:05Z", "2024-01-02T02:04:06Z"),
        ("photo", "me.png", None),
        ("photo", {"filename": "me.png"}, Upload(b"png", "me.png")),
    ],
)
def test_what_the_server_keeps_is_the_same(server: Connection, field: str, same: Any, other: Any) -> None:
    table = server["rt_Person"]
    if field == "photo":
        same = same if isinstance(same, str) else table.get("p1")["photo"]
    records = [{"id": "p1", field: same}]
    assert [one.action for one in compare(table, records)] == ["unchanged"]
    assert agreed(table, records) == {"unchanged": 1}
    (change,) = compare(table, {"id": "p1", field: other})
    assert (change.action, list(change.after)) == ("update", [field])


def test_an_empty_text_is_no_value(server: Connection, people: Rig) -> None:
    table = server["rt_Person"]
    table.update({"id": "p1", "notes": None}).raise_for_refused()
    before = len(people.asked())
    assert table.upsert([{"id": "p1", "notes": ""}]).unchanged == 1
    assert len(people.asked()) - before == 1, "one look, and no second one"


def test_the_back_side_of_a_reference_has_no_order(server: Connection) -> None:
    server["rt_Person"].add([{"id": key, "fullName": key, "city": "gro"} for key in "ab"]).raise_for_refused()
    (change,) = compare(server["rt_City"], {"code": "gro", "people": ["b", "p1", "a"]})
    assert change.action == "unchanged"


def test_a_file_that_is_another_records_is_refused(server: Connection) -> None:
    records = [{"id": "p1", "photo": "other.png"}, {"id": "p2", "fullName": "x", "photo": "me.png"}]
    told = list(compare(server["rt_Person"], records))
    assert [(one.action, one.code) for one in told] == [("refused", "BD-WRITE-FILE")] * 2
    assert agreed(server["rt_Person"], records) == {"refused": 2}


def test_a_file_to_store_is_a_change(server: Connection, tmp_path: Path) -> None:
    (tmp_path / "new.png").write_bytes(b"x")
    (change,) = compare(server["rt_Person"], {"id": "p1", "photo": Path(tmp_path / "new.png")})
    assert change.action == "update"


def test_a_request_for_500_records_and_none_that_writes(rig: Rig) -> None:
    rig.numbers(1200)
    table = rig.connect()["numbers"]
    assert table.schema.key == "n"
    before = len(rig.asked())
    changes = list(compare(table, [{"n": n, "name": f"row {n:05}", "weight": n / 4 + (n == 7)} for n in range(1210)]))
    assert [one.action for one in changes].count("unchanged") == 1199
    assert [one.key for one in changes if one.action == "update"] == [7]
    assert [one.key for one in changes if one.action == "create"] == list(range(1200, 1210))
    asked = rig.asked()[before:]
    assert len(asked) == 3
    assert not [one for one in asked if one.method in {"PUT", "PATCH", "DELETE"}]
