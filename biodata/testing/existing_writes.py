"""add, update, upsert and delete on a table that is there already, and what their receipts say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import biodata
from biodata.testing.writable import LATER, OTHER, holds
from biodata.testing.writing import statuses

if TYPE_CHECKING:
    from biodata.testing.writable import Bench

GONE = ("deleted", "hidden", "queued")


class ExistingWrites:
    """What the verbs do with records that the table takes."""

    def test_add_creates_and_get_gives_it_back(self, bench: Bench) -> None:
        record = bench.new()
        (outcome,) = bench.table.add(record)
        assert (outcome.status, outcome.key) == ("created", bench.key(record))
        stored = bench.table.get(bench.key(record))
        assert tuple(stored) == bench.schema.names
        assert {name for name, value in record.items() if not holds(stored[name], value)} == set()
        if bench.schema.id is not None:
            assert outcome.id == stored[bench.schema.id]
            assert bench.table.get(id=outcome.id) == stored

    def test_a_duplicate_changes_nothing(self, bench: Bench) -> None:
        (before,) = bench.stored()
        again = {**bench.own(before), bench.means.text: OTHER}
        (outcome,) = bench.table.add(again)
        assert (outcome.status, outcome.code) == ("refused", "BD-WRITE-DUPLICATE")
        assert bench.now(before) == before

    def test_a_key_twice_in_one_add(self, bench: Bench) -> None:
        record = bench.new()
        receipt = bench.table.add([record, {**record, bench.means.text: OTHER}], on_refused="isolate")
        assert statuses(receipt) == ["created", "refused"]
        assert receipt.refused[0].code == "BD-WRITE-DUPLICATE"
        assert bench.table.get(bench.key(record))[bench.means.text] == record[bench.means.text]

    def test_keys_with_odd_characters(self, bench: Bench) -> None:
        for odd in bench.means.key_characters:
            record = self._keyed(bench, odd)
            assert statuses(bench.table.add(record)) == ["created"], odd
            assert statuses(bench.table.update(bench.change(record, **{bench.means.text: OTHER}))) == ["updated"], odd
            stored = bench.table.get(bench.key(record))
            assert stored[bench.means.text] == OTHER
            key = bench.schema.key_fields[-1]
            assert bench.table.query(biodata.col(key) == record[key]).to_records() == [stored], odd
            bench.loosen(record)
            assert statuses(bench.table.delete(bench.key(record)))[0] in GONE, odd
            assert bench.now(record) is None, odd

    def test_keys_that_the_platform_refuses(self, bench: Bench) -> None:
        for odd in bench.means.refused_key_characters:
            record = self._keyed(bench, odd)
            for verb in (bench.table.add, bench.table.upsert):
                (outcome,) = verb(record)
                assert (outcome.status, outcome.code) == ("refused", "BD-WRITE-KEY"), odd
                assert outcome.field in bench.schema.key_fields, odd
            assert bench.now(record) is None, odd

    def _keyed(self, bench: Bench, odd: str) -> dict[str, Any]:
        name, record = bench.schema.key_fields[-1], bench.new()
        return bench.noted({**record, name: f"{record[name]}{odd}k"})

    def test_update_changes_what_is_given(self, bench: Bench) -> None:
        before, sibling = bench.stored(2)
        (outcome,) = bench.table.update(bench.change(before, **{bench.means.text: OTHER}))
        assert (outcome.status, outcome.key) == ("updated", bench.key(before))
        assert bench.own(bench.now(before) or {}) == {**bench.own(before), bench.means.text: OTHER}
        assert bench.now(sibling) == sibling

    @pytest.mark.parametrize("verb", ["update", "upsert"])
    def test_none_clears_or_is_refused(self, bench: Bench, verb: str) -> None:
        (before,) = bench.stored()
        for name in bench.means.make(0):
            if name in bench.schema.key_fields or bench.schema[name].required:
                continue
            assert before[name] not in (None, []), f"make gives no '{name}' that could be cleared"
            (outcome,) = getattr(bench.table, verb)(bench.change(before, **{name: None}))
            now = bench.table.get(bench.key(before))
            if self._is_kept(bench, name, outcome):
                assert (outcome.field, now) == (name, before)
            else:
                assert outcome.status == "updated", name
                assert now[name] in (None, []), name
                assert {**bench.own(now), name: None} == {**bench.own(before), name: None}
            before = now

    def _is_kept(self, bench: Bench, name: str, outcome: biodata.Outcome) -> bool:
        """Whether the field was refused, as it was said to be."""
        known = bench.means.uncleared
        if known is not None:
            assert (outcome.code or None) == known.get(name), name
        return outcome.status == "refused"

    def test_what_the_platform_fills_in_cannot_be_given(self, bench: Bench) -> None:
        (before,) = bench.stored()
        own = [field.name for field in bench.schema if field.generated and field.read_only]
        for name in [name for name in own if before[name] not in (None, [])]:
            record = bench.new(**{name: before[name]})
            for receipt in (
                bench.table.add(record),
                bench.table.update(bench.change(before, **{name: before[name]})),
            ):
                assert [(one.status, one.code) for one in receipt] == [("refused", "BD-WRITE-READ-ONLY")], name
                assert receipt.refused[0].field == name
            assert bench.now(record) is None, name
        assert bench.now(before) == before

    def test_update_of_an_absent_record_is_refused(self, bench: Bench) -> None:
        record = bench.new()
        (outcome,) = bench.table.update(bench.change(record, **{bench.means.text: OTHER}))
        assert (outcome.status, outcome.code, outcome.key) == ("refused", "BD-NOT-FOUND", bench.key(record))
        assert bench.now(record) is None

    def test_upsert_says_what_it_did(self, bench: Bench) -> None:
        kept, changed = bench.stored(2)
        new = bench.new()
        given = [bench.own(kept), {**bench.own(changed), bench.means.text: OTHER}, new]
        receipt = bench.table.upsert(given)
        assert statuses(receipt) == ["unchanged", "updated", "created"]
        assert [outcome.key for outcome in receipt] == [bench.key(record) for record in given]
        assert bench.now(kept) == kept, "the platform's own marks too"
        assert bench.own(bench.now(changed) or {}) == given[1]
        assert statuses(bench.table.upsert(given)) == ["unchanged"] * 3

    def test_a_partial_upsert_leaves_other_fields(self, bench: Bench) -> None:
        (before,) = bench.stored()
        assert statuses(bench.table.upsert(bench.change(before, **{bench.means.text: OTHER}))) == ["updated"]
        assert bench.own(bench.now(before) or {}) == {**bench.own(before), bench.means.text: OTHER}

    def test_the_later_record_of_a_key_wins(self, bench: Bench) -> None:
        record, text = bench.new(), bench.means.text
        receipt = bench.table.upsert([record, {**record, text: OTHER}, {**record, text: LATER}])
        assert statuses(receipt) == ["created", "updated", "updated"]
        assert bench.table.get(bench.key(record))[text] == LATER

    def test_a_dry_run_sends_nothing(self, bench: Bench) -> None:
        record = bench.new()
        assert statuses(bench.table.add([record, {**record, **bench.bad("type").changes}], dry_run=True)) == [
            "not_sent",
            "refused",
        ]
        assert bench.now(record) is None

    @pytest.mark.parametrize("form", ["arrow", "pandas", "polars"])
    def test_a_frame_can_be_added(self, bench: Bench, form: str) -> None:
        pytest.importorskip("pyarrow" if form == "arrow" else form)
        records = [bench.new() for _ in range(3)]
        receipt = bench.table.add(self._frame(bench, records, form))
        assert statuses(receipt) == ["created"] * 3
        found = bench.table.get([bench.key(record) for record in records])
        assert all(holds(stored, given) for stored, given in zip(found, records, strict=True))

    def _frame(self, bench: Bench, records: list[dict[str, Any]], form: str) -> Any:
        import pyarrow as pa

        from biodata.records.arrow import arrow_schema, to_batch

        shape = arrow_schema(bench.schema, tuple((name,) for name in records[0]))
        arrow = pa.Table.from_batches([to_batch(records, shape)])
        if form == "polars":
            import polars as pl

            return pl.from_arrow(arrow)
        if form == "pandas":
            import pandas as pd

            return arrow.to_pandas(types_mapper=pd.ArrowDtype)
        return arrow

    def test_delete(self, bench: Bench) -> None:
        one, two, three = bench.stored(3)
        bench.loosen(one, two)
        (outcome,) = bench.table.delete(bench.key(one))
        assert outcome.status in GONE
        assert outcome.key == bench.key(one)
        with pytest.raises(biodata.NotFound):
            bench.table.get(bench.key(one))
        (first, second) = bench.table.delete([bench.key(two), bench.key(one)])
        assert first.status in GONE
        assert second.status == "unchanged"
        assert bench.now(two) is None
        assert bench.now(three) == three

    def test_delete_by_filter(self, bench: Bench) -> None:
        one, two = bench.stored(2)
        bench.loosen(one)
        key = bench.schema.key_fields[-1]
        (outcome,) = bench.table.delete(where=biodata.col(key) == one[key])
        assert outcome.status in GONE
        assert bench.now(one) is None
        assert bench.now(two) == two

    def test_deleting_what_is_absent_changes_nothing(self, bench: Bench) -> None:
        assert statuses(bench.table.delete(bench.key(bench.new()))) == ["unchanged"]
