"""Writing with the command, to a DuckDB table."""

import json

import pytest

import biodata
from biodata.records.types import Field, Integer, List, Schema, String

PEOPLE = Schema(
    table="people",
    key="id",
    fields=(Field("id", String(), required=True), Field("age", Integer()), Field("tags", List(String()))),
)


@pytest.fixture(autouse=True)
def local(profiles, home):
    profiles(
        f"local: {{platform: duckdb, path: '{home}/local.duckdb'}}",
        f"reader: {{platform: duckdb, path: '{home}/local.duckdb', access: read}}",
    )
    with biodata.connect("local") as connection:
        connection.ensure(PEOPLE).add([{"id": "s1", "age": 40}, {"id": "s2", "age": 7}])


def people():
    with biodata.connect("local") as connection:
        return {row["id"]: (row["age"], row["tags"]) for row in connection["people"].query()}


def test_add_one_by_hand(run):
    shown = run("add", "local/people", "--set", "id=s3", "--set", "age=5", "--set", 'tags=["x", "y"]')
    assert shown.status == 0, shown.err
    assert json.loads(shown.out)["tally"] == {"created": 1}
    assert people()["s3"] == (5, ["x", "y"])


def test_update_clears_what_has_no_value(run):
    assert run("update", "local/people", "--set", "id=s1", "--set", "age=").status == 0
    assert people()["s1"][0] is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("new.csv", "id,age,tags\ns3,5,\n01,6,\n"),
        ("new.tsv", "id\tage\ns3\t5\n01\t6\n"),
        ("new.json", '[{"id": "s3", "age": 5}, {"id": "01", "age": 6}]'),
        ("new.ndjson", '{"id": "s3", "age": 5}\n{"id": "01", "age": 6}\n'),
    ],
)
def test_add_from_files(run, home, name, text):
    (home / name).write_text(text)
    shown = run("add", "local/people", name)
    assert shown.status == 0, shown.err
    assert json.loads(shown.out)["tally"] == {"created": 2}
    assert people()["s3"][0] == 5
    assert people()["01"][0] == 6


@pytest.mark.parametrize("ending", ["json", "ndjson", "csv", "tsv", "parquet", "arrow", "xlsx"])
def test_what_a_query_writes_an_upsert_reads(run, home, ending):
    """Lists, and integers that no float holds, in each format."""
    with biodata.connect("local") as connection:
        connection["people"].upsert({"id": "s1", "age": 2**53 + 1, "tags": ["a, b", 'c"d', "5"]}).raise_for_refused()
    before = people()
    assert run("query", "local/people", "--output", f"people.{ending}").status == 0
    shown = run("upsert", "local/people", f"people.{ending}")
    assert (shown.status, json.loads(shown.out)["tally"]) == (0, {"unchanged": 2}), shown.err
    assert run("delete", "local/people", "--all", "--yes").status == 0
    assert run("add", "local/people", f"people.{ending}").status == 0
    assert people() == before


def test_a_pipe_from_query_to_upsert(program):
    rows = program("query", "local/people", "age > 10").out
    shown = program("upsert", "local/people", "-", given=rows + '{"id": "s9"}\n')
    assert shown.status == 0, shown.err
    assert json.loads(shown.out)["tally"] == {"unchanged": 1, "created": 1}


def test_a_refused_record_is_told_by_row_field_and_code_and_ends_in_9(run, home):
    (home / "new.csv").write_text("id,age\ns3,old\ns4,5\n")
    shown = run("add", "local/people", "new.csv", "--on-refused", "isolate")
    assert shown.status == 9
    assert json.loads(shown.out)["tally"] == {"refused": 1, "created": 1}
    assert "refused: row 0" in shown.err
    assert "field age" in shown.err
    assert "BD-" in shown.err
    assert "old" not in shown.err


def test_an_unknown_field_names_the_near_one(run):
    shown = run("add", "local/people", "--set", "id=s3", "--set", "agee=5")
    assert shown.status == 2
    assert "Did you mean 'age'?" in shown.err


def test_dry_run_sends_nothing(run):
    shown = run("add", "local/people", "--set", "id=s3", "--dry-run")
    assert shown.status == 0, shown.err
    assert "nothing was sent" in shown.err
    assert "s3" not in people()


@pytest.mark.parametrize(
    "arguments",
    [(), ("new.csv", "--set", "id=s3"), ("missing.csv",), ("--set", "id"), ("--set", "id=a", "--set", "id=b")],
)
def test_a_source_is_said_once_and_is_there(run, home, arguments):
    (home / "new.csv").write_text("id\ns3\n")
    assert run("add", "local/people", *arguments).status == 2
    assert len(people()) == 2


def test_a_file_that_is_not_what_it_says(run, home):
    (home / "new.ndjson").write_text('{"id": "s3"}\nnonsense\n')
    shown = run("add", "local/people", "new.ndjson")
    assert shown.status == 9
    assert "Line 2" in shown.err
    assert "nonsense" not in shown.err


def test_delete_by_key(run):
    shown = run("delete", "local/people", "s1")
    assert json.loads(shown.out)["tally"] == {"deleted": 1}
    assert list(people()) == ["s2"]


@pytest.mark.parametrize("which", [("s1", "s2"), ("--where", "age > 1"), ("--all",)])
def test_more_than_one_needs_a_yes_without_a_terminal(run, which):
    shown = run("delete", "local/people", *which)
    assert shown.status == 2
    assert "--yes" in shown.err
    assert len(people()) == 2
    assert run("delete", "local/people", *which, "--yes").status == 0
    assert people() == {}


@pytest.mark.parametrize("which", [(), ("s1", "--all"), ("--all", "--where", "age > 1"), ("",)])
def test_delete_says_exactly_which(run, which):
    assert run("delete", "local/people", *which, "--yes").status == 2
    assert len(people()) == 2


def test_access_holds(run):
    shown = run("delete", "reader/people", "s1")
    assert shown.status == 4
    assert "BD-ACCESS" in shown.err
    assert run("add", "reader/people", "--set", "id=s3").status == 4
    assert len(people()) == 2


def test_there_and_back_by_parquet(run):
    assert run("query", "local/people", "--output", "people.parquet").status == 0
    shown = run("upsert", "local/people", "people.parquet")
    assert json.loads(shown.out)["tally"] == {"unchanged": 2}


def test_parquet_does_not_come_from_a_pipe(run):
    assert run("add", "local/people", "-", "--from", "parquet").status == 2
