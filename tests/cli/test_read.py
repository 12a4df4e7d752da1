"""Reading with the command, from a DuckDB table."""

import csv
import io
import json
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

import biodata
from biodata.cli.output import print_rows
from biodata.records.readers import read_records
from biodata.records.types import Field, Integer, List, Schema, String

ROWS = [
    {"id": "s1", "age": 40, "tags": ["a", "b"]},
    {"id": "s2", "age": None, "tags": []},
    {"id": "s 3/&'\"", "age": 7, "tags": ["c"]},
]
PEOPLE = Schema(
    table="people",
    key="id",
    fields=(Field("id", String(), required=True), Field("age", Integer()), Field("tags", List(String()))),
)


@pytest.fixture
def local(profiles, home):
    """A profile `local` with the table `people`."""
    profiles(f"local: {{platform: duckdb, path: '{home}/local.duckdb'}}")
    with biodata.connect("local") as connection:
        connection.ensure(PEOPLE).add(ROWS)
        connection.ensure(Schema(table="nobody", key="id", fields=PEOPLE.fields))


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.usefixtures("local")
class TestLook:
    def test_ls(self, run):
        shown = run("ls", "local")
        assert [row["name"] for row in lines(shown.out)] == ["nobody", "people"]
        assert shown.err == ""

    def test_schema(self, run):
        rows = {row["name"]: row for row in lines(run("schema", "local/people").out)}
        assert rows["id"]["key"] is True
        assert rows["tags"]["type"] == "list[string]"
        assert json.loads(run("schema", "local/people", "-o", "json").out)["key"] == "id"

    def test_capabilities(self, run):
        rows = {
            row["field"]: row for row in lines(run("schema", "local/people", "--capabilities", "-o", "ndjson").out)
        }
        how = {one["op"]: one for one in rows["id"]["operators"]}
        assert (how["=="]["support"], how["sort desc"]["support"]) == ("exact", "exact")
        assert how["ilike"] == {"op": "ilike", "support": "inexact", "reason": "case rules differ outside ASCII"}
        assert "like" not in {one["op"] for one in rows["age"]["operators"]}
        shown = run("schema", "local/people", "--capabilities", "-o", "csv").out.splitlines()
        assert shown[0] == "field,type,platform,checked_here,here"
        assert [line.split(",")[0] for line in shown[1:]] == ["id", "age", "tags"]


@pytest.mark.usefixtures("local")
class TestGet:
    def test_in_the_order_asked(self, run):
        shown = run("get", "local/people", "s2", "s1", "--fields", "id,age")
        assert lines(shown.out) == [{"id": "s2", "age": None}, {"id": "s1", "age": 40}]

    def test_a_missing_key_is_told_by_number_and_not_by_value(self, run):
        shown = run("get", "local/people", "s1", "nobody-here")
        assert shown.status == 5
        assert [row["id"] for row in lines(shown.out)] == ["s1"]
        assert "number 2" in shown.err
        assert "nobody-here" not in shown.err
        assert "nobody-here" in run("--show-values", "get", "local/people", "s1", "nobody-here").err

    def test_an_odd_key(self, run):
        assert lines(run("get", "local/people", ROWS[2]["id"]).out)[0]["age"] == 7

    def test_an_empty_key(self, run):
        shown = run("get", "local/people", "")
        assert shown.status == 2
        assert "BD-KEY-EMPTY" in shown.err


@pytest.mark.usefixtures("local")
class TestQuery:
    def test_filter_order_and_limit(self, run):
        shown = run("query", "local/people", "age > 1", "--order-by", "-age", "--limit", "1", "--fields", "id")
        assert lines(shown.out) == [{"id": "s1"}]
        assert shown.err == ""

    def test_csv(self, run):
        rows = list(csv.DictReader(io.StringIO(run("query", "local/people", "--order-by", "id", "-o", "csv").out)))
        assert [row["age"] for row in rows] == ["7", "40", ""]
        assert json.loads(rows[1]["tags"]) == ["a", "b"]

    def test_a_table_when_asked_for(self, run):
        shown = run("query", "local/people", "-o", "table")
        assert "a, b" in shown.out
        assert "\x1b" not in shown.out

    def test_text_in_a_table_does_not_steer_a_terminal(self, capsys):
        print_rows([{"name": "x\x1b[31mred\x9b"}], ["name"], "table")
        shown = capsys.readouterr().out
        assert "x\\x1b[31mred\\x9b" in shown
        assert not {"\x1b", "\x9b"} & set(shown)

    @pytest.mark.parametrize(
        ("form", "empty"), [("json", "[]\n"), ("ndjson", ""), ("csv", "id,age,tags\n"), ("tsv", "id\tage\ttags\n")]
    )
    def test_nothing_found(self, run, form, empty):
        shown = run("query", "local/nobody", "-o", form)
        assert shown == (0, empty, "")

    @pytest.mark.parametrize("ending", ["parquet", "arrow", "xlsx", "csv", "json", "ndjson", "tsv"])
    def test_files(self, run, home, ending):
        shown = run("query", "local/people", "--output", f"people.{ending}")
        assert shown.status == 0, shown.err
        assert shown.out == ""
        assert shown.err.startswith("3 records")
        assert {record["id"] for record in read_records(home / f"people.{ending}")} == {row["id"] for row in ROWS}

    def test_bytes_go_to_a_pipe(self, home):
        command = [sys.executable, "-m", "biodata", "query", "local/people", "-o", "parquet"]
        with (home / "out.parquet").open("wb") as out:
            subprocess.run(command, stdout=out, check=True)
        assert pq.read_table(home / "out.parquet").num_rows == 3

    def test_an_ending_that_is_no_format(self, run, home):
        shown = run("query", "local/people", "--output", "people.doc")
        assert shown.status == 2
        assert "parquet" in shown.err
        assert not (home / "people.doc").exists()

    def test_no_directory(self, run):
        shown = run("query", "local/people", "--output", "nowhere/people.csv")
        assert shown.status == 2
        assert "nowhere" in shown.err


@pytest.mark.usefixtures("local")
class TestCountAndExplain:
    def test_count(self, run):
        assert run("count", "local/people").out == "3\n"
        assert run("count", "local/people", "age is null").out == "1\n"

    def test_count_by(self, run):
        shown = run("count", "local/people", "--by", "tags")
        assert lines(shown.out) == [{"tags": "a", "count": 1}, {"tags": "b", "count": 1}, {"tags": "c", "count": 1},
                                    {"tags": None, "count": 1}]  # fmt: skip
        assert run("count", "local/people", "age > 7", "--by", "age", "-o", "csv").out == "age,count\n40,1\n"
        assert run("count", "local/nobody", "--by", "id", "-o", "json").out == "[]\n"

    def test_count_by_into_a_file(self, run, home):
        shown = run("count", "local/people", "--by", "age,id", "--output", "by.parquet")
        assert (shown.out, shown.status) == ("", 0)
        assert "3 groups" in shown.err
        assert pq.read_table(home / "by.parquet").column_names == ["age", "id", "count"]

    def test_a_number_has_no_format(self, run):
        shown = run("count", "local/people", "-o", "json")
        assert (shown.status, shown.out) == (2, "")
        assert "--by" in shown.err

    @pytest.mark.parametrize("option", ["--by", "--fields", "--order-by", "--expand"])
    def test_an_option_that_names_no_field_is_refused(self, run, option):
        refused = run("explain", "local/people", option, " ,")
        assert (refused.status, refused.out) == (2, "")
        assert "it names no field" in refused.err

    def test_distinct(self, run):
        assert lines(run("distinct", "local/people", "age").out) == [{"age": 7}, {"age": 40}]
        assert run("distinct", "local/people", "tags", "age = 40", "-o", "csv").out == "tags\na\nb\n"
        assert run("distinct", "local/nobody", "id", "-o", "json").out == "[]\n"

    def test_explain_by(self, run):
        told = json.loads(run("explain", "local/people", "--by", "age", "-o", "json").out)
        assert (told["group_by"], told["grouped"]) == (["age"], "platform")

    def test_strict(self, run):
        assert run("count", "local/people", "age > 1", "--strict").out == "2\n"
        for verb in ("query", "count"):
            shown = run(verb, "local/people", "id ilike 'S%'", "--strict")
            assert (shown.status, shown.out) == (2, "")
            assert "BD-QUERY-STRICT" in shown.err
            assert "case rules differ" in shown.err
        shown = run("count", "local/people", "id ilike 'S%'", "--by", "age", "--strict")
        assert (shown.status, shown.out) == (2, "")
        assert "group by age" in shown.err

    def test_explain(self, run):
        shown = run("explain", "local/people", "age > 1")
        assert shown.status == 0
        assert "age" in shown.out
        assert isinstance(json.loads(run("explain", "local/people", "age > 1", "-o", "json").out), dict)
