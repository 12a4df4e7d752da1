"""Counts by group and different values: the same numbers whoever counts."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

import biodata
from biodata.query.tree import Leaf
from biodata.records.types import File, Json, Object, element

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata.groups import Counts
    from biodata.records.types import Record
    from biodata.repository import Repository
    from biodata.results import Result

EVERY = 10**9
"""A limit comes before grouping, so that with one all is counted here."""
KINDS = ("string", "enum", "int", "float", "decimal", "bool", "date", "datetime")
FIELDS = (*(f"{kind}_field" for kind in KINDS), *(f"{kind}_list" for kind in KINDS), "place", "visited")


def values_of(record: Record, name: str) -> set[Any]:
    """What a record is counted under: its value, each different element, or None."""
    value = record[name]
    return set(value) or {None} if isinstance(value, list) else {value}


def counted(records: Iterable[Record], *names: str) -> Counter[tuple[Any, ...]]:
    """The number of records in each group, the plain way."""
    return Counter(group for record in records for group in product(*(values_of(record, name) for name in names)))


def told(counts: Counts, *names: str) -> Counter[tuple[Any, ...]]:
    """What the library counted; no group comes twice."""
    records = counts.to_records()
    groups = {tuple(record[name] for name in names): record["count"] for record in records}
    assert len(groups) == len(records)
    return Counter(groups)


def agree(result: Result, *names: str) -> None:
    """Both ways of counting the records of a result give what the records say."""
    records = result.to_records()
    for way in (result, *([] if result.query.limit else [result._with(limit=EVERY)])):  # noqa: SLF001 - our own
        counts = way.group_by(*names).count()
        assert told(counts, *names) == counted(records, *names), counts.explain()
        for name in names:
            held = {value for record in records for value in values_of(record, name)} - {None}
            assert way.distinct(name) == sorted(held), way.distinct(name).explain()


class Grouping:
    """Groups of a table that the suite made."""

    @pytest.mark.parametrize("name", FIELDS)
    def test_groups_are_what_the_records_say(self, sample: Repository, name: str) -> None:
        if name not in sample.schema:
            with pytest.raises(biodata.QueryError):
                sample.group_by(name).count()
            return
        agree(sample.query(), name)
        agree(sample.query("string_field ilike '%a%'"), name)
        agree(sample.query("int_field > 0"), name)
        agree(sample.query(order_by="-id", limit=5, offset=2), name)
        agree(sample.query(order_by="-id", offset=3), name)

    @pytest.mark.parametrize("name", ["bool_field", "string_list", "visited"])
    def test_groups_of_two_fields(self, sample: Repository, name: str) -> None:
        names = [one for one in ("enum_field", name) if one in sample.schema]
        agree(sample.query(), *names)

    @pytest.mark.parametrize("name", ["enum_field", "string_list", "place", "visited"])
    def test_a_group_has_the_records_that_equal_it(self, sample: Repository, name: str) -> None:
        for (value,), number in told(sample.group_by(name).count(), name).items() if name in sample.schema else ():
            leaf = Leaf((name,), "is null") if value is None else Leaf((name,), "==", value)
            assert sample.count(leaf) == number

    def test_groups_come_in_order_with_null_last(self, sample: Repository) -> None:
        texts = [record["string_field"] for record in sample.group_by("string_field").count()]
        assert texts[-1] is None
        assert texts[:-1] == sorted(texts[:-1])
        assert sample.distinct("string_field") == texts[:-1]

    def test_groups_over_a_reference(self, sample: Repository) -> None:
        if "place" not in sample.schema:
            with pytest.raises(biodata.QueryError):
                sample.group_by("place.title").count()
            return
        places = Counter(record["place"] for record in sample.query(fields=["place"]))
        titled = {record["place"]["title"]: record["count"] for record in sample.group_by("place.title").count()}
        assert titled == {
            "Groningen": places["gro"], "Amsterdam": places["ams"], None: places["rtm"] + places[None],
        }  # fmt: skip
        assert sample.distinct("visited.title") == ["Amsterdam", "Groningen"]

    def test_an_empty_table_has_no_groups(self, table: Repository) -> None:
        assert table.group_by("name").count().to_records() == []
        assert table.distinct("number") == []

    @pytest.mark.parametrize("name", ["json_field", "object_field", "no_such_field"])
    def test_what_cannot_be_compared_is_no_group(self, sample: Repository, name: str) -> None:
        with pytest.raises(biodata.QueryError) as caught:
            sample.group_by(name).count()
        assert caught.value.code == ("BD-QUERY-GROUP" if name in sample.schema else "BD-QUERY-FIELD")


class ExistingGrouping:
    """Groups of a table that is there."""

    def test_each_field_groups_the_same_by_the_platform_and_here(self, there: Repository) -> None:
        names = [field.name for field in there.schema if not isinstance(element(field.type), Object | Json | File)]
        for name in names:
            counts = there.group_by(name).count()
            assert counts.to_records() == there.query(limit=EVERY).group_by(name).count().to_records(), (
                counts.explain()
            )
            assert there.distinct(name) == there.query(limit=EVERY).distinct(name)
