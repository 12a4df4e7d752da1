"""Pipelines from and to a MOLGENIS server on loopback."""

import pytest

import biodata
from biodata.pipelines import demo_file, load_pipeline
from biodata.pipelines.state.journal import Journal
from biodata.sandbox.run import Sandbox
from biodata_molgenis.sandbox.model import Attribute

BACK = """\
version: 1
name: back
steps:
  - name: counts
    extract: {from: local/ase_counts}
    transform:
      - columns:
          ID: "'copy-' || src.sample_id"
          SNP_ID: src.snp_id
          Ref_Counts: CAST(src.ref AS VARCHAR)
          Alt_Counts: CAST(src.alt AS VARCHAR)
    load: {to: molgenis/SampleAse, mode: merge, key: [ID]}
"""


@pytest.fixture
def sandbox():
    with Sandbox(("molgenis",)) as started:
        yield started


@pytest.fixture
def run(sandbox, tmp_path):
    """Runs a pipeline file; `local` is a DuckDB file of the test."""

    def connect(name):
        own = {"path": tmp_path / "local.duckdb"} if name == "local" else {"access": "delete"}
        return biodata.connect(name, config=sandbox.config_path, **own)

    def call(path, **options):
        return load_pipeline(path).run(connect=connect, state_dir=tmp_path / "state", **options)

    return call


@pytest.fixture
def write(tmp_path):
    def text(content):
        path = tmp_path / "pipeline.yml"
        path.write_text(content, "utf-8")
        return path

    return text


def test_the_demo_reads_checks_and_loads_the_21_samples(run):
    report = run(demo_file())
    assert report.summary() == "ase-counts: 21 rows read, 0 rejected; counts: 21 created, 0 updated, 0 unchanged"
    assert all(check.ok for check in report.steps[0].checks)
    assert len(report.steps[0].plots[0].points) == 21
    assert run(demo_file()).summary().endswith("21 unchanged; nothing changed")


def test_the_filter_is_done_by_the_server(run, sandbox):
    before = len(list(sandbox.requests("molgenis")))
    run(demo_file())
    asked = [str(request) for request in list(sandbox.requests("molgenis"))[before:]]
    assert any("SampleAse" in text and "rs12460890" in text for text in asked)


def test_into_molgenis_and_again(run, write):
    run(demo_file())
    back = write(BACK)
    assert run(back).steps[0].tally == {"created": 21}
    assert run(back).steps[0].tally == {"unchanged": 21}


def test_what_the_server_refuses_is_a_reject(run, write, tmp_path):
    run(demo_file())
    orphan = write(BACK.replace("src.snp_id", "\"'rs0'\"").replace("'copy-'", "'orphan-'"))
    with pytest.raises(biodata.RejectBudgetExceeded, match="budget of 0"):
        run(orphan)
    assert Journal(tmp_path / "state").runs()[-1].state == "failed"
    report = run(
        write(BACK.replace("src.snp_id", "\"'rs0'\"").replace("'copy-'", "'orphan-'") + "on_reject: {budget: 100%}\n")
    )
    assert report.ok
    assert report.rejected == 21
    assert report.steps[0].tally == {"refused": 21}
    assert {tally.stage for tally in report.steps[0].rejects} == {"load"}


def test_replace_without_transactions_merges_and_deletes_what_is_missing(run, write, sandbox):
    run(demo_file())
    report = run(write(BACK.replace("mode: merge", "mode: replace")))
    assert report.steps[0].tally == {"created": 21}
    deletes = report.steps[0].deletes
    assert (deletes.there, deletes.missing, deletes.withheld) == (deletes.missing + 21, deletes.tally["deleted"], "")
    with biodata.connect("molgenis", config=sandbox.config_path) as connection:
        keys = [record["ID"] for record in connection["SampleAse"].query(fields=["ID"])]
    assert len(keys) == 21
    assert all(key.startswith("copy-") for key in keys)


def test_a_table_that_molgenis_does_not_have_is_made(run, write):
    run(demo_file())
    elsewhere = write(BACK.replace("molgenis/SampleAse", "molgenis/CopiedAse"))
    assert run(elsewhere).steps[0].tally == {"created": 21}
    assert run(elsewhere).steps[0].tally == {"unchanged": 21}


@pytest.mark.parametrize(
    ("password", "code", "words"),
    [
        ("secret-in-the-file", "BD-CONFIG", r"\$\{env:"),
        ("${env:BIODATA_NO_SUCH_VARIABLE}", "BD-CONFIG", "BIODATA_NO_SUCH_VARIABLE"),
        ("${env:BIODATA_WRONG_PASSWORD}", "BD-AUTH", "(?i)password|log"),
    ],
)
def test_secrets_that_are_wrong(write, sandbox, tmp_path, monkeypatch, password, code, words):
    monkeypatch.setenv("BIODATA_WRONG_PASSWORD", "wrong-but-long-enough")
    molgenis = f"{{platform: molgenis, url: '{sandbox.url('molgenis')}', username: admin, password: '{password}'}}"
    profiles = tmp_path / "profiles.yml"
    profiles.write_text(
        f"profiles:\n  molgenis: {molgenis}\n  local: {{platform: duckdb, path: l.duckdb}}\n", "utf-8"
    )
    profiles.chmod(0o600)
    monkeypatch.setenv("BIODATA_CONFIG", str(profiles))
    with pytest.raises(biodata.BiodataError, match=words) as caught:
        load_pipeline(demo_file()).run(state_dir=tmp_path / "state")
    assert caught.value.code.startswith(code)
    assert "secret-in-the-file" not in str(caught.value)
    assert "wrong-but-long-enough" not in str(caught.value)


CHILDREN = """\
version: 1
name: towns
steps:
  - name: cities
    extract: {from: local/cities}
    load: {to: molgenis/rt_City, mode: merge, key: [code], delete_missing: {max: 100%}}
  - name: people
    extract: {from: local/people}
    load: {to: molgenis/rt_Person, mode: merge, key: [id], delete_missing: {max: 100%}}
"""


def test_children_that_a_plan_deletes_or_moves_make_no_other_record_of_their_parent(run, write, sandbox, tmp_path):
    state = sandbox.platform("molgenis").state
    city = (
        Attribute(name="code", is_id=True),
        Attribute(name="name", is_label=True),
        Attribute(name="people", type="onetomany", ref="rt_Person", mapped_by="city"),
    )
    state.create_table("rt_City", city, label="City", package="rt")
    person = (Attribute(name="id", is_id=True), Attribute(name="city", type="xref", ref="rt_City"))
    state.create_table("rt_Person", person, label="Person", package="rt")
    state.add_rows("rt_City", [{"code": code, "name": code} for code in ("ams", "gro", "rtm")])
    state.add_rows("rt_Person", [{"id": "a", "city": "gro"}, {"id": "b", "city": "rtm"}, {"id": "c", "city": "rtm"}])
    with biodata.connect(tmp_path / "local.duckdb", platform="duckdb") as connection:
        connection.client.execute("CREATE TABLE cities AS SELECT 'ams' AS code, 'ams' AS name")
        connection.client.execute("CREATE TABLE people AS SELECT 'a' AS id, 'ams' AS city")
    path, plan = write(CHILDREN), tmp_path / "p.json"
    planned = run(path, save_plan=plan)
    assert [step.deletes.missing for step in planned.steps] == [2, 2]
    report = run(path, apply=plan)
    assert report.ok
    assert [step.deletes.tally for step in report.steps] == [{"deleted": 2}, {"deleted": 2}]
