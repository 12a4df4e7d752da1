"""Corrected rejects come back as they were, but for the cells that a person has changed."""

import datetime as dt
import os
import stat
from decimal import Decimal

import msgspec
import openpyxl
import pyarrow as pa
import pytest

import biodata
from biodata.pipelines.state.corrected import read_corrected
from biodata.pipelines.state.exported import RejectTable
from biodata.pipelines.state.reject_file import Which
from biodata.pipelines.state.rejects import Reject, RejectStore
from biodata.records.arrow import JSON_TEXT, from_arrow, to_batch
from biodata.records.files import write_result
from biodata.records.readers import read_records

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string()), pa.field("blank", pa.string()), pa.field("age", pa.int32()),
        pa.field("weight", pa.decimal128(6, 2)), pa.field("share", pa.float64()), pa.field("born", pa.date32()),
        pa.field("seen", pa.timestamp("us", "UTC")), pa.field("alive", pa.bool_()),
        pa.field("codes", pa.list_(pa.string())), pa.field("sex", pa.struct({"id": pa.string()})),
        pa.field("more", pa.string(), metadata=JSON_TEXT), pa.field("gone", pa.float64()),
        pa.field("at", pa.time64("us")),
    ]
)  # fmt: skip
RECORD = {
    "id": "007", "blank": "", "age": 41, "weight": Decimal("70.50"), "share": 0.1, "born": dt.date(1980, 2, 3),
    "seen": dt.datetime(2020, 1, 2, 3, 4, 5, 6, dt.UTC), "alive": True, "codes": ["x", "y, z"], "sex": {"id": "F"},
    "more": {"a": [1, 2]}, "gone": float("-inf"), "at": dt.time(1, 2),
}  # fmt: skip
FORMATS = ["csv", "tsv", "xlsx", "json", "ndjson"]


@pytest.fixture
def store(tmp_path):
    """A run with two rejects of one step and one of another."""
    store = RejectStore(tmp_path / "state", pipeline="night", run="r1")
    for row in (1, 2):
        store.add(Reject("donors", "check", "old enough", "it is not true for this row", row, record=RECORD))
    store.add(Reject("cases", "load", "code", "too long", 5, record={"code": "c1", "more": {"a": 1}}))
    store.flush()
    return store


@pytest.fixture
def written(store, tmp_path):
    """Writes the export of a format, with cells changed: `written("csv", {1: {"age": "42"}})`."""

    def write(form, changes=None):
        path = tmp_path / f"rejects.{form}"
        table = RejectTable(store, Which())
        write_result(table, path, private=True)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        rows = list(read_records(path))
        for number, cells in (changes or {}).items():
            rows[number - 1] |= cells
        put(path, rows, list(table.names))
        return path

    return write


def put(path, rows, names):
    """What a person's program would save."""
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in ([*names], *([row.get(name) for name in names] for row in rows)):
            book.active.append(row)
        book.save(path)
    elif path.suffix in {".csv", ".tsv"}:
        import csv

        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, names, delimiter="," if path.suffix == ".csv" else "\t")
            writer.writeheader()
            writer.writerows(rows)
    else:
        lines = [msgspec.json.encode(row).decode() for row in rows]
        path.write_text("[" + ",".join(lines) + "]" if path.suffix == ".json" else "\n".join(lines))


@pytest.mark.parametrize("form", FORMATS)
def test_what_nobody_touched_comes_back_as_it_was(store, written, form):
    found = list(read_corrected(store, written(form)))
    assert [one.changed for one in found] == [{}, {}, {}]
    assert [one.record(SCHEMA) for one in found] == [one.record for one in store]
    assert found[0].record(SCHEMA)["weight"].as_tuple() == Decimal("70.50").as_tuple()


CELLS = {
    "id": ("008", "008"), "age": ("42", 42), "weight": ("71.25", Decimal("71.25")), "share": ("1e-3", 0.001),
    "born": ("1981-01-01", dt.date(1981, 1, 1)), "alive": ("false", False), "codes": ('["x","y"]', ["x", "y"]),
    "seen": ("2021-01-01T00:00:00Z", dt.datetime(2021, 1, 1, tzinfo=dt.UTC)), "sex": ('{"id":"M"}', {"id": "M"}),
    "more": ('{"a":[3]}', {"a": [3]}), "gone": ("2", 2.0), "blank": ("-", "-"),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", CELLS)
def test_a_changed_cell_is_of_its_columns_type(store, written, form, name):
    cell, wanted = CELLS[name]
    first, *_ = read_corrected(store, written(form, {1: {name: cell}}))
    record = first.record(SCHEMA)
    assert record == RECORD | {name: wanted}
    assert type(record[name]) is type(wanted)
    assert next(from_arrow(to_batch([record], SCHEMA))) == record


def test_a_sheets_own_numbers_and_days_are_taken(store, written):
    changes = {"age": 42, "weight": 71.5, "born": dt.datetime(1981, 1, 1), "alive": False, "share": 2}  # noqa: DTZ001
    first, *_ = read_corrected(store, written("xlsx", {1: changes}))
    made = {"age": 42, "weight": Decimal("71.5"), "born": dt.date(1981, 1, 1), "alive": False, "share": 2.0}
    assert first.record(SCHEMA) == RECORD | made


@pytest.mark.parametrize("form", FORMATS)
def test_a_cell_is_emptied(store, written, form):
    first, *_ = read_corrected(store, written(form, {1: {"age": None, "id": None}}))
    assert first.record(SCHEMA) == RECORD | {"age": None, "id": None}


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"age": "Jane"}, "Reject 1: 'age': a whole number is needed, not text"),
        ({"age": str(2**40)}, "Reject 1: 'age': it does not fit into int32"),
        ({"weight": "1.2345"}, r"Reject 1: 'weight': it does not fit into decimal128\(6, 2\)"),
        ({"born": "yesterday"}, "Reject 1: 'born': a date as 2020-01-31 is needed"),
        ({"sex": "F"}, "Reject 1: 'sex': a"),
    ],
)
def test_a_cell_that_cannot_be_is_told_without_its_value(store, written, cells, words):
    first, *_ = read_corrected(store, written("csv", {1: cells}))
    with pytest.raises(biodata.SchemaError, match=words) as caught:
        first.record(SCHEMA)
    assert caught.value.code == "BD-PIPELINE-CORRECTED"
    assert not any(value in str(caught.value) for value in cells.values() if value != "F")
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"_reject": None}, "Record 2 has no reject's id in the column _reject"),
        ({"_reject": "one"}, "Record 2 has no reject's id"),
        ({"_reject": 77}, "Record 2: there is no reject 77"),
        ({"_reject": 1}, "Record 2: the reject 1 comes twice"),
        ({"_reject": 4}, "Record 2: the reject 4 is dropped"),
        ({"agee": 3}, "Record 2: the reject 2 has no column 'agee'; did you mean 'age'"),
        ({"zzz": 3}, "Record 2: the reject 2 has no column 'zzz'; it has id, blank, age"),
    ],
)
def test_a_row_that_is_of_no_open_reject(store, written, cells, words):
    path = written("ndjson", {2: cells})
    store.add(Reject("donors", "check", "old enough", "it is not true for this row", 9))
    store.flush()
    store.close(Which(ids=(4,)), "dropped")
    with pytest.raises(biodata.SchemaError, match=words):
        list(read_corrected(store, path))


def test_columns_that_say_why_stand_first_and_are_not_the_records(store):
    table = RejectTable(store, Which())
    assert table.names[:6] == ("_reject", "_step", "_row", "_rule", "_reason", "id")
    assert table.names[-1] == "code"
    assert next(iter(table))["_reason"] == "it is not true for this row"


def test_rejects_go_into_no_parquet(store, tmp_path):
    with pytest.raises(biodata.Unsupported, match="csv, tsv, xlsx"):
        write_result(RejectTable(store, Which()), tmp_path / "rejects.parquet")


def test_the_file_is_for_its_owner_alone_while_it_is_written_too(store, tmp_path):
    old = os.umask(0)
    try:
        write_result(RejectTable(store, Which()), tmp_path / "rejects.csv", private=True)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "rejects.csv").stat().st_mode) == 0o600
