"""`python`: functions of the user's, real modules beside a pipeline file and elsewhere."""

import datetime as dt
import sys

import pyarrow as pa
import pytest

import biodata
from biodata.pipelines.spec import PythonCall
from biodata.pipelines.state.spool import BATCH_ROWS
from tests.pipelines.chains import JSON, compiled, run

SCHEMA = pa.schema([("id", pa.string()), ("age", pa.int64()), ("tags", pa.list_(pa.string()))])
PEOPLE = [{"id": "p1", "age": 41, "tags": ["x"]}, {"id": "p2", "age": None, "tags": None}]


@pytest.fixture
def call(tmp_path):
    """Sends records through a function whose module is written beside the pipeline file."""

    def send(body, records=PEOPLE, *, adds=(), schema=SCHEMA, module="clean", name="clean"):
        (tmp_path / f"{module}.py").write_text(body, "utf-8")
        operation = PythonCall(f"{module}:{name}", adds, 7, 9)
        return run(compiled(schema, operation, file=tmp_path / "f.yml"), records)

    return send


def function(*lines):
    return "\n    ".join(["def clean(record):", *lines]) + "\n"


def reasons(found):
    assert {(stage, rule) for _, stage, rule, _ in found.faults} <= {("transform", "python clean:clean")}
    return [(row, reason) for row, _, _, reason in found.faults]


def test_a_record_becomes_a_record(call):
    found = call(function("record['id'] = record['id'].upper()", "return record"))
    assert found.rows == [PEOPLE[0] | {"id": "P1"}, PEOPLE[1] | {"id": "P2"}]
    assert found.schema == SCHEMA
    assert (found.numbers, found.rejects) == ([1, 2], [])


def test_none_leaves_a_row_out_and_that_is_counted(call):
    found = call(function("return record if record['age'] else None"))
    assert (found.numbers, found.rejects) == ([1], [])
    assert found.chain.notes() == ("python clean:clean: 1 rows are left out",)


def test_several_records_as_a_list_or_one_after_the_other(call):
    several = function("return [record | {'id': name} for name in (record['id'], 'twin of ' + record['id'])]")
    found = call(several)
    assert [row["id"] for row in found.rows] == ["p1", "twin of p1", "p2", "twin of p2"]
    assert found.numbers == [1, 1, 2, 2]
    assert call(function("yield record", "yield record")).numbers == [1, 1, 2, 2]
    assert call(function("return []")).chain.notes() == ("python clean:clean: 2 rows are left out",)


def test_new_columns_have_the_types_that_the_file_says(call):
    kinds = ["text", "int", "float", "decimal", "bool", "date", "datetime"]
    body = function(
        "from datetime import date, datetime",
        "return record | {'text': 'é', 'int': 1, 'float': 2, 'decimal': 2.5, 'bool': True,",
        "    'date': date(2024, 1, 2), 'datetime': datetime(2024, 1, 2)}",
    )
    found = call(body, PEOPLE[:1], adds=tuple((kind, kind) for kind in kinds))
    assert found.rows[0] == PEOPLE[0] | {
        "text": "é",
        "int": 1,
        "float": 2.0,
        "decimal": 2.5,
        "bool": True,
        "date": dt.date(2024, 1, 2),
        "datetime": dt.datetime(2024, 1, 2, tzinfo=dt.UTC),
    }
    assert found.schema.names == [*SCHEMA.names, *kinds]


def test_a_column_that_is_there_gets_another_type_in_its_place(call):
    found = call(function("return record | {'age': str(record['age'])}"), PEOPLE[:1], adds=(("age", "text"),))
    assert (found.rows[0]["age"], found.schema.names) == ("41", SCHEMA.names)


def test_a_column_that_is_left_out_is_null(call):
    assert call(function("return {'age': 5}"), PEOPLE[:1]).rows == [{"id": None, "age": 5, "tags": None}]


def test_json_and_structs_come_as_values_and_go_as_values(call):
    schema = pa.schema(
        [pa.field("doc", pa.string(), metadata=JSON), ("s", pa.struct([("a", pa.int64()), ("b", pa.string())]))]
    )
    body = function("record['doc']['n'] += 1", "record['s'] = {'a': 2}", "return record")
    found = call(body, [{"doc": {"n": 1}, "s": {"a": 1, "b": "x"}}], schema=schema)
    assert found.rows == [{"doc": {"n": 2}, "s": {"a": 2, "b": None}}]
    assert found.schema.equals(schema, check_metadata=True)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (function("return record | {'age': 'Jane'}"), "age: a whole number is needed, not text"),
        (function("return record | {'age': 1.5}"), "age: a whole number is needed, not one with a fraction"),
        (function("return record | {'age': True}"), "age: a whole number is needed, not true or false"),
        (function("return record | {'age': 2**64}"), "age: does not fit in 64 bits"),
        (function("return record | {'id': 5}"), "id: text is needed, not a number"),
        (function("return record | {'tags': 'Jane'}"), "tags: a list is needed, not text"),
        (function("return record | {'tags': ['x', 5]}"), "tags: element 2: text is needed, not a number"),
        (function("record['tags'].append(None)", "return record"), "tags: a list cannot hold null"),
        (function("return record | {'agee': 5}"), "it gives a column that is not there; did you mean 'age'?"),
        (function("return record | {'Jane Doe': 5}"), "it gives a column that is not there"),
        (function("return record | {5: 5}"), "it gives a column that is not there"),
        (function("return 'Jane'"), "it gives what is no record"),
        (function("return ''"), "it gives what is no record"),
        (function("return [record, None]"), "it gives what is no record"),
        (function("return False"), "TypeError"),
        (function("raise ValueError('Jane')"), "ValueError"),
        (function("yield record", "raise KeyError('Jane')"), "KeyError"),
        (function("import biodata", "raise biodata.QueryError('Jane')"), "QueryError"),
    ],
)
def test_a_row_that_cannot_go_on_is_a_fault_without_values_and_gives_nothing_else(call, body, reason):
    found = call(body.replace("return", "if record['id'] != 'p1':\n        return record\n    return", 1), PEOPLE[:1])
    assert reasons(found) == [(1, reason)]
    assert found.rows == []
    assert found.rejects[0].record == PEOPLE[0]
    assert found.rejects[0].target_key is None


def test_the_other_rows_go_on(call):
    people = [{"id": str(number), "age": number, "tags": None} for number in range(2 * BATCH_ROWS)]
    body = function("if record['age'] % 1000 == 5:", "    raise ValueError", "return record")
    found = call(body, people)
    assert [row for row, _ in reasons(found)] == [number + 1 for number in range(5, 2 * BATCH_ROWS, 1000)]
    assert found.rows == [one for one in people if one["age"] % 1000 != 5]


def test_a_value_that_arrow_cannot_hold_is_a_fault_of_its_row_alone(call):
    schema = pa.schema([("id", pa.int8()), ("price", pa.decimal128(5, 2))])
    body = function("return [record, record | {'id': record['id'] * 100}]")
    found = call(body, [{"id": 1, "price": None}, {"id": 2, "price": None}], schema=schema)
    assert reasons(found) == [(2, "a value that its column cannot hold")]
    assert found.rows == [{"id": 1, "price": None}, {"id": 100, "price": None}]


def test_what_the_function_leaves_as_it_was_is_not_judged(call):
    people = [{"id": "p1", "age": 1, "tags": ["x", None]}]
    assert call(function("return record"), people).rows == people


def test_a_module_beside_the_file_is_run_anew_and_finds_what_lies_beside_it(call, tmp_path):
    (tmp_path / "words.py").write_text("WORD = 'beside'\n", "utf-8")
    body = "from words import WORD\n" + function("return record | {'id': WORD}")
    before = list(sys.path)
    assert call(body, PEOPLE[:1]).rows[0]["id"] == "beside"
    assert call(body.replace("WORD}", "'changed'}"), PEOPLE[:1]).rows[0]["id"] == "changed"
    assert sys.path == before
    assert "clean" not in sys.modules


def test_two_pipelines_each_have_their_own_module_of_one_name(tmp_path):
    schema = pa.schema([("a", pa.string())])
    chains = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "clean.py").write_text(function(f"return {{'a': '{name}'}}"), "utf-8")
        chains.append(compiled(schema, PythonCall("clean:clean"), file=tmp_path / name / "f.yml"))
    assert [run(chain, [{"a": "x"}]).rows for chain in chains] == [[{"a": "one"}], [{"a": "two"}]]


def test_a_module_in_a_directory_beside_the_file_and_one_that_python_finds(tmp_path):
    (tmp_path / "rules").mkdir()
    body = "from dataclasses import dataclass\n@dataclass\nclass A:\n    a: int\n" + function("return record")
    (tmp_path / "rules/people.py").write_text("from __future__ import annotations\n" + body, "utf-8")
    for call in ("rules.people:clean", "copy:deepcopy"):
        assert run(compiled(SCHEMA, PythonCall(call), file=tmp_path / "f.yml"), PEOPLE).rows == PEOPLE


@pytest.mark.parametrize(
    ("call", "body", "words"),
    [
        ("nosuch:clean", "", r"there is no module 'nosuch': neither .*/nosuch\.py nor where Python looks"),
        ("no.such:clean", "", r"there is no module 'no\.such': neither .*/no/such\.py nor where Python looks"),
        ("clean:claen", function("return record"), r".*clean\.py has no function 'claen'; did you mean 'clean'"),
        ("clean:WORD", "WORD = 5", r"'WORD' in .*/clean\.py is no function"),
        (
            "clean:clean",
            "import nosuch",
            r".*clean\.py cannot be imported: ModuleNotFoundError: No module named 'nosuch'",
        ),
        ("clean:clean", "def clean(:", r".*clean\.py cannot be imported: SyntaxError"),
        ("copy:deepcopi", "", "the module copy has no function 'deepcopi'; did you mean 'deepcopy'"),
    ],
)
def test_what_cannot_be_called_is_told_before_any_row(tmp_path, call, body, words):
    if body:
        (tmp_path / "clean.py").write_text(body, "utf-8")
    with pytest.raises(biodata.QueryError, match=rf"f\.yml:7:9: step s: python {call}: {words}") as caught:
        compiled(SCHEMA, PythonCall(call, (), 7, 9), file=tmp_path / "f.yml")
    assert caught.value.code == "BD-PIPELINE-PYTHON"


def test_a_column_of_a_type_that_no_record_has(tmp_path):
    with pytest.raises(biodata.SchemaError, match=r"f\.yml:7:9: step s: The column 't' is of type time64"):
        compiled(pa.schema([("t", pa.time64("us"))]), PythonCall("copy:copy", (), 7, 9))
