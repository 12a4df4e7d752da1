"""What is refused of the writes to a table that is there already, and what becomes of the records beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
import pytest

import biodata
from biodata.testing.access import denied, opened
from biodata.testing.writable import OTHER
from biodata.testing.writing import statuses

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.receipts import Outcome
    from biodata.testing.target import Target
    from biodata.testing.writable import Bad, BadKind, Bench

    Record = dict[str, Any]
    Verb = Literal["add", "update", "upsert"]
    Culprit = Literal["type", "duplicate", "absent", "reference"]

DONE = {"add": "created", "update": "updated", "upsert": "created"}
KINDS = ("unknown field", "type", "required", "reference")
CULPRITS = (
    ("add", "type"),
    ("add", "duplicate"),
    ("update", "type"),
    ("update", "absent"),
    ("upsert", "type"),
    ("upsert", "reference"),
)
"""The bad record among five: one that is seen here, and one that only the platform can see."""


class ExistingRefusals:
    """Bad records, empty keys, access."""

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("verb", ["add", "upsert"])
    def test_a_bad_record_is_not_written(self, bench: Bench, verb: Verb, kind: BadKind) -> None:
        bad = bench.bad(kind)
        record = bench.new(**bad.changes)
        if kind == "required":
            del record[bad.field]
        (outcome,) = getattr(bench.table, verb)(record)
        self._is_refused(bench, outcome, bad, record)
        assert bench.now(record) is None

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("verb", ["update", "upsert"])
    def test_a_bad_change_changes_nothing(self, bench: Bench, verb: Verb, kind: BadKind) -> None:
        bad = bench.bad(kind)
        (before,) = bench.stored()
        change = bench.change(before, **{bench.means.text: OTHER, **bad.changes})
        (outcome,) = getattr(bench.table, verb)(change)
        if kind == "reference":
            bad = msgspec.structs.replace(bad, code=bench.means.relink_code)
        self._is_refused(bench, outcome, bad, change)
        assert bench.now(before) == before

    def _is_refused(self, bench: Bench, outcome: Outcome, bad: Bad, record: Record) -> None:
        said = (outcome.status, outcome.code, outcome.field, outcome.key)
        assert said == ("refused", bad.code, bad.field, bench.key(record))
        assert outcome.message
        for name in (*bench.schema.key_fields, bad.field):
            assert str(record.get(name, "nothing")) not in outcome.message, f"it tells the value of '{name}'"

    @pytest.mark.parametrize("empty", [None, ""])
    @pytest.mark.parametrize("verb", ["add", "update", "upsert"])
    def test_a_record_without_a_key(self, bench: Bench, verb: Verb, empty: Any) -> None:
        name = bench.schema.key_fields[0]
        (outcome,) = getattr(bench.table, verb)({**bench.new(), name: empty})
        assert (outcome.status, outcome.code, outcome.field) == ("refused", "BD-KEY-EMPTY", name)

    @pytest.mark.parametrize(("verb", "culprit"), CULPRITS)
    def test_isolate_writes_the_others(self, bench: Bench, verb: Verb, culprit: Culprit) -> None:
        records = self._five(bench, verb, culprit)
        receipt = getattr(bench.table, verb)(records, on_refused="isolate")
        done = DONE[verb]
        assert statuses(receipt) == [done, done, "refused", done, done]
        assert receipt.refused[0].code
        assert [self._is_written(bench, record) for record in records] == [True, True, False, True, True]
        with pytest.raises(biodata.WriteError):
            receipt.raise_for_refused()

    @pytest.mark.parametrize(("verb", "culprit"), CULPRITS)
    def test_stop_holds_back_the_rest(self, bench: Bench, verb: Verb, culprit: Culprit) -> None:
        records = self._five(bench, verb, culprit)
        found = statuses(getattr(bench.table, verb)(records))
        can = bench.table.adapter.capabilities
        size = can.batch_size["add" if verb == "upsert" and can.upsert == "composed" else verb]
        assert found[2] == "refused"
        assert {*found[:2], *found[3:]} <= {DONE[verb], "not_sent"}
        if size == 1:
            assert found[3:] == ["not_sent"] * 2
        if size >= len(records) and (can.atomic_batches or culprit == "type"):
            assert [*found[:2], *found[3:]] == ["not_sent"] * 4
        assert [self._is_written(bench, record) for record in records] == [one == DONE[verb] for one in found]

    def _five(self, bench: Bench, verb: Verb, culprit: Culprit) -> list[Record]:
        """Five records, the third of which cannot be written."""
        fresh: Callable[[], Record] = (lambda: self._change(bench)) if verb == "update" else bench.new
        return [fresh(), fresh(), self._spoilt(bench, fresh, culprit), fresh(), fresh()]

    def _change(self, bench: Bench) -> Record:
        """A change of a record that is there."""
        return bench.change(bench.stored()[0], **{bench.means.text: OTHER})

    def _spoilt(self, bench: Bench, fresh: Callable[[], Record], culprit: Culprit) -> Record:
        if culprit == "duplicate":
            return {**bench.own(bench.stored()[0]), bench.means.text: OTHER}
        if culprit == "absent":
            return bench.change(bench.new(), **{bench.means.text: OTHER})
        return {**fresh(), **bench.bad(culprit).changes}

    def _is_written(self, bench: Bench, record: Record) -> bool:
        """Whether the record is there, with this text."""
        now = bench.now(record)
        return now is not None and now[bench.means.text] == record[bench.means.text]

    @pytest.mark.parametrize("key", ["", None, [""], [None]])
    def test_an_empty_key_deletes_nothing(self, bench: Bench, key: Any) -> None:
        (before,) = bench.stored()
        with pytest.raises(biodata.QueryError) as caught:
            bench.table.delete(key)
        assert caught.value.code == "BD-KEY-EMPTY"
        assert bench.now(before) == before

    def test_read_access_reads_only(self, target: Target, bench: Bench) -> None:
        (before,) = bench.stored()
        change = bench.change(before, **{bench.means.text: OTHER})
        with opened(target)("read") as connection:
            read = connection[bench.table.name]
            assert read.get(bench.key(before)) == before
            attempts: list[Callable[[], object]] = [
                lambda: read.add(bench.new()),
                lambda: read.update(change),
                lambda: read.upsert(change),
                lambda: read.delete(bench.key(before)),
            ]
            for attempt in attempts:
                denied(attempt)
        assert bench.now(before) == before

    def test_write_access_does_not_delete(self, target: Target, bench: Bench) -> None:
        record = bench.new()
        with opened(target)("write") as connection:
            written = connection[bench.table.name]
            assert written.add(record).created == 1
            assert written.update(bench.change(record, **{bench.means.text: OTHER})).updated == 1
            denied(lambda: written.delete(bench.key(record)))
        assert bench.table.get(bench.key(record))[bench.means.text] == OTHER
