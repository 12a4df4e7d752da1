"""The verbs that change something, and what their receipts say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import biodata
from biodata.testing import samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.receipts import Receipt
    from biodata.records.types import Schema
    from biodata.repository import Repository
    from biodata.testing.target import Target


def statuses(receipt: Receipt) -> list[str]:
    """What became of each record, in the order given."""
    assert [outcome.row for outcome in receipt] == list(range(len(receipt)))
    return [outcome.status for outcome in receipt]


def record(key: str, **values: Any) -> dict[str, Any]:
    """A record of the plain table."""
    return {"id": key, "name": f"name of {key}", "number": 1, **values}


class Writing:
    """add, update, upsert and delete."""

    def test_add_creates(self, table: Repository) -> None:
        receipt = table.add([record("a"), record("b", number=None)])
        assert statuses(receipt) == ["created", "created"]
        assert [outcome.key for outcome in receipt] == ["a", "b"]
        assert table.get("b") == record("b", number=None)

    def test_missing_fields_are_null(self, table: Repository) -> None:
        table.add({"id": "a"}).raise_for_refused()
        assert table.get("a") == {"id": "a", "name": None, "number": None}

    def test_nothing_to_add_is_an_empty_receipt(self, table: Repository) -> None:
        assert len(table.add([])) == 0

    def test_a_duplicate_is_refused(self, table: Repository) -> None:
        table.add(record("a")).raise_for_refused()
        (outcome,) = table.add(record("a", name="other"))
        assert (outcome.status, outcome.code) == ("refused", "BD-WRITE-DUPLICATE")
        assert table.get("a") == record("a")

    def test_a_refusal_does_not_tell_the_values(self, table: Repository) -> None:
        secret = record("patient4711", name="patient4711")
        table.add(secret).raise_for_refused()
        receipt = table.add(secret)
        assert statuses(receipt) == ["refused"]
        assert "patient4711" not in receipt.outcomes[0].message

    def test_a_key_twice_in_one_add(self, table: Repository) -> None:
        receipt = table.add([record("a"), record("a", name="second")], on_refused="isolate")
        assert statuses(receipt) == ["created", "refused"]
        assert table.get("a") == record("a")

    def test_stop_holds_back_the_rest(self, table: Repository) -> None:
        table.add(record("b")).raise_for_refused()
        receipt = table.add([record("a"), record("b"), record("c")])
        atomic = table.adapter.capabilities.atomic_batches
        size = table.adapter.capabilities.batch_size["add"]
        assert statuses(receipt)[1:] == ["refused", "not_sent"]
        if size > 1 and atomic:
            assert statuses(receipt)[0] == "not_sent"
        assert table.count() == 1 + receipt.created

    def test_isolate_writes_the_others(self, table: Repository) -> None:
        table.add(record("b")).raise_for_refused()
        receipt = table.add([record("a"), record("b"), record("c")], on_refused="isolate")
        assert statuses(receipt) == ["created", "refused", "created"]
        assert {row["id"] for row in table.query()} == {"a", "b", "c"}
        with pytest.raises(biodata.WriteError):
            receipt.raise_for_refused()

    @pytest.mark.parametrize(
        ("bad", "code"),
        [
            ({"id": "bad", "nmae": "x"}, "BD-WRITE-UNKNOWN-FIELD"),
            ({"id": "bad", "number": "seven"}, "BD-WRITE-TYPE"),
            ({"id": "bad", "number": 1.5}, "BD-WRITE-TYPE"),
            ({"name": "no key"}, "BD-KEY-EMPTY"),
            ({"id": "", "name": "no key"}, "BD-KEY-EMPTY"),
        ],
    )
    @pytest.mark.parametrize("verb", ["add", "upsert"])
    def test_a_record_that_does_not_fit(self, table: Repository, verb: str, bad: dict[str, Any], code: str) -> None:
        receipt = getattr(table, verb)([record("a"), bad, record("c")], on_refused="isolate")
        assert statuses(receipt) == ["created", "refused", "created"]
        assert receipt.refused[0].code == code
        assert "seven" not in receipt.refused[0].message
        assert {row["id"] for row in table.query()} == {"a", "c"}

    def test_a_moment_finer_than_a_microsecond_is_refused_and_not_cut(
        self, target: Target, sample: Repository
    ) -> None:
        if "datetime" not in target.domain.kinds:
            pytest.skip("not run: the platform has no moments in tables that are made")
        (outcome,) = sample.upsert({"id": "finer", "datetime_field": "2020-02-29T12:30:00.000000789Z"})
        assert (outcome.status, outcome.code) == ("refused", "BD-WRITE-TYPE")
        assert "789" not in outcome.message
        with pytest.raises(biodata.QueryError) as caught:
            sample.count("datetime_field = '2020-02-29T12:30:00.000000789Z'")
        assert caught.value.code == "BD-QUERY-VALUE"

    def test_a_required_field(self, target: Target, provide: Callable[[Schema], Repository]) -> None:
        if not target.domain.required:
            pytest.skip("not run: the platform has no required fields")
        from biodata.records.types import Field, Schema, String

        fields = (
            Field("id", String(), required=True),
            Field("name", String(), required=True),
            Field("more", String()),
        )
        table = provide(Schema(samples.fresh_name("needed"), "id", fields))
        assert table.schema["name"].required
        bad: list[dict[str, Any]] = [{"id": "a"}, {"id": "b", "name": None}]
        receipt = table.add([*bad, {"id": "c", "name": "n"}], on_refused="isolate")
        assert statuses(receipt) == ["refused", "refused", "created"]
        assert {outcome.code for outcome in receipt.refused} == {"BD-WRITE-REQUIRED"}
        assert table.update({"id": "c", "name": None}).refused[0].code == "BD-WRITE-REQUIRED"
        assert table.upsert({"id": "d", "more": "x"}).refused[0].code == "BD-WRITE-REQUIRED"
        assert statuses(table.upsert({"id": "c", "more": "x"})) == ["updated"]
        assert table.query().to_records() == [{"id": "c", "name": "n", "more": "x"}]

    def test_update_changes_what_is_given(self, table: Repository) -> None:
        table.add([record("a"), record("b")]).raise_for_refused()
        assert table.update({"id": "a", "number": 7}).ok
        assert table.get("a") == record("a", number=7)
        assert table.get("b") == record("b")

    def test_none_clears(self, table: Repository) -> None:
        table.add(record("a")).raise_for_refused()
        table.update({"id": "a", "name": None}).raise_for_refused()
        assert table.get("a") == record("a", name=None)

    def test_updates_of_different_fields_at_once(self, table: Repository) -> None:
        table.add([record("a"), record("b"), record("c")]).raise_for_refused()
        receipt = table.update([{"id": "a", "number": 7}, {"id": "b", "name": "new"}, {"id": "c", "name": None}])
        assert len(receipt) == 3
        assert receipt.ok
        assert table.get(["a", "b", "c"]) == [record("a", number=7), record("b", name="new"), record("c", name=None)]

    def test_update_of_an_absent_record_is_refused(self, table: Repository) -> None:
        (outcome,) = table.update({"id": "a", "number": 7})
        assert (outcome.status, outcome.code) == ("refused", "BD-NOT-FOUND")
        assert table.count() == 0

    def test_upsert_says_what_it_did(self, table: Repository) -> None:
        table.add([record("a"), record("b")]).raise_for_refused()
        receipt = table.upsert([record("a"), record("b", number=2), record("c")])
        assert statuses(receipt) == ["unchanged", "updated", "created"]
        assert table.upsert([record("a"), record("b", number=2), record("c")]).unchanged == 3
        assert table.get("b")["number"] == 2

    def test_a_partial_upsert_leaves_other_fields(self, table: Repository) -> None:
        table.add(record("a")).raise_for_refused()
        assert statuses(table.upsert([{"id": "a", "number": None}, {"id": "b", "number": 3}])) == [
            "updated",
            "created",
        ]
        assert table.get(["a", "b"]) == [record("a", number=None), {"id": "b", "name": None, "number": 3}]

    def test_the_later_record_of_a_key_wins(self, table: Repository) -> None:
        assert len(table.upsert([record("a"), record("a", number=2), record("a", number=3)])) == 3
        assert table.get("a")["number"] == 3

    def test_more_than_a_batch(self, table: Repository) -> None:
        number = min(2 * table.adapter.capabilities.batch_size["add"] + 1, 2001)
        seen: list[int] = []
        receipt = table.add((record(f"k{index}") for index in range(number)), progress=seen.append)
        assert receipt.created == number == table.count()
        assert seen == sorted(seen)
        assert seen[-1] == number

    def test_a_dry_run_sends_nothing(self, table: Repository) -> None:
        receipt = table.add([record("a"), {"id": "b", "number": "x"}], dry_run=True)
        assert statuses(receipt) == ["not_sent", "refused"]
        assert table.count() == 0

    def test_lists_are_replaced_added_to_and_removed_from(self, target: Target, sample: Repository) -> None:
        lists = [name for name in ("string_list", "visited") if name in sample.schema]
        key, known = "lists", {"string_list": ["x", "y", "z"], "visited": ["gro", "ams", "rtm"]}
        for name in lists:
            one, two, three = known[name]
            sample.upsert({"id": key, name: [one, two]}).raise_for_refused()
            try:
                for mode, given, wanted in (
                    ("add", [two, three], {one, two, three}),
                    ("remove", [one], {two, three}),
                    ("replace", [one], {one}),
                ):
                    self._lists(sample, mode, {"id": key, name: given}, name, wanted)
            finally:
                sample.delete(key).raise_for_refused()
        assert lists or not (target.domain.lists or target.domain.list_references)

    def _lists(self, sample: Repository, mode: Any, given: dict[str, Any], name: str, wanted: set[str]) -> None:
        if mode in sample.adapter.capabilities.list_modes:
            sample.update(given, lists=mode).raise_for_refused()
            assert set(sample.get(given["id"])[name]) == wanted
            return
        with pytest.raises(biodata.Unsupported) as caught:
            sample.update(given, lists=mode)
        assert caught.value.code == "BD-UNSUPPORTED-LISTS"

    def test_delete(self, table: Repository) -> None:
        table.add([record("a"), record("b"), record("c")]).raise_for_refused()
        assert statuses(table.delete("a")) in (["deleted"], ["hidden"], ["queued"])
        assert len(table.delete(["b", "absent"])) == 2
        assert [row["id"] for row in table.query()] == ["c"]

    def test_deleting_what_is_absent_changes_nothing(self, table: Repository) -> None:
        table.add(record("a")).raise_for_refused()
        assert statuses(table.delete("absent")) == ["unchanged"]
        assert table.count() == 1

    def test_delete_by_filter(self, table: Repository) -> None:
        table.add([record("a", number=1), record("b", number=2), record("c", number=None)]).raise_for_refused()
        assert table.delete(where="number = 1").ok
        assert {row["id"] for row in table.query()} == {"b", "c"}

    def test_a_whole_table_must_be_said(self, table: Repository) -> None:
        table.add([record("a"), record("b")]).raise_for_refused()
        with pytest.raises(biodata.QueryError) as caught:
            table.delete()
        assert caught.value.code == "BD-KEY-EMPTY"
        assert table.count() == 2
        assert table.delete(all=True).deleted == 2
        assert table.count() == 0
        assert table.delete(all=True).ok

    def test_keys_with_odd_characters(self, target: Target, table: Repository) -> None:
        keys = [f"k{odd}k" for odd in target.domain.key_characters]
        table.add([record(key) for key in keys]).raise_for_refused()
        for key in keys:
            assert table.get(key)["id"] == key
            assert statuses(table.update({"id": key, "number": 2})) == ["updated"]
            assert table.query(biodata.col("id") == key).one()["number"] == 2
        assert [row["id"] for row in table.get(keys)] == keys
        assert table.delete(keys).ok
        assert table.count() == 0

    def test_an_empty_text(self, target: Target, table: Repository) -> None:
        table.add(record("a", name="")).raise_for_refused()
        assert table.get("a")["name"] == ("" if target.domain.empty_strings else None)

    def test_nan_is_null(self, table: Repository) -> None:
        table.add(record("a", number=float("nan"))).raise_for_refused()
        assert table.get("a")["number"] is None
