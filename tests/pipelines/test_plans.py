"""Plans: what was approved is what happens, and no more."""

import json
import stat

import pytest

import biodata
from biodata.pipelines.state.journal import Journal
from biodata.records.types import Field, Schema, String

FILE = """\
version: 1
name: people
steps:
  - name: people
    extract: {from: source/people}
    load: {to: target/people, mode: merge, key: [id], batch: 3, delete_missing: {max: 1}}
"""
PEOPLE = Schema("people", "id", (Field("id", String(), required=True), Field("town", String())))


@pytest.fixture
def people(connect):
    def fill(records):
        with connect("source") as connection:
            table = connection.ensure(PEOPLE)
            table.delete(all=True)
            table.add([{"id": key, "town": town} for key, town in records.items()]).raise_for_refused()

    return fill


@pytest.fixture
def plan(tmp_path, people, pipeline, run):
    """Loads ten people of Utrecht; then plans: two move, three leave, one comes."""
    people(dict.fromkeys("abcdefghij", "Utrecht"))
    run(pipeline(text=FILE))
    people(dict.fromkeys("cdefg", "Utrecht") | {"a": "Groningen", "b": "Leiden", "k": "Delft"})
    report = run(pipeline(text=FILE), save_plan=tmp_path / "p.json")
    assert report.state == "planned"
    return tmp_path / "p.json"


def towns(target):
    return {key: record["town"] for key, record in target("people").items()}


def test_a_plan_says_numbers_and_no_values_and_writes_nothing(plan, target):
    told = json.loads(plan.read_text("utf-8"))
    assert told["steps"][0]["would"] == {"add": 1, "change": 2, "leave": 5, "delete": 3}
    assert "max: 1" in told["steps"][0]["guards"]
    assert not any(word in plan.read_text("utf-8") for word in ("Utrecht", "Groningen", "Leiden", "Delft"))
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600
    assert towns(target) == dict.fromkeys("abcdefghij", "Utrecht")


def test_applied_it_does_what_was_approved_deletes_beyond_the_guards_too(
    plan, target, pipeline, run, people, tmp_path
):
    people({"z": "Nowhere"})  # the source goes on changing, and that was not approved
    report = run(tmp_path / "pipeline.yml", apply=plan)
    assert report.ok
    assert report.steps[0].tally == {"created": 1, "updated": 2, "unchanged": 5}
    assert report.steps[0].deletes.tally == {"deleted": 3}
    assert towns(target) == dict.fromkeys("cdefg", "Utrecht") | {"a": "Groningen", "b": "Leiden", "k": "Delft"}
    with pytest.raises(biodata.ConfigError, match="was applied already"):
        run(tmp_path / "pipeline.yml", apply=plan)


def test_where_the_target_has_changed_since_the_record_is_held_back(plan, target, run, connect, tmp_path):
    with connect("target") as connection:
        connection["people"].update({"id": "a", "town": "Zwolle"}).raise_for_refused()
        connection["people"].add({"id": "k", "town": "Assen"}).raise_for_refused()
    with pytest.raises(biodata.CheckFailed, match="people: 2 records") as caught:
        run(tmp_path / "pipeline.yml", apply=plan)
    assert (caught.value.code, caught.value.exit_status) == ("BD-PIPELINE-NOT-APPROVED", 9)
    found = towns(target)
    assert (found["a"], found["b"], found["k"]) == ("Zwolle", "Leiden", "Assen")
    assert Journal(tmp_path / "state").runs()[-1].state == "withheld"


def test_what_is_so_already_is_no_reason_to_stop(plan, target, run, connect, tmp_path):
    with connect("target") as connection:
        connection["people"].update({"id": "a", "town": "Groningen"}).raise_for_refused()
        connection["people"].delete("j").raise_for_refused()
    report = run(tmp_path / "pipeline.yml", apply=plan)
    assert report.steps[0].tally == {"created": 1, "updated": 1, "unchanged": 6}
    assert report.steps[0].deletes.tally == {"deleted": 2, "unchanged": 1}
    assert len(towns(target)) == 8


def test_a_changed_file_or_spool_is_not_applied(plan, run, tmp_path):
    path = tmp_path / "pipeline.yml"
    before = path.read_text("utf-8")
    path.write_text(before + "# more\n", "utf-8")
    with pytest.raises(biodata.ConfigError, match="was changed since the plan was made"):
        run(path, apply=plan)
    path.write_text(before, "utf-8")
    (sealed,) = (tmp_path / "state").glob("runs/*/spool/people.read.parquet")
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"\0")
    with pytest.raises(biodata.ConfigError, match=r"is not what run .* has sealed"):
        run(path, apply=plan)


def edits():
    """One for everything that a plan says, and for what it could leave out."""
    yield "no steps", lambda told: told.update(steps=[])
    yield "another digest", lambda told: told["steps"][0].update(sealed={"people.read.parquet": "0" * 64})
    yield "nothing sealed", lambda told: told["steps"][0].update(sealed={})
    yield "other numbers", lambda told: told["steps"][0].update(would={"add": 1})
    yield "no guards", lambda told: told["steps"][0].pop("guards")
    yield "another table", lambda told: told["steps"][0].update(target="target/others")
    for name in ("by", "made", "file"):
        yield f"another {name}", lambda told, name=name: told.update({name: told[name].replace("2", "3") + "x"})


@pytest.mark.parametrize("edit", [pytest.param(edit, id=name) for name, edit in edits()])
def test_an_edited_plan_is_not_applied(plan, run, target, edit):
    told = json.loads(plan.read_text("utf-8"))
    edit(told)
    plan.write_text(json.dumps(told), "utf-8")
    with pytest.raises(biodata.ConfigError, match=r"is not as run .* has written it") as caught:
        run(plan.parent / "pipeline.yml", apply=plan)
    assert caught.value.code == "BD-PIPELINE-PLAN"
    assert towns(target) == dict.fromkeys("abcdefghij", "Utrecht")


def test_a_plan_that_says_more_than_a_plan_does_is_none(plan, run):
    plan.write_text(json.dumps(json.loads(plan.read_text("utf-8")) | {"note": "deletes nothing"}), "utf-8")
    with pytest.raises(biodata.ConfigError, match="is no plan"):
        run(plan.parent / "pipeline.yml", apply=plan)


def test_how_the_file_of_a_plan_is_laid_out_is_no_matter(plan, run):
    plan.write_bytes(
        json.dumps(json.loads(plan.read_text("utf-8")), sort_keys=True, indent=7).replace("\n", "\r\n").encode()
    )
    assert run(plan.parent / "pipeline.yml", apply=plan).ok


@pytest.mark.parametrize("content", ["", "{}", "[1]"])
def test_what_is_no_plan(plan, run, tmp_path, content):
    plan.write_text(content, "utf-8")
    with pytest.raises(biodata.ConfigError, match="is no plan"):
        run(tmp_path / "pipeline.yml", apply=plan)


def test_a_plan_of_another_state_directory(plan, pipeline, connect, tmp_path):
    from biodata.pipelines import load_pipeline

    with pytest.raises(biodata.ConfigError, match="not in this state directory"):
        load_pipeline(tmp_path / "pipeline.yml").run(connect=connect, state_dir=tmp_path / "other", apply=plan)


def test_an_ordinary_run_after_a_plan_is_a_run_of_its_own(plan, run, tmp_path, target):
    with pytest.raises(biodata.CheckFailed, match="max: 1"):
        run(tmp_path / "pipeline.yml")
    assert [(one.kind, one.state) for one in Journal(tmp_path / "state").runs()] == [
        ("run", "done"), ("plan", "over"), ("run", "withheld"),
    ]  # fmt: skip


def test_what_is_there_already_is_told_of_an_append_too(people, pipeline, run, tmp_path, target):
    text = FILE.replace("mode: merge", "mode: append").replace(", delete_missing: {max: 1}", "")
    path = pipeline(text=text + "on_reject: {budget: 5}\n")
    people(dict.fromkeys("abc", "Utrecht"))
    run(path)
    people(dict.fromkeys("bcd", "Utrecht"))
    assert run(path, dry_run=True).steps[0].preview == {"add": 1, "refuse": 2}
    assert run(path, save_plan=tmp_path / "p.json").state == "planned"
    assert run(path, apply=tmp_path / "p.json").steps[0].tally == {"created": 1, "refused": 2}
    assert sorted(target("people")) == list("abcd")


PARAMS = FILE.replace("steps:", "params: {town: Delft}\nsteps:").replace(
    "from: source/people", 'from: source/people, where: "town = ${param:town}"'
)


def test_a_plan_is_applied_with_the_parameters_that_it_was_made_with(people, pipeline, run, target, tmp_path):
    people({"a": "Delft", "b": "Leiden"})
    path = pipeline(text=PARAMS)
    run(path, parameters={"town": "Leiden"}, save_plan=tmp_path / "p.json")
    with pytest.raises(biodata.ConfigError, match="was planned with other parameters") as caught:
        run(path, apply=tmp_path / "p.json")
    assert caught.value.code == "BD-PIPELINE-CHANGED"
    assert "nothing is done yet" in caught.value.message
    assert "Give each --param as it was given then" in caught.value.hint
    assert "--restart" not in caught.value.hint
    assert run(path, parameters={"town": "Leiden"}, apply=tmp_path / "p.json").ok
    assert towns(target) == {"b": "Leiden"}


def spools(state):
    return [path.parent.name for path in state.glob("runs/*/spool")]


def test_a_run_ends_the_plans_that_were_made_before_it_and_nothing_of_people_stays(plan, run, state, people, target):
    people(dict.fromkeys("abcdefghij", "Delft"))
    (planned,) = spools(state)
    assert run(plan.parent / "pipeline.yml").ok
    assert spools(state) == []
    was = next(one for one in Journal(state).runs() if one.id == planned)
    last = Journal(state).runs()[-1].id
    assert (was.kind, was.state, was.message) == ("plan", "over", f"run {last} has written since it was made")
    with pytest.raises(biodata.ConfigError, match=f"The plan is over: run {last} has written since") as caught:
        run(plan.parent / "pipeline.yml", apply=plan)
    assert caught.value.code == "BD-PIPELINE-PLAN"
    assert set(towns(target).values()) == {"Delft"}


def test_an_applied_plan_ends_the_others_and_one_that_could_not_begin_none(plan, run, state, tmp_path, connect):
    path, other = tmp_path / "pipeline.yml", tmp_path / "other.json"
    run(path, save_plan=other)
    run(path, dry_run=True)
    with connect("target") as connection:
        connection.client.execute("ALTER TABLE people ADD COLUMN more VARCHAR")
    with pytest.raises(biodata.ConfigError, match="another shape"):
        run(path, apply=other)
    assert [one.kind for one in Journal(state).runs()] == ["run", "plan", "plan", "preview"]
    assert len(spools(state)) == 2
    with connect("target") as connection:
        connection.client.execute("ALTER TABLE people DROP COLUMN more")
    assert run(path, apply=plan).ok
    assert spools(state) == []
    with pytest.raises(biodata.ConfigError, match="The plan is over"):
        run(path, apply=other)
