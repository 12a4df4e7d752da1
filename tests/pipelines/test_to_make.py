"""A table that has to be made: whether it can be is told before anything is written, the same by each kind of run."""

import json
import subprocess
import sys
from hashlib import sha256

import pytest

import biodata
from biodata.pipelines import load_pipeline
from biodata.records.types import Field, Schema, String
from biodata.sandbox.run import Sandbox

FILE = """\
version: 1
name: made
steps:
  - name: people
    extract: {file: people.csv}
    load: {to: target/people, mode: merge, key: [id]}
"""
AGAIN = """\
  - name: again
    extract: {file: people.csv}
    transform:
      - columns: {id: "src.id || '-2'", town: src.town}
    load: {to: target/people, mode: merge, key: [id]}
"""
WAYS = pytest.mark.parametrize("way", ["dry_run", "save_plan", "run"])
WRITES = {"POST", "PUT", "PATCH", "DELETE"}
READS = {"/api/v1/login", "/api/graphql"}


@pytest.fixture
def going(pipeline, tmp_path):
    """Runs the file in one of the ways, with `target` as it is given."""

    def go(way, target, *replacements, text=FILE):
        (tmp_path / "people.csv").write_text("id,town,born\na,Assen,1970-01-01\nb,Borger,1971-01-01\n", "utf-8")
        asked = {"dry_run": {"dry_run": True}, "save_plan": {"save_plan": tmp_path / "plan.json"}, "run": {}}[way]
        opened = {"connect": lambda _: target(), "state_dir": tmp_path / "state"}
        return load_pipeline(pipeline(*replacements, text=text)).run(**opened, **asked)

    return go


def told(going, way, target, *replacements, error=biodata.BiodataError):
    with pytest.raises(error) as caught:
        going(way, target, *replacements)
    assert caught.value.report.state == "failed"
    return caught.value.code, caught.value.message


@pytest.fixture
def house(tmp_path):
    """Opens a DuckDB file that is not there yet, in a directory that is not there either."""
    return lambda **settings: biodata.connect(tmp_path / "out" / "house.duckdb", platform="duckdb", **settings)


@pytest.mark.parametrize("way", ["dry_run", "save_plan"])
def test_what_only_looks_makes_no_file(going, house, tmp_path, way):
    report = going(way, house)
    assert report.steps[0].preview == {"add": 2}
    assert not (tmp_path / "out").exists()
    assert going("run", house).steps[0].tally == {"created": 2}


def test_what_only_looks_leaves_the_file_as_it_is(going, house, tmp_path):
    with house() as connection:
        connection.ensure(Schema("other", "id", (Field("id", String(), required=True),)))
    path = tmp_path / "out" / "house.duckdb"
    before = sha256(path.read_bytes()).hexdigest()
    assert going("dry_run", house).steps[0].preview == {"add": 2}
    assert sha256(path.read_bytes()).hexdigest() == before
    assert [one.name for one in path.parent.iterdir()] == ["house.duckdb"]


@WAYS
def test_a_place_where_no_file_can_be_made(going, house, tmp_path, way):
    (tmp_path / "out").write_text("no directory", "utf-8")
    code, message = told(going, way, house, error=biodata.ConfigError)
    assert code == "BD-DUCKDB-FILE"
    assert message.endswith(f"The database file cannot be made: {tmp_path}/out is no directory")


@WAYS
def test_names_that_duckdb_does_not_tell_apart(going, house, tmp_path, way):
    with house() as connection:
        connection.ensure(Schema("People", "id", (Field("id", String(), required=True),)))
    code, message = told(going, way, house, error=biodata.SchemaError)
    assert code == "BD-SCHEMA-NAME"
    assert "'People' and 'people'" in message
    replaced = (
        "extract: {file: people.csv}\n",
        "extract: {file: people.csv}\n    transform: [rename: {born: TOWN}]\n",
    )
    code, message = told(going, way, house, replaced, ("target/people", "target/others"), error=biodata.SchemaError)
    assert "'town' and 'TOWN'" in message
    with house() as connection:
        assert [one.name for one in connection.tables()] == ["People"]


@WAYS
@pytest.mark.parametrize(("mode", "access"), [("merge", "read"), ("replace", "write")])
def test_an_access_that_does_not_go_so_far(going, house, way, mode, access):
    with house() as connection:  # a reader needs a file
        connection.ensure(Schema("other", "id", (Field("id", String(), required=True),)))
    code, _ = told(
        going, way, lambda: house(access=access), ("mode: merge", f"mode: {mode}"), error=biodata.PermissionDenied
    )
    assert code == "BD-ACCESS"


UNPRIVILEGED = """
import ctypes, json, sys
if sys.platform == "linux":  # root has the rights of everybody, unless it gives them up
    ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())
import biodata
from biodata.pipelines import load_pipeline
from biodata.records.types import Field, Schema, String

file, state, *paths = sys.argv[1:]
for path in paths:
    target = lambda _: biodata.connect(path, platform="duckdb")
    said = []
    for asked in ({"dry_run": True}, {"save_plan": state + "/plan.json"}, {}):
        try:
            load_pipeline(file).run(connect=target, state_dir=state, **asked)
        except biodata.ConfigError as error:
            said.append((error.code, error.message.rpartition("step people: ")[2]))
    try:
        target("").ensure(Schema("people", "id", (Field("id", String()),)))
    except biodata.ConfigError as error:
        said.append((error.code, error.message))
    print(json.dumps(said))
"""


def test_files_and_directories_that_may_not_be_written(going, house, tmp_path):
    """DuckDB opens a file in a directory that it cannot write, and finds out when it commits."""
    going("dry_run", house)  # leaves the pipeline file
    paths = [tmp_path / name / "x.duckdb" for name in ("file", "directory", "empty")]
    for path in paths[:2]:
        with biodata.connect(path, platform="duckdb") as connection:
            connection.ensure(Schema("other", "id", (Field("id", String(), required=True),)))
    paths[2].parent.mkdir()
    paths[0].chmod(0o444)
    for path in paths[1:]:
        path.parent.chmod(0o555)
    command = [sys.executable, "-c", UNPRIVILEGED, tmp_path / "pipeline.yml", tmp_path / "s", *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for path in paths[1:]:
        path.parent.chmod(0o755)
    assert done.returncode == 0, done.stderr
    file, directory, empty = map(json.loads, done.stdout.splitlines())
    for said, what in (
        (file, f"written: {paths[0]}"),
        (directory, f"written: {paths[1].parent}"),
        (empty, f"made: {paths[2].parent}"),
    ):
        assert said == [["BD-DUCKDB-FILE", f"The database file cannot be {what} is not writable"]] * 4


@WAYS
def test_a_later_step_has_to_fit_the_table_that_an_earlier_one_makes(going, house, tmp_path, way):
    both = FILE + AGAIN
    report = going(way, house, text=both)
    assert [step.preview or step.tally for step in report.steps] == [{"created" if way == "run" else "add": 2}] * 2
    with pytest.raises(biodata.SchemaError, match=r"has no field 'city'.*BD-PIPELINE-FIELD"):
        going(way, house, ("town: src.town", "city: src.town"), ("target/people", "target/elsewhere"), text=both)
    if way == "run":
        with house() as connection:
            assert [one.name for one in connection.tables()] == ["people"]


@pytest.fixture(scope="module")
def server():
    with Sandbox(("molgenis",)) as started:
        state = started.platform("molgenis").state
        state.add_user("reader", "reader")
        state.grant("reader", "ASE", "read")
        yield started


@pytest.fixture
def molgenis(server):
    """Opens the server; `written` are the requests that wrote: logins and the question for an EMX2 are none."""

    class Server:
        def __call__(self, **login):
            keys = {"username": "admin", "password": "admin", "access": "delete", **login}
            return biodata.connect(server.url("molgenis"), platform="molgenis", **keys)

        @property
        def written(self):
            asked = [one for one in server.requests("molgenis") if one.method in WRITES]
            return [str(one) for one in asked if one.path not in READS]

    return Server()


@pytest.mark.parametrize("way", ["dry_run", "save_plan"])
def test_what_only_looks_writes_nothing_to_a_server(going, molgenis, way):
    before = molgenis.written
    assert going(way, molgenis, ("target/people", "target/made_people")).steps[0].preview == {"add": 2}
    assert molgenis.written == before


REFUSED = {
    "a table's name": (("target/people", "target/new-people"), "BD-SCHEMA-NAME", "table of this name"),
    "a reserved name": (("target/people", "target/meta"), "BD-SCHEMA-NAME", "table of this name"),
    "the server's own": (("target/people", "target/sys_people"), "BD-SCHEMA-NAME", "table of this name"),
    "a field's name": (("columns: {", "columns: {home town: src.town, "), "BD-SCHEMA-NAME", "field 'home town'"),
    "a list": (("columns: {", "columns: {towns: \"['a', 'b']\", "), "BD-SCHEMA-TYPE", "'towns'"),
    "a composite key": (("key: [id]", "key: [id, town]"), "BD-SCHEMA-KEY", "composite"),
    "a key of dates": (("id: src.id", "id: CAST(src.born AS DATE)"), "BD-SCHEMA-KEY", "key of type date"),
}
COLUMNS = ("extract: {file: people.csv}\n", """\
extract: {file: people.csv}
    transform:
      - columns: {id: src.id, town: src.town}
""")  # fmt: skip


@WAYS
@pytest.mark.parametrize("case", REFUSED)
def test_what_a_server_cannot_have(going, molgenis, way, case):
    replaced, code, words = REFUSED[case]
    before = molgenis.written
    found, message = told(going, way, molgenis, COLUMNS, replaced, error=biodata.SchemaError)
    assert found == code
    assert words in message
    assert molgenis.written == before


@WAYS
@pytest.mark.parametrize(("table", "words"), [("new_people", "package 'new'"), ("people", "outside of a package")])
def test_a_user_who_may_not_make_it(going, molgenis, way, table, words):
    before = molgenis.written
    reader = lambda: molgenis(username="reader", password="reader")  # noqa: E731
    code, message = told(going, way, reader, ("target/people", f"target/{table}"), error=biodata.PermissionDenied)
    assert code == "BD-AUTH-DENIED"
    assert words in message
    assert molgenis.written == before


def test_ensure_says_the_same_as_the_look_before_it(molgenis):
    schema = Schema("new_people", "id", (Field("id", String(), required=True), Field("a b", String())))
    with molgenis() as connection:
        for call in (connection.would_make, connection.ensure):
            with pytest.raises(biodata.SchemaError, match="field 'a b'"):
                call(schema)
    before = molgenis.written
    with molgenis(username="reader", password="reader") as connection:
        for call in (connection.would_make, connection.ensure):
            with pytest.raises(biodata.PermissionDenied, match="package 'new'"):
                call(Schema("new_people", "id", schema.fields[:1]))
    assert molgenis.written == before
