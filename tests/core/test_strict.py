"""`strict=True`: what the platform does not do is refused before any record is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from biodata.errors import QueryError
from tests.core.memory import memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.results import Result

READS: list[Callable[[Result], Any]] = [
    list,
    lambda result: result.first(),
    lambda result: result.one(),
    lambda result: result.count(),
    lambda result: result.to_arrow(),
    lambda result: list(result.to_batches()),
]


@pytest.mark.parametrize("read", READS)
def test_nothing_is_asked_for(read: Callable[[Result], Any]) -> None:
    connection = memory(people=4)
    with pytest.raises(QueryError) as caught:
        read(connection["people"].query("age > 1", strict=True))
    error = caught.value
    assert (error.code, error.place) == ("BD-QUERY-STRICT", "mem/people")
    assert "age > 1: the platform has no such comparison" in str(error)
    adapter: Any = connection.adapter
    assert not adapter.calls


def test_what_the_platform_does_is_done() -> None:
    people = memory(people=9)["people"]
    asked: dict[str, Any] = {"where": "name = 'Name 1' and id = 'p001'", "limit": 2, "offset": 0}
    assert list(people.query(**asked, strict=True)) == list(people.query(**asked)) != []
    assert people.count("name = 'Name 1'", strict=True) == people.count("name = 'Name 1'") == 2


def test_counting_needs_no_order_and_no_fields() -> None:
    people = memory(people=9)["people"]
    result = people.query("name = 'Name 1'", order_by="age", fields=["city.name"], limit=1, strict=True)
    assert result.count() == 1
    with pytest.raises(QueryError, match=r"order by age: .*\n  limit and offset: .*\n  fields beyond city: "):
        list(result)


def test_a_strict_query_can_be_explained() -> None:
    told = memory(people=1)["people"].query("age > 1", strict=True).explain()
    assert [part.support for part in told.parts] == ["unsupported"]


def test_an_expanded_reference_is_followed_here() -> None:
    people = memory(people=3)["people"]
    told = people.query(fields=["id"], expand="city").explain()
    assert (told.follows, told.here[0]) == (("city",), "follow city")
    with pytest.raises(QueryError, match="fields beyond city"):
        list(people.query(expand="city", strict=True))
