"""add, update, upsert, delete: every record gets its outcome, and nothing is sent that need not be."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from biodata import BiodataError, QueryError, SchemaError, Unavailable, Unsupported, WriteError
from tests.core.memory import MemoryAdapter, memory


def adapter(connection: Any) -> MemoryAdapter:
    return cast("MemoryAdapter", connection.adapter)


def person(key: str, **fields: Any) -> dict[str, Any]:
    return {"id": key, "name": "Ann", **fields}


def statuses(receipt: Any) -> list[str]:
    return [outcome.status for outcome in receipt]


def test_add_in_batches() -> None:
    connection = memory()
    receipt = connection["people"].add(person(f"a{n}") for n in range(7))
    assert receipt.created == 7
    assert [outcome.key for outcome in receipt] == [f"a{n}" for n in range(7)]
    assert adapter(connection).batches == [("add", 3), ("add", 3), ("add", 1)]


@pytest.mark.parametrize(
    "given",
    [
        pd.DataFrame({"id": ["a", "b"], "name": ["x", "y"], "age": [1.0, float("nan")]}),
        pl.DataFrame({"id": ["a", "b"], "name": ["x", "y"], "age": [1, None]}),
        pa.table({"id": ["a", "b"], "name": ["x", "y"], "age": [1, None]}),
        [{"id": "a", "name": "x", "age": 1}, {"id": "b", "name": "y", "age": float("nan")}],
    ],
)
def test_add_takes_frames_and_arrow(given: Any) -> None:
    connection = memory()
    assert connection["people"].add(given).created == 2
    assert [row["age"] for row in adapter(connection).rows["people"].values()] == [1, None]


@pytest.mark.parametrize(
    "given",
    [
        "p1", 5, None, [1, 2], ["p1"], pd.Series([1]), pl.Series([1]), pa.array([1]), pa.scalar(1),
        pd.DataFrame([["a", "x", "y"]], columns=["id", "name", "name"]),
        pa.Table.from_arrays([pa.array(["a"])] * 3, ["id", "name", "name"]),
    ],
)  # fmt: skip
def test_what_is_no_record_is_an_error(given: Any) -> None:
    with pytest.raises(SchemaError) as caught:
        memory()["people"].add(given)
    assert caught.value.code == "BD-WRITE-INPUT"


@pytest.mark.parametrize(
    ("record", "code", "field"),
    [
        (person("a", nme="x"), "BD-WRITE-UNKNOWN-FIELD", "nme"),
        (person("a") | {5: "x"}, "BD-WRITE-UNKNOWN-FIELD", 5),
        ({"id": "a"}, "BD-WRITE-REQUIRED", "name"),
        (person("a", age="secret-text"), "BD-WRITE-TYPE", "age"),
        (person("a", age=2**31), "BD-WRITE-TYPE", "age"),
        (person("a", born="1980-02-31"), "BD-WRITE-TYPE", "born"),
        (person("", age=1), "BD-KEY-EMPTY", "id"),
        ({"name": "secret-text" * 3, "id": "a"}, "BD-WRITE-TYPE", "name"),
    ],
)
def test_a_misfit_is_refused_and_not_sent(record: dict[str, Any], code: str, field: str) -> None:
    connection = memory()
    receipt = connection["people"].add([record])
    (outcome,) = receipt.refused
    assert (outcome.code, outcome.field, outcome.row) == (code, field, 0)
    assert "secret-text" not in outcome.message
    assert not adapter(connection).batches
    with pytest.raises(WriteError, match=code):
        receipt.raise_for_refused()


@pytest.mark.parametrize(("key", "shown"), [(np.int64(5), 5), (np.array([1, 2]), None), (object(), None)])
def test_a_receipt_has_a_json_form_whatever_the_key(key: object, shown: object) -> None:
    receipt = memory()["people"].add({"id": key, "name": "Ann"})
    assert receipt.refused[0].key == shown
    assert receipt.to_dict()["outcomes"][0]["status"] == "refused"


def test_a_receipt_is_shown_in_one_line_and_raises_with_the_reason() -> None:
    receipt = memory()["people"].add([person("a"), person("b", age="x")])
    assert repr(receipt) == "<Receipt of add people: 1 not sent, 1 refused>"
    with pytest.raises(WriteError, match=r"row 1: field 'age'.*\[BD-WRITE-TYPE\]"):
        receipt.raise_for_refused()
    with pytest.raises(WriteError, match="row 0: not sent"):
        memory()["people"].add(person("a"), dry_run=True).raise_for_refused()


def test_a_misspelled_option_is_an_error() -> None:
    with pytest.raises(QueryError, match="stop or isolate"):
        memory()["people"].add(person("a"), on_refused=cast("Any", "isolated"))


@pytest.mark.parametrize(
    "keys",
    [
        pd.DataFrame({"id": ["p001"], "name": ["x"]}), pl.DataFrame({"id": ["p001"]}), pa.table({"id": ["p001"]}),
        pd.Series(["p001"]), pa.array(["p001"]), {"id": "p001"}, [{"id": "p001"}],
    ],
)  # fmt: skip
def test_delete_takes_records_and_frames(keys: Any) -> None:
    assert statuses(memory(people=3)["people"].delete(keys)) == ["deleted"]


def test_stop_holds_back_siblings_and_the_rest() -> None:
    connection = memory()
    rows = [person("a"), person("b"), person("c"), person("d"), person("e", age="x"), person("f"), person("g")]
    receipt = connection["people"].add(rows)
    assert statuses(receipt) == ["created"] * 3 + ["not_sent", "refused", "not_sent", "not_sent"]
    assert set(adapter(connection).rows["people"]) == {"a", "b", "c"}


def test_stop_with_a_refusal_by_the_platform() -> None:
    connection = memory()
    rows = [person("a"), person("b", name="bad"), person("c"), person("d")]
    receipt = connection["people"].add(rows)
    assert statuses(receipt) == ["not_sent", "refused", "not_sent", "not_sent"]
    assert receipt.summary() == "3 not sent, 1 refused"


@pytest.mark.parametrize("tells_index", [True, False])
def test_isolate_writes_all_but_the_bad(tells_index: bool) -> None:
    connection = memory()
    adapter(connection).tells_index = tells_index
    rows = [person("a"), person("b", name="bad"), person("c", nme="x"), person("d", name="bad"), person("e")]
    receipt = connection["people"].add(rows, on_refused="isolate")
    assert statuses(receipt) == ["created", "refused", "refused", "refused", "created"]
    assert [outcome.row for outcome in receipt.refused] == [1, 2, 3]


def test_a_refused_batch_without_a_culprit_says_so() -> None:
    connection = memory()
    adapter(connection).tells_index = False
    receipt = connection["people"].add([person("a"), person("b", name="bad")])
    assert statuses(receipt) == ["refused", "refused"]
    assert "one of these 2" in receipt.refused[0].message


def test_update_leaves_the_rest_and_clears_with_none() -> None:
    connection = memory(people=3)
    before = dict(adapter(connection).rows["people"]["p001"])
    receipt = connection["people"].update({"id": "p001", "age": None})
    assert receipt.updated == 1
    assert adapter(connection).rows["people"]["p001"] == before | {"age": None}


def test_update_of_what_is_not_there_is_refused() -> None:
    receipt = memory()["people"].update({"id": "zz", "age": 1})
    assert receipt.refused[0].code == "BD-NOT-FOUND"


def test_update_cannot_clear_what_is_required() -> None:
    assert memory(people=1)["people"].update({"id": "p000", "name": None}).refused[0].code == "BD-WRITE-REQUIRED"


def test_upsert_sends_only_what_differs() -> None:
    connection = memory(people=3)
    rows = [person("new"), {"id": "p001", "age": 1}, {"id": "p002", "age": 99, "tags": None}]
    receipt = connection["people"].upsert(rows)
    assert statuses(receipt) == ["created", "unchanged", "updated"]
    adapter(connection).batches.clear()
    assert connection["people"].upsert(rows).unchanged == 3
    assert not adapter(connection).batches


def test_upsert_of_a_new_record_needs_what_is_required() -> None:
    receipt = memory(people=1)["people"].upsert([{"id": "zz", "age": 1}])
    assert receipt.refused[0].code == "BD-WRITE-REQUIRED"


def test_the_later_of_two_records_with_one_key_wins() -> None:
    connection = memory()
    receipt = connection["people"].upsert([person("a", age=1), person("a", age=2)])
    assert statuses(receipt) == ["created", "updated"]
    assert adapter(connection).rows["people"]["a"]["age"] == 2


@pytest.mark.parametrize(("maybe_sent", "status"), [(True, "unknown"), (False, "not_sent")])
def test_a_broken_line_gives_the_receipt_so_far(maybe_sent: bool, status: str) -> None:
    connection = memory()
    adapter(connection).break_at, adapter(connection).maybe_sent = 1, maybe_sent
    with pytest.raises(Unavailable) as caught:
        connection["people"].add([person(f"a{n}") for n in range(5)])
    receipt = caught.value.receipt
    assert receipt is not None
    assert statuses(receipt) == ["created"] * 3 + [status] * 2


def test_dry_run_sends_nothing() -> None:
    connection = memory()
    receipt = connection["people"].add([person("a"), person("b", age="x")], dry_run=True, on_refused="isolate")
    assert statuses(receipt) == ["not_sent", "refused"]
    assert not adapter(connection).batches


@pytest.mark.parametrize("keys", ["", None, [], ["p000", ""], ["p000", None], {"name": "x"}])
def test_delete_refuses_empty_keys_before_anything_is_sent(keys: Any) -> None:
    connection = memory(people=2)
    if keys == []:
        assert len(connection["people"].delete(keys)) == 0
    else:
        with pytest.raises(QueryError) as caught:
            connection["people"].delete(keys)
        assert caught.value.code == "BD-KEY-EMPTY"
    assert len(adapter(connection).rows["people"]) == 2


def test_delete_by_key_filter_and_all() -> None:
    connection = memory(people=9)
    people = connection["people"]
    assert statuses(people.delete(["p001", "nobody", "p001"])) == ["deleted", "unchanged", "unchanged"]
    assert people.delete(where="age > 5").deleted == 3
    assert people.delete(all=True).deleted == 5
    assert people.count() == 0
    with pytest.raises(QueryError):
        people.delete("p001", all=True)


def test_lists_and_transactions_that_are_not_there_say_so() -> None:
    connection = memory(people=1)
    with pytest.raises(Unsupported, match="lists='add'"):
        connection["people"].update({"id": "p000", "tags": ["x"]}, lists="add")
    with pytest.raises(Unsupported, match="memory forgets"):
        connection.transaction()


def test_progress_counts_records() -> None:
    seen: list[int] = []
    memory()["people"].add([person(f"a{n}") for n in range(5)], progress=seen.append)
    assert seen == [3, 5]


def test_errors_say_where() -> None:
    with pytest.raises(BiodataError) as caught:
        memory()["people"].delete("")
    assert caught.value.place == "mem/people"
