"""get and query: what comes back, and what is asked for it."""

from __future__ import annotations

import datetime as dt
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from operator import itemgetter
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from biodata import ConfigError, NotFound, PermissionDenied, QueryError, col
from tests.core.memory import MemoryAdapter, memory

ROOT = Path(__file__).parents[2]


def adapter(connection) -> MemoryAdapter:
    return cast("MemoryAdapter", connection.adapter)


def test_making_a_result_sends_nothing() -> None:
    connection = memory(people=10)
    connection["people"].query("age > 3", fields=["id"], order_by=["-age"])
    assert not adapter(connection).calls


def test_pages_come_in_order_with_few_held() -> None:
    connection = memory(people=100)
    result = connection["people"].query(fields=["id"])
    assert [row["id"] for row in result] == [f"p{n:03}" for n in range(100)]
    assert adapter(connection).calls["page"] == 34
    assert adapter(connection).most_held <= 3


def test_stopping_early_asks_no_further() -> None:
    connection = memory(people=100)
    rows = iter(connection["people"].query())
    next(rows)
    rows.close()
    assert adapter(connection).calls["page"] <= 3


@pytest.mark.parametrize("number", [0, 1, 3, 4, 6])
def test_tables_as_long_as_a_page_and_around_it(number: int) -> None:
    connection = memory(people=number)
    people = connection["people"]
    assert len(people.query().to_records()) == number
    assert people.count() == number
    assert people.query().to_arrow().num_rows == number


def test_a_result_can_be_iterated_again() -> None:
    result = memory(people=5)["people"].query("active = true")
    assert list(result) == list(result) != []


def test_first_one_and_limit() -> None:
    people = memory(people=9)["people"]
    assert people.query("age = 4").one()["id"] == "p004"
    assert people.query("age = 4444").first() is None
    assert [row["id"] for row in people.query("active = true", limit=2, offset=1)] == ["p002", "p004"]
    with pytest.raises(NotFound):
        people.query("age = 4444").one()
    with pytest.raises(QueryError) as caught:
        people.query().one()
    assert caught.value.code == "BD-QUERY-MANY"


def test_limit_goes_down_only_when_everything_is_exact() -> None:
    people = memory(people=50)["people"]
    assert people.query("name = 'Name 1'", limit=2).plan.limit == 2
    assert people.query("age > 1", limit=2).plan.limit is None
    assert people.query("name = 'Name 1'", limit=2, order_by="age").plan.limit is None


def test_order_puts_nulls_last_both_ways() -> None:
    people = memory(people=12)["people"]
    up = [row["age"] for row in people.query(order_by="age")]
    down = [row["age"] for row in people.query(order_by=["-age", "id"])]
    assert up == [1, 2, 3, 4, 6, 7, 8, 9, 11, None, None, None]
    assert down == [11, 9, 8, 7, 6, 4, 3, 2, 1, None, None, None]
    assert [row["id"] for row in people.query(order_by="-age", limit=2, offset=1)] == ["p009", "p008"]


def test_count_with_a_rest_checked_here_and_with_limit() -> None:
    people = memory(people=20)["people"]
    assert people.count(col("age") > 10) == 8
    assert people.query("age > 10", limit=3).count() == 3
    assert people.query("age > 10", offset=6).count() == 2
    assert people.count(col("age").is_in([])) == 0


def test_get_one_many_and_missing() -> None:
    people = memory(people=5)["people"]
    assert people.get("p001")["name"] == "Name 1"
    found = people.get(["p003", "nobody", "p000", "p003"], fields=["id"])
    assert [row["id"] for row in found] == ["p003", "p000", "p003"]
    assert found.missing == ("nobody",)
    with pytest.raises(NotFound) as caught:
        people.get("nobody")
    assert caught.value.missing == ("nobody",)
    assert "nobody" not in str(caught.value)


@pytest.mark.parametrize(
    "key", ["", None, ("a", "b"), 3, ["p001", ""], 5.5, b"p001", np.int64(3), dt.date(2020, 1, 1), pd.NA, [pd.NA], {}]
)
def test_get_refuses_what_is_no_key(key: object) -> None:
    connection = memory(people=2)
    with pytest.raises(QueryError):
        connection["people"].get(key)
    assert not [call for call in adapter(connection).calls if call.startswith("fetch")]


@pytest.mark.parametrize("key", [{"id": "p001"}, ("p001",), np.str_("p001")])
def test_a_key_may_come_in_a_record_or_from_numpy(key: object) -> None:
    assert memory(people=2)["people"].get(key)["id"] == "p001"


def test_a_key_or_an_id() -> None:
    with pytest.raises(QueryError, match="not both"):
        memory(people=2)["people"].get("p001", id="p001")


def test_a_result_does_not_change_with_what_it_was_given() -> None:
    people, fields = memory(people=2)["people"], ["id"]
    kept, used = people.query(fields=fields), people.query(fields=(name for name in ("id", "age")))
    fields.append("nothing")
    assert kept.first() == {"id": "p000"}
    assert used.fields == (("id",), ("age",))
    assert used.first() == {"id": "p000", "age": None}


@pytest.mark.parametrize("options", [{"page_size": 0}, {"page_size": -1}, {"page_size": "1"}, {"limit": "5"}])
def test_numbers_of_records_are_whole(options: dict[str, Any]) -> None:
    with pytest.raises(QueryError, match="size is a whole number"):
        list(memory(people=2)["people"].query().to_batches(-1))
    with pytest.raises(QueryError) as caught:
        memory(people=2)["people"].query(**options).first()
    assert caught.value.code == "BD-QUERY-LIMIT"
    assert len(list(memory(people=2)["people"].query(limit=np.int64(1)))) == 1


@pytest.mark.parametrize("name", ["", 0, None])
def test_a_table_has_a_name(name: Any) -> None:
    with pytest.raises(ConfigError, match="has a name"):
        memory()[name]


def test_a_notebook_shows_an_error_in_words() -> None:
    connection = memory(people=2)
    assert "There is no table" in connection["nothing"]._repr_html_()
    shown = connection["people"].query(fields=["id", "city.name", "visited.name"])._repr_html_()
    assert "<td>p001</td><td>Amsterdam</td><td>[&#x27;Amsterdam&#x27;]</td>" in shown


def test_expand_follows_references_in_bulk() -> None:
    connection = memory(people=6)
    found = connection["people"].get(["p000", "p001", "p002"], expand=["city", "visited"])
    assert [row["city"] for row in found] == [
        {"code": "gro", "name": "Groningen"},
        {"code": "ams", "name": "Amsterdam"},
        None,
    ]
    assert found[2]["visited"] == [{"code": "ams", "name": "Amsterdam"}, {"code": "gro", "name": "Groningen"}]
    assert adapter(connection).calls["fetch cities"] == 1
    with pytest.raises(QueryError, match="not a reference"):
        connection["people"].get("p000", expand=["name"])


def test_filters_and_fields_over_references() -> None:
    connection = memory(people=9)
    result = connection["people"].query("city.name = 'Amsterdam'", fields=["id", "city.name"])
    assert list(result) == [{"id": f"p00{n}", "city": {"name": "Amsterdam"}} for n in (1, 4, 7)]
    keys_only = connection["people"].query("city.name = 'Amsterdam'", fields=["id", "city"])
    assert next(iter(keys_only)) == {"id": "p001", "city": "ams"}


def test_fields_and_their_order() -> None:
    people = memory(people=2)["people"]
    assert list(people.query(fields=["age", "id"]).first()) == ["age", "id"]
    with pytest.raises(QueryError, match="Did you mean 'name'") as caught:
        people.query(fields=["nam"]).first()
    assert caught.value.place == "mem/people"


def test_unknown_table_and_empty_name() -> None:
    connection = memory()
    with pytest.raises(NotFound) as caught:
        connection["nothing"].query().first()
    assert caught.value.code == "BD-NOT-FOUND-TABLE"


def test_requests_can_be_pickled() -> None:
    people = memory(people=5)["people"]
    result = people.query("age > 2")
    for request in people.adapter.requests(result.plan):
        assert pickle.loads(pickle.dumps(request)) == request  # noqa: S301 - our own bytes


def test_frames_have_types_without_rows() -> None:
    people = memory(people=0)["people"]
    assert [str(kind) for kind in people.query().to_arrow().schema.types][:4] == ["string", "string", "int64", "bool"]
    assert list(people.query().to_pandas().columns) == list(people.schema.names)
    assert people.query().to_polars().width == 8


def test_frames_keep_ints_nullable() -> None:
    frame = memory(people=6)["people"].query(fields=["id", "age", "visited"]).to_pandas()
    assert str(frame["age"].dtype) == "int64[pyarrow]"
    assert frame["age"].isna().tolist() == [True, False, False, False, False, True]


def test_writing_needs_access() -> None:
    people = memory(access="read", people=1)["people"]
    for verb in (people.add, people.update, people.upsert):
        with pytest.raises(PermissionDenied) as caught:
            verb({"id": "p000"})
        assert caught.value.code == "BD-ACCESS"
    with pytest.raises(PermissionDenied):
        memory(access="write")["people"].delete("p000")


def test_a_field_over_a_reference_has_its_own_type_in_frames() -> None:
    table = memory(people=3)["people"].query(fields=["id", "city.name", "visited.code"]).to_arrow()
    assert [str(kind) for kind in table.schema.types] == ["string", "string", "list<item: string>"]
    assert table["city.name"].to_pylist() == ["Groningen", "Amsterdam", None]
    assert table["visited.code"].to_pylist() == [[], ["ams"], ["ams", "gro"]]


@pytest.mark.parametrize("order", [[], ["age"], ["-age", "id"], ["city", "-id"], ["-active", "name", "id"]])
@pytest.mark.parametrize("where", [None, "active = true", "age > 7", "name = 'Name 1'", "city.name = 'Amsterdam'"])
def test_every_window_of_every_order_is_what_python_gives(order: list[str], where: str | None) -> None:
    people = memory(people=23)["people"]
    rows = [row for row in adapter(people.connection).rows["people"].values() if _passes(where, row)]
    for key in reversed(order):
        name = key.removeprefix("-")
        there = sorted((row for row in rows if row[name] is not None), key=itemgetter(name), reverse=key[0] == "-")
        rows = there + [row for row in rows if row[name] is None]
    expected = [row["id"] for row in rows]
    for limit in (None, 0, 1, 3, 50):
        for offset in (0, 1, 5, 50):
            result = people.query(where, fields=["id"], order_by=order, limit=limit, offset=offset, page_size=2)
            window = expected[offset:][: 50 if limit is None else limit]
            assert [row["id"] for row in result] == window
            assert result.count() == len(window)
            assert (result.first() or {"id": None})["id"] == (window[0] if window else None)


def _passes(where: str | None, row: dict[str, Any]) -> bool:
    tests: dict[str | None, bool] = {
        None: True,
        "active = true": row["active"],
        "age > 7": row["age"] is not None and row["age"] > 7,
        "name = 'Name 1'": row["name"] == "Name 1",
        "city.name = 'Amsterdam'": row["city"] == "ams",
    }
    return tests[where]


def test_a_result_can_be_iterated_by_many_threads_at_once() -> None:
    result = memory(people=50)["people"].query("age > 3", order_by="-age")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: list(result), range(8)))
    assert all(rows == found[0] for rows in found)
    assert len(found[0]) == 37


ABANDONED = """
import itertools, threading
from tests.core.memory import MemoryAdapter, memory
people = memory(people=30)["people"]
adapter, page = people.adapter, people.adapter.page
adapter.page = lambda plan, request: threading.Event().wait(60) if request.offset > 5 else page(plan, request)
rows = iter(people.query(fields=["id"]))
print(*(row["id"] for row in itertools.islice(rows, 4)))
"""


def test_a_program_ends_while_pages_are_under_way() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ABANDONED], cwd=ROOT, timeout=20, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("p000 p001 p002 p003\n", "", 0)
