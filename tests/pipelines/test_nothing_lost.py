"""Nothing is lost, doubled or wrongly deleted where runs, pipelines, steps and plans meet."""

import json
import sqlite3

import pytest

import biodata
from biodata.pipelines.state.journal import Journal
from biodata.pipelines.state.reject import OPEN
from biodata.pipelines.state.reject_file import RejectFile, Which
from biodata.records.types import Field, Schema, String

APPEND = """\
version: 1
name: NAME
steps:
  - name: people
    extract: {from: source/people}
    load: {to: target/people, mode: append}
"""
PEOPLE = Schema("people", "id", (Field("id", String(), required=True), Field("town", String())))


@pytest.fixture
def people(connect):
    """Makes the source hold people of these ids, and nobody else."""

    def fill(ids, towns=None):
        with connect("source") as connection:
            table = connection.ensure(PEOPLE)
            table.delete(all=True)
            table.add([{"id": one, "town": (towns or {}).get(one, "Assen")} for one in ids]).raise_for_refused()

    return fill


@pytest.fixture
def table(connect):
    """Makes a table in the target, without a key."""

    def make(name="people"):
        with connect("target") as connection:
            connection.client.execute(f"CREATE TABLE {name} (id TEXT, town TEXT)")

    return make


@pytest.fixture
def stored(connect):
    """The ids in a table of the target, as often as they are there."""

    def read(name="people"):
        with connect("target") as connection:
            rows = connection.client.execute(f"SELECT id FROM {name} ORDER BY id").fetchall()  # noqa: S608
        return "".join(row[0] for row in rows)

    return read


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def stopping(state):
    """From now on the journal takes no note of a step that gets into this state; `stopping("")` ends that."""

    def when(step):
        with sqlite3.connect(state / "journal.sqlite") as database:
            database.execute("DROP TRIGGER IF EXISTS full")
            if step:
                database.execute(
                    f"CREATE TRIGGER full BEFORE UPDATE ON steps WHEN NEW.state = '{step}' "
                    "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
                )

    return when


def stops(run, path, **options):
    with pytest.raises(biodata.ConfigError, match="the disk is full"):
        run(path, **options)


def named(text, name):
    return text.replace("NAME", name)


def test_a_mark_outlives_the_runs_of_other_pipelines(people, table, stored, pipeline, run, state, stopping):
    """One pipeline has committed and could not note it; another's run leaves its mark alone."""
    people("ab")
    table()
    state.mkdir()
    Journal(state)
    stopping("loaded")
    stops(run, pipeline(text=named(APPEND, "first")))
    stopping("")
    run(pipeline(text=named(APPEND, "second")))
    assert stored() == "aabb"
    run(pipeline(text=named(APPEND, "first")))
    assert stored() == "aabb"
    assert [one.state for one in Journal(state).runs()] == ["done", "done"]


def test_a_run_that_stopped_is_found_whatever_the_clock_said(people, table, stored, pipeline, run, state, stopping):
    people("ab")
    table()
    path = pipeline(text=named(APPEND, "night"))
    run(path, dry_run=True)
    with sqlite3.connect(state / "journal.sqlite") as database:  # as where the clock went back since
        database.execute("UPDATE runs SET kind = 'run', id = '2999' || substr(id, 5)")
    stopping("loaded")
    stops(run, path)
    stopping("")
    report = run(path)
    assert report.resumed == 1
    assert stored() == "ab"


BESIDE = """\
version: 1
name: beside
steps:
  - name: young
    extract: {from: source/people, where: "id < 'f'"}
    load: {to: target/people, mode: merge, key: [id], delete_missing: {max: 90%, least: 10%}}
  - name: old
    extract: {from: source/people, where: "id >= 'f'"}
    load: {to: target/people, mode: merge, key: [id], delete_missing: {max: 90%, least: 10%}}
"""


ONE_DELETES = BESIDE.replace(", delete_missing: {max: 90%, least: 10%}}\n  - name: old", "}\n  - name: old")


@pytest.mark.parametrize("text", [BESIDE, ONE_DELETES])
def test_what_another_step_loads_into_the_table_is_not_missing(people, stored, pipeline, run, text):
    people("abcdefghijkl")
    path = pipeline(text=text)
    run(path)
    assert stored() == "abcdefghijkl"
    people("abcdefghijk")
    run(path)
    assert stored() == "abcdefghijk"


@pytest.mark.parametrize("first", ["merge", "replace"])
def test_steps_that_replace_one_table_leave_each_others_records(people, stored, pipeline, run, first):
    replacing = BESIDE.replace(", delete_missing: {max: 90%, least: 10%}", "").replace("merge", "replace")
    path = pipeline(text=replacing.replace("replace", first, 1))
    people("abcdefghijkl")
    run(path)
    assert stored() == "abcdefghijkl"
    people([*"bcde", "e2", *"fghijklm"])
    run(path)
    assert stored() == "bcdee2fghijklm"


BEHIND = """\
version: 1
name: behind
steps:
  - name: read
    extract: {from: source/people, incremental: {by: content}}
  - name: people
    extract: {step: read}
    check:
      - {name: towns, rows: town <> 'x'}
    load: {to: target/people, mode: merge, key: [id]}
on_reject: {budget: 9}
"""


def open_rejects(state):
    return list(RejectFile(state).find(Which(states=OPEN)))


def test_a_reject_stays_where_its_record_was_not_read_again(people, pipeline, run, state):
    people("abc", {"b": "x"})
    path = pipeline(text=BEHIND)
    run(path)
    assert [one.row for one in open_rejects(state)] == [2]
    report = run(path)
    assert report.steps[0].unchanged_since == 3
    assert len(open_rejects(state)) == 1
    people("abc")
    run(path)
    assert not open_rejects(state)


def test_a_run_is_done_though_a_reject_waits_in_a_step_that_is_gone(people, pipeline, run, state):
    people("abc", {"b": "x"})
    path = pipeline(text=BEHIND)
    run(path)
    with sqlite3.connect(state / "rejects.sqlite") as database:
        database.execute("UPDATE rejects SET step = 'gone', state = 'waiting', waiting = 1")
    assert run(path).state == "done"


def test_what_a_replace_could_not_do_is_told_when_the_run_is_taken_up_again(
    more, people, pipeline, run, stored, stopping
):
    text = APPEND.replace("mode: append", "mode: replace, key: [id]").replace("NAME", "night") + SECOND
    path = pipeline(text=text)
    people("ab")
    run(path)
    people("")
    stopping("done")
    with pytest.raises(biodata.ConfigError):
        run(path)
    stopping("")
    with pytest.raises(biodata.CheckFailed, match="the source is empty"):
        run(path)
    assert stored() == "ab"


SECOND = """\
  - name: second
    extract: {from: source/more}
    load: {to: target/more, mode: merge, key: [id]}
"""


@pytest.fixture
def more(connect):
    with connect("source") as connection:
        connection.ensure(Schema("more", "id", PEOPLE.fields)).add({"id": "m", "town": "Assen"}).raise_for_refused()


def test_what_was_loaded_before_is_told_by_a_run_that_goes_on_behind_it(more, people, pipeline, run, stopping, state):
    people("abc")
    state.mkdir()
    Journal(state)
    path = pipeline(text=named(APPEND, "night").replace("append", "merge, key: [id]") + SECOND)
    stopping("done")
    stops(run, path)
    stopping("")
    assert [step.tally for step in run(path).steps] == [{"created": 3}, {"created": 1}]


def test_a_table_that_is_gone_since_is_not_filled_by_half(more, people, pipeline, run, stopping, state, connect):
    people("abc")
    state.mkdir()
    Journal(state)
    path = pipeline(text=named(APPEND, "night").replace("append", "merge, key: [id], batch: 1") + SECOND)
    stopping("loaded")
    stops(run, path)
    stopping("")
    with connect("target") as connection:
        connection.client.execute("DROP TABLE people")
    with pytest.raises(biodata.ConfigError, match="target/people is not there any more") as caught:
        run(path)
    assert caught.value.code == "BD-PIPELINE-CHANGED"


def test_nor_is_one_filled_with_what_is_new_alone(people, pipeline, run, stored, stopping, connect):
    text = named(APPEND, "night").replace("append", "merge, key: [id]")
    path = pipeline(text=text.replace("{from: source/people}", "{from: source/people, incremental: {by: content}}"))
    people("ab")
    run(path)
    people("abc")
    stopping("loading")
    stops(run, path)
    stopping("")
    with connect("target") as connection:
        connection.client.execute("DROP TABLE people")
    with pytest.raises(biodata.ConfigError, match="target/people is not there any more") as caught:
        run(path)
    assert caught.value.code == "BD-PIPELINE-CHANGED"
    run(path, restart=True)
    assert stored() == "abc"


def test_a_replace_keeps_the_record_of_a_row_that_was_rejected(people, pipeline, run, stored, state):
    text = named(APPEND, "night").replace("mode: append", "mode: replace, key: [id]")
    path = pipeline(
        text=text.replace("    load", "    check: [{name: towns, rows: town <> 'x'}]\n    load")
        + "on_reject: {budget: 9}\n"
    )
    people("abc")
    run(path)
    people("abd", {"b": "x"})
    run(path)
    assert stored() == "abd"


def test_a_batch_that_is_beyond_the_budget_is_in_the_audit_log(people, pipeline, run, state, connect):
    with connect("target") as connection:
        connection.client.execute("CREATE TABLE people (id TEXT PRIMARY KEY, town TEXT NOT NULL)")
    people("ab")
    with connect("source") as connection:
        connection["people"].add([{"id": "c"}, {"id": "d"}]).raise_for_refused()
    path = pipeline(text=named(APPEND, "night").replace("append", "merge, key: [id]"))
    with pytest.raises(biodata.RejectBudgetExceeded):
        run(path)
    written = [json.loads(line) for line in (state / "audit.ndjson").read_text("utf-8").splitlines()]
    assert [line["counts"] for line in written if line.get("verb") == "upsert"] == [{"created": 2, "refused": 2}]
    assert [one.row for one in open_rejects(state)] == [3, 4]


PLANNED = """\
version: 1
name: planned
steps:
  - name: people
    extract: {from: source/people}
    load: {to: target/people, mode: merge, key: [id], batch: 1, delete_missing: {max: 1}}
"""


@pytest.fixture
def plan(tmp_path):
    return tmp_path / "plan.json"


def test_a_plan_of_an_empty_source_deletes_what_was_approved(people, pipeline, run, stored, plan, connect):
    path = pipeline(text=PLANNED)
    people("abc")
    run(path)
    people("")
    assert run(path, save_plan=plan).steps[0].deletes.missing == 3
    with connect("target") as connection:
        connection["people"].add({"id": "z", "town": "Assen"}).raise_for_refused()
    assert run(path, apply=plan).steps[0].deletes.tally == {"deleted": 3}
    assert stored() == "z"


def test_a_plan_whose_apply_could_not_begin_is_a_plan_still(people, pipeline, run, stored, plan, connect):
    path = pipeline(text=PLANNED)
    people("abc")
    with connect("target") as connection:
        connection.ensure(PEOPLE)
    run(path, save_plan=plan)
    with connect("target") as connection:
        connection.client.execute("ALTER TABLE people ADD COLUMN more TEXT")
    with pytest.raises(biodata.ConfigError, match="has another shape since"):
        run(path, apply=plan)
    with connect("target") as connection:
        connection.client.execute("ALTER TABLE people DROP COLUMN more")
    assert run(path, apply=plan).steps[0].tally == {"created": 3}


def test_a_plan_is_applied_alone(people, pipeline, run, plan):
    path = pipeline(text=PLANNED)
    people("abc")
    run(path, save_plan=plan)
    for beside in ({"dry_run": True}, {"restart": True}, {"save_plan": plan}):
        with pytest.raises(biodata.ConfigError, match="--apply does what was planned") as caught:
            run(path, apply=plan, **beside)
        assert caught.value.code == "BD-PIPELINE-OPTIONS"
    assert run(path, apply=plan).ok


def test_a_plan_is_over_when_the_pipeline_has_run_since(people, pipeline, run, stored, plan):
    path = pipeline(text=PLANNED)
    people("abc")
    run(path)
    people("ab")
    run(path, save_plan=plan)
    people("abc")
    run(path)
    with pytest.raises(biodata.ConfigError, match=r"The plan is over: run .* has written since"):
        run(path, apply=plan)
    assert stored() == "abc"


def test_what_was_held_back_before_a_plan_stopped_is_told_when_it_goes_on(
    people, pipeline, run, plan, connect, stopping
):
    path = pipeline(text=PLANNED)
    people("abc")
    run(path)
    people("abc", {"a": "Delft"})
    run(path, save_plan=plan)
    with connect("target") as connection:
        connection["people"].update({"id": "a", "town": "Zwolle"}).raise_for_refused()
    stopping("loaded")
    stops(run, path, apply=plan)
    stopping("")
    with pytest.raises(biodata.CheckFailed, match="people: 1 record"):
        run(path, apply=plan)


def test_a_plan_for_a_table_that_is_to_be_made(pipeline, run, plan, connect, target):
    with connect("source") as connection:
        connection.client.execute(
            "CREATE TABLE people AS SELECT 'p' || n AS id, CASE WHEN n % 2 = 0 THEN 'x' END AS town, "
            "DATE '2026-01-01' AS day, 1.50::DECIMAL(9, 2) AS price, 2.5::DOUBLE AS size, "
            "TIMESTAMPTZ '2026-01-01 10:00:00Z' AS at, [1, 2] AS list, {'a': 1, 'b': NULL} AS thing "
            "FROM range(4) AS t (n)"
        )
    path = pipeline(text=PLANNED)
    run(path, save_plan=plan)
    assert run(path, apply=plan).steps[0].tally == {"created": 4}
    assert len(target("people")) == 4


def test_an_applied_plan_sends_nothing_else_that_waits(people, pipeline, run, plan, state):
    people("abc", {"b": "x"})
    path = pipeline(text=BEHIND)
    run(path)
    with sqlite3.connect(state / "rejects.sqlite") as database:
        database.execute("UPDATE rejects SET state = 'waiting', waiting = 1")
    run(path, save_plan=plan)
    run(path, apply=plan)
    assert {one.kind for one in Journal(state).runs()} == {"run"}


ADDED = """\
version: 1
name: added
steps:
  - name: log
    extract: {from: source/people, incremental: {by: content}}
    load: {to: target/log, mode: append}
  - name: people
    extract: {step: log}
    load: {to: target/people, mode: merge, key: [id]}
"""


def test_what_was_added_is_not_added_again_behind_a_step_that_is_over_the_budget(
    people, table, stored, pipeline, run, connect
):
    table("log")
    with connect("target") as connection:
        connection.client.execute("CREATE TABLE people (id TEXT PRIMARY KEY, town TEXT NOT NULL)")
    people("ab")
    with connect("source") as connection:
        connection["people"].add({"id": "c"}).raise_for_refused()
    path = pipeline(text=ADDED)
    for _ in range(2):
        with pytest.raises(biodata.RejectBudgetExceeded):
            run(path)
        assert stored("log") == "abc"
    with connect("target") as connection:
        connection.client.execute("ALTER TABLE people ALTER town DROP NOT NULL")
    with pytest.raises(biodata.ConfigError, match="has another shape since"):
        run(path)
    run(path, restart=True)
    assert stored("log") == "aabbcc"
