"""Whole runs, night after night, with the same file: nothing is lost between them, whatever stops one."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from biodata.errors import CheckFailed, ConfigError, RejectBudgetExceeded
from biodata.pipelines import run as run_file
from biodata.pipelines.state.journal import Journal
from biodata.pipelines.state.reject import OPEN
from biodata.pipelines.state.reject_file import RejectFile, Which
from biodata.records.types import Field, Integer, Schema, String
from tests.pipelines.test_kills import FORKS

FILE = """\
version: 1
name: nightly
steps:
  - name: people
    extract: {file: people.csv, incremental: {by: content}}
    transform: [{columns: {id: src.id, n: CAST(src.n AS INTEGER)}}]
    check: [{name: positive, rows: n >= 0}]
    load: {to: target/people, mode: merge, key: [id]}
on_reject: {budget: 1}
"""
BEHIND = """\
  - name: ages
    extract: {step: people}
    transform: [{columns: {id: src.id, age: 100 / src.n}}]
    load: {to: target/ages, mode: merge, key: [id]}
"""


@pytest.fixture
def night(run, tmp_path):
    """A run over `people.csv` with these rows."""

    def call(*rows, text=FILE, **options):
        (tmp_path / "people.csv").write_text("".join(f"{row}\n" for row in ("id,n", *rows)))
        path = tmp_path / "nightly.yml"
        path.write_text(text)
        return run(path, **options)

    return call


def step(report, name="people"):
    return next(one for one in report.steps if one.name == name)


def test_only_what_is_new_goes_to_the_target(night, target):
    first = step(night("a,1", "b,2"))
    assert (first.rows_read, first.unchanged_since, first.tally) == (2, 0, {"created": 2})
    second = step(night("a,1", "b,3", "c,4"))
    assert (second.rows_read, second.unchanged_since, second.tally) == (3, 1, {"updated": 1, "created": 1})
    third = step(night("a,1", "b,3", "c,4"))
    assert (third.rows_read, third.unchanged_since, third.tally) == (3, 3, {})
    assert {key: row["n"] for key, row in target("people").items()} == {"a": 1, "b": 3, "c": 4}


def test_what_was_rejected_comes_again_until_it_is_right(night, target):
    first = night("a,1", "b,-2")
    assert (first.rejected, step(first).tally) == (1, {"created": 1})
    again = night("a,1", "b,-2")
    assert (again.rejected, step(again).unchanged_since) == (1, 1)
    right = night("a,1", "b,2")
    assert (right.rejected, step(right).tally) == (0, {"created": 1})


def test_rejects_of_rows_that_came_again_are_not_kept_twice(night, tmp_path):
    for _ in range(3):
        night("a,1", "b,-2")
    assert sum(1 for _ in RejectFile(tmp_path / "state").find(Which(pipeline="nightly", states=OPEN))) == 1


def test_a_dry_run_has_seen_nothing(night):
    night("a,1")
    night("a,1", "b,2", dry_run=True)
    assert step(night("a,1", "b,2")).tally == {"created": 1}


def test_a_run_that_failed_has_seen_nothing(night):
    night("a,1")
    with pytest.raises(RejectBudgetExceeded):
        night("a,1", "b,2", "c,-1", "d,-1")
    assert step(night("a,1", "b,2")).tally == {"created": 1}


@pytest.mark.parametrize("incremental", ["{by: content}", "{cursor: n}"])
def test_rows_that_another_step_reads_come_again_where_that_one_was_not_loaded(night, target, connect, incremental):
    text = FILE.replace("on_reject: {budget: 1}\n", BEHIND).replace("{by: content}", incremental)
    with connect("target") as connection:
        connection.client.execute("CREATE TABLE ages (id VARCHAR PRIMARY KEY, age DOUBLE CHECK (age > 10))")
    assert night("a,02", text=text).ok
    with pytest.raises(RejectBudgetExceeded):
        night("a,02", "b,50", "c,04", text=text)
    assert sorted(target("people")) == ["a", "b", "c"]
    with connect("target") as connection:
        connection.client.execute("DROP TABLE ages")
    assert night("a,02", "b,50", "c,04", text=text).ok
    assert {"b", "c"} <= set(target("ages"))


def test_what_is_kept_lies_in_the_state_directory_for_the_owner_only(night, tmp_path):
    night("a,1")
    kept = tmp_path / "state" / "memory" / "nightly"
    assert {path.name for path in kept.iterdir()} == {"people.contents", "contents.key"}
    assert Journal(tmp_path / "state").memory("nightly")["people"].seen.keys() == {"fields", "asked", "content"}


TUBES = """\
version: 1
name: nightly
steps:
  - name: people
    extract: {file: people.csv, incremental: {by: content}}
    transform:
      - split: {column: n, by: ";"}
      - explode: {column: n}
      - columns: {id: src.id, n: CAST(src.n AS INTEGER)}
    check: [{name: positive, rows: n >= 0}]
    load: {to: target/tubes, mode: append}
on_reject: {budget: 9}
"""


@pytest.fixture
def tubes(connect):
    """What a table without a key holds, in order."""
    with connect("target") as connection:
        connection.ensure(Schema("tubes", (), (Field("id", String()), Field("n", Integer()))))

    def there():
        with connect("target") as connection:
            return sorted((row["id"], row["n"]) for row in connection["tubes"].query())

    return there


def test_where_rows_are_added_no_part_of_a_rejected_one_is_added_again(night, tubes, again, tmp_path, open_ones):
    night("a,1;-2", "b,3", text=TUBES)
    for _ in range(2):
        report = night("a,1;-2", "b,3", text=TUBES)
        assert (step(report).unchanged_since, step(report).tally) == (2, {})
        assert tubes() == [("a", 1), ("b", 3)]
        assert len(open_ones()) == 1
    path = tmp_path / "nightly.yml"
    path.write_text(TUBES.replace("n >= 0", "n > -9").replace("src.n AS", "trim(src.n) AS"), "utf-8")
    again(path)
    night("a,1;-2", "b,3", text=TUBES.replace("n >= 0", "n > -9"))
    assert (tubes(), open_ones()) == ([("a", -2), ("a", 1), ("b", 3)], [])


def test_a_row_that_cannot_be_read_is_one_reject_however_often_it_comes(night, tubes, open_ones):
    for _ in range(3):
        night("a,1", "b,2,3", text=TUBES)
    assert (tubes(), [one.stage for one in open_ones()]) == ([("a", 1)], ["extract"])


def test_what_was_added_is_not_added_again_because_everything_is_to_be_read(night, tubes, tmp_path):
    night("a,1", text=TUBES, full=True)
    with pytest.raises(
        ConfigError, match=r"nightly.yml:5:\d+: step people: everything is to be read, and mode append"
    ):
        night("a,1", text=TUBES, full=True)
    assert tubes() == [("a", 1)]


def test_nor_by_a_step_behind_it(night, tubes):
    behind = TUBES.replace("    load:", "  - name: behind\n    extract: {step: people}\n    load:")
    night("a,1;-2", text=behind)
    night("a,1;-2", text=behind)
    with pytest.raises(ConfigError, match="mode append would add it again"):
        night("a,1;-2", text=behind.replace("n >= 0", "n > -9").replace("src.n AS", "src.n||'' AS"))
    assert tubes() == [("a", 1)]


# killed at random moments


@pytest.fixture
def forks(tmp_path):
    """Runs the command in children that can be killed; see test_kills."""
    process = subprocess.Popen(
        [sys.executable, "-c", FORKS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"BIODATA_STATE": str(tmp_path / "state")},
    )
    yield process
    process.stdin.close()
    process.stdout.close()
    process.wait()


def test_rows_are_appended_once_whenever_the_process_is_killed(forks, tmp_path, connect):
    with connect("target") as connection:
        connection.client.execute("CREATE TABLE people (id VARCHAR, n INTEGER)")
    config, path = tmp_path / "profiles.yml", tmp_path / "nightly.yml"
    config.write_text("profiles: {target: {platform: duckdb, path: target.duckdb}}\n")
    path.write_text(FILE.replace("mode: merge, key: [id]", "mode: append, batch: 7"))
    chance, rows, kills = random.Random(7), [], 0  # noqa: S311 - moments, not secrets

    def start():
        forks.stdin.write(json.dumps([["--config", str(config), "run", str(path)], str(tmp_path / "log")]) + "\n")
        forks.stdin.flush()
        return int(forks.stdout.readline()), time.monotonic()

    took = 1.0
    for night in range(4):
        rows += [f"d{night}-{number},{number}" for number in range(40)]
        (tmp_path / "people.csv").write_text("".join(f"{row}\n" for row in ("id,n", *rows, "bad,-1")))
        for _ in range(4):
            child, _ = start()
            time.sleep(chance.uniform(0, took))
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            kills += os.waitstatus_to_exitcode(int(forks.stdout.readline())) == -signal.SIGKILL
        _, began = start()
        assert os.waitstatus_to_exitcode(int(forks.stdout.readline())) == 0, (tmp_path / "log").read_text()
        took = time.monotonic() - began
        with connect("target") as connection:
            found = connection.client.execute("SELECT id || ',' || n FROM people").fetchall()
        assert sorted(row[0] for row in found) == sorted(rows)
    assert kills >= 4


def test_everything_is_read_again_when_that_is_asked_for(night, target):
    night("a,1", "b,2")
    assert step(night("a,1", "b,2")).unchanged_since == 2
    report = night("a,1", "b,2", full=True)
    assert (step(report).unchanged_since, step(report).tally) == (0, {"unchanged": 2})
    assert step(night("a,1", "b,2")).unchanged_since == 2


@pytest.mark.parametrize("said", ["relstate", None])
def test_a_relative_state_directory_is_one_like_any_other(tmp_path, connect, monkeypatch, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIODATA_STATE", "relstate")
    (tmp_path / "people.csv").write_text("id,n\na,1\n")
    (tmp_path / "nightly.yml").write_text(FILE)
    for unchanged in (0, 1):
        report = run_file("nightly.yml", connect=connect, state_dir=said)
        assert step(report).unchanged_since == unchanged
    assert (tmp_path / "relstate" / "memory" / "nightly" / "people.contents").is_file()


@pytest.mark.parametrize("incremental", [", incremental: {by: content}", ", incremental: {cursor: n}", ""])
def test_a_contract_holds_also_where_everything_is_read_again(night, run, tmp_path, incremental):
    text = FILE.replace(", incremental: {by: content}", f"{incremental}, contract: freeze")
    night("a,1", text=text)
    (tmp_path / "people.csv").write_text("id,n,more\na,1,x\n")
    with pytest.raises(
        CheckFailed, match=r"people.csv are not those of the last run: the field more \(string\) is new"
    ):
        run(tmp_path / "nightly.yml", full=True)


# a target that somebody has made anew


def execute(connect, sql):
    with connect("target") as connection:
        connection.client.execute(sql)


GONE = ["DROP TABLE people", "DELETE FROM people", ""]


@pytest.mark.parametrize("incremental", ["{by: content}", "{cursor: n}"])
@pytest.mark.parametrize("sql", GONE)
def test_a_target_that_was_made_anew_gets_everything(night, target, connect, tmp_path, incremental, sql):
    text = FILE.replace("{by: content}", incremental)
    night("a,1", "b,2", text=text)
    if sql:
        execute(connect, sql)
    else:
        (tmp_path / "target.duckdb").unlink()
    why = "is empty" if "DELETE" in sql else "is not there"
    for dry_run in (True, False):
        report = step(night("a,1", "b,2", text=text, dry_run=dry_run))
        assert f"the table target/people {why}, so everything is read" in report.notes
        assert report.unchanged_since == 0
    assert (report.tally, sorted(target("people"))) == ({"created": 2}, ["a", "b"])
    report = step(night("a,1", "b,2", text=text))
    assert (report.notes, report.tally.get("created", 0)) == ((), 0)


@pytest.mark.parametrize("table", ["people", "ages"])
def test_so_it_is_with_a_target_of_a_step_behind(night, target, connect, table):
    text = FILE.replace("on_reject: {budget: 1}\n", BEHIND)
    night("a,1", "b,2", text=text)
    execute(connect, f"DROP TABLE {table}")
    report = night("a,1", "b,2", text=text)
    assert f"the table target/{table} is not there, so everything is read" in step(report).notes
    assert sorted(target("people")) == sorted(target("ages")) == ["a", "b"]


def test_a_step_that_is_added_behind_gets_everything(night, target):
    night("a,1", "b,2")
    night("a,1", "b,2", text=FILE.replace("on_reject: {budget: 1}\n", BEHIND))
    assert sorted(target("ages")) == ["a", "b"]


def test_rows_that_were_added_do_not_come_again_by_themselves(night, tubes, connect):
    night("a,1", "b,2", text=TUBES)
    execute(connect, "DELETE FROM tubes")
    report = night("a,1", "b,2", "c,3", text=TUBES)
    note = "the table target/tubes is empty; what earlier runs have added does not come again"
    assert (step(report).notes, tubes()) == ((note,), [("c", 3)])
    execute(connect, "DELETE FROM tubes")
    night("a,1", "b,2", "c,3", text=TUBES, full=True)
    assert tubes() == [("a", 1), ("b", 2), ("c", 3)]


def test_a_table_that_is_gone_stops_what_is_added_to_it(night, tubes, connect):
    night("a,1;-2", text=TUBES)
    execute(connect, "ALTER TABLE tubes RENAME TO elsewhere")
    with pytest.raises(
        ConfigError, match=r"nightly.yml:5:\d+: step people: the table target/tubes is not there"
    ) as no:
        night("a,1;-2", "b,2", text=TUBES)
    assert (no.value.code, "--full" in no.value.hint) == ("BD-PIPELINE-INCREMENTAL", True)
    execute(connect, "CREATE TABLE tubes (id VARCHAR, n INTEGER)")
    night("a,1;-2", "b,2", text=TUBES, full=True)
    assert tubes() == [("a", 1), ("b", 2)]


def test_where_everything_is_read_again_no_reject_is_kept_twice(night, tubes, connect, open_ones):
    night("a,1;-2", text=TUBES)
    execute(connect, "DELETE FROM tubes")
    night("a,1;-2", text=TUBES, full=True)
    assert len(open_ones()) == 1
