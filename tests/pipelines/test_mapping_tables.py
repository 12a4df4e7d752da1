"""Mapping tables: what each rule makes, what is wrong with a table, and whole runs with csv and xlsx."""

import csv
import io

import openpyxl
import pytest

import biodata
from biodata.pipelines import load_pipeline
from biodata.pipelines.file.rules import Rule, literal, read_rule
from biodata.pipelines.spec import CodeList, Columns, Ontology, Split, Units
from biodata.records.types import Date, Field, Float, Object, Schema, String

PIPELINE = """\
version: 1
name: donors
steps:
  - name: donors
    extract: {from: source/donors}
    transform:
      - mapping: maps/donors.csv
    load: {to: target/donors, mode: merge, key: [id]}
on_reject: {budget: 5}
"""

ANY_COLUMNS = PIPELINE.replace("mode: merge, key: [id]", "mode: append")

HEADINGS = ("Source field", "rule", "target_field", "Code list", "Unit", "Comment")

DONORS = Schema(
    "donors",
    "id",
    (
        Field("id", String(), required=True),
        Field("sex", String()),
        Field("weight", Float()),
        Field("weight_unit", String()),
        Field("height", Float()),
        Field("birth", Date()),
        Field("tissues", String()),
        Field("disease", String()),
        Field("hospital", Object((Field("code", String()), Field("unit", String())))),
    ),
)


def as_csv(rows, headings=HEADINGS):
    stream = io.StringIO()
    csv.writer(stream).writerows((headings, *(tuple(row) + ("",) * (len(headings) - len(row)) for row in rows)))
    return stream.getvalue()


@pytest.fixture
def mapped(pipeline, tmp_path):
    """Writes the pipeline file and its table."""

    def write(*rows, headings=HEADINGS, text=PIPELINE):
        (tmp_path / "maps").mkdir(exist_ok=True)
        (tmp_path / "maps/donors.csv").write_text(as_csv(rows, headings), "utf-8")
        return pipeline(text=text)

    return write


@pytest.fixture
def operations(mapped):
    """The operations that a table stands for."""
    return lambda *rows, **options: (
        load_pipeline(mapped(*rows, text=ANY_COLUMNS, **options)).spec.step("donors").transform
    )


@pytest.fixture
def problems(mapped):
    """What is wrong with a table."""

    def tell(*rows, text=ANY_COLUMNS, **options):
        path = mapped(*rows, text=text, **options)
        with pytest.raises(biodata.ConfigError) as caught:
            load_pipeline(path)
        assert caught.value.code == "BD-PIPELINE-FILE"
        lines = caught.value.message.splitlines()
        assert all(line.startswith(f"{path}:7:") for line in lines)
        return [line.split(": ", 1)[1] for line in lines]

    return tell


ELSEWHERE = "a secret has no place here; what whoever starts a run may choose is ${param:NAME}"
NO_NAME = "a parameter is a value, and never a name or a part of one: =… or constant: ${param:NAME} in the rule"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", Rule()),
        ("Copy", Rule()),
        ("skip", Rule(skip=True)),
        ("= upper(src.a) || ' then '", Rule(expression="upper(src.a) || ' then '")),
        ("SQL: src.a + 1", Rule(expression="src.a + 1")),
        ("constant: NL", Rule(expression="'NL'")),
        ("constant: ${param:country}", Rule(expression="${param:country}")),
        ("= src.a || ${param:country}", Rule(expression="src.a || ${param:country}")),
        ("constant: a then b", Rule(expression="'a then b'")),
        ("split", Rule(split=",")),
        ("split ;", Rule(split=";")),
        ("ontology", Rule(prefixes=())),
        ("ontology HP, ORPHA", Rule(prefixes=("HP", "ORPHA"))),
        ("split | then ontology icd10", Rule(split="|", prefixes=("icd10",))),
        ("split then code list", Rule(split=",", needs=("code list",))),
        ("Unit", Rule(needs=("unit",))),
    ],
)
def test_rules(text, rule):
    assert read_rule(text) == rule


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("spilt", "'spilt' is no rule; did you mean 'split'?"),
        (
            "lookup",
            "'lookup' is no rule (known: copy, constant, split, code list, unit, ontology, skip, =EXPRESSION)",
        ),
        ("copy this", "copy: expected nothing behind it"),
        ("unit lb -> kg", "unit: expected nothing behind it; it stands in the column 'unit'"),
        ("constant NL", "write constant: NL"),
        (
            "constant: a ${param:b}",
            "constant: ${param:NAME} is a whole value; a part of a text is ='…' || ${param:NAME}",
        ),
        ("constant: ${env:KEY}", ELSEWHERE),
        ("split ${keyring:a/b}", ELSEWHERE),
        ("ontology ${param:prefixes}", NO_NAME),
        ("#NAME?", "a spreadsheet took this for a formula of its own; write sql: in place of ="),
    ],
)
def test_what_is_no_rule(text, words):
    with pytest.raises(ValueError, match=r".") as caught:
        read_rule(text)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("text", "sql"),
    [("5", "5"), ("-0.5", "-0.5"), ("007", "'007'"), ("true", "true"), ("it's", "'it''s'"), ("1e3", "'1e3'")],
)
def test_constants(text, sql):
    assert literal(text) == sql


def test_plain_rows_are_one_columns(operations):
    (columns,) = operations(
        ("id", "", "id"),
        ("hospital.code", "", "hospital"),
        ("", "constant: NL", "country"),
        ("weight; height", "=src.weight / src.height", "ratio"),
        ("phone", "skip", "", "", "", "not wanted"),
    )
    assert isinstance(columns, Columns)
    assert not columns.keep
    assert [(one.name, one.expression, one.origin) for one in columns.columns] == [
        ("id", 'src."id"', "maps/donors.csv, row 2"),
        ("hospital", 'src."hospital"."code"', "maps/donors.csv, row 3"),
        ("country", "'NL'", "maps/donors.csv, row 4"),
        ("ratio", "src.weight / src.height", "maps/donors.csv, row 5"),
    ]


def test_code_lists_units_and_terms_come_before_the_columns(operations):
    found = operations(
        ("sex", "code list", "sex", "sex.csv"),
        ("sex", "", "gender", "1=male; 2 = female; 9="),
        ("weight", "", "weight", "", "lb -> kg"),
        ("height", "unit", "size", "", "src.height_unit -> cm"),
        ("disease", "ontology orphanet hp", "disease"),
        ("tissues", "split ; then code list", "tissues", "../lists/tissues.xlsx"),
    )
    *works, columns = found
    assert works == [
        CodeList("sex", (), "maps/sex.csv", "maps/sex.csv", None, "reject", "sex (mapped)", 7, 9, origin=row(2)),
        CodeList(
            "sex", (("1", "male"), ("2", "female"), ("9", None)), None, "gender", None, "reject", "gender (mapped)",
            7, 9, origin=row(3),
        ),
        Units("weight", "kg", "lb", None, "weight (mapped)", 7, 9, origin=row(4)),
        Units("height", "cm", None, "height_unit", "size (mapped)", 7, 9, origin=row(5)),
        Ontology("disease", ("orphanet", "hp"), "reject", "disease (mapped)", 7, 9, origin=row(6)),
        Split("tissues", ";", "tissues (mapped)", 7, 9, origin=row(7)),
        CodeList(
            "tissues (mapped)", (), "lists/tissues.xlsx", "lists/tissues.xlsx", None, "reject",
            "tissues (mapped)", 7, 9, origin=row(7),
        ),
    ]  # fmt: skip
    assert [one.expression for one in columns.columns] == [
        f'src."{name} (mapped)"' for name in ("sex", "gender", "weight", "size", "disease", "tissues")
    ]


def row(number):
    return f"maps/donors.csv, row {number}"


def test_what_is_computed_or_nested_is_made_first(operations):
    first, code_list, units, hospital, columns = operations(
        ("sex", "=upper(src.sex)", "sex", "M=male"),
        ("weight", "", "weight", "", "src.hospital.unit -> kg"),
        ("hospital.code", "", "hospital", "1=UMCG"),
    )
    assert first.keep
    assert [(one.name, one.expression) for one in first.columns] == [
        ("sex (mapped)", "upper(src.sex)"),
        ("unit of weight (mapped)", 'src."hospital"."unit"'),
        ("hospital (mapped)", 'src."hospital"."code"'),
    ]
    assert hospital.of == "hospital (mapped)"
    assert (code_list.of, code_list.into) == ("sex (mapped)", "sex (mapped)")
    assert (units.of, units.unit_of) == ("weight", "unit of weight (mapped)")
    assert len(columns.columns) == 3


def test_more_columns_say_versions_and_what_becomes_of_others(operations):
    code_list, _ = operations(
        ("sex", "sex", "sex.csv", "Keep", "2024"),
        headings=("source", "target", "codelist", "On-Unmapped", "version"),
    )
    assert (code_list.on_unmapped, code_list.version) == ("keep", "2024")


def test_all_problems_of_a_table_are_told_with_row_and_column(problems):
    assert problems(
        ("sex", "spilt", "sex"),
        ("", "", "empty"),
        ("weight", "", ""),
        ("weight", "", "weight", "", "kg"),
        ("a", "code list", "b"),
        ("a", "", "c", "male"),
        ("a", "", "C"),
        ("a", "", "src"),
        ("a", "", "d", "1=x", "lb -> kg"),
    ) == [
        "maps/donors.csv, row 10, unit: a code list makes text, which has no unit",
        "maps/donors.csv, row 2, rule: 'spilt' is no rule; did you mean 'split'?",
        "maps/donors.csv, row 3, source field: it is missing; without a source the rule is constant: VALUE",
        "maps/donors.csv, row 4, target field: it is missing; a field that is left out on purpose has the rule skip",
        "maps/donors.csv, row 5, unit: expected FROM -> TO, such as lb -> kg, or src.FIELD -> kg by another field",
        "maps/donors.csv, row 6, code list: it is missing, and the rule names it",
        "maps/donors.csv, row 7, code list: expected a file (csv, tsv, xlsx), or codes: 1=male; 2=female; 9=",
        "maps/donors.csv, row 8, target field: 'C' is made by row 7; several source fields are one expression",
        "maps/donors.csv, row 9, target field: 'src' cannot be the name of a column",
    ]


@pytest.mark.parametrize("cell", ["1=a, 2=b", "1=a,2=b;3=c", "1=a; 2=b, 3="])
def test_codes_that_are_separated_by_commas_are_not_one_code(problems, cell):
    (problem,) = problems(("sex", "", "sex", cell))
    assert problem.startswith("maps/donors.csv, row 2, code list: separate codes with ; (1=male; 2=female)")


def test_a_table_with_semicolons_as_spreadsheets_write_it(operations, tmp_path):
    by_commas = operations(("sex", "", "sex", "1=a; 2=b"), ("a", "=round(src.a, 1)", "b"))
    table = tmp_path / "maps/donors.csv"
    lines = 'source field;rule;target field;code list\nsex;;sex;"1=a; 2=b"\na;=round(src.a, 1);b;\n'
    table.write_text(lines, "utf-8")
    assert load_pipeline(tmp_path / "pipeline.yml").spec.steps[0].transform == by_commas


def test_a_target_may_hold_a_comma_or_an_equals_sign(operations):
    code_list, _ = operations(("a", "", "b", "1=blood, whole; 2=x=y"))
    assert code_list.codes == (("1", "blood, whole"), ("2", "x=y"))


@pytest.mark.parametrize(
    ("headings", "words"),
    [
        (("source field", "rule"), "mapping: maps/donors.csv, row 1: the column 'target field' is missing"),
        (
            ("source field", "targget field"),
            "mapping: maps/donors.csv, row 1: unknown column 'targget field'; did you mean 'target field'?",
        ),
    ],
)
def test_headings_that_do_not_fit(problems, headings, words):
    assert problems(("a", "b"), headings=headings) == [words]


def test_a_table_that_is_not_there(pipeline, tmp_path):
    with pytest.raises(biodata.ConfigError, match=r"pipeline\.yml:7:\d+: mapping: there is no file .*donors\.csv"):
        load_pipeline(pipeline(text=PIPELINE))


def test_words_for_unmapped_and_versions_that_say_nothing(problems):
    rows = (
        ("sex", "", "sex", "1=m", "", "", "rejct"),
        ("age", "", "age", "", "", "", "null"),
        ("day", "", "day", "", "", "", "", "2024"),
    )
    assert problems(*rows, headings=(*HEADINGS, "on unmapped", "version")) == [
        "maps/donors.csv, row 2, on unmapped: 'rejct' is not one of reject, null, keep; did you mean 'reject'?",
        "maps/donors.csv, row 3, on unmapped: there is neither a code list nor an ontology",
        "maps/donors.csv, row 4, version: there is no code list that it could be the version of",
    ]


def test_a_table_that_makes_nothing(problems):
    assert problems(("sex", "skip")) == ["mapping: maps/donors.csv makes no target field"]


def test_expressions_are_judged_and_told_with_their_row(problems):
    rows = (("id", "", "id"), ("a", "=count(*)", "n"), ("a", "=idd || 'x'", "b"), ("a", "=b", "c", "1=2"))
    count, near, early = problems(*rows)
    assert count.startswith("maps/donors.csv, row 3: step donors: column n: count_star: aggregates and windows")
    assert near.startswith("maps/donors.csv, row 4: step donors: column b: unknown name 'idd'; did you mean 'id'?")
    assert early.startswith("maps/donors.csv, row 5: step donors: column c (mapped): unknown name 'b'")


WITH_PARAMETERS = "params:\n  country: NL\n  least: 5\nsteps:"


def test_a_parameter_that_is_not_there_is_told_with_table_row_and_near_match(mapped):
    rows = (
        ("id", "", "id"),
        ("", "constant: ${param:cuntry}", "country", "NL=Netherlands"),
        ("a", "=src.a > ${param:least} OR src.a = ${param:other}", "most"),
    )
    path = mapped(*rows, text=ANY_COLUMNS.replace("steps:", WITH_PARAMETERS))
    with pytest.raises(biodata.ConfigError) as caught:
        load_pipeline(path)
    assert caught.value.message.splitlines() == [
        f"{path}:10:9: maps/donors.csv, row 3, rule: there is no parameter 'cuntry'; did you mean 'country'?",
        f"{path}:10:9: maps/donors.csv, row 4, rule: there is no parameter 'other' (there is country, least)",
    ]


def test_where_neither_a_parameter_nor_a_secret_may_stand(mapped):
    rows = (
        ("${param:a}", "", "a"),
        ("a", "", "${param:b}"),
        ("a", "", "c", "1=${param:c}; 2=x"),
        ("a", "", "d", "${env:FILE}.csv"),
        ("a", "", "e", "", "kg -> ${param:e}"),
        ("a", "split ${param:f}", "f"),
        ("a", "=${env:KEY} || 'x'", "g"),
        ("a", "='${param:least}'", "h"),
        ("a", "=src.${param:least}", "i"),
        ("a", "", "j", "", "", "a comment may say ${param:j} and ${env:KEY}"),
    )
    path = mapped(*rows, text=ANY_COLUMNS.replace("steps:", WITH_PARAMETERS))
    with pytest.raises(biodata.ConfigError) as caught:
        load_pipeline(path)
    told = dict(line.split(": ", 2)[1:] for line in caught.value.message.splitlines())
    assert told == {
        "maps/donors.csv, row 2, source field": NO_NAME,
        "maps/donors.csv, row 3, target field": NO_NAME,
        "maps/donors.csv, row 4, code list": NO_NAME,
        "maps/donors.csv, row 5, code list": ELSEWHERE,
        "maps/donors.csv, row 6, unit": NO_NAME,
        "maps/donors.csv, row 7, rule": NO_NAME,
        "maps/donors.csv, row 8": f"step donors: column g: {ELSEWHERE} (at character 1)",
        "maps/donors.csv, row 9": "step donors: column h: ${param:NAME} is a whole value: no quotes around it, and "
        "never a name or a part of one",
        "maps/donors.csv, row 10": "step donors: column i: it is not one SQL expression (at character 5)",
    }


def test_fields_that_the_extract_does_not_read_are_told_with_their_row(problems):
    text = ANY_COLUMNS.replace("{from: source/donors}", "{from: source/donors, fields: [id, sex]}")
    assert problems(("id", "", "id"), ("sexx", "", "sex", "1=m"), ("wieght", "", "w"), text=text) == [
        "maps/donors.csv, row 3: step donors has no column 'sexx'; did you mean 'sex'?",
        "maps/donors.csv, row 4: step donors: column w: 'wieght' is not read from the source (at character 1)",
    ]


ROWS = (
    ("id", "", "id", "", "", ""),
    ("sex", "code list", "sex", "../codes/sex.csv", "", "as in the form"),
    ("", "", "", "", "", "measurements"),
    ("weight", "", "weight_kg", "", "src.weight_unit -> kg", ""),
    ("height", "", "height_m", "", "cm -> m", ""),
    ("weight, height", "=round(weight_kg / height_m ** 2, 1)", "bmi", "", "", ""),
    ("birth", "=year_only(src.birth)", "birth_year", "", "", ""),
    ("tissues", "split ; then code list", "tissues", "B=blood; L=liver", "", ""),
    ("disease", "ontology orphanet", "disease", "", "", ""),
    ("hospital.code", "", "hospital", "", "", ""),
    ("", "constant: NL", "country", "", "", ""),
)


@pytest.fixture
def donors(connect, tmp_path):
    rows = [
        {"id": "a", "sex": "1", "weight": 176, "weight_unit": "lb", "height": 170, "tissues": "B; L",
         "disease": "orphanet 558", "hospital": {"code": "UMCG"}},
        {"id": "b", "sex": "2", "weight": 60, "weight_unit": "kg", "height": 160},
        {"id": "c", "sex": "x"},
        {"id": "d", "tissues": "B;Q"},
        {"id": "e", "weight": 1, "weight_unit": "cm"},
    ]  # fmt: skip
    with connect("source") as connection:
        connection.ensure(DONORS).upsert(rows).raise_for_refused()
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes/sex.csv").write_text("source,target\n1,male\n2,female\n", "utf-8")


def check_run(report, found):
    assert found == {
        "a": {
            "id": "a", "sex": "male", "weight_kg": 79.83225712, "height_m": 1.7, "bmi": 27.6, "birth_year": None,
            "tissues": ["blood", "liver"], "disease": "ORPHA:558", "hospital": "UMCG", "country": "NL",
        },
        "b": {
            "id": "b", "sex": "female", "weight_kg": 60.0, "height_m": 1.6, "bmi": 23.4, "birth_year": None,
            "tissues": None, "disease": None, "hospital": None, "country": "NL",
        },
    }  # fmt: skip
    assert sorted((one.rule, one.rows) for one in report.steps[0].rejects) == [
        ("code list codes/sex.csv", [3]),
        ("code list tissues", [4]),
        ("units of weight", [5]),
    ]
    coverage = {one.list: (one.column, one.rows, one.mapped) for one in report.steps[0].coverage}
    assert coverage["codes/sex.csv"] == ("sex", 3, 2)
    assert coverage["units to kg"] == ("weight_unit", 3, 2)
    assert coverage["ORPHA"] == ("disease", 1, 1)


def test_a_whole_run_with_a_csv(donors, mapped, run, target):
    check_run(run(mapped(*ROWS)), target("donors"))


def test_a_whole_run_with_an_xlsx_whose_rules_are_formulas(donors, pipeline, run, target, tmp_path):
    book = openpyxl.Workbook()
    for line in (HEADINGS, *ROWS):
        book.active.append([cell or None for cell in line])
    (tmp_path / "maps").mkdir()
    book.save(tmp_path / "maps/donors.xlsx")
    path = pipeline(("maps/donors.csv", "{file: maps/donors.xlsx}"), text=PIPELINE)
    check_run(run(path), target("donors"))


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_parameters_are_bound_and_never_a_part_of_a_rule(connect, pipeline, run, target, tmp_path, ending):
    rows = (
        ("id", "", "id"),
        ("", "constant: ${param:country}", "country"),
        ("", "constant: ${param:country}", "land", "NL=Netherlands", "", "", "keep"),
        ("sex", "sql: src.sex || ${param:country}", "both"),
        ("height", "", "height_m", "", "cm -> m"),
        ("height", "=height_m > ${param:least}", "tall"),
        ("sex", "=src.sex in ${param:sexes}", "known"),
    )
    headings = (*HEADINGS, "on unmapped")
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps/donors.csv").write_text(as_csv(rows, headings), "utf-8")
    book = openpyxl.Workbook()
    for line in (headings, *rows):
        book.active.append([cell or None for cell in line])
    book.save(tmp_path / "maps/donors.xlsx")
    with connect("source") as connection:
        connection.ensure(DONORS).upsert({"id": "a", "sex": "1", "height": 170}).raise_for_refused()
    declared = "params:\n  country: NL\n  least: {type: float}\n  sexes: ['1', '2']\nsteps:"
    path = pipeline(("maps/donors.csv", f"maps/donors.{ending}"), ("steps:", declared), text=PIPELINE)

    def found(**parameters):
        run(path, parameters=parameters)
        return target("donors")["a"]

    expected = {"id": "a", "country": "NL", "land": "Netherlands", "both": "1NL", "height_m": 1.7, "tall": True}
    assert found(least=1.5) == expected | {"known": True}
    text = "NL'); DROP TABLE donors; -- ${param:least} $least"
    assert found(least=2, country=text, sexes=["3' or '1'='1"]) == expected | {
        "country": text, "land": text, "both": f"1{text}", "tall": False, "known": False,
    }  # fmt: skip


def test_a_code_list_that_is_wrong_is_told_with_table_and_row(donors, mapped, run, tmp_path):
    (tmp_path / "codes/sex.csv").write_text("source,target\n1,male\n1,man\n", "utf-8")
    path = mapped(*ROWS)
    with pytest.raises(biodata.QueryError) as caught:
        run(path)
    assert caught.value.message == (
        f"{path}:7:9: maps/donors.csv, row 3: step donors: code list: codes/sex.csv, row 3: "
        "'1' has another target in row 2"
    )


def test_an_expression_of_the_wrong_type_is_told_with_table_and_row(donors, mapped, run):
    path = mapped(("id", "", "id"), ("sex", "=src.sex + 1", "sex"))
    with pytest.raises(biodata.QueryError, match=r"pipeline\.yml:7:9: maps/donors\.csv, row 3: column sex: "):
        run(path)


def test_a_changed_table_or_list_is_another_pipeline(donors, mapped, tmp_path):
    first = load_pipeline(mapped(*ROWS)).spec.sha256
    assert load_pipeline(mapped(*ROWS)).spec.sha256 == first
    (tmp_path / "codes/sex.csv").write_text("source,target\n1,male\n", "utf-8")
    second = load_pipeline(mapped(*ROWS)).spec.sha256
    third = load_pipeline(mapped(*ROWS[:-1])).spec.sha256
    assert len({first, second, third}) == 3


def test_a_rejected_row_keeps_its_record_and_a_missing_one_is_deleted(connect, mapped, run, target, tmp_path):
    load = "mode: merge, key: [donor], delete_missing: {max: 1, least: 10%}"
    text = PIPELINE.replace("mode: merge, key: [id]", load)
    path = mapped(("id", "", "donor"), ("sex", "", "sex", "1=male; 2=female"), text=text)
    with connect("source") as connection:
        table = connection.ensure(DONORS)
        table.upsert([{"id": one, "sex": "1"} for one in "abc"]).raise_for_refused()
        run(path)
        table.upsert({"id": "b", "sex": "x"}).raise_for_refused()
        table.delete("c").raise_for_refused()
    report = run(path)
    assert report.withheld == ()
    assert {key: one["sex"] for key, one in target("donors").items()} == {"a": "male", "b": "male"}
