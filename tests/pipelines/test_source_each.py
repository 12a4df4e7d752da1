"""`each`: an extract done once for each of some values."""

import datetime as dt

import pytest

import biodata
from biodata.errors import ConfigError, QueryError, SchemaError

SNPS = ["rs12460890", "rs1", "rs2"]


@pytest.fixture
def variants(source):
    source([{"ID": f"{snp}-{n}", "SNP_ID": snp, "Ref_Counts": str(n)} for snp in SNPS for n in range(3)])


def table(each, where="SNP_ID = ${param:snp}", more=""):
    return f'each: {each}, extract: {{from: source/SampleAse, where: "{where}", fields: [ID]{more}}}'


def test_rows_stand_one_after_the_other_with_the_value(read, variants):
    found = read(table("{snp: [rs2, rs1, rs0]}"))
    assert [row["snp"] for row in found.rows] == ["rs2"] * 3 + ["rs1"] * 3
    assert {row["ID"] for row in found.rows} == {f"{snp}-{n}" for snp in ("rs1", "rs2") for n in range(3)}
    assert found.numbers == [1, 2, 3, 4, 5, 6]
    assert found.total == 6
    assert list(found.rows[0]) == ["ID", "snp"]


def test_the_values_of_a_parameter(read, variants):
    read.params = "{snps: [rs1], least: '1'}"
    text = table("{snp: '${param:snps}'}", "SNP_ID = ${param:snp} and Ref_Counts >= ${param:least}")
    assert [row["ID"] for row in read(text).rows] == ["rs1-1", "rs1-2"]
    assert [row["ID"] for row in read(text, snps="rs2,rs1", least="2").rows] == ["rs2-2", "rs1-2"]


@pytest.mark.parametrize(
    ("params", "given", "value"),
    [
        ("{type: int, list: true}", "17,19", 17),
        ("{type: date, list: true}", "2020-01-31", dt.date(2020, 1, 31)),
        ("{type: datetime, list: true}", "2020-01-31T08:00:00Z", dt.datetime(2020, 1, 31, 8, tzinfo=dt.UTC)),
        ("{type: bool, list: true}", "true", True),
        ("{type: float, list: true}", "0.5,2", 0.5),
    ],
)
def test_a_value_keeps_its_type(read, variants, params, given, value):
    read.params = f"{{all: {params}}}"
    rows = read('each: {one: "${param:all}"}, extract: {from: source/SampleAse, fields: [ID]}', all=given).rows
    assert rows[0]["one"] == value
    assert type(rows[0]["one"]) is type(value)


def test_files_one_after_the_other(read, tmp_path):
    (tmp_path / "a.csv").write_text("id,n\na,1\nb\nc,3\n")
    (tmp_path / "b.csv").write_text("n,id\n4,d\n5\n")
    found = read('each: {file: [a.csv, b.csv]}, extract: {file: "${param:file}"}')
    assert found.rows == [
        {"id": "a", "n": "1", "file": "a.csv"},
        {"id": "c", "n": "3", "file": "a.csv"},
        {"id": "d", "n": "4", "file": "b.csv"},
    ]
    assert sorted(found.numbers + [fault.row for fault in found.faults]) == [1, 2, 3, 4, 5]
    assert [fault.record for fault in found.faults] == [
        {"cells": ["b"], "file": "a.csv"},
        {"cells": ["5"], "file": "b.csv"},
    ]
    assert found.total == 5


def test_the_number_of_rows_is_that_of_all(read, variants, tmp_path):
    assert read(table("{snp: [rs2, rs1]}")).source.count() == 6
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("id\n")
    assert read('each: {file: [a.csv, b.csv]}, extract: {file: "${param:file}"}').source.count() is None


def test_what_cannot_be_is_found_before_anything_is_read(read, variants, tmp_path):
    read.params = "{snps: {list: true}}"
    with pytest.raises(ConfigError, match="the list of 'snp' has the same value twice") as caught:
        read(table("{snp: '${param:snps}'}"), snps="rs1,rs1")
    assert caught.value.code == "BD-PIPELINE-EACH"
    with pytest.raises(ConfigError, match="the list of 'snp' has no value"):
        read(table("{snp: '${param:snps}'}"), snps=[])
    with pytest.raises(ConfigError, match="there is a field 'ID' already"):
        read(table("{id: [rs1]}", "SNP_ID = ${param:id}"), snps="x")
    with pytest.raises(QueryError, match="SNP"):
        read(table("{snp: [rs1]}", "SNP = ${param:snp}"), snps="x")
    (tmp_path / "a.csv").write_text("id,n\n")
    (tmp_path / "b.csv").write_text("id,m\n")
    with pytest.raises(SchemaError, match="the value number 2 gives other fields than the first: n, m"):
        read('each: {file: [a.csv, b.csv]}, extract: {file: "${param:file}"}', snps="x")


def test_explain_has_no_value_in_it(read, variants):
    told = read.explain(table("{snp: [rs12460890, rs1]}"))
    assert "rs1" not in told
    assert "SNP_ID = '<value>'" in told
    assert "the same for each of 2 values of snp" in told


WHOLE = """\
version: 1
name: per-chromosome
params: {least: {type: int, default: 1}}
steps:
  - name: all
    extract: {from: source/SampleAse}
    transform: [{columns: {id: src.ID, snp: src.SNP_ID, ref: CAST(src.Ref_Counts AS INTEGER)}}]
  - name: some
    each: {only: [rs1, rs2]}
    extract: {step: all, where: "snp = ${param:only} and ref >= ${param:least}", fields: [id, ref]}
    load: {to: target/some, mode: merge, key: [id]}
  - name: counted
    each: {only: [rs1, rs2, rs0]}
    extract:
      sql: SELECT count(*) AS number, sum(c.ref) AS total FROM "all" c WHERE c.snp = ${param:only}
    load: {to: target/counted, mode: merge, key: [only]}
  - name: joined
    each: {only: [rs1, rs2]}
    extract:
      sql: SELECT t.ID AS id FROM source.SampleAse t WHERE t.SNP_ID = ${param:only}
    load: {to: target/joined, mode: merge, key: [id]}
"""


def test_steps_and_selects_for_each_value(run, variants, target, tmp_path):
    path = tmp_path / "each.yml"
    path.write_text(WHOLE, "utf-8")
    report = run(path)
    assert [step.rows_read for step in report.steps] == [9, 4, 3, 6]
    assert report.steps[1].source == "step all, for each only"
    assert sorted(target("some").items()) == [
        (f"{snp}-{n}", {"id": f"{snp}-{n}", "ref": n, "only": snp}) for snp in ("rs1", "rs2") for n in (1, 2)
    ]
    assert target("counted")["rs1"] == {"only": "rs1", "number": 3, "total": 3}
    assert target("counted")["rs0"]["total"] is None
    assert {row["only"] for row in target("joined").values()} == {"rs1", "rs2"}


def test_a_value_is_never_read_as_part_of_a_filter(read, variants):
    found = read(table("{snp: [\"x' or SNP_ID != '\", rs1]}"))
    assert {row["snp"] for row in found.rows} == {"rs1"}


def test_the_server_gets_the_filter_of_each_value(sandbox, tmp_path):
    from tests.pipelines.reading import Reader

    read = Reader(tmp_path, lambda name: biodata.connect(name, config=sandbox.config_path))
    before = len(list(sandbox.requests("molgenis")))
    step = (
        "each: {snp: [rs12460890, rs3216]}, "
        'extract: {from: molgenis/SampleAse, where: "SNP_ID = ${param:snp}", fields: [ID]}'
    )
    found = read(step)
    asked = " ".join(str(request) for request in list(sandbox.requests("molgenis"))[before:])
    assert {row["snp"] for row in found.rows} <= {"rs12460890", "rs3216"}
    assert len(found.rows) >= 21
    assert "rs12460890" in asked
    assert "rs3216" in asked
