"""Files written and read: nothing is changed on the way, and what cannot be read is an error of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec
import pytest

from biodata import Connection, Field, Schema, SchemaError, Unavailable, Unsupported
from biodata.records import files
from biodata.records.arrow import arrow_schema, from_arrow, to_batch
from biodata.records.merged import merged_below
from biodata.records.readers import read_records
from biodata.records.types import Decimal, Json, List, Object, String
from biodata.records.types import Integer as Whole
from tests.core.memory import PEOPLE, MemoryAdapter, memory

if TYPE_CHECKING:
    from pathlib import Path

    from biodata.adapter import Page, PageRequest
    from biodata.query.plan import Plan


def named(*names: str) -> Connection:
    connection = memory()
    rows = {f"p{number}": {"id": f"p{number}", "name": name} for number, name in enumerate(names)}
    cast("MemoryAdapter", connection.adapter).rows["people"] = rows
    return connection


@pytest.mark.parametrize("text", ["=1+2", "#N/A", "+1", "007", "1e5", " x ", "true", "NA", "a\nb", "'x"])
@pytest.mark.parametrize("ending", ["json", "ndjson", "csv", "tsv", "parquet", "arrow", "xlsx"])
def test_text_comes_back_as_it_was(text: str, ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"people.{ending}"
    assert named(text)["people"].query(fields=["id", "name"]).write(file) == 1
    assert list(read_records(file)) == [{"id": "p0", "name": text}]


@pytest.mark.parametrize("text", ["x" * 32_768, "a\x0bb"])
def test_a_sheet_refuses_what_it_would_change(text: str, tmp_path: Path) -> None:
    with pytest.raises(Unsupported) as caught:
        named("good", text)["people"].query().write(tmp_path / "people.xlsx")
    assert caught.value.code == "BD-UNSUPPORTED-XLSX"
    assert not list(tmp_path.iterdir())


def test_a_sheet_keeps_every_digit(tmp_path: Path) -> None:
    """What a float holds is a number there, with its 17th digit; what none holds is text."""
    import decimal

    numbers = [0.1 + 0.2, 1.7976931348623157e308, 2**53, -(2**53) - 1, 2**64, True, float("inf")]
    numbers += [decimal.Decimal("1.10"), decimal.Decimal("0.1234567890123456789")]
    connection = memory()
    rows = {str(at): {"id": str(at), "name": "x", "age": number} for at, number in enumerate(numbers)}
    cast("MemoryAdapter", connection.adapter).rows["people"] = rows
    connection["people"].query(order_by="id").write(tmp_path / "people.xlsx")
    found = [record["age"] for record in read_records(tmp_path / "people.xlsx")]
    assert found == [*numbers[:3], str(numbers[3]), str(numbers[4]), True, "inf", 1.1, "0.1234567890123456789"]
    assert found[0] != 0.3


def test_semicolons_separate_a_csv_file_where_its_first_line_has_these_alone(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text('id;"age";"a, b"\nx;1,5;\n', "utf-8")
    assert list(read_records(tmp_path / "x.csv")) == [{"id": "x", "age": "1,5", "a, b": None}]
    (tmp_path / "x.tsv").write_text("id\ta;b\nx\ty\n", "utf-8")
    assert list(read_records(tmp_path / "x.tsv")) == [{"id": "x", "a;b": "y"}]


def sheet(file: Path, *rows: tuple[object, ...]) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(file)
    return file


def test_a_sheet_as_people_leave_it(tmp_path: Path) -> None:
    """Rows and columns without anything in them are none; a short row has no value at its end."""
    rows = [("id", None, "age"), ("a", None, 5), (None, None, None), ("b",), (None, None)]
    found = list(read_records(sheet(tmp_path / "x.xlsx", *rows)))
    assert found == [{"id": "a", "age": 5}, {"id": "b", "age": None}]
    assert list(read_records(sheet(tmp_path / "y.xlsx"))) == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("id", "age", "id"), ("a", 5, "b")], "names a column twice"),
        ([("id", None), ("a", None), ("b", "note")], "Row 3 has a cell in a column without a name"),
        ([("id",), ("a", 7)], "Row 2 has a cell in a column without a name"),
        ([("id", "age"), ("a", 5), ("b", "#N/A")], "Row 3, age: the cell holds an error"),
    ],
)
def test_a_sheet_that_would_lose_a_cell_is_refused(rows: list[tuple[object, ...]], said: str, tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=said) as caught:
        list(read_records(sheet(tmp_path / "x.xlsx", *rows)))
    assert caught.value.code == "BD-FILE"


def test_merged_cells_are_refused_where_the_lower_ones_would_be_empty(tmp_path: Path) -> None:
    rows = (("id", "age"), ("a", 5), ("b", None))
    with pytest.raises(SchemaError, match=r"Cells B2:B3 are merged; write the value into each"):
        list(read_records(merged(sheet(tmp_path / "x.xlsx", *rows), "B1:C1", "B2:B3")))
    assert len(list(read_records(merged(sheet(tmp_path / "y.xlsx", *rows), "B1:C1")))) == 2


def test_a_text_that_looks_like_an_error_is_a_text(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for row in (("id",), ("#N/A",)):
        book.worksheets[0].append(row)
    book.worksheets[0]["A2"].data_type = "s"
    book.save(tmp_path / "x.xlsx")
    assert list(read_records(tmp_path / "x.xlsx")) == [{"id": "#N/A"}]


@pytest.mark.parametrize("chunk", [7, 64, 1 << 20])
def test_merged_cells_are_found_wherever_the_pieces_end(
    tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("biodata.records.merged.CHUNK", chunk)
    file = merged(sheet(tmp_path / "x.xlsx", ("id", "age"), ("<mergeCells>", 5)), "A1:B1", "A40:B40")
    assert merged_below(file, "xl/worksheets/sheet1.xml") == "A40:B40"


def merged(file: Path, *ranges: str) -> Path:
    from openpyxl import load_workbook

    book = load_workbook(file)
    for cells in ranges:
        book.worksheets[0].merge_cells(cells)
    book.save(file)
    return file


def test_a_sheet_ends_somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SHEET_ROWS", 3)
    people = memory(people=3)["people"]
    assert people.query(limit=2).write(tmp_path / "two.xlsx") == 2
    with pytest.raises(Unsupported, match="more than 2 records"):
        people.query().write(tmp_path / "three.xlsx")


class OddAdapter(MemoryAdapter):
    """A table whose name no sheet can have, and which breaks on its second page when told to."""

    breaks = False

    def schema(self, table: str, *, refresh: bool = False) -> Schema:
        return msgspec.structs.replace(PEOPLE, table="demo@fam:[a/b]")

    def page(self, plan: Plan, request: PageRequest) -> Page:
        if request.offset and self.breaks:
            raise Unavailable("the line broke")
        return super().page(plan, msgspec.structs.replace(request, call="people"))


def odd(*, breaks: bool) -> Connection:
    adapter = OddAdapter()
    adapter.breaks = breaks
    adapter.rows = cast("MemoryAdapter", memory(people=9).adapter).rows
    return Connection(adapter, name="mem", access="read")


def test_a_sheet_has_a_title_that_it_can_have(tmp_path: Path) -> None:
    assert odd(breaks=False)["x"].query().write(tmp_path / "x.xlsx") == 9


@pytest.mark.parametrize("ending", ["json", "csv", "parquet", "arrow", "xlsx"])
def test_a_read_that_breaks_leaves_no_file(ending: str, tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        odd(breaks=True)["x"].query().write(tmp_path / f"x.{ending}")
    assert not list(tmp_path.iterdir())


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        memory()["people"].query().write(tmp_path / "no" / "people.csv")
    assert caught.value.filename == str(tmp_path / "no")


@pytest.mark.parametrize("ending", ["json", "ndjson", "csv", "parquet", "arrow", "xlsx"])
def test_a_file_of_another_format_is_an_error_without_its_text(ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"people.{ending}"
    file.write_bytes(b"id,name\np1,Jansen \xff\x00\n")
    with pytest.raises(SchemaError) as caught:
        list(read_records(file))
    assert caught.value.code == "BD-FILE"
    assert "Jansen" not in str(caught.value)


@pytest.mark.parametrize("text", ['a,b\n1,"x"y\n', 'a,b\n1,"x\n', "a,b\n1\n"])
def test_broken_csv_is_an_error_with_its_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(text)
    with pytest.raises(SchemaError, match="Line 2") as caught:
        list(read_records(file))
    assert caught.value.code == "BD-FILE"


def test_objects_with_decimals_and_json_go_to_arrow_and_back() -> None:
    inner = (Field("d", Decimal()), Field("j", Json()), Field("w", Whole(None)))
    schema = Schema("t", "id", (Field("id", String()), Field("o", Object(inner)), Field("many", List(Object(inner)))))
    import decimal

    value = {"d": decimal.Decimal("1.5"), "j": {"k": [1, None]}, "w": 7}
    rows = [{"id": "a", "o": value, "many": [value, {"d": None, "j": None, "w": None}]}, {"id": "b"}]
    batch = to_batch(rows, arrow_schema(schema))
    assert batch.to_pylist()[0]["o"] == {"d": 1.5, "j": '{"k":[1,null]}', "w": 7}
    back = {"d": 1.5, "j": {"k": [1, None]}, "w": 7}
    assert list(from_arrow(batch)) == [
        {"id": "a", "o": back, "many": [back, {"d": None, "j": None, "w": None}]},
        {"id": "b", "o": None, "many": None},
    ]
