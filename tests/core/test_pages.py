"""What must be true of a page by offset."""

from __future__ import annotations

from typing import Any

import pytest

from biodata import ProtocolError, RemoteError
from biodata.pages import check_page

PAGE: dict[str, Any] = {"offset": 20, "size": 10, "total": 25, "expected": 25}


@pytest.mark.parametrize(
    ("number", "told"),
    [(5, {}), (10, {"total": 100, "expected": None}), (0, {"offset": 30}), (10, {"total": None, "expected": None})],
    ids=["the last", "the first", "beyond the end", "nobody says the total"],
)
def test_a_whole_page(number: int, told: dict[str, Any]) -> None:
    check_page("people", number, **(PAGE | told))


@pytest.mark.parametrize(("number", "told"), [(4, {}), (6, {}), (9, {"total": None, "expected": None})])
def test_a_page_of_another_length(number: int, told: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as caught:
        check_page("people", number, **(PAGE | told))
    assert (caught.value.code, caught.value.table) == ("BD-REMOTE-SHORT", "people")


@pytest.mark.parametrize("total", [24, 26, None])
def test_another_total_than_the_first_page_told(total: int | None) -> None:
    with pytest.raises(RemoteError) as caught:
        check_page("people", 5, **(PAGE | {"total": total}))
    assert caught.value.code == "BD-REMOTE-CHANGED"
