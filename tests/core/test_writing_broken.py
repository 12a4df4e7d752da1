"""Writes that break off, or that are refused in odd places: the receipt says what is so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest

from biodata import QueryError, SchemaError, Unavailable
from tests.core.memory import MemoryAdapter, memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata import Connection


def adapter(connection: Connection) -> MemoryAdapter:
    return cast("MemoryAdapter", connection.adapter)


def person(key: str, **fields: Any) -> dict[str, Any]:
    return {"id": key, "name": "Ann", **fields}


def statuses(receipt: Any) -> list[str]:
    return [outcome.status for outcome in receipt]


def sized(connection: Connection, **sizes: int) -> Connection:
    """The same connection with other batch sizes."""
    known = MemoryAdapter.capabilities
    changed = msgspec.structs.replace(known, batch_size={**known.batch_size, **sizes})
    vars(connection.adapter)["capabilities"] = changed
    return connection


def people_then(error: Exception) -> Iterator[dict[str, Any]]:
    yield from (person(f"a{number}") for number in range(7))
    raise error


def test_records_that_end_in_an_error_leave_a_receipt() -> None:
    people = memory()["people"]
    with pytest.raises(QueryError) as caught:
        people.add(people_then(QueryError("no more")))
    assert caught.value.receipt is not None
    assert caught.value.receipt.created == 6
    with pytest.raises(SchemaError) as wrong:
        memory()["people"].add([*(person(f"a{number}") for number in range(4)), 5])
    assert wrong.value.receipt is not None
    assert wrong.value.receipt.created == 3


def test_an_error_of_somebody_else_says_what_was_written() -> None:
    with pytest.raises(ValueError, match="no more") as caught:
        memory()["people"].add(people_then(ValueError("no more")))
    assert caught.value.__notes__ == ["What was written until then: add people: 6 created"]


@pytest.mark.parametrize(("maybe_sent", "status"), [(True, "unknown"), (False, "not_sent")])
def test_an_upsert_that_breaks_after_its_adds_says_created(maybe_sent: bool, status: str) -> None:
    connection = memory(people=3)
    adapter(connection).break_at, adapter(connection).maybe_sent = 1, maybe_sent
    with pytest.raises(Unavailable) as caught:
        connection["people"].upsert([person("new"), {"id": "p001", "age": 77}])
    assert statuses(caught.value.receipt) == ["created", status]


def test_a_batch_that_breaks_while_it_is_split_keeps_what_was_done() -> None:
    connection = sized(memory(), add=4)
    adapter(connection).tells_index, adapter(connection).break_at = False, 2
    rows = [person("a"), person("b"), person("c", name="bad"), person("d")]
    with pytest.raises(Unavailable) as caught:
        connection["people"].add(rows, on_refused="isolate")
    assert statuses(caught.value.receipt) == ["created", "created", "unknown", "unknown"]


def test_a_lookup_that_breaks_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = memory(people=1)

    def broken(*_: object) -> None:
        raise Unavailable("the line broke")

    monkeypatch.setattr(connection.adapter, "fetch", broken)
    with pytest.raises(Unavailable) as caught:
        connection["people"].upsert([{"id": "p000", "age": 5}])
    assert statuses(caught.value.receipt) == ["not_sent"]


def test_a_batch_may_be_refused_record_by_record_however_long_it_is() -> None:
    connection = sized(memory(), add=2000)
    receipt = connection["people"].add((person(f"a{n}", name="bad") for n in range(1500)), on_refused="isolate")
    assert receipt.tally == {"refused": 1500}
    assert sum(number for _, number in adapter(connection).batches) < 1500 * 12


def test_stop_holds_between_the_batches_of_one_upsert() -> None:
    connection = sized(memory(), add=1)
    receipt = connection["people"].upsert([person("a", name="bad"), person("b"), person("c")])
    assert statuses(receipt) == ["refused", "not_sent", "not_sent"]
    assert not adapter(connection).rows["people"]
