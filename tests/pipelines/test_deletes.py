"""Deletes of what a source no longer has: last of all, children first, and only behind their guards."""

from functools import partial

import pytest

import biodata
from biodata.pipelines import load_pipeline
from biodata.pipelines.state.journal import Journal
from biodata.records.types import Field, Integer, Reference, Schema, String
from biodata.sandbox.run import Sandbox

FILE = """\
version: 1
name: people
steps:
  - name: people
    extract: {from: source/people}
    transform:
      - columns: {id: src.id, age: CAST(src.age AS INTEGER)}
    load: {to: target/people, mode: merge, key: [id], delete_missing: {max: 50%}}
on_reject: {budget: 100%}
"""
PEOPLE = Schema(
    "people", "id", (Field("id", String(), required=True), Field("age", String()), Field("site", String()))
)


@pytest.fixture
def people(connect):
    """Makes the source hold people of these ids, and nobody else; ages are texts."""

    def fill(ids, **ages):
        with connect("source") as connection:
            table = connection.ensure(PEOPLE)
            table.delete(all=True)
            table.add([{"id": one, "age": ages.get(one, "40")} for one in ids]).raise_for_refused()

    return fill


def ids(target, table="people"):
    return sorted(target(table))


def withheld(run, path, words, **options):
    with pytest.raises(biodata.CheckFailed, match=words) as caught:
        run(path, **options)
    assert caught.value.code == "BD-PIPELINE-WITHHELD"
    assert caught.value.exit_status == 9
    return caught.value


def test_what_is_missing_is_deleted_and_told(people, pipeline, run, target):
    path = pipeline(text=FILE)
    people("abcdefghijkl")
    run(path)
    people("abcdefghijk")
    report = run(path)
    assert ids(target) == list("abcdefghijk")
    deletes = report.steps[0].deletes
    assert (deletes.there, deletes.missing, deletes.tally, deletes.withheld) == (12, 1, {"deleted": 1}, "")
    assert report.changed == 1


def test_an_empty_source_deletes_nothing(people, pipeline, run, target, tmp_path):
    path = pipeline(text=FILE)
    people("abcd")
    run(path)
    people("")
    withheld(run, path, "the source is empty")
    assert ids(target) == list("abcd")
    assert Journal(tmp_path / "state").runs()[-1].state == "withheld"


def test_much_less_than_at_the_last_run_deletes_nothing(people, pipeline, run, target):
    path = pipeline(text=FILE)
    people("abcdefghij")
    run(path)
    people("abcdefgh")
    withheld(run, path, r"8 rows were read, 80% of the 10 of the last run \(least: 90%\)")
    assert ids(target) == list("abcdefghij")
    withheld(run, path, "80% of the 10", restart=True)  # a withheld run is no run to compare with


def test_more_than_allowed_deletes_nothing_and_the_rest_is_loaded(people, pipeline, run, target):
    path = pipeline(("max: 50%", "max: 1"), text=FILE)
    people("abcdefghijklmnopqrstuvwxyz")
    run(path)
    people("abcdefghijklmnopqrstuvwx9")
    withheld(run, path, r"2 of 27 records would be deleted \(max: 1\)")
    assert ids(target) == sorted("abcdefghijklmnopqrstuvwxyz9")


def test_the_file_may_say_how_much_less_is_no_reason(people, pipeline, run, target):
    path = pipeline(("max: 50%", "max: 50%, least: 60%"), text=FILE)
    people("abcdefghij")
    run(path)
    people("abcdef")
    run(path)
    assert ids(target) == list("abcdef")


def test_only_what_is_in_scope_is_looked_at(people, pipeline, run, target, connect):
    path = pipeline(
        ("max: 50%", "max: 50%, scope: \"site = 'here'\""),
        ("age: CAST(src.age AS INTEGER)", "age: CAST(src.age AS INTEGER), site: \"'here'\""),
        text=FILE,
    )
    people("abcdefghijkl")
    run(path)
    with connect("target") as connection:
        connection["people"].add({"id": "other", "age": 3, "site": "there"}).raise_for_refused()
    people("abcdefghijk")
    report = run(path)
    assert (report.steps[0].deletes.there, report.steps[0].deletes.missing) == (12, 1)
    assert ids(target) == sorted([*"abcdefghijk", "other"])


def test_a_record_whose_row_was_rejected_is_not_missing(people, pipeline, run, target):
    path = pipeline(text=FILE)
    people("abcdefghijkl")
    run(path)
    people("abcdefghijk", a="forty", b="")  # no numbers: the rows are rejected, and their keys known
    report = run(path)
    assert report.rejected == 2
    assert report.steps[0].deletes.tally == {"deleted": 1}
    assert ids(target) == list("abcdefghijk")


def test_a_rejected_row_whose_key_nobody_knows_stops_the_deletes(people, pipeline, run, target):
    path = pipeline(("id: src.id", "id: src.id || CAST(src.age AS INTEGER)"), text=FILE)
    people("abcdefghijkl")
    run(path)
    people("abcdefghijk", a="x")
    withheld(run, path, "of 1 rejected rows it is not known which records they are")
    assert ids(target) == [f"{one}40" for one in "abcdefghijkl"]


THROUGH = """\
version: 1
name: through
steps:
  - name: clean
    extract: {from: source/people}
    transform:
      - columns: {id: src.id, age: CAST(src.age AS INTEGER)}
  - name: known
    extract: {step: clean}
  - name: people
    extract: {sql: SELECT id FROM known}
    load: {to: target/people, mode: merge, key: [id], delete_missing: {max: 50%}}
on_reject: {budget: 100%}
"""


def test_what_an_earlier_step_rejected_is_not_missing_in_those_that_read_from_it(people, pipeline, run, target):
    path = pipeline(text=THROUGH)
    people("abcdefghijkl")
    run(path)
    people("abcdefghijkl", a="x")
    withheld(run, path, "of 1 rejected rows it is not known which records they are")
    assert ids(target) == list("abcdefghijkl")
    people("abcdefghijk")
    assert run(path).steps[2].deletes.tally == {"deleted": 1}


def test_who_reads_only_what_is_new_through_another_step_deletes_nothing(people, pipeline, run):
    path = pipeline(("{from: source/people}", "{from: source/people, incremental: {by: content}}"), text=THROUGH)
    people("abc")
    told = "step people: incremental: the step clean reads only what is new, and delete_missing would delete the rest"
    with pytest.raises(biodata.ConfigError, match=told) as caught:
        run(path)
    assert caught.value.message.startswith(f"{path}:11:")


@pytest.mark.parametrize("text", [FILE, THROUGH], ids=["itself", "through other steps"])
def test_another_user_deletes_nothing(pipeline, connect, tmp_path, target, text):
    """Who has fewer rights may see fewer records; here it is the same data on another server."""
    path = pipeline(("source/people", "molgenis/people"), text=text)
    for number, names in ((1, "abcdefghijkl"), (2, "abcdefghijk")):
        with Sandbox(("molgenis",)) as sandbox, biodata.connect("molgenis", config=sandbox.config_path) as server:
            server.ensure(PEOPLE).add([{"id": one, "age": "4"} for one in names]).raise_for_refused()

            def opened(name, config=sandbox.config_path):
                return connect(name) if name == "target" else biodata.connect(name, config=config)

            going = partial(load_pipeline(path).run, connect=opened, state_dir=tmp_path / "state")
            if number == 1:
                going()
                continue
            with pytest.raises(biodata.CheckFailed, match=r"molgenis was read as .* and as .* at the last run"):
                going()
    assert ids(target) == list("abcdefghijkl")


def test_a_dry_run_says_what_would_be_deleted(people, pipeline, run, target):
    path = pipeline(text=FILE)
    people("abcdefghijkl")
    run(path)
    people("abcdefghijkz", b="41")
    report = run(path, dry_run=True)
    assert report.steps[0].preview == {"add": 1, "change": 1, "leave": 10, "delete": 1}
    assert report.steps[0].changes == ()
    assert "delete" not in report.steps[0].tally
    assert ids(target) == list("abcdefghijkl")
    shown = run(path, dry_run=True, show_values=True)
    assert shown.steps[0].changes == ({"key": "b", "age": (40, 41)},)


def test_a_dry_run_is_no_run_to_compare_with(people, pipeline, run, tmp_path):
    path = pipeline(text=FILE)
    people("abcdefghijkl")
    run(path, dry_run=True)
    people("a")
    run(path)
    assert [(one.kind, one.state) for one in Journal(tmp_path / "state").runs()] == [
        ("preview", "done"),
        ("run", "done"),
    ]


def test_replace_with_an_empty_source_leaves_the_table(people, pipeline, run, target):
    path = pipeline(("mode: merge", "mode: replace"), (", delete_missing: {max: 50%}", ""), text=FILE)
    people("abcdefghijkl")
    run(path)
    people("bcdefghijklm")
    run(path)
    assert ids(target) == list("bcdefghijklm")
    people("")
    withheld(run, path, "the source is empty")
    assert ids(target) == list("bcdefghijklm")


REPLACING = FILE.replace("mode: merge", "mode: replace").replace(", delete_missing: {max: 50%}", "")
HUNDRED = [f"p{number:02}" for number in range(100)]


@pytest.fixture
def hundred(connect):
    """A hundred people are in the target, of whom no run knows."""
    fields = (Field("id", String(), required=True), Field("age", Integer()))
    with connect("target") as connection:
        connection.ensure(Schema("people", "id", fields)).add([{"id": one} for one in HUNDRED]).raise_for_refused()


def test_an_almost_empty_source_replaces_nothing_at_the_first_run(people, hundred, pipeline, run, target):
    people("a")
    path = pipeline(text=REPLACING)
    error = withheld(run, path, r"the table would go from 100 records to 1 \(least: 90%\)")
    assert ids(target) == HUNDRED
    assert "plan" in (error.hint or "")
    withheld(run, path, "at this first run")  # a run that was withheld is nothing to compare with


def test_who_says_a_smaller_least_may_replace_a_large_table(people, hundred, pipeline, run, target):
    people("a")
    run(pipeline(("[id]}", "[id], least: 1%}"), text=REPLACING))
    assert ids(target) == ["a"]


def test_as_many_others_may_take_the_place_of_all(people, hundred, pipeline, run, target):
    people([f"q{number:02}" for number in range(90)])
    run(pipeline(text=REPLACING))
    assert len(ids(target)) == 90
    assert not {*ids(target)} & {*HUNDRED}


def test_replace_wants_what_the_last_run_had_read(people, pipeline, run, target):
    path = pipeline(text=REPLACING)
    people("abcdefghij")
    run(path)
    people("abcdefgh")
    withheld(run, path, r"8 rows were read, 80% of the 10 of the last run \(least: 90%\)")
    assert ids(target) == list("abcdefghij")
    run(pipeline(("[id]}", "[id], least: 80%}"), text=REPLACING))
    assert ids(target) == list("abcdefgh")


def test_replace_may_take_away_no_more_than_the_file_says(people, pipeline, run, target):
    path = pipeline(("[id]}", "[id], max: 20%}"), text=REPLACING)
    people("abcdefghij")
    run(path)
    people("abcdefgxyz")
    withheld(run, path, r"3 of 10 records would be deleted \(max: 20%\)")
    assert ids(target) == list("abcdefghij")
    people("abcdefghyz")
    run(path)
    assert ids(target) == list("abcdefghyz")


def test_a_dry_run_says_that_a_replace_would_be_withheld(people, hundred, pipeline, run, target):
    people("a")
    report = run(pipeline(text=REPLACING), dry_run=True)
    assert "at this first run" in report.steps[0].deletes.withheld
    assert ids(target) == HUNDRED


def test_where_there_is_no_transaction_rows_are_loaded_and_nothing_is_deleted(people, pipeline, connect, tmp_path):
    people("a")
    with Sandbox(("molgenis",)) as sandbox:

        def opened(name):
            return connect(name) if name == "source" else biodata.connect("molgenis", config=sandbox.config_path)

        def run(path):
            return load_pipeline(path).run(connect=opened, state_dir=tmp_path / "state")

        fields = (Field("id", String(), required=True), Field("age", Integer()))
        with opened("target") as connection:
            table = connection.ensure(Schema("people", "id", fields))
            table.add([{"id": one} for one in HUNDRED]).raise_for_refused()
            withheld(run, pipeline(text=REPLACING), "at this first run")
            assert table.count() == 101
            run(pipeline(("[id]}", "[id], least: 0%}"), text=REPLACING))
            assert [one["id"] for one in table.query()] == ["a"]


def test_new_records_are_not_taken_for_those_that_were_there(people, pipeline, connect, tmp_path):
    """Without a transaction they are there when the deletes are thought about."""
    people("bcdef")
    with Sandbox(("molgenis",)) as sandbox:

        def opened(name):
            return connect(name) if name == "source" else biodata.connect("molgenis", config=sandbox.config_path)

        with opened("target") as connection:
            fields = (Field("id", String(), required=True), Field("age", Integer()))
            table = connection.ensure(Schema("people", "id", fields))
            table.add([{"id": one} for one in "vwxyz"]).raise_for_refused()
            load_pipeline(pipeline(text=REPLACING)).run(connect=opened, state_dir=tmp_path / "state")
            assert "".join(sorted(one["id"] for one in table.query())) == "bcdef"


def test_replace_keeps_the_record_of_a_rejected_row(people, pipeline, run, target):
    path = pipeline(("mode: merge", "mode: replace"), (", delete_missing: {max: 50%}", ""), text=FILE)
    people("abcdefghijkl")
    run(path)
    people("abcdefghijk", a="forty")
    report = run(path)
    assert ids(target) == list("abcdefghijk")
    assert report.steps[0].tally == {"deleted": 1, "unchanged": 10}


TWO = """\
version: 1
name: two
steps:
  - name: samples
    extract: {from: source/samples}
    load: {to: target/samples, mode: merge, key: [id], delete_missing: {max: 50%}}
  - name: donors
    extract: {from: source/donors}
    load: {to: target/donors, mode: merge, key: [id], delete_missing: {max: 50%}}
"""


@pytest.fixture
def two(connect):
    """So many donors with a sample each in the source."""

    def fill(number):
        with connect("source") as connection:
            for name, other in (("donors", "born"), ("samples", "donor")):
                fields = (Field("id", String(), required=True), Field(other, String()))
                connection.ensure(Schema(name, "id", fields)).delete(all=True)
            connection["donors"].add([{"id": f"d{n}", "born": "1970"} for n in range(number)]).raise_for_refused()
            connection["samples"].add([{"id": f"s{n}", "donor": f"d{n}"} for n in range(number)]).raise_for_refused()

    return fill


def test_a_step_that_needs_another_is_loaded_after_it_and_deletes_before_it(two, pipeline, run, target, connect):
    with connect("target") as connection:  # DuckDB holds to the foreign key
        connection.client.execute("CREATE TABLE donors (id TEXT PRIMARY KEY, born TEXT)")
        connection.client.execute("CREATE TABLE samples (id TEXT PRIMARY KEY, donor TEXT REFERENCES donors (id))")
    path = pipeline(("- name: samples", "- name: samples\n    needs: donors"), text=TWO)
    two(20)
    assert [step.tally for step in run(path).steps] == [{"created": 20}, {"created": 20}]
    two(19)
    assert [step.deletes.tally for step in run(path).steps] == [{"deleted": 1}, {"deleted": 1}]
    assert len(target("donors")) == len(target("samples")) == 19


def test_references_of_a_platform_say_what_comes_first(two, pipeline, connect, tmp_path):
    """The file names the children first; MOLGENIS tells which table refers to which."""
    with Sandbox(("molgenis",)) as sandbox, biodata.connect("molgenis", config=sandbox.config_path) as server:
        key = Field("id", String(), required=True)
        server.ensure(Schema("donors", "id", (key, Field("born", String()))))
        server.ensure(Schema("samples", "id", (key, Field("donor", Reference("donors", String())))))

        def opened(name):
            return connect(name) if name == "source" else biodata.connect(name, config=sandbox.config_path)

        path = pipeline(("target/donors", "molgenis/donors"), ("target/samples", "molgenis/samples"), text=TWO)
        going = partial(load_pipeline(path).run, connect=opened, state_dir=tmp_path / "state")
        two(20)
        assert [step.tally for step in going().steps] == [{"created": 20}, {"created": 20}]
        two(19)
        assert [step.deletes.tally for step in going().steps] == [{"deleted": 1}, {"deleted": 1}]
        assert (server["donors"].count(), server["samples"].count()) == (19, 19)
