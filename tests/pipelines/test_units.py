"""Units: what laboratories write, numbers that come out exactly, and a unit in each row."""

import subprocess
import sys

import pyarrow as pa
import pytest

import biodata
from biodata.pipelines.operations.measures import conversion, measure
from biodata.pipelines.spec import Units
from biodata.records.types import Field, Float, Schema, String
from tests.pipelines.through import compiled, through

RULE = "units of v"
NO_NUMBER = "a text that is no number; a decimal point, no comma"


def converted(value, of, to):
    line = conversion(measure(of), measure(to))
    return (value * line.times + line.plus) / line.by


@pytest.mark.parametrize(
    ("value", "of", "to", "expected"),
    [
        (9, "mg", "g", 0.009),
        (150, "lb", "kg", 68.0388555),
        (70, "in", "cm", 177.8),
        (37.0, "degC", "K", 310.15),
        (310.15, "K", "°C", 37.0),
        (98.6, "degF", "Cel", 37.0),
        (5.4, "10^9/L", "/uL", 5400),
        (5400, "cells/µl", "10*9/L", 5.4),
        (4500, "/mm3", "x10⁹/l", 4.5),
        (7, "1000/uL", "10^9/L", 7),
        (150, "mg/100ml", "g/L", 1.5),
        (100, "umol/L", "mmol/l", 0.1),
        (120, "mm[Hg]", "kPa", 15.9986864898),
        (7.5, "mm Hg", "mmHg", 7.5),
        (2.5, "mIU/mL", "[IU]/L", 2.5),
        (60, "U/L", "ukat/L", 1.0),
        (72, "bpm", "/min", 72),
        (60, "mL/min/1.73m2", "ml/s/1.73 m²", 1.0),
        (24.5, "kg/m2", "kg.m-2", 24.5),
        (300, "{copies}/mL", "copies/l", 300_000),
        (2, "weeks", "d", 14),
        (4.5, "mEq/L", "Eq/l", 0.0045),
        (50, "%", "‰", 500),
        (30, "mg/g", "g/kg", 30),
        (5, "pmol", "mol", 5e-12),
        (5, "mol", "pmol", 5e12),
    ],
)
def test_clinical_spellings_and_exact_answers(value, of, to, expected):
    assert converted(value, of, to) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "kgg", "KG", "kg/", "kg//m", "170 cm", "10E9/L", "9**9**9**9", "10^9", "1", "kg)", "__import__('os')",
        "m99", "Jane Doe", "1e400 m", "/0 m",
    ],
)  # fmt: skip
def test_what_is_no_unit(text):
    assert measure(text) is None


@pytest.mark.parametrize(
    ("of", "to", "words"),
    [
        ("kg", "cm", r"'kg' cannot become 'cm': they measure \[mass\] and \[length\]"),
        ("mg/dl", "mmol/l", r"between which stands the molar mass: compute it in `columns`, say src\.glucose"),
        ("%", "mmol/mol", r"they measure a number and a share of \[substance\]"),
        ("IU/l", "U/l", "they measure"),
        ("dBm", "mW", "a logarithm"),
        ("kilo", "kg", "there is no unit 'kilo'"),
        ("mmhg", "kPa", r"there is no unit 'mmhg'; did you mean 'mmHg'\?"),
    ],
)
def test_units_that_do_not_fit_are_found_before_any_row(of, to, words):
    with pytest.raises(biodata.QueryError, match=words):
        compiled(Units("v", to, of), pa.schema([("v", pa.float64())]))


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ([("w", pa.float64()), ("u", pa.string())], "there is no column 'v'"),
        ([("v", pa.float64()), ("w", pa.string())], "there is no column 'u'"),
        ([("v", pa.bool_()), ("u", pa.string())], "'v' is bool; expected numbers"),
        ([("v", pa.list_(pa.float64())), ("u", pa.string())], "expected numbers"),
        ([("v", pa.float64()), ("u", pa.float64())], "'u' is double; expected texts"),
    ],
)
def test_columns_that_do_not_fit_are_found_before_any_row(schema, words):
    with pytest.raises(biodata.QueryError, match=words):
        compiled(Units("v", "kg", unit_of="u"), pa.schema(schema))


@pytest.mark.parametrize("kind", [pa.int64(), pa.float32(), pa.float64(), pa.decimal128(38), pa.string()])
def test_numbers_of_any_kind_become_floats_and_null_stays(kind):
    rows = pa.array([1500, None], pa.int64()).cast(kind).to_pylist()
    records, faults, coverage = through(
        Units("v", "kg", "g"), [{"v": value} for value in rows], pa.schema([("v", kind)])
    )
    assert (records, faults, coverage) == ([{"v": 1.5}, {"v": None}], [], ())


def test_a_whole_number_that_is_no_float_becomes_the_nearest():
    assert through(Units("v", "kg", "kg"), [{"v": 2**60 + 1}])[0] == [{"v": float(2**60)}]


def test_texts_spell_numbers_with_a_point():
    texts = [" 1.5 ", "+2", "-.5", "1e3", "3.", "1,5", "", "12 kg", "nan", "0x1A", None]
    records, faults, _ = through(Units("v", "g", "kg"), [{"v": text} for text in texts])
    assert [one["v"] for one in records] == [1500, 2000, -500, 1_000_000, 3000, None]
    assert faults == [(row, RULE, NO_NUMBER) for row in (6, 7, 8, 9, 10)]


def test_no_number_is_null_and_too_large_a_number_is_rejected():
    rows = [{"v": float("nan")}, {"v": 1e308}, {"v": float("inf")}, {"v": 1.0}]
    records, faults, _ = through(Units("v", "g", "kg"), rows)
    assert [one["v"] for one in records] == [None, 1000]
    assert faults == [(row, RULE, "a number that is out of range") for row in (2, 3)]


def test_each_row_says_its_unit():
    rows = [
        {"v": 1, "u": "kg"},
        {"v": 500, "u": "g"},
        {"v": 2, "u": "lb"},
        {"v": None, "u": "nonsense"},
        {"v": 3, "u": None},
        {"v": 4, "u": "Jane Doe"},
        {"v": 5, "u": "cm"},
        {"v": 6, "u": "cm"},
    ]
    records, faults, (coverage,) = through(Units("v", "kg", unit_of="u", into="mass"), rows)
    assert [one["mass"] for one in records] == [1, 0.5, 0.90718474, None]
    assert [one["v"] for one in records] == [1, 500, 2, None]
    assert faults == [
        (5, RULE, "the unit is missing"),
        (6, RULE, "a unit that is not known"),
        (7, RULE, "cm cannot become kg"),
        (8, RULE, "cm cannot become kg"),
    ]
    assert (coverage.column, coverage.list, coverage.rows, coverage.mapped) == ("u", "units to kg", 6, 3)
    assert [(one.value, one.rows) for one in coverage.unmapped] == [("cm", 2), ("Jane Doe", 1)]


PIPELINE = """\
version: 1
name: labs
steps:
  - name: labs
    extract: {from: source/labs}
    transform:
      - units: {column: weight, from: lb, to: kg}
      - units: {column: value, from_column: unit, to: mmol/l, into: glucose}
    load: {to: target/labs, mode: merge, key: [id]}
on_reject: {budget: 2}
"""

LABS = Schema(
    "labs",
    "id",
    (
        Field("id", String(), required=True),
        Field("weight", Float()),
        Field("value", String()),
        Field("unit", String()),
    ),
)


@pytest.fixture
def labs(connect):
    rows = [
        {"id": "a", "weight": 150, "value": "5.5", "unit": "mmol/L"},
        {"id": "b", "value": "5500", "unit": "umol/l"},
        {"id": "c", "value": "99", "unit": "mg/dl"},
        {"id": "d", "value": "5,5", "unit": "mmol/l"},
    ]
    with connect("source") as connection:
        connection.ensure(LABS).upsert(rows).raise_for_refused()


def test_a_whole_run_converts_rejects_and_tells_the_coverage(labs, pipeline, run, target):
    report = run(pipeline(text=PIPELINE), show_values=True)
    found = target("labs")
    assert {key: (one["weight"], one["glucose"]) for key, one in found.items()} == {
        "a": (68.0388555, 5.5),
        "b": (None, 5.5),
    }
    assert [(one.rule, one.reason, one.rows) for one in report.steps[0].rejects] == [
        ("units of value", "mg/dl cannot become mmol/l", [3]),
        ("units of value", NO_NUMBER, [4]),
    ]
    (coverage,) = report.steps[0].coverage
    assert (coverage.rows, coverage.mapped, coverage.unmapped[0].value) == (3, 2, "mg/dl")


def test_a_whole_run_says_where_units_do_not_fit(labs, pipeline, run):
    path = pipeline(("from: lb", "from: cm"), text=PIPELINE)
    with pytest.raises(biodata.QueryError, match=r"pipeline\.yml:7:9: step labs: units: 'cm' cannot become 'kg'"):
        run(path)


def test_without_pint_the_extra_is_named():
    code = (
        "import sys; sys.modules['pint'] = None\n"
        "from biodata.errors import ConfigError\n"
        "from biodata.pipelines.operations.measures import measure\n"
        "try: measure('kg')\n"
        "except ConfigError as error: print(error.code, error.message, error.hint, sep='|')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == (
        'BD-PIPELINE-PACKAGE|`units` needs the package pint, which is not installed|Install "biodata-access[mapping]"'
    )
