"""`extract: {file: …}`: every row of a file arrives as it is, or is told with its line."""

import datetime as dt
import gzip
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biodata.errors import BiodataError, ConfigError, QueryError, SchemaError


@pytest.fixture
def file(tmp_path):
    """Writes a file: text as UTF-8, or bytes."""

    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def csv(read, file, content, more="", name="a.csv"):
    file(name, content)
    return read(f"extract: {{file: {name}{more}}}")


def fails(code, words):
    return pytest.raises(BiodataError, match=words) if code is None else _Fails(code, words)


class _Fails:
    def __init__(self, code, words):
        self._raises, self._code = pytest.raises(BiodataError, match=words), code

    def __enter__(self):
        self._caught = self._raises.__enter__()
        return self._caught

    def __exit__(self, *exception):
        done = self._raises.__exit__(*exception)
        assert self._caught.value.code == self._code
        return done


# csv and tsv


def test_cells_are_text_and_an_empty_one_is_null(read, file):
    found = csv(read, file, 'id,n,note\n007,1.50,NA\n8,,""\n9, ,"a ""b"""\n')
    assert found.rows == [
        {"id": "007", "n": "1.50", "note": "NA"},
        {"id": "8", "n": None, "note": None},
        {"id": "9", "n": " ", "note": 'a "b"'},
    ]
    assert found.numbers == [1, 2, 3]


def test_tsv_and_another_ending(read, file):
    assert csv(read, file, "id\tn\na\t1,5\n", name="a.tsv").rows == [{"id": "a", "n": "1,5"}]
    assert csv(read, file, "id\tn\na\t1\n", ", format: tsv", name="a.dat").rows == [{"id": "a", "n": "1"}]


def test_semicolons_separate_where_the_first_line_has_no_comma(read, file):
    assert csv(read, file, 'id;n;"a;b"\nx;1,5;"y;z"\n').rows == [{"id": "x", "n": "1,5", "a;b": "y;z"}]
    assert csv(read, file, "id,n;m\nx,1\n").rows == [{"id": "x", "n;m": "1"}]


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ('"id";"n"\n"x";1,5\n', {"id": "x", "n": "1,5"}),  # as R's write.csv2 writes it
        ('id;"m, n"\nx;1\n', {"id": "x", "m, n": "1"}),
        ('"a;b",n\nx,1\n', {"a;b": "x", "n": "1"}),
        ('\r\n"id ""a, b""";n\r\nx;1\r\n', {'id "a, b"': "x", "n": "1"}),
    ],
)
def test_what_stands_in_quotes_does_not_tell_the_separator(read, file, content, row):
    assert csv(read, file, content).rows == [row]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_breaks_inside_quotes_are_part_of_the_cell(read, file, ends):
    text = ends.join(["id,note", 'a,"one', 'two"', "b,three", ""])
    assert [row["note"] for row in csv(read, file, text).rows] == [f"one{ends}two", "three"]


def test_a_byte_order_mark_is_no_part_of_a_name(read, file):
    assert csv(read, file, b"\xef\xbb\xbfid,n\na,1\n").rows == [{"id": "a", "n": "1"}]


def test_empty_lines_are_no_rows(read, file):
    assert csv(read, file, "id\n\na\n\n\nb\n\n").rows == [{"id": "a"}, {"id": "b"}]


def test_a_header_alone_is_no_row(read, file):
    assert (csv(read, file, "id,n\n").rows, csv(read, file, "id,n").rows) == ([], [])


def test_packed_text(read, file, tmp_path):
    packed = gzip.compress(b"id,n\na,1\n") + gzip.compress(b"b,2\n")
    assert csv(read, file, packed, name="a.csv.gz").rows == [{"id": "a", "n": "1"}, {"id": "b", "n": "2"}]
    assert csv(read, file, gzip.compress(b'{"id": 1}\n'), name="a.ndjson.gz").rows == [{"id": 1}]


def test_a_packed_file_that_is_cut_is_an_error(read, file):
    whole = gzip.compress(b"id,n\n" + b"".join(b"%d,%d\n" % (n, n * 7919 % 1009) for n in range(20_000)))
    with fails("BD-PIPELINE-SOURCE", "cannot be unpacked"):
        csv(read, file, whole[:-1000], name="a.csv.gz")
    with fails("BD-PIPELINE-SOURCE", "cannot be unpacked"):
        csv(read, file, b"id,n\n1,2\n", name="b.csv.gz")


def test_rows_of_another_length_are_told_with_their_line_and_the_others_go_on(read, file):
    found = csv(read, file, 'id,n\na,1\n"b\n",2\nc\nd,4,5\n\ne,6\n')
    assert [row["id"] for row in found.rows] == ["a", "b\n", "e"]
    assert [reason for _, _, reason in found.told] == [
        "line 5 has 1 cells, and the first line names 2 columns",
        "line 6 has 3 cells, and the first line names 2 columns",
    ]
    assert [fault.record for fault in found.faults] == [{"cells": ["c"]}, {"cells": ["d", "4", "5"]}]
    assert found.total == 5
    assert {fault.stage for fault in found.faults} == {"extract"}
    assert sorted([*found.numbers, *(fault.row for fault in found.faults)]) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"id,n,id\n1,2,3\n", "names a column twice: 'id'"),
        (b"id,ID\n1,2\n", "'id' and 'ID', which are one name in SQL"),
        (b"id,,n\n1,2,3\n", "the column 2 has no name"),
        (b'"",id\n"1",a\n', "the column 1 has no name"),
        ("id,n\na,1\n".encode("utf-16"), "it is UTF-16 text"),
        ("id,n\na,1\n".encode("utf-16-le"), "holds control characters"),
        ("id,n\na,1\nb,Zoë\n".encode("latin-1"), "line 3 is not UTF-8 text"),
        ("id,naïef\na,1\n".encode("latin-1"), "line 1 is not UTF-8 text"),
        (b'id,n\na,"1\nb,2\n', "line 3: unexpected end of data"),
        (b'id,n\na,"1"2\n', "line 2: "),
    ],
)
def test_a_file_that_cannot_be_read_for_sure_is_an_error_with_its_line(read, file, content, words):
    with fails("BD-PIPELINE-SOURCE", words) as caught:
        csv(read, file, content)
    assert isinstance(caught.value, SchemaError)


def test_no_word_of_a_broken_file_is_in_the_error(read, file):
    with pytest.raises(SchemaError) as caught:
        csv(read, file, b'id,n\n"CANARY"x,1\n')
    assert "CANARY" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_cell_may_be_longer_than_pythons_limit(read, file):
    assert len(csv(read, file, f"id,seq\na,{'ACGT' * 50_000}\n").rows[0]["seq"]) == 200_000


def test_many_rows_come_in_order_and_numbered(read, file):
    found = csv(read, file, "n\n" + "".join(f"{n}\n" for n in range(10_000)))
    assert [row["n"] for row in found.rows] == [str(n) for n in range(10_000)]
    assert found.numbers == list(range(1, 10_001))
    assert found.total == 10_000


# filter and fields


def test_a_filter_and_fields(read, file):
    content = "id,sex,n\na,f,1\nb,m,2\nc,,3\n"
    found = csv(read, file, content, ", where: \"sex != 'm'\", fields: [n, id]")
    assert found.rows == [{"n": "1", "id": "a"}]
    assert found.numbers == [1]
    read.params = "{sex: {}}"
    file("a.csv", content)
    where = 'where: "sex = ${param:sex} or sex is null"'
    assert [row["id"] for row in read("extract: {file: a.csv, " + where + "}", sex="m").rows] == ["b", "c"]


def test_cells_compare_as_text(read, file):
    with fails("BD-QUERY-VALUE", "text is needed"):
        csv(read, file, "n\n1\n", ', where: "n > 5"')
    with fails("BD-QUERY-FIELD", "Did you mean 'number'"):
        csv(read, file, "number\n1\n", ", fields: [numbr]")


def test_dotted_columns_are_nested_fields(read, file):
    content = "id,sex.id,sex.label\na,f,Female\nb,,\n"
    assert csv(read, file, content).rows == [
        {"id": "a", "sex": {"id": "f", "label": "Female"}},
        {"id": "b", "sex": {"id": None, "label": None}},
    ]
    found = csv(read, file, content, ", fields: [sex.label], where: \"sex.id = 'f'\"")
    assert found.rows == [{"sex": {"label": "Female"}}]


def test_odd_dots_stay_in_the_name(read, file):
    content = "x,x.1,.y,z.,a..b\n1,2,3,4,5\n"
    assert csv(read, file, content).rows == [{"x": "1", "x.1": "2", ".y": "3", "z.": "4", "a": {".b": "5"}}]


# ndjson


def test_types_are_found_in_all_rows(read, file):
    lines = [
        '{"id": "a", "n": 1, "x": 1, "ok": true, "tags": ["p"], "sex": {"id": "f"}, "none": null}',
        "",
        '{"id": "b", "n": null, "x": 2.5, "tags": [], "sex": {"label": "Male"}, "late": 7}',
    ]
    found = csv(read, file, "\n".join(lines), name="a.ndjson")
    assert found.rows == [
        {
            "id": "a", "n": 1, "x": 1.0, "ok": True, "tags": ["p"], "sex": {"id": "f", "label": None}, "none": None,
            "late": None,
        },
        {
            "id": "b", "n": None, "x": 2.5, "ok": None, "tags": [], "sex": {"id": None, "label": "Male"},
            "none": None, "late": 7,
        },
    ]  # fmt: skip
    assert [str(one.type) for one in found.source.schema][:4] == ["string", "int64", "double", "bool"]


def test_a_value_of_another_type_is_a_fault_with_its_line(read, file):
    lines = ["1", "2", '"three"', "4", "true", "[5]", "null"]
    found = csv(read, file, "".join(f'{{"id": {n}, "v": {v}}}\n' for n, v in enumerate(lines)), name="a.ndjson")
    assert [row["v"] for row in found.rows] == [1, 2, 4, None]
    assert sorted((rule, reason) for _, rule, reason in found.told) == [
        ("v", "line 3: a whole number is needed, not text"),
        ("v", "line 5: a whole number is needed, not true or false"),
        ("v", "line 6: a whole number is needed, not a list"),
    ]
    assert sorted(fault.record["id"] for fault in found.faults) == [2, 4, 5]
    assert found.total == 7


def test_what_is_odd_in_a_field_that_is_not_read_does_not_matter(read, file):
    found = csv(read, file, '{"a": 1, "b": 1}\n{"a": 2, "b": 2}\n{"a": 3, "b": "x"}\n', ", fields: [a]", "a.ndjson")
    assert (found.rows, found.faults) == ([{"a": 1}, {"a": 2}, {"a": 3}], [])


def test_odd_values_deep_inside_are_found(read, file):
    lines = ['{"v": [{"at": 1}, {"at": 2}]}', '{"v": [{"at": 3}, {"at": "x"}]}', '{"v": [{"at": 4, "b": [true]}]}']
    found = csv(read, file, "\n".join(lines), name="a.ndjson")
    assert [len(row["v"]) for row in found.rows] == [2, 1]
    assert found.told[0][1:] == ("v", "line 2: at: a whole number is needed, not text")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"id": 1', "line 2 is not JSON"),
        ("[1]", "line 2 is not a JSON object"),
        ("7", "line 2 is not a JSON object"),
        ('{"id": 1, "id": 2}', "line 2: an object has two fields of one name"),
        ('{"id": NaN}', "line 2: NaN and Infinity are no JSON"),
        ('{"id": 1e999}', "line 2: a number is too large"),
        ("[" * 100_000, "line 2 is not JSON"),
    ],
)
def test_a_line_that_is_no_object_is_a_fault_and_the_others_go_on(read, file, line, words):
    found = csv(read, file, f'{{"id": 5}}\n{line}\n{{"id": 6}}\n', name="a.ndjson")
    assert [row["id"] for row in found.rows] == [5, 6]
    assert [reason for _, _, reason in found.told] == [words]
    assert found.faults[0].record == {"line": f"{line}\n"}


def test_numbers_arrive_with_all_their_digits_or_not_at_all(read, file):
    big, exact = 2**53 + 1, 2**53
    found = csv(read, file, f'{{"v": 0.5}}\n{{"v": {exact}}}\n{{"v": {big}}}\n', name="a.ndjson")
    assert [row["v"] for row in found.rows] == [0.5, float(exact)]
    assert found.told[0][1:] == ("v", "line 3: a number is too large to be exact")
    whole = csv(read, file, f'{{"v": {2**70}}}\n{{"v": -1}}\n{{"v": {10**40}}}\n', name="b.ndjson")
    assert [int(row["v"]) for row in whole.rows] == [2**70, -1]
    assert len(whole.faults) == 1


def test_half_a_character_is_a_fault(read, file):
    found = csv(read, file, '{"v": "a"}\n{"v": "\\ud800"}\n', name="a.ndjson")
    assert (found.rows, len(found.faults)) == ([{"v": "a"}], 1)


def test_what_no_type_says_is_json(read, file):
    lines = ['{"m": [[1, 2], [3]], "o": {}, "d": {"a": 1, "A": 2}}', '{"m": [], "o": {}, "d": {"a": "x"}}']
    found = csv(read, file, "\n".join(lines), name="a.ndjson")
    assert found.rows == [
        {"m": [[1, 2], [3]], "o": {}, "d": {"a": 1, "A": 2}},
        {"m": [], "o": {}, "d": {"a": "x"}},
    ]


def test_an_object_whose_names_are_data_is_json(read, file):
    text = "".join(f'{{"v": {{"n{n}": {n}}}}}\n' for n in range(10_001))
    found = csv(read, file, text, name="a.ndjson")
    assert found.rows[7] == {"v": {"n7": 7}}
    assert found.source.schema.field("v").metadata == {b"biodata": b"json"}


def test_names_with_dots_are_not_lost(read, file):
    found = csv(read, file, '{"b": 1}\n{"a.b": 1, "b": 2}\n', name="a.ndjson")
    assert found.rows == [{"b": 1, "a": {"b": None}}, {"b": 2, "a": {"b": 1}}]


def test_a_line_that_is_no_text_is_an_error(read, file):
    with fails("BD-PIPELINE-SOURCE", "line 2 is not UTF-8 text"):
        csv(read, file, '{"a": "ok"}\n{"a": "é"}\n'.encode("latin-1"), name="a.ndjson")


def test_a_column_keeps_the_type_of_the_last_run_where_its_values_fit(read, file):
    first = csv(read, file, '{"x": 1.5, "e": 3, "t": "a"}\n', name="a.ndjson")
    from biodata.pipelines.sources.remembered import remembered, type_of
    from biodata.pipelines.state.memory import StepMemory

    seen = remembered({one.name: type_of(one) for one in first.source.schema})
    read.memory = StepMemory("run", 1, {}, seen)
    again = csv(read, file, '{"x": 1, "e": null, "t": 5}\n', name="a.ndjson")
    assert [str(one.type) for one in again.source.schema] == ["double", "int64", "int64"]


# xlsx


def workbook(path, rows, formats=None, merged=()):
    from openpyxl import Workbook

    book = Workbook()
    for row in rows:
        book.active.append(row)
    for cell, text in (formats or {}).items():
        book.active[cell].number_format = text
    for cells in merged:
        book.active.merge_cells(cells)
    book.create_sheet("second").append(["other"])
    book.save(path)


def test_typed_cells_of_the_first_sheet(read, tmp_path):
    day, moment = dt.datetime(2020, 1, 31), dt.datetime(2020, 1, 31, 8, 30)  # noqa: DTZ001 - a sheet has no zones
    rows = [
        ["id", "n", "x", "ok", "day", "at", "time"],
        ["a", 1, 1, True, day, day, dt.time(8, 30)],
        [None] * 7,
        ["b", 2, 2.5, False, None, moment, None],
    ]
    workbook(tmp_path / "a.xlsx", rows, {"E2": "yyyy-mm-dd", "F2": "yyyy-mm-dd hh:mm"})
    found = read("extract: {file: a.xlsx}")
    assert found.rows == [
        {
            "id": "a", "n": 1, "x": 1.0, "ok": True, "day": dt.date(2020, 1, 31),
            "at": dt.datetime(2020, 1, 31, tzinfo=dt.UTC), "time": "08:30:00",
        },
        {
            "id": "b", "n": 2, "x": 2.5, "ok": False, "day": None,
            "at": dt.datetime(2020, 1, 31, 8, 30, tzinfo=dt.UTC), "time": None,
        },
    ]  # fmt: skip


def test_a_cell_of_another_type_is_a_fault_with_its_row(read, tmp_path):
    workbook(tmp_path / "a.xlsx", [["id", "n"], ["a", 1], ["b", "two"], ["c", 3], ["d", "#N/A"], ["e", 5]])
    found = read("extract: {file: a.xlsx}")
    assert [row["id"] for row in found.rows] == ["a", "c", "e"]
    assert sorted(reason for _, _, reason in found.told) == [
        "row 3: a whole number is needed, not text",
        "row 5: the cell of 'n' holds an error",
    ]


def test_a_row_with_a_cell_under_no_name_is_a_fault_and_the_others_go_on(read, tmp_path):
    rows = [
        ["id", "n", None, "day"],
        ["a", 1, None, None],
        ["b", 2, None, dt.date(2020, 1, 31), None, 0.5, None],
        [None, None, None, None, "note"],
        ["c", 3.0, "x", None],
        ["d", 4, None, None, None],
        ["e", 5, None, None, " "],
    ]
    workbook(tmp_path / "a.xlsx", rows)
    found = read("extract: {file: a.xlsx}")
    assert [row["id"] for row in found.rows] == ["a", "d"]
    assert [reason for _, _, reason in found.told] == [
        "row 3: the cell F3 stands under no name",
        "row 4: the cell E4 stands under no name",
        "row 5: the cell C5 stands under no name",
        "row 7: the cell E7 stands under no name",
    ]
    assert [fault.record["cells"] for fault in found.faults] == [
        ["b", "2", "", "2020-01-31", "", "0.5"],
        ["", "", "", "", "note"],
        ["c", "3", "x"],
        ["e", "5", "", "", " "],
    ]
    assert sorted([*found.numbers, *(fault.row for fault in found.faults)]) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("more", [[], [["a", 1, "x"]]])
def test_the_columns_are_there_where_no_row_can_be_read(read, tmp_path, more):
    workbook(tmp_path / "a.xlsx", [["id", "n"], *more])
    found = read("extract: {file: a.xlsx, fields: [id], where: id is not null}")
    assert (found.rows, len(found.faults)) == ([], len(more))


def test_of_a_row_with_a_cell_under_no_name_no_clear_value_is_kept(read, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_KEY", "k" * 32)
    workbook(tmp_path / "a.xlsx", [["id", "n"], ["a", 1], ["CANARY", 2, "CANARY"], ["#N/A", 3]])
    mask = "[{pseudonymise: {field: id, domain: d, key: '${env:STUDY_KEY}'}}]"
    found = read(f"extract: {{file: a.xlsx}}, transform: {mask}")
    assert len(found.rows) == 1
    assert [fault.record for fault in found.faults] == [{}, {}]
    assert "CANARY" not in str(found.faults)


def test_a_formula_that_nobody_computed_is_an_error(read, tmp_path):
    workbook(tmp_path / "a.xlsx", [["id", "n"], ["a", 1], ["b", "=B2+1"]])
    with fails("BD-PIPELINE-SOURCE", "the formula in B3 was never computed"):
        read("extract: {file: a.xlsx}")


def test_merged_cells_stop_the_run_where_rows_would_lose_the_value(read, tmp_path):
    workbook(tmp_path / "a.xlsx", [["id", "n"], ["a", 1], ["b", None]], merged=["B2:B3"])
    with fails("BD-PIPELINE-SOURCE", "the cells B2:B3 are merged"):
        read("extract: {file: a.xlsx}")


def test_a_heading_over_two_columns_is_no_value_that_is_lost(read, tmp_path):
    workbook(tmp_path / "a.xlsx", [["id", None], ["a", None]], merged=["A1:B1"])
    assert read("extract: {file: a.xlsx}").rows == [{"id": "a"}]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([["id", "id"], ["a", 1]], "names a column twice"),
        ([["id", " "], ["a", 1]], "the column 2 has no name"),
        ([], "its first sheet is empty"),
    ],
)
def test_a_sheet_without_clear_columns_is_an_error(read, tmp_path, rows, words):
    workbook(tmp_path / "a.xlsx", rows)
    with fails("BD-PIPELINE-SOURCE", words):
        read("extract: {file: a.xlsx}")


def test_what_is_no_workbook_is_an_error(read, file):
    with fails("BD-PIPELINE-SOURCE", "it is not an xlsx workbook"):
        csv(read, file, b"id,n\n", name="a.xlsx")


# parquet


def parquet(path, **columns):
    pq.write_table(pa.table(columns), path)


def test_parquet_as_it_is(read, tmp_path):
    visits = pa.array([[{"at": dt.date(2020, 1, 1), "codes": ["a", "b"]}], None, []])
    parquet(
        tmp_path / "a.parquet",
        id=pa.array([1, 2, 3], pa.int32()),
        kind=pa.array(["x", "y", "x"]).dictionary_encode(),
        amount=pa.array([Decimal("1.10"), None, Decimal("2.00")]),
        at=pa.array([dt.datetime(2020, 1, 1, 12)] * 3, pa.timestamp("ns")),  # noqa: DTZ001 - without a zone: UTC
        visits=visits,
        raw=pa.array([b"\xff", None, b""]),
    )
    found = read("extract: {file: a.parquet, where: \"id >= 2 or kind = 'x'\"}")
    assert found.rows[0] == {
        "id": 1, "kind": "x", "amount": Decimal("1.10"), "at": dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC),
        "visits": [{"at": dt.date(2020, 1, 1), "codes": ["a", "b"]}], "raw": b"\xff",
    }  # fmt: skip
    assert len(found.rows) == 3
    picked = read("extract: {file: a.parquet, where: \"visits.codes = 'b'\", fields: [visits.codes, visits.at, id]}")
    assert picked.rows == [{"visits": {"codes": ["a", "b"], "at": [dt.date(2020, 1, 1)]}, "id": 1}]


def test_the_number_of_rows_is_known_before(read, tmp_path):
    parquet(tmp_path / "a.parquet", id=[1, 2, 3])
    assert read("extract: {file: a.parquet}").source.count() == 3
    assert read('extract: {file: a.parquet, where: "id > 1"}').source.count() is None


def test_a_file_with_fewer_rows_than_it_says_is_an_error(read, tmp_path):
    from contextlib import ExitStack

    parquet(tmp_path / "a.parquet", id=[1, 2, 3])
    with ExitStack() as stack:
        source, _ = read.bound("extract: {file: a.parquet}", {}, stack)
        source.inner._file.count = 4
        with fails("BD-PIPELINE-SOURCE", "it says that it has 4 rows, and has 3"):
            list(source.rows(None))


def test_a_moment_finer_than_a_microsecond_is_a_fault(read, tmp_path):
    parquet(tmp_path / "a.parquet", id=[1, 2, 3], at=pa.array([1000, 1001, 2000], pa.timestamp("ns", "UTC")))
    found = read("extract: {file: a.parquet}")
    assert [row["id"] for row in found.rows] == [1, 3]
    assert found.told[0][1] == "at"
    assert found.told[0][2].startswith("row 2: a value cannot be kept as it is")
    assert found.faults[0].record == {"id": 2, "at": "1970-01-01 00:00:00.000001001Z"}


def test_numbers_of_more_digits_than_can_be_kept_are_faults_and_others_are_kept(read, tmp_path):
    numbers = [Decimal("1.10"), Decimal("9" * 37), None, Decimal("-" + "9" * 36 + ".99")]
    parquet(
        tmp_path / "a.parquet",
        id=[1, 2, 3, 4],
        n=pa.array(numbers, pa.decimal256(76, 2)),
        few=pa.array([[Decimal("0.5")], None, [], None], pa.list_(pa.decimal256(5, 1))),
    )
    found = read("extract: {file: a.parquet}")
    assert [row["n"] for row in found.rows] == [numbers[0], None, numbers[3]]
    assert found.rows[0]["few"] == [Decimal("0.5")]
    assert [(row, rule) for row, rule, _ in found.told] == [(2, "n")]
    assert found.faults[0].record["n"] == "9" * 37 + ".00"


def test_a_type_with_more_decimals_than_any_number_here_is_refused_when_the_file_is_opened(read, tmp_path):
    parquet(tmp_path / "a.parquet", id=[1], n=pa.array([None], pa.decimal256(76, 40)))
    with fails("BD-PIPELINE-TYPE", r"the column 'n' is of type decimal256\(76, 40\)"):
        read("extract: {file: a.parquet}")


def test_short_floats_are_numbers(read, tmp_path):
    parquet(tmp_path / "a.parquet", id=[1, 2], n=pa.array([1.5, None], pa.float16()))
    assert [row["n"] for row in read('extract: {file: a.parquet, where: "n > 1"}').rows] == [1.5]


def test_what_our_own_export_wrote_is_read_again(read, connect, source, tmp_path):
    source()
    with connect("source") as connection:
        rows = connection["SampleAse"].query(order_by="ID")
        for name in ("a.parquet", "a.csv", "a.tsv", "a.ndjson", "a.xlsx"):
            rows.write(tmp_path / name)
            assert read(f"extract: {{file: {name}}}").rows == rows.to_records()


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_what_is_no_parquet_is_an_error(read, file, content):
    with fails("BD-PIPELINE-SOURCE", "parquet"):
        csv(read, file, content, name="a.parquet")


def test_a_parquet_file_that_is_damaged_is_an_error(read, tmp_path):
    path = tmp_path / "a.parquet"
    parquet(path, id=pa.array(range(50_000)), t=pa.array([f"text {n * 7919}" for n in range(50_000)]))
    content = bytearray(path.read_bytes())
    content[1000:200_000] = b"\0" * 199_000
    path.write_bytes(content)
    with fails("BD-PIPELINE-SOURCE", "damaged|cannot be read"):
        read("extract: {file: a.parquet}")


# where the file is, and that it stays as it is


def test_a_path_is_relative_to_the_file_and_a_parameter_to_the_working_directory(read, file, tmp_path, monkeypatch):
    file("a.csv", "n\nbeside\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.csv").write_text("n\nhere\n")
    monkeypatch.chdir(elsewhere)
    assert read("extract: {file: a.csv}").rows == [{"n": "beside"}]
    read.params = "{input: {}}"
    assert read('extract: {file: "${param:input}"}', input="a.csv").rows == [{"n": "here"}]
    assert read('extract: {file: "${param:input}"}', input=str(tmp_path / "a.csv")).rows == [{"n": "beside"}]


def test_a_file_that_is_not_there_or_of_no_known_format(read, file, tmp_path):
    with fails("BD-PIPELINE-SOURCE", "There is no file .*nowhere.csv") as caught:
        read("extract: {file: nowhere.csv}")
    assert isinstance(caught.value, ConfigError)
    with fails("BD-PIPELINE-SOURCE", "There is no file"):
        read(f"extract: {{file: {tmp_path}}}")
    with fails("BD-PIPELINE-SOURCE", "does not tell its format"):
        csv(read, file, "", name="a.dat")
    with fails("BD-PIPELINE-SOURCE", "packed already"):
        csv(read, file, "", name="a.parquet.gz")


@pytest.mark.parametrize("name", ["a.csv", "a.ndjson", "a.parquet", "a.xlsx"])
def test_a_file_that_changes_between_looking_and_reading_is_an_error(read, tmp_path, name):
    from contextlib import ExitStack

    path = tmp_path / name
    if name == "a.xlsx":
        workbook(path, [["id"], ["a"]])
    elif name == "a.parquet":
        parquet(path, id=["a"])
    else:
        path.write_text("id\na\n" if name == "a.csv" else '{"id": "a"}\n')
    with ExitStack() as stack:
        source, _ = read.bound(f"extract: {{file: {name}}}", {}, stack)
        if name == "a.parquet":
            parquet(path, other=["a"])
        else:
            path.write_bytes(path.read_bytes())
        with fails("BD-PIPELINE-SOURCE-CHANGED", "was changed while it was read"):
            list(source.rows(None))


def test_a_file_that_grows_while_it_is_read_is_an_error(read, file):
    from contextlib import ExitStack

    path = file("a.csv", "n\n" + "".join(f"{n}\n" for n in range(10_000)))
    with ExitStack() as stack:
        source, _ = read.bound("extract: {file: a.csv}", {}, stack)
        rows = source.rows(None)
        next(rows)
        with path.open("a") as more:
            more.write("10000\n")
        with fails("BD-PIPELINE-SOURCE-CHANGED", "was changed while it was read"):
            list(rows)


def test_explain_tells_what_is_done_here(read, file):
    file("a.csv", "id,n\n")
    assert read.explain("extract: {file: a.csv, where: \"n = 'CANARY'\", fields: [id]}") == (
        "a.csv\n  read      id, n\n  filter    n = 'CANARY'\n"
        "  here      read the whole file (csv), then check the filter"
    )


def test_a_whole_run_from_a_file_with_a_bad_row(run, target, tmp_path):
    (tmp_path / "a.csv").write_text("id,n\na,1\nb\nc,3\n")
    path = tmp_path / "p.yml"
    path.write_text(
        "version: 1\nname: p\nsteps:\n"
        "  - name: s\n    extract: {file: a.csv}\n"
        "    transform: [{columns: {id: src.id, n: CAST(src.n AS INTEGER)}}]\n"
        "    load: {to: target/t, mode: merge, key: [id]}\n"
        "on_reject: {budget: 1}\n"
    )
    report = run(path)
    assert report.summary() == "p: 3 rows read, 1 rejected; s: 2 created, 0 updated, 0 unchanged"
    assert report.steps[0].rejects[0].reason == "line 3 has 1 cells, and the first line names 2 columns"
    assert target("t") == {"a": {"id": "a", "n": 1}, "c": {"id": "c", "n": 3}}


def test_a_whole_run_from_a_workbook_goes_on_behind_a_row_with_a_cell_too_many(run, target, tmp_path):
    workbook(tmp_path / "a.xlsx", [["id", "n"], ["a", 1], ["b", 2, "a note"], ["c", 3]])
    path = tmp_path / "p.yml"
    path.write_text(
        "version: 1\nname: p\nsteps:\n  - name: s\n    extract: {file: a.xlsx}\n"
        "    load: {to: target/t, mode: merge, key: [id]}\non_reject: {budget: 1}\n"
    )
    report = run(path)
    assert report.summary() == "p: 3 rows read, 1 rejected; s: 2 created, 0 updated, 0 unchanged"
    assert report.steps[0].rejects[0].reason == "row 3: the cell C3 stands under no name"
    assert target("t") == {"a": {"id": "a", "n": 1}, "c": {"id": "c", "n": 3}}


def test_a_query_error_of_a_file_names_no_value(read, file):
    with pytest.raises(QueryError) as caught:
        csv(read, file, "n\n1\n", ', where: "n > 987654"')
    assert "987654" not in str(caught.value)
