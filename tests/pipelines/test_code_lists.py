"""Code lists: what a value becomes, which values have no target, and lists in files with versions."""

import datetime as dt
from decimal import Decimal

import msgspec
import openpyxl
import pyarrow as pa
import pytest

import biodata
from biodata.pipelines.operations.met import COUNTED, SHOWN, Met
from biodata.pipelines.reports.masking import masked
from biodata.pipelines.spec import CodeList
from biodata.records.types import Field, Integer, List, Schema, String
from tests.pipelines.through import compiled, through

SEX = (("1", "male"), ("2", "female"), ("9", None))
REASON = "a value that the list has no target for"

PIPELINE = """\
version: 1
name: donors
steps:
  - name: donors
    extract: {from: source/donors}
    transform:
      - code_list: {column: sex, file: codes/sex.csv, on_unmapped: reject}
      - code_list: {column: tissues, codes: {B: blood, L: liver}, on_unmapped: 'null', name: tissues}
    load: {to: target/donors, mode: merge, key: [id]}
on_reject: {budget: 5}
"""

DONORS = Schema(
    "donors",
    "id",
    (Field("id", String(), required=True), Field("sex", Integer()), Field("tissues", List(String()))),
)


def listed(tmp_path, text, name="codes.csv"):
    (tmp_path / name).write_text(text, "utf-8")
    return CodeList("v", path=name, name=name), {"file": str(tmp_path / "pipeline.yml")}


def test_values_become_targets_and_null_stays_null():
    rows = [{"v": "1"}, {"v": "2"}, {"v": "9"}, {"v": None}]
    records, faults, (coverage,) = through(CodeList("v", SEX, name="sex"), rows)
    assert [one["v"] for one in records] == ["male", "female", None, None]
    assert not faults
    assert (coverage.column, coverage.list, coverage.rows, coverage.mapped, coverage.distinct) == (
        "v",
        "sex",
        3,
        3,
        0,
    )


def test_a_row_with_an_unmapped_value_is_rejected_without_saying_the_value():
    rows = [{"v": "1"}, {"v": "Jane"}, {"v": "1"}]
    records, faults, (coverage,) = through(CodeList("v", SEX, name="sex"), rows)
    assert [one["v"] for one in records] == ["male", "male"]
    assert faults == [(2, "code list sex", REASON)]
    assert [(one.value, one.rows) for one in coverage.unmapped] == [("Jane", 1)]


@pytest.mark.parametrize(("otherwise", "expected"), [("null", ["male", None]), ("keep", ["male", " x"])])
def test_an_unmapped_value_becomes_null_or_stays(otherwise, expected):
    rows = [{"v": "1"}, {"v": " x"}, {"v": " x"}, {"v": "x"}]
    records, faults, (coverage,) = through(CodeList("v", SEX, on_unmapped=otherwise), rows)
    assert ([one["v"] for one in records[:2]], faults) == (expected, [])
    assert (coverage.rows, coverage.mapped, coverage.distinct, coverage.unmapped[0].rows) == (4, 1, 1, 3)


def test_case_matters_and_blanks_at_the_ends_do_not():
    records, faults, _ = through(CodeList("v", (("m ", "male"),)), [{"v": " m"}, {"v": "M"}])
    assert ([one["v"] for one in records], len(faults)) == (["male"], 1)


@pytest.mark.parametrize(
    ("value", "text", "kind"),
    [
        (9, "9", pa.int32()),
        (9.0, "9", pa.float64()),
        (0.5, "0.5", pa.float64()),
        (True, "true", pa.bool_()),
        (Decimal("12.50"), "12.5", pa.decimal128(6, 2)),
        (Decimal(900), "900", pa.decimal128(38)),
        (Decimal("12345678901234567890123456789012.10"), "12345678901234567890123456789012.1", pa.decimal128(38, 2)),
        (dt.date(2024, 5, 1), "2024-05-01", pa.date32()),
        (dt.datetime(2024, 5, 1, 8, tzinfo=dt.UTC), "2024-05-01T08:00:00Z", pa.timestamp("us", "UTC")),
        ("x", "x", pa.dictionary(pa.int32(), pa.string())),
    ],
)
def test_values_of_any_type_are_looked_up_by_their_text(value, text, kind):
    schema = pa.schema([("v", kind)])
    rows = [{"v": value}, {"v": None}]
    assert through(CodeList("v", ((text, "found"),)), rows, schema)[0] == [{"v": "found"}, {"v": None}]
    kept = through(CodeList("v", (("-", "other"),), on_unmapped="keep"), rows, schema)[0]
    assert kept == [{"v": text}, {"v": None}]


def test_a_column_without_any_value_is_text():
    assert through(CodeList("v", SEX), [{"v": None}])[0] == [{"v": None}]


def test_of_a_list_each_element_is_looked_up():
    rows = [{"v": ["1", "2"]}, {"v": None}, {"v": []}, {"v": ["9", None, "1"]}]
    schema = pa.schema([("v", pa.list_(pa.string()))])
    records, faults, (coverage,) = through(CodeList("v", SEX), rows, schema)
    assert [one["v"] for one in records] == [["male", "female"], None, [], ["male"]]
    assert (faults, coverage.rows) == ([], 4)


def test_a_list_with_unmapped_elements_is_one_reject_or_loses_them():
    rows = [{"v": [1, 7, 8]}, {"v": [2]}]
    records, faults, (coverage,) = through(CodeList("v", SEX, name="s"), rows)
    assert ([one["v"] for one in records], faults) == ([["female"]], [(1, "code list s", REASON)])
    assert (coverage.rows, coverage.mapped, coverage.distinct) == (4, 2, 2)
    assert through(CodeList("v", SEX, on_unmapped="null"), rows)[0] == [{"v": ["male"]}, {"v": ["female"]}]
    assert through(CodeList("v", SEX, on_unmapped="keep"), rows)[0][0] == {"v": ["male", "7", "8"]}


def test_into_makes_another_column():
    assert through(CodeList("v", SEX, into="sex"), [{"v": 1, "w": 0}])[0] == [{"v": 1, "w": 0, "sex": "male"}]
    assert through(CodeList("v", SEX, into="w"), [{"v": 1, "w": 0}])[0] == [{"v": 1, "w": "male"}]


def test_a_file_says_the_codes(tmp_path):
    one, around = listed(tmp_path, "Source_Value,Target,Comment (Anna)\n1,male,\n2,female,as in the form\n\n9,,\n")
    records, _, (coverage,) = through(one, [{"v": 1}, {"v": 2}, {"v": 9}], **around)
    assert [row["v"] for row in records] == ["male", "female", None]
    assert coverage.list == "codes.csv"


def test_a_list_with_semicolons_as_spreadsheets_write_it(tmp_path):
    one, around = listed(tmp_path, "source;target;comment\r\n1;male, grown;\r\n2;female;a, b\r\n")
    assert [row["v"] for row in through(one, [{"v": 1}, {"v": 2}], **around)[0]] == ["male, grown", "female"]


def test_a_spreadsheet_says_the_codes(tmp_path):
    book = openpyxl.Workbook()
    for row in (("source", "target"), (1, "male"), (2.5, True), ("=", "equal"), (dt.date(2024, 5, 1), "May")):
        book.active.append(row)
    book.save(tmp_path / "codes.xlsx")
    one, around = CodeList("v", path="codes.xlsx"), {"file": str(tmp_path / "pipeline.yml")}
    values = ["1", "2.5", "=", "2024-05-01"]
    records = through(one, [{"v": value} for value in values], **around)[0]
    assert [row["v"] for row in records] == ["male", "true", "equal", "May"]


def test_a_formula_is_no_code(tmp_path):
    book = openpyxl.Workbook()
    for row in (("source", "target"), ("1", "=A2")):
        book.active.append(row)
    book.save(tmp_path / "codes.xlsx")
    with pytest.raises(biodata.ConfigError, match=r"codes\.xlsx, row 2, target: a formula"):
        through(CodeList("v", path="codes.xlsx"), [{"v": "1"}], file=str(tmp_path / "pipeline.yml"))


def test_merged_cells_are_refused_before_they_are_no_target(tmp_path):
    book = openpyxl.Workbook()
    for row in (("source", "target"), ("1", "male"), ("m", None)):
        book.active.append(row)
    book.active.merge_cells("B2:B3")
    book.save(tmp_path / "codes.xlsx")
    words = r"codes\.xlsx: cells B2:B3 are merged; write the value into each"
    with pytest.raises(biodata.ConfigError, match=words) as caught:
        through(CodeList("v", path="codes.xlsx"), [{"v": "1"}], file=str(tmp_path / "pipeline.yml"))
    assert caught.value.code == "BD-PIPELINE-TABLE"


def test_a_cell_that_holds_an_error_is_no_code(tmp_path):
    book = openpyxl.Workbook()
    for row in (("Source Value", "target"), ("1", "male"), ("#N/A", "female")):
        book.active.append(row)
    book.save(tmp_path / "codes.xlsx")
    with pytest.raises(biodata.ConfigError, match=r"codes\.xlsx: row 3, Source Value: the cell holds an error"):
        through(CodeList("v", path="codes.xlsx"), [{"v": "1"}], file=str(tmp_path / "pipeline.yml"))


VERSIONS = "source,target,version\n1,man,2019\n1,male,2024\n2,female,2024\n9,unknown,\n"


def test_a_version_picks_its_rows_and_those_of_none(tmp_path):
    _, around = listed(tmp_path, VERSIONS)
    found = through(CodeList("v", path="codes.csv", version="2024"), [{"v": "1"}, {"v": "9"}], **around)
    assert [row["v"] for row in found[0]] == ["male", "unknown"]
    assert found[2][0].version == "2024"
    older = through(CodeList("v", path="codes.csv", version="2019"), [{"v": "1"}, {"v": "2"}], **around)
    assert ([row["v"] for row in older[0]], len(older[1])) == (["man"], 1)


@pytest.mark.parametrize(
    ("text", "version", "words"),
    [
        (VERSIONS, None, r"codes\.csv: the list has the versions 2019, 2024; say which one, `version: 2024`"),
        (VERSIONS, "2042", r"there is no version '2042'; did you mean '2024'\?"),
        ("source,target\n1,a\n", "1", "there is no version '1'; it has none"),
        ("source,target\n1,a\n2,b\n\n1,c\n", None, r"codes\.csv, row 5: '1' has another target in row 2"),
        ("source,target\n,a\n", None, r"codes\.csv, row 2: the source value is missing"),
        ("source,traget\n1,a\n", None, r"codes\.csv, row 1: unknown column 'traget'; did you mean 'target'\?"),
        ("source,comment\n1,a\n", None, r"codes\.csv, row 1: the column 'target' is missing"),
        ("source,target\n", None, r"codes\.csv: there is no row below the headings"),
        ("source,Source\n1,2\n", None, r"codes\.csv, row 1: two columns are called 'source'"),
        ("source,target\n1\n", None, r"codes\.csv: line 2 has 1 cells, the header 2"),
    ],
)
def test_what_is_wrong_with_a_list_is_told_with_its_row(tmp_path, text, version, words):
    _, around = listed(tmp_path, text)
    with pytest.raises(biodata.BiodataError, match=words) as caught:
        through(CodeList("v", path="codes.csv", version=version), [{"v": "1"}], **around)
    assert caught.value.code in {"BD-PIPELINE-CODES", "BD-PIPELINE-TABLE"}


def test_two_lines_that_say_the_same_are_no_error(tmp_path):
    one, around = listed(tmp_path, "source,target\n1,a\n1,a\n")
    assert through(one, [{"v": "1"}], **around)[0] == [{"v": "a"}]


@pytest.mark.parametrize("name", ["gone.csv", "codes.json"])
def test_a_file_that_is_not_there_or_no_table(tmp_path, name):
    (tmp_path / "codes.json").write_text("[]")
    with pytest.raises(biodata.ConfigError, match=r"gone\.csv|one of csv, tsv, xlsx") as caught:
        through(CodeList("v", path=name), [{"v": "1"}], file=str(tmp_path / "pipeline.yml"))
    assert caught.value.code == "BD-PIPELINE-TABLE"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (pa.schema([("vv", pa.string())]), "there is no column 'v'; did you mean 'vv'"),
        (pa.schema([("v", pa.struct([("a", pa.string())]))]), "objects"),
        (pa.schema([("v", pa.list_(pa.list_(pa.string())))]), "lists of lists"),
        (pa.schema([pa.field("v", pa.string(), metadata={"biodata": "json"})]), "holds JSON"),
    ],
)
def test_columns_that_a_list_does_not_fit_are_found_before_any_row(schema, words):
    with pytest.raises(biodata.QueryError, match=words):
        compiled(CodeList("v", SEX), schema)


def test_the_tally_is_bounded_and_says_so():
    met = Met("v", "list")
    met.add(COUNTED, {f"value {number}": 1 for number in range(COUNTED)})
    assert (met.coverage().distinct, met.coverage().more) == (COUNTED, False)
    met.add(10, {"one more": 4, "value 7": 2})
    coverage = met.coverage()
    assert (coverage.distinct, coverage.more, len(coverage.unmapped)) == (COUNTED, True, SHOWN)
    assert (coverage.rows, coverage.mapped) == (COUNTED + 10, 4)
    assert (coverage.unmapped[0].value, coverage.unmapped[0].rows) == ("value 7", 3)


@pytest.fixture
def donors(connect, tmp_path):
    rows = [
        {"id": "a", "sex": 1, "tissues": ["B", "L"]},
        {"id": "b", "sex": 2, "tissues": ["B", "X"]},
        {"id": "c", "sex": 3},
        {"id": "d"},
    ]
    with connect("source") as connection:
        connection.ensure(DONORS).upsert(rows).raise_for_refused()
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes/sex.csv").write_text("source,target\n1,male\n2,female\n", "utf-8")


def test_a_whole_run_maps_rejects_and_tells_the_coverage(donors, pipeline, run, target):
    report = run(pipeline(text=PIPELINE), show_values=True)
    assert target("donors") == {
        "a": {"id": "a", "sex": "male", "tissues": ["blood", "liver"]},
        "b": {"id": "b", "sex": "female", "tissues": ["blood"]},
        "d": {"id": "d", "sex": None, "tissues": None},
    }
    (reject,) = report.steps[0].rejects
    assert (reject.rule, reject.reason, reject.rows) == ("code list codes/sex.csv", REASON, [3])
    sex, tissues = report.steps[0].coverage
    assert (sex.column, sex.list, sex.rows, sex.mapped) == ("sex", "codes/sex.csv", 3, 2)
    assert [(one.value, one.rows) for one in sex.unmapped] == [("3", 1)]
    assert (tissues.list, tissues.rows, tissues.mapped, tissues.unmapped[0].value) == ("tissues", 4, 3, "X")


def test_a_whole_run_says_where_the_list_is_wrong(donors, pipeline, run, connect, tmp_path):
    (tmp_path / "codes/sex.csv").write_text("source,target\n1,male\n1,female\n", "utf-8")
    path = pipeline(text=PIPELINE)
    with pytest.raises(biodata.QueryError) as caught:
        run(path)
    place = f"{path}:7:9: step donors: code list: codes/sex.csv, row 3"
    assert caught.value.message == f"{place}: '1' has another target in row 2"
    with connect("target") as connection:
        assert connection.tables() == []


def test_a_list_that_changes_makes_another_pipeline(donors, pipeline, run, tmp_path):
    first = run(pipeline(text=PIPELINE))
    (tmp_path / "codes/sex.csv").write_text("source,target\n1,male\n2,female\n3,other\n", "utf-8")
    second = run(pipeline(text=PIPELINE))
    assert first.sha256 != second.sha256
    assert second.rejected == 0


def test_values_leave_a_report_that_is_not_to_show_them(donors, pipeline, run):
    report = run(pipeline(text=PIPELINE))
    hidden = masked(msgspec.structs.replace(report, show_values=False))
    sex = hidden.steps[0].coverage[0]
    assert [(one.value, one.rows) for one in sex.unmapped] == [("<value 1>", 1)]
    assert (sex.rows, sex.mapped, sex.distinct) == (3, 2, 1)
    assert masked(msgspec.structs.replace(report, show_values=True)).steps[0].coverage == report.steps[0].coverage
