"""State that is damaged, gone, somebody else's or of another version: told with place and remedy, not begun anew."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest

import biodata
from biodata.pipelines import load_pipeline
from biodata.pipelines.state.audit import Audit
from biodata.pipelines.state.journal import Journal
from biodata.pipelines.state.journal_file import LATER, TABLES
from biodata.pipelines.state.reject_file import RejectFile, Which
from biodata.pipelines.state.spool import Spool
from biodata.records.types import Field, Schema, String

FILE = """\
version: 1
name: night
steps:
  - name: people
    extract: {from: source/people}
    check:
      - {name: a town, rows: town <> 'x'}
    load: {to: target/people, mode: merge, key: [id], delete_missing: {max: 100%}}
  - name: seen
    extract: {from: source/people, incremental: {by: content}}
    load: {to: target/seen, mode: append, key: [id]}
on_reject: {budget: 5}
"""
ONE_STEP = FILE.partition("  - name: seen")[0] + "on_reject: {budget: 5}\n"
PEOPLE = Schema("people", "id", (Field("id", String(), required=True), Field("town", String())))
BOTH = pytest.mark.parametrize("name", ["journal.sqlite", "rejects.sqlite"])


class House:
    """A source, a target, and the state of a run that was done; one row was rejected."""

    def __init__(self, place):
        self.place, self.state = place, place / "state"
        self.pipeline = place / "night.yml"

    def connect(self, name):
        return biodata.connect(self.place / f"{name}.duckdb", platform="duckdb")

    def run(self, **options):
        return load_pipeline(self.pipeline).run(connect=self.connect, state_dir=self.state, **options)

    def stored(self, table="people"):
        with self.connect("target") as connection:
            return sorted(row["id"] for row in connection[table].query(fields=["id"]))

    def change(self, name, statement, *values):
        with closing(sqlite3.connect(self.state / name)) as database, database:
            database.execute(statement, values)

    def refused(self, *words, call=None):
        """The error of a run, which has written nothing; the words are in it."""
        before = self.stored(), self.stored("seen")
        with pytest.raises(biodata.ConfigError) as caught:
            (call or self.run)()
        assert (caught.value.code, caught.value.exit_status) == ("BD-CONFIG-STATE", 3)
        assert caught.value.hint
        for word in words:
            assert word in str(caught.value)
        assert (self.stored(), self.stored("seen")) == before
        return caught.value


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("house"))
    house.pipeline.write_text(FILE, "utf-8")
    with house.connect("source") as connection:
        rows = [{"id": one, "town": "x" if one == "c" else "Assen"} for one in "abcdefghij"]
        connection.ensure(PEOPLE).add(rows).raise_for_refused()
    assert house.run().rejected == 1
    return house


@pytest.fixture
def house(made, tmp_path):
    """A copy of it, in which half of the source has gone since."""
    shutil.copytree(made.place, tmp_path / "house")
    mine = House(tmp_path / "house")
    with mine.connect("source") as connection:
        connection["people"].delete(list("fghij")).raise_for_refused()
    return mine


def half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def nonsense(path):
    path.write_bytes(b"not a database, and long enough to be taken for one" * 100)


def nothing(path):
    path.write_bytes(b"")


def gone(path):
    path.unlink()


def directory(path):
    path.unlink()
    path.mkdir()


def a_page(path):
    """The header says what is there, and in the middle is something else."""
    content = bytearray(path.read_bytes())
    content[4096 : 4096 * 3] = b"\xff" * 4096 * 2
    path.write_bytes(content)


def test_the_guards_of_the_last_run_hold(house):
    with pytest.raises(biodata.CheckFailed, match="50% of the 10 of the last run"):
        house.run()
    assert house.stored() == list("abdefghij")


@BOTH
@pytest.mark.parametrize("damage", [half, nonsense, nothing, directory, a_page])
def test_what_is_damaged_is_said_and_left(house, name, damage):
    path = house.state / name
    damage(path)
    before = path.read_bytes() if path.is_file() else b""
    error = house.refused(str(path))
    assert "backup" in error.hint or "copy" in error.hint or damage is directory
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_journal_that_is_gone_is_not_begun_anew(house):
    (house.state / "journal.sqlite").unlink()
    error = house.refused("journal.sqlite", "is not there", "runs were made here")
    assert str(house.state) in error.hint
    assert not (house.state / "journal.sqlite").exists()
    house.refused("is not there")  # the next night as well
    house.state.rename(house.place / "aside")  # what the hint says
    house.pipeline.write_text(ONE_STEP, "utf-8")
    assert house.run().ok
    assert house.stored() == list("abde")


def test_rejects_that_are_gone_are_made_anew_and_that_is_said(house, caplog):
    (house.state / "rejects.sqlite").unlink()
    house.run(dry_run=True)
    assert "rejects.sqlite is not there and is made anew" in caplog.text


@BOTH
def test_a_newer_version_of_biodata_has_written_it(house, name):
    house.change(name, "PRAGMA user_version = 7")
    before = (house.state / name).read_bytes()
    house.refused(name, "newer version of biodata", "format is 7", "this version knows 1")
    assert (house.state / name).read_bytes() == before


def test_commands_say_it_in_a_block_and_without_a_traceback(house):
    house.change("journal.sqlite", "PRAGMA user_version = 7")
    house.change("rejects.sqlite", "PRAGMA user_version = 7")
    (house.state / "audit.head").write_text('{"lines": 1, "hash": "", "format": 7}', "utf-8")
    for command in (["runs", "list"], ["rejects", "list"], ["runs", "verify"], ["purge", "--dry-run"]):
        done = subprocess.run(
            [sys.executable, "-m", "biodata", *command],
            env={**os.environ, "BIODATA_STATE": str(house.state)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 3
        assert "newer version of biodata" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_journal_of_an_older_version_goes_on_with_its_guards(house):
    """The first version had neither the later columns nor a number of its format."""
    path = house.state / "journal.sqlite"
    columns = {"runs": [], "steps": [], "batches": []}
    with closing(sqlite3.connect(path)) as database:
        for table in columns:
            there = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            columns[table] = [name for name in there if name not in LATER[table]]
        kept = {
            table: database.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall()  # noqa: S608
            for table, names in columns.items()
        }
    path.unlink()
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(TABLES)
        for table, names in columns.items():
            marks = ", ".join("?" * len(names))
            database.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", kept[table])  # noqa: S608
    journal = Journal(house.state)
    assert journal.memory("night")["people"].rows_read == 10
    house.pipeline.write_text(ONE_STEP, "utf-8")
    with pytest.raises(biodata.CheckFailed, match="of the 10 of the last run"):
        house.run()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)


@pytest.fixture
def only_read(monkeypatch):
    monkeypatch.setattr("biodata.pipelines.state.state_file.only_read", lambda _path: True)


def test_who_only_looks_at_older_files_needs_no_right_to_write(house, only_read):
    house.change("rejects.sqlite", "DROP INDEX rejects_alike")
    for table, names in ({"rejects": ("alike", "asked")} | LATER).items():
        for name in names:
            file = "rejects.sqlite" if table == "rejects" else "journal.sqlite"
            house.change(file, f"ALTER TABLE {table} DROP COLUMN {name}")
    names = ("journal.sqlite", "rejects.sqlite")
    for name in names:
        house.change(name, "PRAGMA user_version = 0")
    before = [(house.state / name).read_bytes() for name in names]
    assert [run.phase for run in Journal(house.state, looking=True).runs()] == ["reading"]
    assert len(list(RejectFile(house.state, looking=True).find(Which(asked="x")))) == 1
    assert [(house.state / name).read_bytes() for name in names] == before


def test_who_only_looks_is_told_what_is_newer_or_gone_and_makes_nothing(house, only_read, caplog):
    house.change("rejects.sqlite", "PRAGMA user_version = 7")
    house.refused("newer version", call=lambda: RejectFile(house.state, looking=True))
    for name in ("journal.sqlite", "rejects.sqlite"):
        (house.state / name).unlink()
    house.refused("is not there", call=lambda: Journal(house.state, looking=True))
    assert not list(RejectFile(house.state, looking=True).find(Which()))
    assert "rejects.sqlite is not there" in caplog.text
    assert not list(house.state.glob("*.sqlite"))


def test_processes_that_bring_an_older_file_up_to_date_at_once(house):
    path = house.state / "journal.sqlite"
    for table, names in LATER.items():
        for name in names:
            house.change("journal.sqlite", f"ALTER TABLE {table} DROP COLUMN {name}")
    house.change("journal.sqlite", "PRAGMA user_version = 0")
    program = "import sys; from pathlib import Path; from biodata.pipelines.state.journal import Journal; "
    program += "print(len(Journal(Path(sys.argv[1])).runs()))"
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(path.parent)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [one.communicate()[0].strip() for one in started] == ["1"] * 3


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("journal.sqlite", "UPDATE runs SET identities = '{'"),
        ("journal.sqlite", "UPDATE runs SET identities = '[1]'"),
        ("journal.sqlite", "UPDATE steps SET tally = 'x'"),
        ("journal.sqlite", "UPDATE steps SET seen = '{\"a'"),
        ("rejects.sqlite", "UPDATE rejects SET record = '{\"a'"),
        ("rejects.sqlite", 'UPDATE rejects SET record = \'{"a": {"\u0001newer": 1}}\''),
        ("rejects.sqlite", 'UPDATE rejects SET key = \'{"\u0001date": "soon"}\''),
    ],
)
def test_what_a_column_says_and_cannot_be_read(house, name, statement):
    house.change(name, statement)

    def look():
        journal = Journal(house.state)
        journal.memory("night")
        for run in journal.runs():
            journal.steps(run.id)
        list(RejectFile(house.state).find(Which()))

    house.refused(name, "cannot be read", call=look)


def test_what_a_step_has_left_in_other_words(house):
    house.pipeline.write_text(FILE.replace("by: content", "cursor: id").replace("append", "merge"), "utf-8")
    for seen in ('{"cursor": {"field": 5}}', '{"cursor": {"field": "id", "asked": "", "salt": "", "kind": "moon"}}'):
        house.change("journal.sqlite", "UPDATE steps SET seen = ? WHERE name = 'seen'", seen)
        house.refused("of the last run", "--full")


# what steps have seen ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [half, nonsense, nothing, directory])
def test_what_was_seen_is_damaged(house, damage):
    path = house.state / "memory" / "night" / "seen.contents"
    damage(path)
    house.refused(str(path))


def test_what_was_seen_is_of_a_newer_version(house):
    house.change("memory/night/seen.contents", "PRAGMA user_version = 7")
    house.refused("seen.contents", "newer version of biodata")


@pytest.mark.parametrize("damage", [half, nothing, directory])
def test_the_key_of_what_was_seen_is_damaged(house, damage):
    path = house.state / "memory" / "night" / "contents.key"
    damage(path)
    house.refused(str(path))


@pytest.mark.parametrize("damage", [gone, lambda path: path.write_bytes(b"k" * 32)])
def test_without_its_key_nothing_is_added_again(house, damage):
    """All contents would seem to be new."""
    before = house.stored("seen")
    damage(house.state / "memory" / "night" / "contents.key")
    with pytest.raises(biodata.ConfigError, match=r"the key .* is gone.*would add it again") as caught:
        house.run()
    assert caught.value.code == "BD-PIPELINE-INCREMENTAL"
    with pytest.raises(biodata.ConfigError, match="would add it again"):  # the key is there again, and is another one
        house.run()
    assert house.stored("seen") == before


# the audit log -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [half, nothing, gone, directory])
def test_the_key_of_the_audit_log_is_damaged(house, damage):
    path = house.state / "audit.key"
    damage(path)
    house.refused(str(path), call=lambda: Audit(house.state).key_hash("target", "people", "a"))
    house.refused(str(path))  # a run says so before it writes
    assert not path.is_file() or damage is not gone


def test_a_key_is_made_where_the_log_has_no_hash(tmp_path):
    Audit(tmp_path).write(profile="p", table="t", verb="add", counts={"created": 1})
    assert Audit(tmp_path).key_hash("p", "t", 1)


def test_an_audit_log_of_a_newer_version(house):
    head = house.state / "audit.head"
    head.write_text(json.dumps({**json.loads(head.read_bytes()), "format": 7}), "utf-8")
    before = (house.state / "audit.ndjson").read_bytes()
    audit = Audit(house.state)
    house.refused("audit.ndjson", "newer version")
    house.refused("audit.ndjson", "newer version", call=audit.verify)
    house.refused("newer version", call=lambda: audit.write(profile="p", table="t", verb="add", counts={}))
    assert (house.state / "audit.ndjson").read_bytes() == before


def test_an_audit_log_that_cannot_be_read(house):
    directory(house.state / "audit.ndjson")
    house.refused("audit.ndjson", "cannot be read", call=Audit(house.state).verify)
    house.refused("audit.ndjson", "cannot be written")


def test_an_end_of_an_older_version_says_no_format(house):
    head = house.state / "audit.head"
    told = json.loads(head.read_bytes())
    del told["format"]
    head.write_text(json.dumps(told), "utf-8")
    audit = Audit(house.state)
    assert audit.verify().ok
    audit.write(profile="p", table="t", verb="add", counts={"created": 1})
    assert audit.verify().ok


# plans and what a run has sealed -------------------------------------------------------------------------------


@pytest.fixture
def plan(house):
    house.run(save_plan=house.place / "plan.json")
    return house.place / "plan.json"


def refused_plan(house, plan, words):
    before = house.stored()
    with pytest.raises(biodata.ConfigError, match=words) as caught:
        house.run(apply=plan)
    assert caught.value.code == "BD-PIPELINE-PLAN"
    assert "--save-plan" in caught.value.hint
    assert house.stored() == before


def test_plans_that_are_cut_or_of_another_version(house, plan):
    told = json.loads(plan.read_bytes())
    half(plan)
    refused_plan(house, plan, "is no plan, or not a whole one")
    plan.write_text(json.dumps({"format": 7, "steps_of": "another shape"}), "utf-8")
    refused_plan(house, plan, "another version of biodata")
    plan.write_text(json.dumps(told), "utf-8")
    assert house.run(apply=plan).ok
    assert house.stored() == list("abde")


def test_what_a_plan_has_sealed_in_a_newer_version(house, plan):
    (path,) = house.state.glob("runs/*/spool/sealed.json")
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "format": 7, "steps": 5}), "utf-8")
    house.refused("sealed.json", "newer version of biodata", call=lambda: house.run(apply=plan))


def test_what_a_run_has_sealed_is_damaged(house, plan):
    (path,) = house.state.glob("runs/*/spool/sealed.json")
    half(path)
    with pytest.raises(biodata.ConfigError, match="cannot be read any more") as caught:
        house.run(apply=plan)
    assert caught.value.code == "BD-PIPELINE-RESUME"


def test_pages_of_the_spool_that_are_damaged(house):
    house.run(save_plan=house.place / "plan.json")
    (path,) = house.state.glob("runs/*/spool/people.read.parquet")
    content = bytearray(path.read_bytes())
    content[4:60] = b"\xff" * 56
    path.write_bytes(content)
    sealed = Spool(path.parent).sealed("people.read")
    with pytest.raises(biodata.ConfigError, match=r"people.read.parquet cannot be read any more") as caught:
        list(sealed.batches())
    assert caught.value.code == "BD-PIPELINE-RESUME"


# modes and owners ----------------------------------------------------------------------------------------------


def files(house):
    return [path for path in house.state.rglob("*") if path.is_file() and "runs" not in path.parts]


def test_what_others_could_use_is_for_the_owner_alone_again_and_that_is_said(house, caplog):
    for path in files(house):
        path.chmod(0o666)
    house.run(dry_run=True)
    Audit(house.state).write(profile="p", table="t", verb="add", counts={"created": 1}, keys=["k"])
    assert {path: stat.S_IMODE(path.stat().st_mode) for path in files(house)} == dict.fromkeys(files(house), 0o600)
    assert "journal.sqlite could be used by others (mode 0666); it is for you alone again" in caplog.text


UNPRIVILEGED = """
import ctypes, sys
if sys.platform == "linux":  # root has the rights of everybody, unless it gives them up
    ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())
from pathlib import Path
import biodata
from biodata.pipelines import load_pipeline
from biodata.pipelines.state.audit import Audit

place = Path(sys.argv[1])
connect = lambda name: biodata.connect(place / f"{name}.duckdb", platform="duckdb")
for call in (
    lambda: load_pipeline(place / "night.yml").run(connect=connect, state_dir=place / "state"),
    lambda: Audit(place / "state").write(profile="p", table="t", verb="add", counts={}, keys=["k"]),
    lambda: Audit(place / "state").verify(),
):
    try:
        call()
    except biodata.BiodataError as error:
        print(error.code, error)
    else:
        print("fine")
"""


def unprivileged(house):
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, str(house.place)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


LOCKED = (
    "journal.sqlite",
    "rejects.sqlite",
    "memory/night/seen.contents",
    "memory/night/contents.key",
    "locks/night.lock",
)


@pytest.mark.parametrize("name", LOCKED)
def test_a_file_without_rights(house, name):
    path = house.state / name
    path.chmod(0)
    told = unprivileged(house)[0]
    path.chmod(0o600)
    assert told.startswith("BD-CONFIG-STATE")
    assert f"{path} cannot be used: Permission denied" in told
    assert f"chmod u+rwX {path}" in told


def test_a_directory_without_rights(house):
    house.state.chmod(0)
    told = unprivileged(house)
    house.state.chmod(0o700)
    assert all(one.startswith("BD-CONFIG-STATE") and f"chmod u+rwX {house.state}" in one for one in told)


def test_an_audit_log_without_rights(house):
    for name in ("audit.ndjson", "audit.head", "audit.key"):
        path = house.state / name
        path.chmod(0)
        _, written, verified = unprivileged(house)
        path.chmod(0o600)
        assert written.startswith("BD-CONFIG-STATE") or name == "audit.head"
        assert verified.startswith("BD-CONFIG-STATE") or name == "audit.key"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file to somebody else")
@pytest.mark.parametrize("name", ["journal.sqlite", "rejects.sqlite", "audit.ndjson"])
@pytest.mark.parametrize("mode", [0o600, 0o666])
def test_a_file_of_somebody_else(house, name, mode):
    path = house.state / name
    path.chmod(mode)
    os.chown(path, 65534, -1)
    told = unprivileged(house)[1 if name.startswith("audit") else 0]
    assert told.startswith("BD-CONFIG-STATE")
    assert f"{path} belongs to " in told
    assert "you are root" in told
    assert "chown" in told
