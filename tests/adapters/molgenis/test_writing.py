"""Add, update, delete: what is stored, what is refused and why, and how often something is sent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

import biodata
from biodata import col
from biodata.records.types import Field, Schema, String

FULL = {
    "id": "p1",
    "fullName": 'Jan, "de" Boer',
    "age": -41,
    "score": 0.1,
    "big": 9007199254740993,
    "active": True,
    "born": date(1980, 2, 29),
    "seen": datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1))),
    "notes": "multi\nline é 中 NA",
    "mail": "jan@example.org",
    "home": "https://example.org/x?a=b&c=d",
    "sex": "m",
    "city": "gro",
    "visited": ["gro", "ams"],
    "cat": "ams",
    "cats": ["gro"],
    "lvl": 3,
}


@pytest.fixture
def person(people):
    return people.connect()["rt_Person"]


def outcome(receipt):
    (one,) = receipt.outcomes
    return one.status, one.code, one.field


def test_values_of_every_type_come_back(person):
    assert person.add(FULL).created == 1
    stored = person.get("p1")
    expected = FULL | {"seen": datetime(2024, 1, 2, 2, 4, 5, tzinfo=UTC), "photo": None}
    assert stored == expected
    assert {name: type(value) for name, value in stored.items()} == {
        name: type(value) for name, value in expected.items()
    }


def test_an_absent_field_takes_the_default_and_none_does_not(person):
    person.add([{"id": "a", "fullName": "x"}, {"id": "b", "fullName": "x", "lvl": None}])
    assert [row["lvl"] for row in person.get(["a", "b"])] == [7, None]


def test_what_is_read_can_be_written_back(person):
    person.add(FULL)
    row = person.get("p1")
    person.delete("p1")
    row.pop("photo")
    assert person.add(row).created == 1
    assert person.get("p1", fields=list(row)) == row


def test_an_update_of_one_field_leaves_the_others(people, person):
    person.add([FULL, {"id": "p2", "fullName": "Ann"}])
    people.log.clear()
    receipt = person.update([{"id": "p1", "age": 1}, {"id": "p2", "age": 2}])
    assert receipt.updated == 2
    assert [one.path for one in people.asked("PUT")] == ["/api/v2/rt_Person/age"]
    assert person.get("p1", fields=list(FULL)) == {**FULL, "age": 1}


def test_an_update_of_several_fields_of_one_record_is_one_request(people, person):
    person.add(FULL)
    people.log.clear()
    assert person.update({"id": "p1", "age": 1, "notes": None, "seen": datetime(2020, 1, 1, tzinfo=UTC)}).updated == 1
    assert [one.path for one in people.asked() if one.method != "GET"] == ["/api/data/rt_Person/p1"]
    row = person.get("p1")
    assert (row["age"], row["notes"], row["seen"].year, row["visited"]) == (1, None, 2020, ["gro", "ams"])


def test_none_clears_and_a_list_is_replaced(person):
    person.add([FULL, {**FULL, "id": "p2", "mail": None}])
    cleared = {name: None for name in FULL if name not in {"id", "fullName"}}
    assert person.update([{"id": "p1", **cleared}, {"id": "p2", "visited": ["rtm"], "cats": []}]).updated == 2
    row = person.get("p1")
    assert {name for name, value in row.items() if value not in (None, [])} == {"id", "fullName"}
    other = person.get("p2")
    assert (other["visited"], other["cats"], other["age"]) == (["rtm"], [], -41)


def test_what_is_so_already_is_not_sent(people, person):
    person.add(FULL)
    people.log.clear()
    assert person.update({"id": "p1", "age": -41, "visited": ["gro", "ams"], "photo": None}).unchanged == 1
    assert not [one for one in people.log if one.method not in {"GET", "POST"}]


def test_an_absent_record_holds_back_the_others_unless_they_are_isolated(person):
    person.add([{"id": "a", "fullName": "x"}, {"id": "c", "fullName": "x"}])
    changes = [{"id": key, "age": 1} for key in "abc"]
    assert [one.status for one in person.update(changes)] == ["not_sent", "refused", "not_sent"]
    assert person.count("age = 1") == 0
    receipt = person.update(changes, on_refused="isolate")
    assert [one.status for one in receipt.outcomes] == ["updated", "refused", "updated"]
    assert receipt.refused[0].code == "BD-NOT-FOUND"
    assert person.count("age = 1") == 2


REFUSED = [
    ({"id": "p1", "fullName": "x"}, "BD-WRITE-DUPLICATE", "id"),
    ({"id": "n", "fullName": "x", "mail": "jan@example.org"}, "BD-WRITE-DUPLICATE", "mail"),
    ({"id": "n", "fullName": "x", "city": "nope"}, "BD-WRITE-REFERENCE", "city"),
    ({"id": "n", "fullName": "x", "visited": ["gro", "nope"]}, "BD-WRITE-REFERENCE", "visited"),
]


@pytest.mark.parametrize(("record", "code", "field"), REFUSED)
def test_a_refusal_says_rule_record_and_field(person, record, code, field):
    person.add(FULL)
    receipt = person.add([{"id": "ok1", "fullName": "fine"}, record, {"id": "ok2", "fullName": "fine"}])
    assert [one.status for one in receipt.outcomes] == ["not_sent", "refused", "not_sent"]
    (bad,) = receipt.refused
    assert (bad.row, bad.code, bad.field) == (1, code, field)
    for value in ("nope", "jan@example.org"):
        assert value not in bad.message
    assert person.count() == 1
    isolated = person.add(
        [{"id": "ok1", "fullName": "fine"}, record, {"id": "ok2", "fullName": "fine"}], on_refused="isolate"
    )
    assert [one.status for one in isolated.outcomes] == ["created", "refused", "created"]


def test_a_required_field_cannot_be_cleared(person):
    person.add(FULL)
    assert outcome(person.update({"id": "p1", "fullName": None}))[0] == "refused"
    assert person.get("p1")["fullName"] == FULL["fullName"]


def test_a_later_field_that_is_refused_says_what_was_written(people, person):
    person.add([{"id": key, "fullName": "x"} for key in "abc"])
    people.faults.add(
        "PUT /api/v2/rt_Person/notes",
        status=400,
        body='{"errors": [{"message": "Value \'secret b\' for attribute \'notes\' is bad"}]}',
    )
    changes = [{"id": key, "age": 1, "notes": f"secret {key}"} for key in "abc"]
    receipt = person.update(changes)
    assert [one.status for one in receipt.outcomes] == ["updated", "refused", "updated"]
    (bad,) = receipt.refused
    assert (bad.field, bad.key) == ("notes", "b")
    assert "changed before that: age" in bad.message
    assert "secret" not in bad.message
    assert {row["id"]: row["notes"] for row in person.query()} == {"a": "secret a", "b": None, "c": "secret c"}


def test_a_first_field_that_is_refused_changes_nothing(person):
    person.add([{"id": key, "fullName": "x"} for key in "abc"])
    receipt = person.update([{"id": key, "age": 1, "city": "nope" if key == "b" else "gro"} for key in "abc"])
    assert [one.status for one in receipt.outcomes] == ["not_sent", "refused", "not_sent"]
    assert receipt.refused[0].field == "city"
    assert person.count("age is null and city is null") == 3


def test_delete_says_what_was_there(people, person):
    person.add([{"id": key, "fullName": "x"} for key in "ab"])
    people.log.clear()
    receipt = person.delete(["a", "nope", "b"])
    assert [one.status for one in receipt.outcomes] == ["deleted", "unchanged", "deleted"]
    assert len(people.asked("DELETE")) == 1
    assert person.delete("nope").outcomes[0].status == "unchanged"
    assert len(people.asked("DELETE")) == 1


def test_what_is_referred_to_cannot_be_deleted(people, person):
    person.add({"id": "p1", "fullName": "x", "city": "gro"})
    cities = people.connect()["rt_City"]
    receipt = cities.delete(["ams", "gro"])
    assert [one.status for one in receipt.outcomes] == ["not_sent", "refused"]
    assert receipt.refused[0].code == "BD-WRITE-REFERENCED"
    assert cities.count() == 3


@pytest.mark.parametrize("key", ["", None])
def test_an_empty_key_deletes_nothing(people, person, key):
    person.add(FULL)
    with pytest.raises(biodata.QueryError):
        person.delete(key)
    assert person.count() == 1
    assert not people.asked("DELETE")


def test_delete_all_is_one_request(people, person):
    person.add([{"id": key, "fullName": "x"} for key in "abc"])
    people.log.clear()
    receipt = person.delete(all=True)
    assert receipt.deleted == 3
    assert len(people.asked("DELETE")) == 1
    assert person.count() == 0


def test_a_table_that_is_referred_to_is_neither_emptied_nor_half_emptied(people, person):
    person.add({"id": "p1", "fullName": "x", "city": "gro"})
    cities = people.connect()["rt_City"]
    with pytest.raises(biodata.WriteError) as caught:
        cities.delete(all=True)
    assert caught.value.code == "BD-WRITE-REFERENCED"
    assert "'gro'" not in str(caught.value)
    assert cities.count() == 3


def test_batches_are_at_most_1000(rig):
    rig.numbers(0)
    table = rig.connect()["numbers"]
    assert table.add({"n": n, "name": str(n)} for n in range(2001)).created == 2001
    assert len(rig.asked("POST", "/api/v2/numbers")) == 3
    assert table.update({"n": n, "weight": n / 2} for n in range(2001)).updated == 2001
    assert len(rig.asked("PUT", "/api/v2/numbers/weight")) == 3
    assert table.delete(list(range(2001))).deleted == 2001
    assert len(rig.asked("DELETE", "/api/v2/numbers")) == 3


def test_upsert_adds_changes_and_leaves(people, person):
    person.add([{"id": "a", "fullName": "x"}, {"id": "b", "fullName": "y"}])
    receipt = person.upsert([{"id": key, "fullName": "x"} for key in "abc"])
    assert [one.status for one in receipt.outcomes] == ["unchanged", "updated", "created"]
    people.log.clear()
    assert person.upsert([{"id": key, "fullName": "x"} for key in "abc"]).unchanged == 3
    assert not [one for one in people.log if one.method in {"PUT", "DELETE", "PATCH"}]


def test_an_empty_text_is_kept_as_null_and_written_once(people, person):
    records = [{"id": "a", "fullName": "x", "notes": ""}, {"id": "b", "fullName": "y", "notes": ""}]
    assert person.upsert(records).tally == {"created": 2}
    people.log.clear()
    assert person.upsert(records).tally == {"unchanged": 2}
    assert person.update({"id": "a", "notes": ""}).tally == {"unchanged": 1}
    assert person.upsert([records[0] | {"fullName": "z"}, records[1]]).tally == {"updated": 1, "unchanged": 1}
    assert len(people.asked("PUT")) + len(people.asked("PATCH")) == 1


def test_a_generated_key_is_told(rig):
    from biodata_molgenis.sandbox.model import Attribute

    rig.state.create_table("t", (Attribute(name="id", is_id=True, auto=True), Attribute(name="x")))
    table = rig.connect()["t"]
    receipt = table.add([{"x": "one"}, {"x": "two"}])
    keys = [one.key for one in receipt.outcomes]
    assert [row["x"] for row in table.get(keys)] == ["one", "two"]


def test_a_lost_answer_is_looked_up(people, person):
    assert person.schema.key
    people.faults.add("POST /api/v2/rt_Person", drop="after")
    receipt = person.add([{"id": "a", "fullName": "x"}, {"id": "b", "fullName": "y", "visited": ["gro"]}])
    assert receipt.created == 2
    assert len(people.asked("POST", "/api/v2/rt_Person")) == 1
    assert person.count() == 2


def test_a_lost_request_leaves_its_records_unknown(people, person):
    assert person.schema.key
    people.faults.add("POST /api/v2/rt_Person", drop="before")
    receipt = person.add([{"id": "a", "fullName": "x"}])
    assert [one.status for one in receipt.outcomes] == ["unknown"]


def test_a_lost_answer_that_cannot_be_looked_up_leaves_its_records_unknown(people, person):
    assert person.schema.key
    people.faults.add("POST /api/v2/rt_Person", drop="after")
    people.faults.add("GET /api/v2/rt_Person", status=500, body="{}")
    with pytest.raises(biodata.RemoteError) as caught:
        person.add([{"id": "a", "fullName": "x"}])
    assert [one.status for one in caught.value.receipt.outcomes] == ["unknown"]


def test_an_update_whose_answers_all_get_lost_is_unknown_and_not_unsent(people, person):
    person.add([{"id": "a", "fullName": "x"}])
    people.faults.add("PUT /api/v2/rt_Person/age", times=10, status=503, headers={"Retry-After": "0"})
    with pytest.raises(biodata.RemoteError) as caught:
        person.update({"id": "a", "age": 1})
    assert [one.status for one in caught.value.receipt.outcomes] == ["unknown"]


@pytest.mark.parametrize("operation", ["add", "update", "delete"])
def test_a_login_page_with_status_200_is_no_success(people, person, operation):
    person.add({"id": "there", "fullName": "x"})
    for method in ("POST", "PUT", "DELETE"):
        people.faults.add(f"{method} /api/v2/rt_Person*", status=200, html=True)
    try:
        if operation == "add":
            receipt = person.add({"id": "new", "fullName": "x"})
        elif operation == "update":
            receipt = person.update({"id": "there", "fullName": "y"})
        else:
            receipt = person.delete("there")
    except biodata.RemoteError as error:
        receipt = error.receipt
    assert [one.status for one in receipt.outcomes] == ["unknown"]
    assert [row["fullName"] for row in person.query()] == ["x"]


def test_a_table_is_not_called_empty_or_made_by_a_login_page(people, person):
    person.add({"id": "there", "fullName": "x"})
    people.faults.add("DELETE /api/v1/*", status=200, html=True)
    people.faults.add("POST /plugin/*", status=200, html=True)
    with pytest.raises(biodata.RemoteError):
        person.delete(all=True)
    with pytest.raises(biodata.RemoteError):
        person.adapter.ensure(Schema("rt_new", "id", (Field("id", String(), required=True),)))


def test_a_500_of_the_servers_own_is_not_repeated(people, person):
    assert person.schema.key
    people.faults.add("POST /api/v2/rt_Person", status=500, body='{"errors": [{"message": "out of disk"}]}')
    with pytest.raises(biodata.RemoteError) as caught:
        person.add({"id": "a", "fullName": "x"})
    assert "out of disk" in str(caught.value)
    assert len(people.asked("POST", "/api/v2/rt_Person")) == 1


def test_a_filter_value_stays_out_of_errors(people, person):
    assert person.schema.key
    people.faults.add(
        "GET /api/v2/rt_Person", status=400, body='{"errors": [{"message": "bad value Jansen in fullName"}]}'
    )
    with pytest.raises(biodata.QueryError) as caught:
        person.count(col("fullName") == "Jansen")
    assert "Jansen" not in str(caught.value)
