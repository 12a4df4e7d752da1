"""`${param:NAME}`: a value beside the text, never a part of it; in expressions, SELECTs, filters and whole runs."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

import biodata
from biodata.pipelines import load_pipeline
from biodata.pipelines.operations.expressions import Scope, check_expression
from biodata.pipelines.parameters import chosen, placed
from biodata.pipelines.sources.filters import bound, parsed
from biodata.pipelines.sources.select import Select, tables_of
from biodata.pipelines.spec import Column, Columns, Parameter
from biodata.query.parser import parse
from tests.pipelines.chains import through

SCOPE = Scope(("id", "n"), ("ref",), ("name", "least", "many"))
INJECTIONS = [
    "' OR 1=1 --",
    "x'; DROP TABLE t; --",
    '"; SELECT 1',
    "${param:least}",
    "$least",
    "\\' or ''='",
    "a\nb",
    "é\u2028",
    "",
]


@pytest.mark.parametrize(
    "text",
    [
        "src.id = ${param:name}",
        "${param: name } || src.id",
        "src.n IN (${param:least}, ${param:least} + 1)",
        "src.id in ${param:many}",
        "src.id not in (${param:many})",
        "list_contains(${param:many}, src.id)",
        "list_transform(${param:many}, x -> x || ${param:name})",
    ],
)
def test_where_a_value_may_stand_in_an_expression(text):
    check_expression(text, SCOPE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("src.id = '${param:name}'", "no quotes around it"),
        ("'a' || 'b${param:name}c'", "no quotes around it"),
        ("src.id -- ${param:name}", "no quotes around it"),
        ('src."${param:name}"', "never a name"),
        ("src.${param:name}", "not one SQL expression"),
        ("${param:name}(src.id)", "not one SQL expression"),
        ("src.id = $name", "a parameter is written"),
        ("src.id = ${param:name} OR src.id = $name", "no quotes around it"),
        ("src.id = ?", "a parameter is written"),
        ("src.id = ${param:other}", "a parameter is not allowed"),
        ("src.id = ${name}", "not one SQL expression"),
        ("src.id = ${env:NAME}", "a secret has no place here"),
        ("${keyring:biodata/study}", "a secret has no place here"),
    ],
)
def test_where_none_may_stand(text, words):
    with pytest.raises(biodata.QueryError, match=words):
        check_expression(text, SCOPE)


def test_positions_in_errors_stay():
    with pytest.raises(biodata.QueryError, match=r"at character 18\)"):
        check_expression("${param:name} || now()", SCOPE)
    assert len(placed("a in (${param:x})", {"x": ("1",)})) == len("a in (${param:x})")


def made(expression, rows, **values):
    return [row["x"] for row in through(rows, Columns((Column("x", expression),)), values=values).rows]


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_value_becomes_a_part_of_an_expression(text):
    assert made("${param:name} || src.a", [{"a": "!"}], name=text) == [text + "!"]
    assert made("src.a = ${param:name}", [{"a": text}, {"a": "x"}], name=text) == [True, False]


@pytest.mark.parametrize(
    ("value", "expression", "found"),
    [
        (5, "${param:v} + src.n", 6),
        (2**40, "${param:v} + src.n", 2**40 + 1),
        (0.5, "${param:v} + src.n", 1.5),
        (Decimal("1.25"), "${param:v} + src.n", Decimal("2.25")),
        (True, "${param:v} AND src.n = 1", True),
        (dt.date(2024, 2, 29), "${param:v} + INTERVAL 1 DAY > DATE '2024-02-29'", True),
        (dt.date(2024, 2, 29), "days_since(DATE '2024-03-01', ${param:v})", 1),
        (
            dt.datetime(2024, 1, 1, 8, tzinfo=dt.UTC),
            "${param:v} + INTERVAL 1 HOUR",
            dt.datetime(2024, 1, 1, 9, tzinfo=dt.UTC),
        ),
        ((1, 2), "src.n in ${param:v}", True),
        ((1, 2), "src.n IN (${param:v})", True),
        ((2, 3), "src.n not in ( ${param:v} )", True),
        ((), "src.n in ${param:v}", False),
        (("a'", 'b"'), "array_to_string(${param:v}, ';')", "a';b\""),
        ((dt.date(2024, 1, 1),), "DATE '2024-01-01' in ${param:v}", True),
    ],
)
def test_values_of_every_kind(value, expression, found):
    assert made(expression, [{"n": 1}], v=value) == [found]


@pytest.mark.parametrize("expression", ["src.n = ${param:v}", "CAST(${param:v} AS INTEGER)", "CAST(v AS INTEGER)"])
def test_a_value_that_a_row_cannot_be_compared_with_rejects_it_without_the_value(expression):
    columns = Columns((Column("v", "${param:v}"), Column("x", expression)))
    found = through([{"n": 1}], columns, values={"v": "Jane"})
    assert found.faults == [(1, "transform", "column x", "a value cannot be converted")]


@pytest.mark.parametrize("expression", ["src.n in ${param:many}", "upper(${param:many})", "${param:v} AND true || 1"])
def test_a_value_that_fits_nowhere_is_an_error_that_does_not_tell_it(expression):
    columns = Columns((Column("v", "${param:v}", 3, 7), Column("x", expression, 4, 7)))
    with pytest.raises(biodata.QueryError) as caught:
        through([{"n": 1}], columns, values={"v": "Jane", "many": ("Jane",)})
    assert caught.value.message.startswith("nowhere/f.yml:4:7: column x: ")
    assert "Jane" not in str(caught.value) + repr(caught.value.__cause__)


@pytest.mark.parametrize(
    ("text", "value", "same_as"),
    [
        ("id = ${param:v}", "a'b", "id = 'a''b'"),
        ("id = ${param:v}", "' or id != '", "id = ''' or id != '''"),
        ("id = ${param:v}", "${param:w}", "id = '${param:w}'"),
        ("n >= ${param:v} and n < 9", 5, "n >= 5 and n < 9"),
        ("n >= ${param:v}", 2.5, "n >= 2.5"),
        ("ok = ${param:v}", True, "ok = true"),
        ("day > ${param:v}", dt.date(2024, 1, 2), "day > '2024-01-02'"),
        ("n between ${param:v} and 9", 1, "n between 1 and 9"),
        ("id in ${param:v}", ("a", "b'"), "id in ('a', 'b''')"),
        ("id IN (${param:v})", ("a", "b"), "id in ('a', 'b')"),
        ("id not in ['z', ${param:v}]", ("a", "b"), "id not in ('z', 'a', 'b')"),
        ("id in ${param:v}", "a", "id in ('a')"),
        ("not (id = ${param:v} or contains(id, ${param:v}))", "a", "not (id = 'a' or contains(id, 'a'))"),
    ],
)
def test_a_filter_is_what_it_would_be_with_the_value_as_a_literal(text, value, same_as):
    assert bound(text, {"v": value}) == parse(same_as)


@pytest.mark.parametrize(
    "text",
    [
        "id = '${param:v}'",
        "id = 'a ${param:v}'",
        "`${param:v}` = 1",
        "${param:v} = 1",
        "${param:v}",
        "id ${param:v} 1",
    ],
)
def test_a_filter_in_which_a_parameter_is_no_value(text):
    with pytest.raises(biodata.QueryError) as caught:
        parsed(text)
    assert "\x01" not in str(caught.value)


def test_a_list_in_a_filter_stands_after_in():
    with pytest.raises(biodata.QueryError, match="a list stands after 'in' only"):
        bound("id = ${param:v}", {"v": ("a", "b")})


TABLE = {"people": pa.schema([("id", pa.string()), ("n", pa.int64())])}


@pytest.mark.parametrize(
    "sql", ["SELECT '${param:v}' AS x", 'SELECT id AS "${param:v}" FROM people', "SELECT * FROM people -- ${param:v}"]
)
def test_a_select_in_which_a_parameter_is_no_value(sql):
    with pytest.raises(biodata.QueryError, match="a whole value"):
        tables_of(sql)


def test_a_select_whose_table_would_be_a_parameter():
    with pytest.raises(biodata.QueryError, match="expected one SELECT"):
        tables_of("SELECT * FROM ${param:v}")


def test_a_value_that_does_not_fit_a_select_is_not_told():
    for sql in ("SELECT CAST(${param:v} AS INTEGER) AS x", "SELECT sum(${param:v}) AS x FROM people"):
        with pytest.raises(biodata.QueryError, match="sql: ") as caught:
            Select(sql, TABLE, {"v": "Jane"})
        assert "Jane" not in str(caught.value)


def test_a_list_in_a_select_stands_after_in_with_brackets_or_without():
    for sql in ("SELECT id FROM people WHERE id in ${param:v}", "SELECT id FROM people WHERE id IN (${param:v})"):
        assert Select(sql, TABLE, {"v": ("a",)}).schema.names == ["id"]


PARAMETERS = [
    Parameter("name", default="x"),
    Parameter("least", "int"),
    Parameter("since", "date", default=dt.date(2020, 1, 1)),
    Parameter("many", "int", many=True, default=(1,)),
    Parameter("flag", "bool", default=False),
    Parameter("at", "datetime", default=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
]


def test_texts_are_read_as_the_type_asks():
    given = {"least": "5", "since": "2024-02-29", "many": "1, 2,3", "flag": "TRUE", "at": "2024-01-01T10:00:00+02:00"}
    assert chosen(PARAMETERS, given) == {
        "name": "x",
        "least": 5,
        "since": dt.date(2024, 2, 29),
        "many": (1, 2, 3),
        "flag": True,
        "at": dt.datetime(2024, 1, 1, 8, tzinfo=dt.UTC),
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"leest": 5}, "no parameter 'leest'.*Did you mean 'least'"),
        ({"colour": 5}, "no parameter 'colour'.*It has: name, least"),
        ({}, "needs least.*--param least=VALUE"),
        ({"least": "Jane"}, "The parameter least: expected a whole number"),
        ({"least": 5.5}, "The parameter least: expected a whole number"),
        ({"least": True}, "The parameter least: expected a whole number"),
        ({"least": 1, "since": "Jane"}, "The parameter since: expected a date such as"),
        ({"least": 1, "flag": "Jane"}, "The parameter flag: expected true or false"),
        ({"least": 1, "many": "1,Jane"}, "The parameter many: expected a whole number"),
        ({"least": 1, "name": 5}, "The parameter name: expected a text"),
    ],
)
def test_what_is_given_wrongly_is_told_without_the_value(given, words):
    with pytest.raises(biodata.ConfigError) as caught:
        chosen(PARAMETERS, given)
    assert caught.value.code == "BD-PIPELINE-PARAM"
    assert __import__("re").search(words, f"{caught.value.message} {caught.value.hint}")
    assert "Jane" not in f"{caught.value} {caught.value.hint} {caught.value.__cause__!r}"


FILE = """\
version: 1
name: chosen
params:
  snp: rs12460890
  least: {type: int, default: 0}
  ids: {list: true, default: []}
  label: {description: goes into every row}
steps:
  - name: counts
    extract: {from: source/SampleAse, where: "SNP_ID = ${param:snp}", fields: [ID, SNP_ID, Ref_Counts]}
    transform:
      - columns: {id: src.ID, label: "${param:label}", ref: CAST(src.Ref_Counts AS INTEGER)}
    check:
      - {name: enough, rows: "ref >= ${param:least}"}
  - name: some
    extract: {sql: "SELECT * FROM counts WHERE id in ${param:ids} OR len(${param:ids}) = 0"}
    load: {to: target/some, mode: merge, key: [id]}
on_reject: {budget: 100%}
"""


@pytest.mark.parametrize("label", ["' || src.ID || '", "x'; DROP TABLE counts; --"])
def test_a_run_with_values_from_outside(source, pipeline, run, target, label):
    source()
    ids = ["1418785", "' OR 1=1 --"]
    report = run(pipeline(text=FILE), parameters={"label": label, "ids": ids, "least": "100"})
    assert target("some") == {"1418785": {"id": "1418785", "label": label, "ref": 130}}
    assert report.steps[0].rejected > 0
    assert report.steps[0].rows_read == 21


def test_a_value_with_a_quote_in_the_filter_finds_nothing_more(source, pipeline, run):
    source()
    report = run(pipeline(text=FILE), parameters={"label": "x", "snp": "' OR SNP_ID != '"})
    assert report.steps[0].rows_read == 0


def test_a_value_of_another_type_ends_the_run_before_it_begins(source, pipeline, run, tmp_path):
    source()
    with pytest.raises(biodata.ConfigError, match="least: expected a whole number"):
        run(pipeline(text=FILE), parameters={"label": "x", "least": "many"})
    assert not (tmp_path / "state/runs").exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("ref >= ${param:least}", "ref >= ${param:leest}", r":14:.*no parameter 'leest'; did you mean 'least'"),
        ("SNP_ID = ${param:snp}", "SNP_ID = '${param:snp}'", r":10:.*a parameter is a whole value: no quotes"),
        ('"${param:label}"', "\"'${param:label}'\"", r":12:.*no quotes around it, and never a name"),
        ("fields: [ID,", 'fields: ["${param:snp}", ID,', r":10:.*a parameter is a value, and never a name"),
        ("source/SampleAse", '"source/${param:snp}"', r":10:.*a parameter is a value, and never a name"),
        ("key: [id]", 'key: ["${param:snp}"]', r":17:.*a parameter is a value, and never a name"),
        ("name: some", 'name: "${param:snp}"', r":15:"),
        ("{id: src.ID,", '{"${param:snp}": src.ID,', r":12:"),
        ("FROM counts", "FROM ${param:snp}", r":16:.*expected one SELECT"),
        ("default: 0", "default: Jane", r":5:.*expected a whole number"),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_its_line(pipeline, old, new, words):
    path = pipeline((old, new), text=FILE)
    with pytest.raises(biodata.ConfigError, match=words):
        load_pipeline(path)
