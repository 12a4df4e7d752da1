"""What goes wrong, and how it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import biodata
from biodata.testing.access import denied, opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.repository import Repository
    from biodata.testing.target import Target


class Errors:
    """Mistakes are found before anything is sent, and named."""

    def test_an_unknown_field_in_a_filter(self, sample: Repository) -> None:
        with pytest.raises(biodata.QueryError) as caught:
            sample.query("string_feild = 'x'").to_records()
        assert caught.value.code == "BD-QUERY-FIELD"
        assert "string_field" in str(caught.value)

    @pytest.mark.parametrize("asked", [{"fields": ["nope"]}, {"order_by": "nope"}])
    def test_an_unknown_field_elsewhere(self, sample: Repository, asked: dict[str, Any]) -> None:
        with pytest.raises(biodata.QueryError) as caught:
            sample.query(**asked).to_records()
        assert caught.value.code == "BD-QUERY-FIELD"

    def test_an_error_says_where(self, target: Target, sample: Repository) -> None:
        with pytest.raises(biodata.QueryError) as caught:
            sample.query("nope = 1").to_records()
        assert caught.value.place == f"{target.connection.name}/{sample.name}"

    def test_a_literal_of_another_type(self, sample: Repository) -> None:
        with pytest.raises(biodata.QueryError) as caught:
            sample.query("int_field = 'seven'").to_records()
        assert caught.value.code == "BD-QUERY-VALUE"
        assert "seven" not in caught.value.message

    @pytest.mark.parametrize("key", ["", None, [""], ["a", None]])
    def test_an_empty_key_deletes_nothing(self, table: Repository, key: Any) -> None:
        table.add([{"id": "a"}, {"id": "b"}]).raise_for_refused()
        with pytest.raises(biodata.QueryError) as caught:
            table.delete(key)
        assert caught.value.code == "BD-KEY-EMPTY"
        assert table.count() == 2

    @pytest.mark.parametrize("key", ["", None])
    def test_an_empty_key_gets_nothing(self, table: Repository, key: Any) -> None:
        with pytest.raises(biodata.QueryError) as caught:
            table.get(key)
        assert caught.value.code == "BD-KEY-EMPTY"

    def test_read_access_reads_only(self, target: Target, table: Repository) -> None:
        table.add({"id": "a"}).raise_for_refused()
        with opened(target)("read") as connection:
            read = connection[table.name]
            assert read.get("a")["id"] == "a"
            attempts: list[Callable[[], object]] = [
                lambda: read.add({"id": "b"}),
                lambda: read.update({"id": "a", "name": "x"}),
                lambda: read.upsert({"id": "a", "name": "x"}),
                lambda: read.delete("a"),
                lambda: read.delete(all=True),
                lambda: connection.drop(table.name),
            ]
            for attempt in attempts:
                denied(attempt)
        assert table.query(fields=["id", "name"]).to_records() == [{"id": "a", "name": None}]

    def test_write_access_does_not_delete(self, target: Target, table: Repository) -> None:
        with opened(target)("write") as connection:
            written = connection[table.name]
            assert written.add({"id": "a"}).created == 1
            assert written.upsert({"id": "a", "number": 2}).updated == 1
            for attempt in (lambda: written.delete("a"), lambda: written.delete(all=True)):
                denied(attempt)
        assert table.count() == 1

    def test_a_table_that_cannot_be_written(self, target: Target) -> None:
        if target.read_only_table is None:
            pytest.skip("not run: this target names no such table")
        table = target.connection[target.read_only_table]
        assert not table.schema.writable
        with pytest.raises(biodata.Unsupported):
            table.add({table.schema.key_fields[0] if table.schema.key_fields else "id": "a"})

    def test_a_closed_connection_can_be_closed_again(self, target: Target) -> None:
        connection = opened(target)("read")
        assert isinstance(connection.tables(), list)
        connection.close()
        connection.close()
