"""Tables, schemas and records by key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

import biodata
from biodata.fitting import same
from biodata.testing import samples

if TYPE_CHECKING:
    from biodata.repository import Repository
    from biodata.testing.target import Target


class Reading:
    """What can be read without a filter."""

    def test_the_table_is_listed(self, target: Target, sample: Repository) -> None:
        assert sample.name in [table.name for table in target.connection.tables()]

    def test_names_of_tables_are_unique(self, target: Target) -> None:
        names = [table.name for table in target.connection.tables()]
        assert len(names) == len(set(names))

    def test_the_schema_is_stable(self, target: Target, sample: Repository) -> None:
        assert target.connection.schema(sample.name, refresh=True) == sample.schema

    def test_the_key_is_a_field(self, sample: Repository) -> None:
        assert set(sample.schema.key_fields) <= set(sample.schema.names)

    def test_types_are_those_asked_for(self, target: Target, sample: Repository) -> None:
        asked = samples.people("asked", target.domain, "place" if "place" in sample.schema else None)
        assert {f.name: str(f.type).partition("(")[0] for f in sample.schema} == {
            f.name: str(f.type).partition("(")[0] for f in asked
        }

    def test_an_unknown_table_is_not_found(self, target: Target) -> None:
        with pytest.raises(biodata.NotFound) as caught:
            _ = target.connection["bdc_no_such_table"].schema
        assert caught.value.code == "BD-NOT-FOUND-TABLE"

    def test_every_value_comes_back(self, target: Target, sample: Repository) -> None:
        stored = {record["id"]: record for record in sample.query()}
        for sent in samples.rows(sample.schema, target.domain):
            wrong = [name for name, value in sent.items() if not same(value, stored[sent["id"]][name])]
            assert not wrong, f"{sent['id']}: {wrong}"

    def test_values_have_their_types(self, sample: Repository) -> None:
        from biodata.records.values import to_type

        for record in sample.query():
            for field in sample.schema:
                assert same(to_type(record[field.name], field.type), record[field.name])
                assert type(to_type(record[field.name], field.type)) is type(record[field.name])

    def test_a_key_gives_its_record(self, target: Target, sample: Repository) -> None:
        for sent in samples.rows(sample.schema, target.domain):
            assert sample.get(sent["id"])["id"] == sent["id"]

    def test_an_absent_key_is_not_found(self, sample: Repository) -> None:
        with pytest.raises(biodata.NotFound) as caught:
            sample.get("no such key")
        assert caught.value.missing == ("no such key",)
        assert "no such key" not in str(caught.value)

    def test_many_come_in_the_order_asked(self, target: Target, sample: Repository) -> None:
        keys = [row["id"] for row in samples.rows(sample.schema, target.domain)]
        asked = [keys[3], "absent", keys[0], keys[3], keys[5]]
        found = sample.get(asked)
        assert [record["id"] for record in found] == [keys[3], keys[0], keys[3], keys[5]]
        assert found.missing == ("absent",)

    def test_no_keys_give_no_records(self, sample: Repository) -> None:
        assert sample.get([]) == []

    def test_get_gives_the_fields_asked_for(self, target: Target, sample: Repository) -> None:
        key = samples.rows(sample.schema, target.domain)[0]["id"]
        assert list(sample.get(key, fields=["string_field", "id"])) == ["string_field", "id"]
        assert sample.get(key) == next(record for record in sample.query() if record["id"] == key)

    def test_query_gives_the_fields_asked_for(self, sample: Repository) -> None:
        whole = {record["id"]: record["int_field"] for record in sample.query()}
        assert {record["id"]: record["int_field"] for record in sample.query(fields=["int_field", "id"])} == whole
        assert all(list(record) == ["int_field"] for record in sample.query(fields=["int_field"]))

    def test_a_path_over_a_reference_reads_the_other_record(self, target: Target, sample: Repository) -> None:
        if not target.domain.references:
            assert "place" not in sample.schema
            return
        titles = {"gro": "Groningen", "ams": "Amsterdam", "rtm": None, None: None}
        keys = {record["id"]: record["place"] for record in sample.query(fields=["id", "place"])}
        for record in sample.query(fields=["id", "place.title"]):
            assert (record["place"] or {}).get("title") == titles[keys[record["id"]]]

    def test_a_result_can_be_read_again(self, sample: Repository) -> None:
        result = sample.query(order_by="id")
        assert result.to_records() == result.to_records()

    def test_threads_can_read_at_once(self, sample: Repository) -> None:
        if not sample.adapter.capabilities.threads:
            pytest.skip("not run: the adapter says that it is for one thread")
        expected = sample.query(order_by="id", page_size=4).to_records()
        with ThreadPoolExecutor(4) as pool:
            answers = [pool.submit(sample.query(order_by="id", page_size=4).to_records) for _ in range(8)]
            assert all(answer.result() == expected for answer in answers)

    def test_an_empty_table_gives_nothing(self, table: Repository) -> None:
        assert table.query().to_records() == []
        assert table.query().first() is None
        assert table.count() == 0
        assert table.get(["a"]).missing == ("a",)
