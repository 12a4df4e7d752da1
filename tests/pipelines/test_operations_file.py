"""Pipeline files that rename, split, explode, dedupe and call Python, run between two DuckDB files."""

import pytest

import biodata
from biodata.pipelines import load_pipeline
from biodata.records.types import Field, Integer, Schema, String

FILE = """\
version: 1
name: samples
steps:
  - name: samples
    extract: {from: source/patients}
    transform:
      - rename: {ID: patient}
      - split: {column: tissues, by: ";"}
      - explode: {column: tissues, into: tissue, empty: drop}
      - dedupe: {by: [patient, tissue]}
      - python: {call: "clean:sample", adds: {weeks: int}}
      - columns: {id: "src.patient || '-' || src.tissue", weeks: src.weeks, '*': keep}
    check:
      - {name: not too old, rows: "weeks < 1000 AND patient <> 'p9'"}
    load: {to: target/samples, mode: merge, key: [id]}
on_reject: {budget: 50%}
"""
CLEAN = """\
def sample(record):
    if record["tissue"] == "none":
        return None
    return record | {"weeks": record["age"] * 52, "tissue": record["tissue"].lower()}
"""
PATIENTS = [
    {"ID": "p1", "age": 2, "tissues": "Blood; Skin ;Blood"},
    {"ID": "p2", "age": 30, "tissues": "Skin"},
    {"ID": "p3", "age": None, "tissues": "Blood"},
    {"ID": "p4", "age": 1, "tissues": None},
    {"ID": "p5", "age": 1, "tissues": "none"},
]


@pytest.fixture
def patients(connect, pipeline, tmp_path):
    """The patients in the source, the function beside the file."""
    fields = (Field("ID", String(), required=True), Field("age", Integer()), Field("tissues", String()))
    with connect("source") as connection:
        connection.ensure(Schema("patients", "ID", fields)).upsert(PATIENTS).raise_for_refused()
    (tmp_path / "clean.py").write_text(CLEAN, "utf-8")
    return lambda *replacements: pipeline(*replacements, text=FILE)


def test_what_comes_out_what_is_rejected_and_what_is_left_out(patients, run, target):
    report = run(patients())
    (step,) = report.steps
    assert target("samples") == {
        f"p1-{tissue}": {
            "id": f"p1-{tissue}",
            "weeks": 104,
            "patient": "p1",
            "age": 2,
            "tissues": ["Blood", "Skin", "Blood"],
            "tissue": tissue,
        }
        for tissue in ("blood", "skin")
    }
    assert (step.rows_read, step.rows_out) == (5, 2)
    assert {(one.stage, one.rule, one.reason, *one.rows) for one in step.rejects} == {
        ("transform", "python clean:sample", "TypeError", 3),
        ("check", "not too old", "it is not true for this row", 2),
    }
    assert step.notes == (
        "explode tissues: 1 rows are left out",
        "dedupe patient, tissue: 1 rows are left out",
        "python clean:sample: 1 rows are left out",
    )
    assert "dedupe patient, tissue: 1 rows are left out" in report.html_path.read_text("utf-8")


def test_a_second_run_changes_nothing(patients, run):
    run(patients())
    assert run(patients()).changed == 0


def test_a_changed_function_is_another_pipeline(patients, tmp_path):
    before = load_pipeline(patients()).spec.sha256
    (tmp_path / "clean.py").write_text(CLEAN + "\n", "utf-8")
    assert load_pipeline(patients()).spec.sha256 != before


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{ID: patient}", "{IDs: patient}", r":7:9: step samples: rename: there is no column 'IDs'"),
        ("by: [patient, tissue]", "by: [patient, tissu]", r":10:9: step samples: dedupe: there is no column 'tissu'"),
        ("clean:sample", "clean:smple", r":11:9: step samples: python clean:smple: .*did you mean 'sample'"),
        ("weeks: src.weeks", "weeks: src.week", r":12:.*'week' is not read from the source; did you mean 'weeks'"),
        ("weeks < 1000", "week < 1000", r":14:.*unknown name 'week'; did you mean 'weeks'"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place_before_anything_is_read(patients, run, tmp_path, old, new, words):
    with pytest.raises(biodata.BiodataError, match=words):
        run(patients((old, new)))
    assert not (tmp_path / "target.duckdb").exists()
