"""What an upsert would do, told without writing: what a person or a preview relies on, whatever the platform."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, cast

import pytest

from biodata import NotFound, SchemaError, Unsupported
from biodata.adapter import BatchRefused, Compared
from biodata.comparing import Change, compare
from biodata.connection import Connection
from biodata.records.types import Field, Schema, String
from biodata.testing.agreeing import agreed
from tests.core.memory import MemoryAdapter, memory

if TYPE_CHECKING:
    from biodata.records.types import Record


def adapter(connection: Any) -> MemoryAdapter:
    return cast("MemoryAdapter", connection.adapter)


def person(key: str, **fields: Any) -> dict[str, Any]:
    return {"id": key, "name": "Ann", **fields}


RECORDS: list[dict[str, Any]] = [
    {"id": "p001", "age": 1, "tags": None},
    {"id": "p001", "age": 2, "city": "ams", "name": "Name 1"},
    person("new", age=5),
    {"id": "p002", "zebra": "secret"},
    {"id": "p002", "age": "secret"},
    {"name": "nobody"},
    {"id": "other", "age": 5},
    {"id": "p003", "name": None},
    {"id": "p003"},
]
NEEDED = "the required field 'name' has no value"
NO_NUMBER = "field 'age' is int: a whole number is needed, not text"
CHANGES = [
    Change(0, "unchanged", "p001"),
    Change(1, "update", "p001", {"age": 1}, {"age": 2}),
    Change(2, "create", "new", {}, {"id": "new", "name": "Ann", "age": 5}),
    Change(3, "refused", "p002", {}, {}, "BD-WRITE-UNKNOWN-FIELD", "the table has no field 'zebra'", "zebra"),
    Change(4, "refused", "p002", {}, {}, "BD-WRITE-TYPE", NO_NUMBER, "age"),
    Change(5, "refused", None, {}, {}, "BD-KEY-EMPTY", "the key field 'id' is missing or empty", "id"),
    Change(6, "refused", "other", {}, {}, "BD-WRITE-REQUIRED", NEEDED, "name"),
    Change(7, "refused", "p003", {}, {}, "BD-WRITE-REQUIRED", NEEDED, "name"),
    Change(8, "unchanged", "p003"),
]


def test_what_becomes_of_each_record() -> None:
    connection = memory(people=5)
    assert list(compare(connection["people"], RECORDS)) == CHANGES
    assert adapter(connection).batches == []


def test_an_upsert_does_what_was_told() -> None:
    records = [one for at, one in enumerate(RECORDS) if at != 1]
    assert agreed(memory(people=5)["people"], records) == Counter(refused=5, unchanged=2, create=1)


def test_reading_is_enough() -> None:
    assert [one.action for one in compare(memory("read", people=1)["people"], person("p000"))] == ["update"]


def test_one_fetch_a_batch_and_no_more_in_memory() -> None:
    connection, taken = memory(people=9), Counter[str]()

    def records() -> Any:
        for number in range(10):
            taken["records"] += 1
            yield {"id": f"p{number:03}", "name": "x"}

    changes = compare(connection["people"], records(), batch_size=4)
    assert next(changes).action == "update"
    assert (taken["records"], adapter(connection).calls["fetch people"]) == (4, 1)
    assert [one.row for one in changes] == list(range(1, 10))
    assert adapter(connection).calls["fetch people"] == 3


def test_records_that_do_not_fit_are_not_looked_up() -> None:
    connection = memory()
    changes = compare(connection["people"], [{"id": ""}, {"id": "a", "age": "x"}])
    assert [one.action for one in changes] == ["refused", "refused"]
    assert adapter(connection).calls["fetch people"] == 0


def test_a_frame_or_what_is_no_record() -> None:
    import pandas as pd

    table = memory(people=2)["people"]
    frame = pd.DataFrame({"id": ["p000", "p001"], "age": [float("nan"), 1.0]})
    assert [one.action for one in compare(table, frame)] == ["unchanged", "unchanged"]
    with pytest.raises(SchemaError):
        list(compare(table, [5]))
    with pytest.raises(NotFound):
        list(compare(memory()["absent"], [{"id": "a"}]))


class Lenient(MemoryAdapter):
    """Case does not matter to it, it keeps no `secret`, and nobody's city can change."""

    def compared(self, schema: Schema, record: Record, stored: Record | None) -> Compared:
        if record.get("name") == "secret":
            return Compared(stored, record, BatchRefused("not that", code="BD-WRITE-NO", field="name"))
        found = super().compared(schema, record, stored)
        changes = found.changes if stored is None else {
            name: value for name, value in found.changes.items()
            if str(value).casefold() != str(stored[name]).casefold()
        }  # fmt: skip
        return Compared(stored, changes)


def test_an_upsert_goes_by_the_platforms_own_notion_of_the_same() -> None:
    connection = Connection(Lenient(), name="mem", access="write")
    connection["people"].add([person("a"), person("b")]).raise_for_refused()
    adapter(connection).batches.clear()
    records = [person("a", name="ANN"), person("b", name="Bea"), person("c", name="secret")]
    assert agreed(connection["people"], records) == Counter(unchanged=1, update=1, refused=1)
    assert adapter(connection).batches == [("update", 1)]
    assert connection["people"].get("a")["name"] == "Ann"


class Keyless(MemoryAdapter):
    def schema(self, table: str, *, refresh: bool = False) -> Schema:
        return Schema(table, (), (Field("name", String()),))


def test_a_table_without_a_key_cannot_be_compared() -> None:
    connection = Connection(Keyless(), name="mem", access="read")
    with pytest.raises(Unsupported) as caught:
        list(compare(connection["people"], [{"name": "a"}]))
    assert (caught.value.code, caught.value.table) == ("BD-UNSUPPORTED-KEY", "people")
