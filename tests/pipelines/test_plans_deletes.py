"""Plans that delete: what goes is what was approved to go, as it was then."""

import json
import sqlite3

import pytest

import biodata
from biodata.pipelines.state.audit import Audit
from biodata.pipelines.state.journal import Journal
from biodata.records.types import Field, Integer, Reference, Schema, String
from tests.pipelines.killing import Killed

FILE = """\
version: 1
name: people
steps:
  - name: people
    extract: {from: source/people}
    load: {to: target/people, mode: merge, key: [id], batch: 2, delete_missing: {scope: "town = 'Delft'", max: 100%}}
"""
REPLACE = FILE.replace(
    """mode: merge, key: [id], batch: 2, delete_missing: {scope: "town = 'Delft'", max: 100%}""", "mode: replace"
)
PEOPLE = Schema(
    "people", "id", (Field("id", String(), required=True), Field("town", String()), Field("age", Integer()))
)
KEYLESS = Schema("people", (), PEOPLE.fields)


@pytest.fixture
def stored(connect):
    """Fills a table: `stored("target", schema, "abc")`, all of Delft; without letters, what is there as text."""

    def fill(profile, schema=PEOPLE, letters=""):
        with connect(profile) as connection:
            if profile == "target" and not schema.key_fields:
                connection.client.execute("CREATE TABLE IF NOT EXISTS people (id VARCHAR, town VARCHAR, age BIGINT)")
            else:
                connection.ensure(schema)
            table = connection[schema.table]
            if letters:
                table.add([{"id": one, "town": "Delft", "age": 1} for one in letters]).raise_for_refused()
            return "".join(sorted(row["id"] for row in table.query()))

    return fill


@pytest.fixture
def change(connect):
    """Runs SQL on the target, as somebody else would."""

    def run(sql):
        with connect("target") as connection:
            connection.client.execute(sql)

    return run


@pytest.fixture
def plan(tmp_path):
    return tmp_path / "p.json"


def held_back(run, path, plan):
    with pytest.raises(biodata.CheckFailed, match="Not everything is as it was approved") as caught:
        run(path, apply=plan)
    assert (caught.value.code, caught.value.exit_status) == ("BD-PIPELINE-NOT-APPROVED", 9)
    assert caught.value.report.state == "withheld"
    return caught.value


def test_a_record_that_has_changed_or_left_the_scope_since_stays(stored, change, pipeline, run, plan):
    stored("source", letters="a")
    stored("target", letters="abcde")
    path = pipeline(text=FILE)
    assert run(path, save_plan=plan).steps[0].deletes.missing == 4
    change("UPDATE people SET town = 'Leiden' WHERE id = 'b'")
    change("UPDATE people SET age = 2 WHERE id = 'd'")
    change("DELETE FROM people WHERE id = 'e'")
    error = held_back(run, path, plan)
    assert "people: not as they were when the plan was made, and kept: 2 of 4" in error.message
    assert stored("target") == "abd"
    deletes = error.report.steps[0].deletes
    assert (deletes.tally, deletes.changed) == ({"deleted": 1, "unchanged": 1}, True)
    assert "Not everything that was to be deleted in target/people was" in error.report.html_path.read_text("utf-8")


def test_a_record_that_came_since_stays(stored, pipeline, run, plan):
    stored("source", letters="a")
    stored("target", letters="abc")
    path = pipeline(text=FILE)
    run(path, save_plan=plan)
    stored("target", letters="z")
    assert run(path, apply=plan).steps[0].deletes.tally == {"deleted": 2}
    assert stored("target") == "az"


def test_a_record_whose_parent_has_left_the_scope_stays(connect, change, pipeline, run, plan):
    towns = Schema("towns", "id", (Field("id", String(), required=True), Field("province", String())))
    fields = (Field("id", String(), required=True), Field("town", Reference("towns")))
    for profile, letters in (("source", "a"), ("target", "abc")):
        with connect(profile) as connection:
            connection.ensure(towns).add([{"id": one, "province": "ZH"} for one in "abc"]).raise_for_refused()
            people = connection.ensure(Schema("people", "id", fields))
            people.add([{"id": one, "town": one} for one in letters]).raise_for_refused()
    path = pipeline(text=FILE.replace("town = 'Delft'", "not (town.province = 'NH')"))
    assert run(path, save_plan=plan).steps[0].deletes.missing == 2
    change("UPDATE towns SET province = 'NH' WHERE id = 'b'")
    held_back(run, path, plan)
    with connect("target") as connection:
        assert {row["id"] for row in connection["people"].query()} == {"a", "b"}


def test_of_a_replace_with_a_key_too(stored, change, pipeline, run, plan):
    stored("source", letters="a")
    stored("target", letters="abc")
    path = pipeline(text=REPLACE)
    run(path, save_plan=plan)
    change("UPDATE people SET age = 2 WHERE id = 'b'")
    stored("target", letters="z")
    assert "kept: 1 of 2" in held_back(run, path, plan).message
    assert stored("target") == "abz"


def test_what_stayed_is_told_by_the_run_that_goes_on_behind_it(stored, change, pipeline, run, plan, state):
    stored("source", letters="a")
    stored("target", letters="abc")
    path = pipeline(text=REPLACE)
    run(path, save_plan=plan)
    change("UPDATE people SET age = 2 WHERE id = 'b'")
    with sqlite3.connect(state / "journal.sqlite") as database:
        database.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON steps WHEN NEW.state = 'loaded' BEGIN SELECT RAISE(ABORT, 'x'); END"
        )
    with pytest.raises(biodata.ConfigError, match="journal"):
        run(path, apply=plan)
    assert stored("target") == "ab"
    with sqlite3.connect(state / "journal.sqlite") as database:
        database.execute("DROP TRIGGER full")
    assert "kept: 1 of 2" in held_back(run, path, plan).message


@pytest.mark.parametrize("text", [FILE, REPLACE.replace("mode: replace", "mode: replace, key: [id]")])
def test_of_a_table_that_was_not_there_nothing_was_approved_to_go(text, stored, pipeline, run, plan):
    stored("source", letters="a")
    path = pipeline(text=text)
    run(path, save_plan=plan)
    stored("target", letters="xyz")
    assert run(path, apply=plan).ok
    assert stored("target") == "axyz"


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO people SELECT 'n' || i, 'Delft', 1 FROM range(50) t(i)",
        "UPDATE people SET age = 2 WHERE id = 'x'",
        "DELETE FROM people WHERE id = 'x'",
        "INSERT INTO people VALUES ('x', 'Delft', 1)",
        "DELETE FROM people",
    ],
)
def test_a_table_without_a_key_is_not_replaced_when_it_is_another_one(
    sql, stored, change, pipeline, run, plan, state, connect
):
    stored("source", letters="ab")
    stored("target", KEYLESS, "xy")
    path = pipeline(text=REPLACE)
    assert run(path, save_plan=plan).steps[0].preview == {"add": 2, "delete": 2}
    change(sql)
    there = stored("target", KEYLESS)
    error = held_back(run, path, plan)
    assert "people: the table is not as it was when the plan was made, and was left alone" in error.message
    assert stored("target", KEYLESS) == there
    assert [step["state"] for step in Journal(state).steps(error.report.run_id)] == ["withheld"]
    assert error.report.steps[0].tally == {}


def test_a_table_without_a_key_is_replaced_when_its_rows_only_stand_otherwise(stored, change, pipeline, run, plan):
    stored("source", letters="ab")
    stored("target", KEYLESS, "xxyz")
    path = pipeline(text=REPLACE)
    run(path, save_plan=plan)
    change("CREATE TABLE t AS SELECT * FROM people ORDER BY id DESC")
    change("DELETE FROM people")
    change("INSERT INTO people SELECT * FROM t")
    report = run(path, apply=plan)
    assert report.steps[0].tally == {"deleted": 4, "created": 2}
    assert (report.steps[0].deletes.missing, report.steps[0].deletes.changed) == (4, False)
    assert stored("target", KEYLESS) == "ab"


def test_an_empty_source_that_was_approved_empties_a_table_without_a_key(stored, pipeline, run, plan):
    stored("source")
    stored("target", KEYLESS, "xy")
    path = pipeline(text=REPLACE)
    with pytest.raises(biodata.CheckFailed, match="the source is empty"):
        run(path)
    run(path, save_plan=plan)
    assert run(path, apply=plan).steps[0].tally == {"deleted": 2}
    assert stored("target", KEYLESS) == ""


def test_a_run_that_died_goes_on_with_the_batches_that_were_approved(
    stored, change, pipeline, run, plan, state, tmp_path
):
    stored("source", letters="a")
    stored("target", letters="abcdefgh")
    path = pipeline(text=FILE)
    run(path, save_plan=plan)
    change("UPDATE people SET age = 2 WHERE id IN ('b', 'c', 'd')")
    Killed(tmp_path, state)("biodata.pipelines.runs.run:Run deleted before 2", "run", path, "--apply", plan)
    assert stored("target") == "abcdh"
    change("UPDATE people SET age = 1 WHERE id = 'b'")  # as it was: so what is sent first now is another batch
    error = held_back(run, path, plan)
    assert stored("target") == "acd"
    assert "kept: 2 of 7" in error.message
    assert error.report.steps[0].deletes.tally == {"deleted": 3, "gone_already": 2}
    noted = Journal(state).batches(error.report.run_id, "people", "deletes")
    assert [(one["number"], one["rows"], one["state"]) for one in noted] == [
        (1, 1, "done"), (2, 1, "done"), (3, 2, "done"), (4, 1, "done")
    ]  # fmt: skip
    audit = Audit(state)
    hashes = {audit.key_hash("target", "people", one): one for one in "abcdefgh"}
    lines = [json.loads(line) for line in audit.chain.path.read_bytes().splitlines()]
    told = [one for one in lines if one["verb"] == "delete"]
    assert [(one["counts"], "".join(hashes[key] for key in one["keys"])) for one in told] == [
        ({"deleted": 1}, "e"), ({"unknown": 2}, "fg"), ({"deleted": 1}, "b"), ({"deleted": 1}, "h")
    ]  # fmt: skip


def test_what_stayed_in_a_step_that_was_loaded_is_told_by_the_run_that_goes_on(
    stored, change, pipeline, run, plan, state, tmp_path
):
    stored("source", letters="a")
    stored("target", letters="abc")
    path = pipeline(text=REPLACE)
    run(path, save_plan=plan)
    change("UPDATE people SET age = 2 WHERE id = 'b'")
    Killed(tmp_path, state)("biodata.pipelines.runs.writing:_Writer _delete before 1", "run", path, "--apply", plan)
    assert stored("target") == "ab"
    assert "kept: 1 of 2" in held_back(run, path, plan).message
    assert stored("target") == "ab"
