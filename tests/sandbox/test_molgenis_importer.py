"""How the sandbox's importer reads a file: as the server's does, which is not as Python's csv does."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biodata_molgenis.sandbox import Attribute
from biodata_molgenis.sandbox.sheets import read_sheet

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from biodata_molgenis.sandbox import State

    Ask = Callable[..., requests.Response]

CELL = st.text(st.sampled_from('ab",;\n\t é'), max_size=5)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"a\b", "ab"),
        (r"a\\b", "ab"),
        (r'"a\b"', "ab"),
        (r'"a\\b"', r"a\b"),
        (r'"a\"b"', 'a"b'),
        ('"a""b"', 'a"b'),
        ('"a\r\nb"', "a\nb"),
        ("  a ", "  a "),
    ],
)
def test_a_backslash_escapes_in_quotes_and_vanishes_outside(written: str, read: str) -> None:
    assert list(read_sheet(f"id,n\n1,{written}\n")) == [{"id": "1", "n": read}]


@given(
    rows=st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=4), separator=st.sampled_from(",\t")
)
def test_without_backslashes_it_is_csv(rows: list[list[str]], separator: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows([["a", "b"], *rows])
    expected = [{name: cell for name, cell in zip("ab", row, strict=True) if cell} for row in rows]
    assert list(read_sheet(text.getvalue(), separator)) == expected


def imported(ask: Ask, name: str, content: bytes, action: str = "add") -> Any:
    files = {"file": (name, content)}
    started = ask("POST", f"/plugin/importwizard/importFile?action={action}&metadataAction=ignore", files=files)
    return ask("GET", started.text).json()


@pytest.fixture
def table(state: State) -> State:
    state.create_table("t", (Attribute(name="id", is_id=True), Attribute(name="n", type="int", default="7")))
    return state


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        ("t.csv", "id,n\na,1\nb,\n", {"a": 1, "b": 7}),
        ("t.csv", "id,n\na,1\n\nb,2\n", {"a": 1}),
        ("t.tsv", "id\tn\na,b\t1", {"a,b": 1}),
        ("t.csv", "\ufeffid\na\n", {"a": 7}),
    ],
)
def test_a_sheet_is_read_as_the_server_does(
    ask: Ask, table: State, name: str, content: str, rows: dict[str, int]
) -> None:
    """An empty cell is the default; an empty line is the end."""
    assert imported(ask, name, content.encode())["status"] == "FINISHED"
    assert {one["id"]: one["n"] for one in table.stored["t"].values()} == rows


def test_a_line_with_another_number_of_cells_fails(ask: Ask, table: State) -> None:
    run = imported(ask, "t.csv", b"id,n\na,1\nb\n")
    assert (run["status"], "Number of values (1)" in run["message"]) == ("FAILED", True)
    assert table.stored["t"] == {}


def test_a_file_without_sheets_that_it_reads_fails(ask: Ask, table: State) -> None:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert imported(ask, "t.xlsx", book.getvalue())["status"] == "FAILED"
