"""What the adapter promises: that what it has works, and that what it lacks says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest

import biodata
from biodata.adapter import (
    ADAPTER_API,
    Adapter,
    BatchRefused,
    Identity,
    Mark,
    Operation,
    OptionalPart,
    WriteBatch,
)
from biodata.query.pushdown import Pushdown
from biodata.records.types import Field, Schema, String
from biodata.testing import samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.repository import Repository
    from biodata.testing.target import Target

PARTS = get_args(OptionalPart)
WORDS = frozenset({"never", "notyet", "notimpl"})
UNCALLED = frozenset({"partitions"})
"""Parts that have a mark and no call in the contract yet."""


class Contract:
    """The page that `biodata.adapter` is."""

    def test_it_is_made_for_this_contract(self, target: Target) -> None:
        adapter = target.connection.adapter
        assert isinstance(adapter, Adapter)
        assert adapter.adapter_api == ADAPTER_API
        assert adapter.platform == target.connection.platform

    def test_limits_are_sensible(self, target: Target) -> None:
        can = target.connection.adapter.capabilities
        assert 1 <= can.page_size <= can.max_page_size
        assert can.max_in_flight >= 1
        assert set(can.batch_size) == {"add", "update", "upsert", "delete"}
        assert min(can.batch_size.values()) >= 1
        assert "replace" in can.list_modes

    def test_marks_have_a_word_and_a_reason(self, target: Target) -> None:
        missing = target.connection.adapter.capabilities.missing
        assert set(missing) <= set(PARTS)
        assert all(mark.word in WORDS and mark.reason for mark in missing.values())

    def test_the_pushdown_table_gives_reasons(self, sample: Repository) -> None:
        table = sample.adapter.pushdown(sample.schema)
        assert isinstance(table, Pushdown)
        assert all(rule.reason for rule in table.rules if rule.support != "exact")
        assert {rule.when for rule in table.rules if rule.when} <= set(table.conditions)

    def test_pages_have_the_fields_planned(self, sample: Repository) -> None:
        from biodata.scan import rows_of

        plan = sample.query("int_field is not null", fields=["string_field"], page_size=3).plan
        (first, *_) = sample.adapter.requests(plan)
        assert first.text
        for row in rows_of(sample.adapter.page(plan, first)):
            assert {path[0] for path in plan.fields} <= set(row)

    def test_fetch_gives_what_is_there(self, sample: Repository) -> None:
        keys = [record["id"] for record in sample.query(fields=["id"], limit=4)]
        rows = list(sample.adapter.fetch(sample.schema, [*keys, "no such key"], ["int_field"]))
        assert sorted(row["id"] for row in rows) == sorted(keys)
        assert all("int_field" in row for row in rows)

    @pytest.mark.parametrize("operation", ["add", "update", "delete"])
    def test_write_gives_one_outcome_for_each_record(self, table: Repository, operation: Operation) -> None:
        size = min(3, table.adapter.capabilities.batch_size[operation])
        records = tuple({"id": f"k{number}", "number": number} for number in range(size))
        if operation != "add":
            table.add([{"id": record["id"]} for record in records]).raise_for_refused()
        if operation == "delete":
            records = tuple({"id": record["id"]} for record in records)
        rows = tuple(range(10, 10 + size))
        outcomes = table.adapter.write(
            WriteBatch(operation=operation, schema=table.schema, records=records, rows=rows)
        )
        assert sorted(outcome.row for outcome in outcomes) == list(rows)
        assert {outcome.key for outcome in outcomes} == {record["id"] for record in records}

    def test_a_refused_batch_changes_nothing(self, table: Repository) -> None:
        can = table.adapter.capabilities
        size = min(3, can.batch_size["add"])
        table.add({"id": "k1"}).raise_for_refused()
        records = tuple({"id": f"k{number + 2 - size}"} for number in range(size))
        batch = WriteBatch(operation="add", schema=table.schema, records=records, rows=tuple(range(size)))
        if not can.atomic_batches:
            assert [one.status for one in table.adapter.write(batch) if one.key == "k1"] == ["refused"]
            return
        with pytest.raises(BatchRefused) as caught:
            table.adapter.write(batch)
        assert caught.value.code == "BD-WRITE-DUPLICATE"
        assert caught.value.index is None or records[caught.value.index]["id"] == "k1"
        assert table.count() == 1

    def test_identity(self, target: Target) -> None:
        identity = target.connection.identity()
        assert isinstance(identity, Identity)
        assert identity.server
        said = msgspec.json.encode(identity).decode()
        assert not [secret for secret in target.secrets if secret in said]

    def test_it_says_where_it_is(self, target: Target) -> None:
        assert target.connection.host not in {"", "unknown"}
        assert not [secret for secret in target.secrets if secret in target.connection.host]

    @pytest.mark.parametrize("part", PARTS)
    def test_an_optional_part_works_or_says_why_not(
        self, target: Target, provide: Callable[[Schema], Repository], part: OptionalPart
    ) -> None:
        table = provide(samples.plain(samples.fresh_name(part)))
        table.add([{"id": "a", "number": 1}, {"id": "b", "number": 2}]).raise_for_refused()
        if table.adapter.has(part):
            works = getattr(self, f"_{part}", None)
            assert works is not None, f"nothing in the contract is called {part}: mark it"
            works(target, table)
        else:
            self._lacks(table, part, table.adapter.capabilities.missing[part])

    def _lacks(self, table: Repository, part: OptionalPart, mark: Mark) -> None:
        adapter, plan = table.adapter, table.query().plan
        if part == "sandbox":
            assert adapter.sandbox() is None
            return
        calls: dict[str, Callable[[], object]] = {
            "count": lambda: adapter.count(plan),
            "aggregate": lambda: adapter.aggregate(plan, [("number",)]),
            "distinct": lambda: adapter.distinct(plan, ("number",)),
            "ensure": lambda: adapter.ensure(table.schema),
            "drop": lambda: adapter.drop(table.name),
            "transaction": lambda: adapter.transaction().__enter__(),
            "export": lambda: list(adapter.export(plan)),
            "client": lambda: adapter.client,
        }
        with pytest.raises(biodata.Unsupported) as caught:
            if part in UNCALLED:
                raise adapter.lacks(part)
            calls[part]()
        assert mark.reason in str(caught.value)
        assert table.count() == 2

    def _count(self, target: Target, table: Repository) -> None:  # noqa: ARG002 - all have one form
        assert table.adapter.count(table.query().plan) == 2
        assert table.adapter.count(table.query(limit=1, offset=1).plan) == 2

    def _aggregate(self, target: Target, table: Repository) -> None:  # noqa: ARG002
        assert table.group_by("number").count().to_records() == [
            {"number": 1, "count": 1},
            {"number": 2, "count": 1},
        ]

    def _distinct(self, target: Target, table: Repository) -> None:  # noqa: ARG002
        assert table.distinct("number") == [1, 2]

    def _ensure(self, target: Target, table: Repository) -> None:
        name = samples.fresh_name("ensured")
        wanted = Schema(name, "id", (Field("id", String(), required=True), Field("more", String())))
        assert target.connection.would_make(wanted)
        assert name not in [known.name for known in target.connection.tables()]
        made = target.connection.ensure(wanted)
        assert not target.connection.would_make(wanted)
        made.add({"id": "x"}).raise_for_refused()
        assert target.connection.ensure(wanted).count() == 1
        with pytest.raises(biodata.SchemaError):
            target.connection.ensure(msgspec.structs.replace(wanted, fields=table.schema.fields))
        assert made.count() == 1
        if table.adapter.has("drop"):
            target.connection.drop(name)

    def _drop(self, target: Target, table: Repository) -> None:  # noqa: ARG002
        name = samples.fresh_name("dropped")
        if target.provide is not None:
            name = target.provide(samples.plain(name))
        target.connection.drop(name)
        assert name not in [known.name for known in target.connection.tables()]
        with pytest.raises(biodata.NotFound):
            target.connection.schema(name, refresh=True)

    def _transaction(self, target: Target, table: Repository) -> None:
        with pytest.raises(ZeroDivisionError), target.connection.transaction():
            table.add({"id": "c"}).raise_for_refused()
            table.update({"id": "a", "number": 9}).raise_for_refused()
            table.delete("b").raise_for_refused()
            assert table.query(order_by="id", fields=["id"]).to_records() == [{"id": "a"}, {"id": "c"}]
            _ = 1 / 0
        assert table.query(order_by="id", fields=["id", "number"]).to_records() == [
            {"id": "a", "number": 1},
            {"id": "b", "number": 2},
        ]
        with target.connection.transaction():
            assert table.add([{"id": "c"}, {"id": "a"}], on_refused="isolate").created == 1
        assert table.count() == 3

    def _export(self, target: Target, table: Repository) -> None:  # noqa: ARG002
        result = table.query("number > 1", fields=["id", "number"])
        rows = [row for batch in table.adapter.export(result.plan) for row in batch.to_pylist()]
        assert rows == [{"id": "b", "number": 2}]

    def _client(self, target: Target, table: Repository) -> None:  # noqa: ARG002
        assert target.connection.client is not None

    def _sandbox(self, target: Target, table: Repository) -> None:  # noqa: ARG002
        assert isinstance(table.adapter.sandbox(), type)

    def test_native_queries_are_taken_or_refused(self, sample: Repository) -> None:
        if sample.adapter.capabilities.native_query:
            explained = sample.query(native="the text").plan.parts
            assert any(type(part.filter).__name__ == "Native" for part in explained)
            return
        with pytest.raises(biodata.QueryError):
            sample.query(native="the text")

    @pytest.mark.parametrize("kind", sorted({"string", "json", "object", "decimal", "enum", "datetime"}))
    def test_a_kind_that_cannot_be_stored_is_refused(self, target: Target, kind: Any) -> None:
        if target.provide is None:
            pytest.skip("not run: this target has no way to make tables")
        fields = (Field("id", String(), required=True), samples.field_of(kind))
        wanted = Schema(samples.fresh_name("kind"), "id", fields)
        if kind in target.domain.refused:
            with pytest.raises((biodata.SchemaError, biodata.Unsupported)):
                target.provide(wanted)
            return
        name = target.provide(wanted)
        assert target.connection.schema(name).by_name.keys() == {"id", f"{kind}_field"}
        if target.connection.adapter.has("drop"):
            target.connection.drop(name)
