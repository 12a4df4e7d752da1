"""A run that is taken up again, and a plan that is applied, go where they were to go, and nowhere else."""

import sqlite3

import pytest

import biodata
from biodata.pipelines import load_pipeline
from biodata.pipelines.state.journal import Journal
from biodata.records.types import Field, Schema, String

FILE = """\
version: 1
name: people
steps:
  - name: people
    extract: {from: source/people}
    load: {to: target/people, mode: merge, key: [id], batch: 1}
"""
PEOPLE = Schema("people", "id", (Field("id", String(), required=True), Field("town", String())))


@pytest.fixture
def connect(tmp_path):
    """Opens `source`, and as `target` whatever the link `target.duckdb` leads to."""
    return lambda name: biodata.connect(tmp_path / f"{name}.duckdb", platform="duckdb")


@pytest.fixture
def leads_to(tmp_path):
    """Lets the profile `target` lead to another database file, which has the same table."""

    def lead(name):
        link = tmp_path / "target.duckdb"
        link.unlink(missing_ok=True)
        with biodata.connect(tmp_path / f"{name}.duckdb", platform="duckdb") as connection:
            connection.ensure(PEOPLE)
        link.symlink_to(f"{name}.duckdb")

    return lead


@pytest.fixture
def number(tmp_path):
    """How many people a database file has."""

    def count(name):
        with biodata.connect(tmp_path / f"{name}.duckdb", platform="duckdb") as connection:
            return connection["people"].count()

    return count


@pytest.fixture
def path(connect, leads_to, pipeline):
    """The file; three people are in the source, and the target is `test`."""
    leads_to("test")
    with connect("source") as connection:
        connection.ensure(PEOPLE).add([{"id": key, "town": "Delft"} for key in "abc"]).raise_for_refused()
    return pipeline(text=FILE)


@pytest.fixture
def stopped(path, run, state):
    """A run that stopped while it wrote: one of three batches is there."""
    state.mkdir()
    Journal(state)
    with sqlite3.connect(state / "journal.sqlite") as database:
        database.execute(
            "CREATE TRIGGER stop BEFORE INSERT ON batches WHEN new.number = 2 BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    with pytest.raises(biodata.ConfigError, match="journal"):
        run(path)
    with sqlite3.connect(state / "journal.sqlite") as database:
        database.execute("DROP TRIGGER stop")
    return path


def test_a_run_that_stopped_is_not_taken_up_in_another_database(stopped, run, leads_to, number, state):
    leads_to("prod")
    with pytest.raises(biodata.ConfigError, match=r"was anonymous at DuckDB .*/test\.duckdb\) then") as caught:
        run(stopped)
    assert caught.value.code == "BD-PIPELINE-CHANGED"
    assert "/prod.duckdb) now" in caught.value.message
    assert (number("test"), number("prod")) == (1, 0)
    leads_to("test")
    assert run(stopped).resumed
    assert (number("test"), number("prod")) == (3, 0)
    assert len(Journal(state).runs()) == 1


def test_restarted_it_does_all_of_it_there(stopped, run, leads_to, number):
    leads_to("prod")
    assert run(stopped, restart=True).ok
    assert number("prod") == 3


def test_a_plan_is_not_applied_to_another_database_and_stays_one(path, run, leads_to, number, tmp_path):
    assert run(path, save_plan=tmp_path / "p.json").state == "planned"
    leads_to("prod")
    with pytest.raises(biodata.ConfigError, match=r"/prod\.duckdb\) now") as caught:
        run(path, apply=tmp_path / "p.json")
    assert caught.value.code == "BD-PIPELINE-CHANGED"
    assert number("prod") == 0
    leads_to("test")
    assert run(path, apply=tmp_path / "p.json").ok
    assert number("test") == 3


def test_another_way_to_the_same_database_is_no_other_database(stopped, number, tmp_path, state):
    ways = {"source": tmp_path / "source.duckdb", "target": tmp_path / "nowhere" / ".." / "test.duckdb"}
    (tmp_path / "nowhere").mkdir()
    report = load_pipeline(stopped).run(
        connect=lambda name: biodata.connect(ways[name], platform="duckdb"), state_dir=state
    )
    assert report.resumed
    assert number("test") == 3


def test_a_state_directory_that_was_moved_is_no_matter(stopped, connect, number, state, tmp_path):
    state.rename(tmp_path / "moved")
    assert load_pipeline(stopped).run(connect=connect, state_dir=tmp_path / "moved").resumed
    assert number("test") == 3


def test_what_was_read_from_another_database_withholds_deletes(path, pipeline, run, connect, tmp_path):
    replacing = pipeline(text=FILE.replace("mode: merge", "mode: replace"))
    assert run(replacing).ok
    (tmp_path / "source.duckdb").rename(tmp_path / "other.duckdb")
    (tmp_path / "source.duckdb").symlink_to("other.duckdb")
    with connect("source") as connection:
        connection["people"].delete("a").raise_for_refused()
    with pytest.raises(biodata.CheckFailed, match=r"source was read as .*/other\.duckdb\)"):
        run(replacing)


def test_databases_in_memory_are_told_by_one_name():
    with (
        biodata.connect(":memory:", platform="duckdb") as one,
        biodata.connect(":memory:", platform="duckdb") as other,
    ):
        assert one.identity().place == other.identity().place == ":memory:"
