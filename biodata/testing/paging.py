"""Tables shorter than a page, exactly as long, and longer."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from biodata.repository import Repository
    from biodata.testing.target import Target

SIZE = 5


def fill(table: Repository, number: int) -> set[str]:
    """That many records; their keys."""
    keys = [f"k{index:03}" for index in range(number)]
    if keys:
        table.add(
            {"id": key, "name": "same", "number": index % 3} for index, key in enumerate(keys)
        ).raise_for_refused()
    return set(keys)


class Paging:
    """No record is lost or repeated between pages."""

    @pytest.mark.parametrize("number", [0, 1, SIZE - 1, SIZE, SIZE + 1, 2 * SIZE, 3 * SIZE + 1])
    def test_every_record_comes_once(self, table: Repository, number: int) -> None:
        keys = fill(table, number)
        for order in (None, "name", "-number"):
            found = [record["id"] for record in table.query(page_size=SIZE, order_by=order)]
            assert len(found) == number
            assert set(found) == keys
        assert table.count() == number
        assert len(table.query("number = 0", page_size=SIZE).to_records()) == (number + 2) // 3

    def test_the_order_of_a_scan_is_stable(self, table: Repository) -> None:
        fill(table, 3 * SIZE)
        result = table.query(page_size=SIZE, fields=["id"])
        assert result.to_records() == result.to_records()

    def test_a_limit_of_one_page(self, table: Repository) -> None:
        fill(table, 3 * SIZE)
        for limit in (SIZE - 1, SIZE, SIZE + 1):
            assert len(table.query(page_size=SIZE, limit=limit).to_records()) == limit

    def test_requests_can_be_pickled_and_hold_no_secret(self, target: Target, table: Repository) -> None:
        fill(table, 3 * SIZE)
        plan = table.query("number >= 0", page_size=SIZE, order_by="id").plan
        waiting, found = list(table.adapter.requests(plan)), 0
        while waiting:
            sent = pickle.dumps(waiting.pop(0))
            assert not [secret for secret in target.secrets if secret.encode() in sent]
            page = table.adapter.page(plan, pickle.loads(sent))  # noqa: S301 - our own
            found += len(page.rows)
            waiting += table.adapter.requests(plan, page)
        assert found == 3 * SIZE

    def test_explain_says_what_is_sent(self, table: Repository) -> None:
        explained = table.query("number = 1 and name is null", order_by="id").explain()
        assert len(explained.parts) == 2
        assert explained.requests
        assert {part.support for part in explained.parts} <= {"exact", "inexact", "unsupported"}
        assert all(part.reason for part in explained.parts if part.support != "exact")
        assert table.name in str(explained)
