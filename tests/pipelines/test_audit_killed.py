"""Whatever kills a run, the audit log has which records were, or may have been, written and deleted."""

import json
import os
from stat import S_IMODE

import pytest

from biodata.pipelines.state.audit import Audit
from biodata.pipelines.state.journal import Journal
from biodata.records.types import Field, Schema, String
from tests.pipelines.killing import Killed

PEOPLE = Schema("people", "id", (Field("id", String(), required=True), Field("town", String())))
FILE = """\
version: 1
name: night
steps:
  - name: people
    extract: {from: source/people}
    load: {to: target/people, mode: merge, key: [id], batch: 2, delete_missing: {max: 5, least: 10%}}
"""
ANSWERED = "biodata.pipelines.runs.run:Run deleted before"
SENT = "biodata.pipelines.runs.run:Run sent before"


@pytest.fixture
def killed(tmp_path, state):
    return Killed(tmp_path, state)


@pytest.fixture
def people(connect):
    """Makes the source hold people of these ids, and nobody else."""

    def fill(ids, **towns):
        with connect("source") as connection:
            table = connection.ensure(PEOPLE)
            table.delete(all=True)
            table.add([{"id": one, "town": towns.get(one, "Assen")} for one in ids]).raise_for_refused()

    return fill


@pytest.fixture
def told(state):
    """(verb, counts, which of a to z) of each line of the audit log, from one on."""

    def read(since=0):
        audit = Audit(state)
        hashes = {audit.key_hash("target", "people", one): one for one in "abcdefghijklmnopqrstuvwxyz"}
        lines = [json.loads(line) for line in audit.chain.path.read_bytes().splitlines()]
        return [(one["verb"], one["counts"], "".join(hashes[key] for key in one["keys"])) for one in lines[since:]]

    return read


@pytest.fixture
def loaded(people, pipeline, killed, told):
    """A file, of which a first run has loaded a to j."""
    path = pipeline(text=FILE)
    people("abcdefghij")
    killed.done("run", path)
    assert len(told()) == 5
    return path


@pytest.mark.parametrize("number", [1, 3])
def test_deletes_whose_answer_was_lost_are_in_the_audit_log_and_in_the_report(
    loaded, people, killed, told, target, state, number
):
    people("abcde")
    killed(f"{ANSWERED} {number}", "run", loaded)
    said = killed.done("run", loaded)
    assert sorted(target("people")) == list("abcde")
    doubt = [("delete", {"unknown": 2}, "fg"), ("delete", {"unknown": 2}, "hi"), ("delete", {"unknown": 1}, "j")]
    sure = [("delete", {"deleted": 2}, "fg"), ("delete", {"deleted": 2}, "hi"), ("delete", {"deleted": 1}, "j")]
    lost = number - 1
    assert told(5) == [*sure[:lost], doubt[lost], *sure[number:]]
    gone = doubt[lost][1]["unknown"]
    assert f"{5 - gone} deleted" in said
    assert f"{gone} gone already" in said
    assert "nothing changed" not in said
    assert "5 lines" not in killed.done("runs", "verify")
    report = Journal(state).run_directory(Journal(state).runs()[-1].id) / "report.json"
    deletes = json.loads(report.read_bytes())["steps"][0]["deletes"]
    assert (deletes["there"], deletes["missing"], sum(deletes["tally"].values())) == (10, 5, 5)


def test_what_was_decided_about_deletes_holds_for_the_run_that_goes_on(loaded, people, killed, told, target, connect):
    people("abcde")
    killed(f"{ANSWERED} 1", "run", loaded)
    with connect("target") as connection:  # it would be more than the file allows, and one record more
        connection["people"].add([{"id": one, "town": "Delft"} for one in "uvwxyz"]).raise_for_refused()
    killed.done("run", loaded)
    assert sorted(target("people")) == list("abcdeuvwxyz")


def test_deletes_that_are_withheld_stay_so_when_the_run_goes_on(loaded, people, killed, target, connect):
    people("abc")
    killed("biodata.pipelines.runs.writing:_Writer _delete after 1", "run", loaded)
    with connect("target") as connection:
        connection["people"].delete(["d", "e"]).raise_for_refused()
    assert "7 of 10 records would be deleted" in killed.done("run", loaded, status=9)
    assert sorted(target("people")) == list("abcfghij")


def test_rows_whose_answer_was_lost_are_in_the_audit_log_also_when_nobody_goes_on(loaded, people, killed, told):
    people("abcdefghij", c="Delft")
    killed(f"{SENT} 2", "run", loaded)
    killed.done("run", loaded, "--restart")
    assert told(5) == [("upsert", {"unknown": 2}, "cd")]


def test_deletes_that_did_not_arrive_are_in_doubt_and_then_deleted(loaded, people, killed, told):
    people("abcde")
    killed("biodata.repository:Repository delete before 2", "run", loaded)
    assert "5 deleted" in killed.done("run", loaded)
    assert told(5) == [
        ("delete", {"deleted": 2}, "fg"), ("delete", {"unknown": 2}, "hi"),
        ("delete", {"deleted": 2}, "hi"), ("delete", {"deleted": 1}, "j"),
    ]  # fmt: skip


COMMITTED = "biodata.pipelines.runs.run:Run arrived before 1"
REPLACE = FILE.replace(
    "merge, key: [id], batch: 2, delete_missing: {max: 5, least: 10%}", "replace, key: [id], batch: 2"
)


@pytest.fixture
def replaced(people, pipeline, killed, told):
    """A file that replaces the table: it has a to e from a first run, and the source b to f now, d elsewhere."""
    path = pipeline(text=REPLACE)
    people("abcde")
    killed.done("run", path)
    assert len(told()) == 3
    people("bcdef", d="Delft")
    return path


DONE = [
    ("delete", {"deleted": 1}, "a"),
    ("upsert", {"unchanged": 1, "updated": 1}, "d"),
    ("upsert", {"created": 1}, "f"),
]


def test_a_replace_tells_what_it_deleted_and_wrote_and_not_what_it_left_alone(replaced, killed, told, target):
    killed.done("run", replaced)
    assert sorted(target("people")) == list("bcdef")
    assert told(3) == DONE


@pytest.mark.parametrize(
    "moment", [COMMITTED, "biodata.pipelines.state.audit:ChainedFile append after 2"], ids=["before", "in between"]
)
def test_a_replace_that_died_behind_its_commit_is_told_whole_by_the_run_that_goes_on(
    replaced, killed, told, target, moment
):
    killed(moment, "run", replaced)
    assert sorted(target("people")) == list("bcdef")
    said = killed.done("run", replaced)
    assert "1 created, 1 updated, 3 unchanged, 1 deleted" in said
    assert told(3) == (DONE if moment == COMMITTED else [*DONE[:2], *DONE[1:]])  # rather twice than not at all


def test_a_replace_that_was_undone_is_not_told(replaced, killed, told, target):
    killed("biodata.pipelines.loading.marks put before 1", "run", replaced)
    assert sorted(target("people")) == list("abcde")
    assert told(3) == []
    killed.done("run", replaced)
    assert told(3) == DONE


def test_a_replace_that_is_given_up_where_nobody_knows_is_told_as_unknown(replaced, killed, told, people):
    killed(COMMITTED, "run", replaced)
    killed.done("run", replaced, "--restart")
    assert told(3) == [
        ("delete", {"unknown": 1}, "a"),
        ("upsert", {"unknown": 1}, "d"),
        ("upsert", {"unknown": 1}, "f"),
    ]


def test_an_append_that_died_behind_its_commit_is_told_with_its_keys(people, pipeline, killed, told):
    path = pipeline(text=REPLACE.replace("replace", "append"))
    people("abc")
    killed(COMMITTED, "run", path)
    killed.done("run", path)
    assert told() == [("add", {"created": 2}, "ab"), ("add", {"created": 1}, "c")]


@pytest.mark.parametrize("umask", [0o000, 0o777])
@pytest.mark.parametrize("ends", [False, True])
def test_all_that_a_run_leaves_is_for_the_owner_alone_whatever_the_umask(
    tmp_path, state, pipeline, people, umask, ends
):
    people("abc", c="x")
    path = pipeline(
        ("source/people", "source/people, incremental: {by: content}"),
        (", delete_missing: {max: 5, least: 10%}", ""),
        ("    load", "    check: [{name: towns, rows: town <> 'x'}]\n    load"),
        text=FILE + "on_reject: {budget: 9}\n",
    )
    killed, old = Killed(tmp_path, state / "deep" / "state"), os.umask(umask)
    try:
        killed(f"{SENT} 1", "run", path)
        if ends:
            killed.done("run", path)
    finally:
        os.umask(old)
    made = [state, *state.rglob("*")]
    wrong = {str(one.relative_to(tmp_path)): oct(S_IMODE(one.stat().st_mode)) for one in made if not is_private(one)}
    assert not wrong
    assert any(one.name == "report.html" if ends else one.parent.name == "spool" for one in made)
    assert {"journal.sqlite", "rejects.sqlite", "audit.key", "night.lock"} <= {one.name for one in made}


def is_private(path):
    return S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize(("mode", "moment"), [("merge", f"{SENT} 1"), ("append", COMMITTED)])
def test_a_replay_that_died_behind_its_write_is_told_by_the_next(
    people, pipeline, killed, told, state, target, mode, moment
):
    """Even where the next finds everything there, so that it writes nothing itself."""
    people("abc", b="x", c="y")
    strict = ("    load", "    check: [{name: towns, rows: length(town) > 1}]\n    load")
    path = pipeline(strict, ("merge", mode), (", delete_missing: {max: 5, least: 10%}", ""),
                    text=FILE + "on_reject: {budget: 9}\n")  # fmt: skip
    killed.done("run", path)
    assert told()[0][2] == "a"
    path.write_text(path.read_text("utf-8").replace("length(town) > 1", "true"), "utf-8")
    killed(moment, "rejects", "replay", path, "--all")
    assert sorted(target("people")) == list("abc")
    killed.done("rejects", "replay", path, "--all")
    assert told(1) == [("upsert", {"unknown": 2}, "bc") if mode == "merge" else ("add", {"created": 2}, "bc")]
    runs = [json.loads(line)["run"] for line in (state / "audit.ndjson").read_bytes().splitlines()]
    assert runs == [run.id for run in Journal(state).runs()][:2]
