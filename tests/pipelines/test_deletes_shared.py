"""Two steps that delete what is missing from one table: each record is counted and deleted once."""

import json
from functools import partial

import pytest

import biodata
from biodata.pipelines import load_pipeline
from biodata.records.types import Field, Schema, String
from biodata.sandbox.run import Sandbox

FILE = """\
version: 1
name: sites
steps:
  - name: north
    extract: {from: source/people, where: "site = 'north'"}
    load: {to: target/people, mode: merge, key: [id], delete_missing: {NORTH, max: 100%, least: 10%}}
  - name: south
    extract: {from: source/people, where: "site = 'south'"}
    load: {to: target/people, mode: merge, key: [id], delete_missing: {SOUTH, max: 100%, least: 10%}}
"""
PEOPLE = Schema(
    "people", "id", (Field("id", String(), required=True), Field("site", String()), Field("town", String()))
)
BEFORE = {"n1": "Assen", "n2": "Assen", "n3": "Borger", "n4": "Borger", "s1": "Assen", "s2": "Assen", "s3": "Borger"}
SCOPES = {
    "the whole table": ("", ""),
    "the same": ("scope: \"town in ('Assen', 'Borger')\", ", "scope: \"town in ('Assen', 'Borger')\", "),
    "one within the other": ("scope: \"site = 'north'\", ", ""),
    "overlapping": ("scope: \"town = 'Assen'\", ", "scope: \"site = 'south'\", "),
    "apart": ("scope: \"site = 'north'\", ", "scope: \"site = 'south'\", "),
}
MISSING = {  # of n1, s2 and s3
    "the whole table": (3, 0),
    "the same": (3, 0),
    "one within the other": (1, 2),
    "overlapping": (2, 1),
    "apart": (1, 2),
}
THERE = {
    "the whole table": (7, 7),
    "the same": (7, 7),
    "one within the other": (4, 7),
    "overlapping": (4, 3),
    "apart": (4, 3),
}


def scoped(scopes, **more):
    text = FILE
    for name, scope in zip(("NORTH, ", "SOUTH, "), SCOPES[scopes], strict=True):
        text = text.replace(name, scope)
    for old, new in more.items():
        text = text.replace(old, new)
    return text


@pytest.fixture
def people(connect):
    """Makes the source hold the people without those named and with some more, and nobody else."""

    def fill(without=(), more=()):
        with connect("source") as connection:
            table = connection.ensure(PEOPLE)
            table.delete(all=True)
            site = {"n": "north", "s": "south"}
            there = BEFORE | dict.fromkeys(more, "Coevorden")
            rows = [{"id": key, "site": site[key[0]], "town": there[key]} for key in there if key not in without]
            table.add(rows).raise_for_refused()

    return fill


@pytest.fixture
def filled(people, pipeline, run):
    """Loads everybody; then n1, s2 and s3 leave."""

    def fill(text, without=("n1", "s2", "s3")):
        people()
        path = pipeline(text=text)
        run(path)
        people(without)
        return path

    return fill


def counted(report):
    return tuple(step.deletes.missing for step in report.steps)


@pytest.mark.parametrize("scopes", SCOPES)
def test_preview_plan_report_and_target_have_the_same_numbers(filled, run, target, tmp_path, scopes):
    path = filled(scoped(scopes))
    missing = MISSING[scopes]
    preview = run(path, dry_run=True)
    assert counted(preview) == missing
    assert tuple(step.preview.get("delete", 0) for step in preview.steps) == missing
    planned = run(path, save_plan=tmp_path / "plan.json")
    assert counted(planned) == missing
    plan = json.loads((tmp_path / "plan.json").read_text("utf-8"))
    assert tuple(step["would"].get("delete", 0) for step in plan["steps"]) == missing
    report = run(path)
    assert counted(report) == missing
    assert tuple(step.deletes.there for step in report.steps) == THERE[scopes]
    assert tuple(step.deletes.tally.get("deleted", 0) for step in report.steps) == missing
    assert not any(step.deletes.tally.keys() - {"deleted"} for step in report.steps)
    assert sorted(target("people")) == ["n2", "n3", "n4", "s1"]
    assert report.changed == 3


@pytest.mark.parametrize("scopes", ["the whole table", "overlapping"])
def test_an_applied_plan_deletes_each_once(filled, run, target, tmp_path, scopes):
    path = filled(scoped(scopes))
    run(path, save_plan=tmp_path / "plan.json")
    report = run(path, apply=tmp_path / "plan.json")
    assert tuple(step.deletes.tally.get("deleted", 0) for step in report.steps) == MISSING[scopes]
    assert not any(step.deletes.tally.keys() - {"deleted"} for step in report.steps)
    assert sorted(target("people")) == ["n2", "n3", "n4", "s1"]


def test_what_one_step_deletes_does_not_count_in_the_guard_of_another(filled, run, target):
    """Of the whole table 3 are missing; the step south deletes 2 of them, because 1 is the step north's."""
    path = filled(scoped("one within the other", **{"max: 100%": "max: 2"}))
    report = run(path)
    assert [(step.deletes.missing, step.deletes.most, step.deletes.withheld) for step in report.steps] == [
        (1, 2, ""), (2, 2, ""),
    ]  # fmt: skip
    assert sorted(target("people")) == ["n2", "n3", "n4", "s1"]


@pytest.mark.parametrize("how", ["dry_run", "save_plan", "run"])
def test_what_is_withheld_from_one_step_is_not_deleted_by_another(filled, run, target, tmp_path, how):
    path = filled(scoped("overlapping").replace("max: 100%", "max: 1", 1))
    asked = {"dry_run": {"dry_run": True}, "save_plan": {"save_plan": tmp_path / "plan.json"}, "run": {}}[how]
    if how == "run":
        with pytest.raises(biodata.CheckFailed) as caught:
            run(path, **asked)
        report = caught.value.report
        assert sorted(target("people")) == ["n1", "n2", "n3", "n4", "s1", "s2"]
    else:
        report = run(path, **asked)
    assert counted(report) == (2, 1)
    assert [step.deletes.withheld for step in report.steps] == ["2 of 4 records would be deleted (max: 1)", ""]


@pytest.mark.parametrize("how", ["dry_run", "run"])
@pytest.mark.parametrize("scopes", ["the whole table", "one within the other", "overlapping", "apart"])
def test_a_source_that_is_not_trusted_withholds_what_is_in_its_scope(filled, run, target, scopes, how):
    """Nobody of the south was read: what is in the scope of south stays, whichever step it is missing from."""
    path = filled(scoped(scopes), without=("n1", "s1", "s2", "s3"))
    if how == "dry_run":
        report = run(path, dry_run=True)
        assert len(target("people")) == 7
    else:
        with pytest.raises(biodata.CheckFailed, match="the source is empty") as caught:
            run(path)
        report = caught.value.report
    north, south = (step.deletes for step in report.steps)
    if scopes in {"the whole table", "overlapping"}:
        assert "step south: the source is empty" in north.withheld
        assert (how == "dry_run") or "n1" in target("people")
    elif scopes == "apart":
        assert (north.withheld, south.withheld) == ("", "the source is empty")
        assert (how == "dry_run") or "n1" not in target("people")
    else:  # all of the north is in the scope of south, too
        assert north.withheld == south.withheld.replace("the source", "step south: the source")
        assert (how == "dry_run") or "n1" in target("people")
    assert {"s1", "s2", "s3"} <= set(target("people"))


def test_two_that_replace_a_table_say_once_what_they_delete(people, pipeline, run, target):
    replaced = FILE.replace("mode: merge", "mode: replace")
    for name in ("NORTH", "SOUTH"):
        replaced = replaced.replace(f", delete_missing: {{{name}, max: 100%, least: 10%}}", "")
    people()
    path = pipeline(text=replaced)
    run(path)
    assert sorted(target("people")) == sorted(BEFORE)  # the second has not replaced what the first has made
    people(("n1", "s2", "s3"), more=("n5", "s4", "s5"))
    assert counted(run(path, dry_run=True)) == (3, 0)
    report = run(path)
    assert counted(report) == (3, 0)
    assert [step.tally.get("deleted", 0) for step in report.steps] == [3, 0]
    assert sorted(target("people")) == ["n2", "n3", "n4", "n5", "s1", "s4", "s5"]


def test_a_server_is_asked_once_for_each_delete(people, pipeline, connect, tmp_path):
    with Sandbox(("molgenis",)) as sandbox, biodata.connect("molgenis", config=sandbox.config_path) as server:
        server.ensure(PEOPLE)

        def opened(name):
            return connect(name) if name == "source" else biodata.connect("molgenis", config=sandbox.config_path)

        path = pipeline(text=scoped("the whole table"))
        going = partial(load_pipeline(path).run, connect=opened, state_dir=tmp_path / "state")
        people()
        going()
        people(("n1", "s2", "s3"))
        log = sandbox.requests("molgenis")
        before = log.count("DELETE", "/api/v2/people")
        report = going()
        assert counted(report) == (3, 0)
        assert log.count("DELETE", "/api/v2/people") == before + 1
        assert server["people"].count() == 4
