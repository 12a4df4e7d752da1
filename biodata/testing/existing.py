"""What can be asked of any table with records, where the suite may not make one of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import biodata
from biodata.query.tree import And, Leaf

if TYPE_CHECKING:
    from biodata.query.tree import Node
    from biodata.records.types import Record
    from biodata.repository import Repository
    from biodata.testing.target import Target

FEW = 25


def names(table: Repository) -> Node:
    """A filter that is true of every record, and that leaves the platform something to do."""
    return Leaf((table.schema.key_fields[0],), "is not null")


class Existing:
    """Reading a table whose records the suite does not know."""

    @pytest.fixture
    def few(self, there: Repository) -> list[Record]:
        """Its first records by key."""
        found = there.query(order_by=there.schema.key_fields, limit=FEW).to_records()
        assert found, "the table that the target names has no records"
        return found

    def test_it_is_listed_with_a_key(self, target: Target, there: Repository) -> None:
        assert there.name in [table.name for table in target.connection.tables()]
        assert there.schema.key_fields
        assert set(there.schema.key_fields) <= set(there.schema.names)
        assert target.connection.schema(there.name, refresh=True) == there.schema

    def test_records_have_all_fields_and_a_key(self, there: Repository, few: list[Record]) -> None:
        assert all(tuple(record) == there.schema.names for record in few)
        keys = [there.schema.key_of(record) for record in few]
        assert None not in keys
        assert len(set(keys)) == len(keys)

    def test_each_key_gets_its_record(self, there: Repository, few: list[Record]) -> None:
        keys = [there.schema.key_of(record) for record in few]
        assert there.get(keys[0]) == few[0]
        assert there.get(keys[::-1]) == few[::-1]

    def test_small_pages_give_the_same(self, there: Repository, few: list[Record]) -> None:
        asked: dict[str, Any] = {"order_by": there.schema.key_fields, "limit": FEW}
        for size in (1, 7, FEW):
            assert there.query(page_size=size, **asked).to_records() == few

    def test_a_filter_finds_what_was_read(self, there: Repository, few: list[Record]) -> None:
        for record in few[:3]:
            key = And(tuple(Leaf((name,), "==", record[name]) for name in there.schema.key_fields))
            assert there.query(key).one() == record
            assert there.count(key) == 1

    def test_count_of_all(self, there: Repository) -> None:
        assert there.count() == there.count(names(there)) >= 1

    def test_an_unknown_field_is_named(self, there: Repository) -> None:
        with pytest.raises(biodata.QueryError) as caught:
            there.query("bdc_no_such_field = 1").to_records()
        assert caught.value.code == "BD-QUERY-FIELD"
