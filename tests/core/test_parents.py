"""Records that refer to each other are added so that what is referred to is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from biodata.fitting import Prepared
from biodata.parents import parents_first
from biodata.records.types import Field, List, Reference, Schema, String

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN = Reference("t", String())
SCHEMA = Schema("t", "id", (Field("id", String()), Field("parent", OWN), Field("friends", List(OWN))))
PLAIN = Schema("t", "id", (Field("id", String()), Field("parent", Reference("other", String()))))


def placed(*records):
    """The records as they are sent, and what is set later."""
    later: list[Prepared] = []
    prepared = [Prepared(row, record) for row, record in enumerate(records)]
    return list(parents_first(prepared, SCHEMA, later)), later


def order(*records):
    first, _ = placed(*records)
    return [one.row for one in first]


def test_what_is_referred_to_comes_first_and_the_rest_stays() -> None:
    family = [{"id": "a", "parent": "b"}, {"id": "y"}, {"id": "b", "friends": ["c", "x"]}, {"id": "c"}]
    assert order({"id": "x"}, *family) == [0, 4, 3, 1, 2]
    assert placed(*family)[1] == []


def test_a_circle_is_cut_and_closed_later() -> None:
    first, later = placed(
        {"id": "a", "parent": "a", "friends": ["x"]}, {"id": "b", "parent": "c"}, {"id": "c", "parent": "b"}
    )
    assert [one.record for one in first] == [{"id": "a", "friends": ["x"]}, {"id": "c"}, {"id": "b", "parent": "c"}]
    assert [(one.row, one.record) for one in later] == [
        (0, {"id": "a", "parent": "a"}),
        (2, {"id": "c", "parent": "b"}),
    ]


def test_what_must_be_there_is_not_cut() -> None:
    schema = Schema("t", "id", (Field("id", String()), Field("parent", OWN, required=True)))
    later: list[Prepared] = []
    assert [one.record for one in parents_first([Prepared(0, {"id": "a", "parent": "a"})], schema, later)] == [
        {"id": "a", "parent": "a"}
    ]
    assert later == []


def test_two_records_of_one_key_keep_their_order() -> None:
    assert order({"id": "x", "parent": "a"}, {"id": "a"}, {"id": "a", "parent": None}) == [1, 2, 0]


def test_a_long_chain_is_no_deep_recursion() -> None:
    assert order(*({"id": str(n), "parent": str(n + 1)} for n in range(5000))) == list(reversed(range(5000)))


def test_a_long_list_is_walked_once_and_not_for_each_of_its_elements() -> None:
    class Walked(list[str]):
        times = 0

        def __iter__(self) -> Iterator[str]:
            self.times += 1
            return super().__iter__()

    friends = Walked(str(n) for n in range(50))
    assert order({"id": "x", "friends": friends}, *({"id": str(n)} for n in range(50))) == [*range(1, 51), 0]
    assert friends.times == 2, "once for the order, once to see whether any is open"


def test_other_tables_are_streamed() -> None:
    endless = (Prepared(row, {"id": str(row), "parent": "x"}) for row in iter(int, 1))
    assert next(iter(parents_first(endless, PLAIN, []))).row == 0


KEYS = st.sampled_from("abcdef")


RECORDS = st.lists(st.fixed_dictionaries({"id": KEYS}, optional={"parent": KEYS, "friends": st.lists(KEYS)}))


@given(RECORDS)
def test_nothing_is_lost_and_every_reference_points_back(records) -> None:
    first, later = placed(*records)
    held = {one.row: one.record for one in later}
    assert {one.row: {**held.get(one.row, {}), **one.record} for one in first} == dict(enumerate(records))
    last = {record["id"]: row for row, record in enumerate(records)}
    at = {one.row: number for number, one in enumerate(first)}
    for one in first:
        for key in (one.record.get("parent"), *one.record.get("friends", ())):
            assert key not in last or at[last[key]] < at[one.row]
