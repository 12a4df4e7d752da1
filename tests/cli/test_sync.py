"""`biodata sync`: one table made like another, by a pipeline that nobody had to write."""

import json
from pathlib import Path

import pytest

import biodata
from biodata.records.types import Field, Schema, String
from biodata.sandbox import Sandbox
from tests.cli.test_diff import case, donor, tables

__all__ = ["tables"]

PAIRED = ("sync", "one/donors", "two/cases", "--key", "id=case_id", "--map", "sex=gender")


def records(table="cases", profile="two", **config):
    with biodata.connect(profile, **config) as connection:
        return {row[connection[table].schema.key]: row for row in connection[table].query()}


def test_what_is_new_is_added_and_what_differs_updated(run, tables):
    tables([donor(n) for n in range(5)], [case(1), case(2, age=7, weight=70.5), case(9)])
    ran = run(*PAIRED)
    assert ran.status == 0, ran.err
    assert "5 rows read, 0 rejected; sync: 3 created, 1 updated, 1 unchanged" in ran.out
    there = records()
    assert list(there) == ["d0000", "d0001", "d0002", "d0003", "d0004", "d0009"]
    assert (there["d0002"]["age"], there["d0002"]["weight"], there["d0004"]["gender"]) == (2, 70.5, "f")
    assert "nothing changed" in run(*PAIRED).out


def test_a_dry_run_says_what_it_would_do_and_does_nothing(run, tables):
    tables([donor(n) for n in range(5)], [case(1), case(2, age=7), case(9)])
    before = records()
    ran = run(*PAIRED, "--dry-run", "--delete", "--max", "50%")
    assert "sync: would add 3, change 1, leave 1, delete 1" in ran.out, ran.err
    assert records() == before


def test_what_is_left_out_is_told_and_stays(run, tables):
    tables([donor(1, note="secret")], [case(1, weight=1.5)])
    ran = run(*PAIRED)
    assert "left out, because one/donors alone has them: note" in ran.err
    assert "left out, because two/cases alone has them: weight" in ran.err
    assert records()["d0001"]["weight"] == 1.5


def test_some_fields_of_some_records(run, tables):
    tables([donor(1, age=50), donor(2, age=50)], [case(1), case(2)])
    assert run(*PAIRED, "--fields", "sex", "--where", "age = 50").status == 0
    assert records()["d0001"]["age"] == 1
    assert run(*PAIRED, "--fields", "age", "--where", "id = 'd0002'").status == 0
    assert [row["age"] for row in records().values()] == [1, 50]


def test_a_local_table_that_is_not_there_is_made(run, tables):
    tables([donor(n) for n in range(3)], [])
    ran = run("sync", "one/donors", "two/copy")
    assert ran.status == 0, ran.err
    assert records("copy") == records("donors", "one")
    assert "left out" not in ran.err


def test_deletes_have_guards(run, tables):
    tables([donor(n) for n in range(5)], [case(n) for n in range(9)])
    ran = run(*PAIRED, "--delete")
    assert (ran.status, len(records())) == (9, 9)
    assert "BD-PIPELINE-WITHHELD" in ran.err
    ran = run(*PAIRED, "--delete", "--max", "4")
    assert (ran.status, len(records())) == (0, 5), ran.err
    assert "4 deleted" in ran.out


def test_deletes_within_a_scope(run, tables):
    tables([donor(1), donor(2, sex="m")], [case(1), case(2, gender="m"), case(3), case(4, gender="m")])
    scoped = ("--where", "sex = 'm'", "--delete", "--scope", "gender = 'm'", "--max", "50%")
    ran = run(*PAIRED, *scoped)
    assert ran.status == 0, ran.err
    assert list(records()) == ["d0001", "d0002", "d0003"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--scope", "age = 1"), "--scope says what may be deleted"),
        (("--max", "5"), "--max says what may be deleted"),
        (("--delete", "--where", "age = 1"), "say with --scope"),
        (("--delete", "--max", "x"), "max"),
        (("--where", "age >"), "age >"),
    ],
)
def test_what_is_said_wrongly(run, tables, more, words):
    tables([donor(1)], [case(9)])
    ran = run(*PAIRED, *more)
    assert ran.status in {2, 3}
    assert words in ran.err
    assert list(records()) == ["d0009"]


def test_refused_records_are_kept_and_within_the_budget(run, tables):
    tables([donor(1), donor(2, sex="x"), donor(3)], [])
    ran = run(*PAIRED)
    assert (ran.status, "BD-PIPELINE-BUDGET" in ran.err or "budget" in ran.err) == (8, True), ran.err
    ran = run(*PAIRED, "--budget", "1", "--strict", "--restart")
    assert ran.status == 7, ran.err
    assert list(records()) == ["d0001", "d0003"]
    assert "rejects:" in ran.err
    assert "d0002" not in ran.out + ran.err


def test_its_pipeline_file_is_one_that_can_be_run(run, tables):
    tables([donor(1), donor(2, sex="x")], [])
    ran = run(*PAIRED, "--where", "age < 5", "--delete", "--scope", "age < 5")
    (path,) = (line.partition(": ")[2] for line in ran.err.splitlines() if line.startswith("pipeline file"))
    assert ran.status == 8, "it is named before anything can go wrong"
    assert Path(path).stat().st_mode & 0o777 == 0o600
    assert "sync-one-donors-two-cases: 2 rows read" in run("run", path, "--dry-run").out


def test_the_report_is_that_of_a_pipeline(run, tables, home):
    tables([donor(1)], [])
    ran = run(*PAIRED, "--report", "reports", "-o", "json")
    told = json.loads(ran.out)
    assert (told["state"], told["pipeline"]) == ("done", "sync-one-donors-two-cases")
    assert [one["gets"] for one in told["profiles"]] == ["", "records"]
    assert (home / "reports" / "sync-one-donors-two-cases.html").is_file()
    assert "sync-one-donors-two-cases" in run("runs", "list").out


def test_a_plan_is_approved_and_then_done(run, tables):
    tables([donor(1)], [case(n) for n in range(4)])
    assert run(*PAIRED, "--delete", "--save-plan", "plan.json").status in {0, 9}
    assert len(records()) == 4
    ran = run(*PAIRED, "--delete", "--apply", "plan.json")
    assert ran.status == 0, ran.err
    assert list(records()) == ["d0001"]


def test_data_that_may_go_nowhere_do_not_go(run, tables):
    tables([donor(1)], [], rules=", may_flow_to: []")
    ran = run(*PAIRED)
    assert (ran.status, records()) == (3, {})
    assert "records of one may not go to two (this computer)" in ran.err


def test_to_a_server_and_back(run):
    with Sandbox() as sandbox:
        config = ("--config", str(sandbox.config_path))
        named = {"config": sandbox.config_path}
        assert run(*config, "sync", "molgenis/SampleAse", "local/ase").status == 0
        assert run(*config, "diff", "molgenis/SampleAse", "local/ase", "--exit-code").status == 0
        with biodata.connect("local", **named) as local:
            first = local["ase"].query(limit=1).one()
            local["ase"].update({"ID": first["ID"], "Ref_Counts": "7"}).raise_for_refused()
            shape = Schema("notes", "name", (Field("name", String(), required=True), Field("text", String())))
            samples = records("sample", "gen3", **named)
            local.ensure(shape).add([{"name": key, "text": "seen"} for key in samples]).raise_for_refused()
        ran = run(*config, "sync", "local/ase", "molgenis/SampleAse")
        assert "0 created, 1 updated, 20 unchanged" in ran.out, ran.err
        mapped = ("local/notes", "gen3/sample", "--key", "name=submitter_id", "--map", "text=note")
        ran = run(*config, "sync", *mapped)
        assert f"{len(samples)} updated" in ran.out, ran.err
        assert run(*config, "diff", *mapped, "--exit-code").status == 0
        assert {row["note"] for row in records("sample", "gen3", **named).values()} == {"seen"}
        ran = run(*config, "sync", "opencga/individuals", "local/people", "--fields", "sex,father,dateOfBirth")
        assert ran.status == 0, ran.err
        assert run(*config, "diff", "opencga/individuals", "local/people", "--exit-code").status == 0
