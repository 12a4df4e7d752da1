"""`contract`: what becomes of fields that are others than at the last run."""

import pytest

from biodata.errors import CheckFailed, QueryError
from biodata.pipelines.state.memory import StepMemory
from biodata.records.types import Date, Field, Integer, Json, Object, Schema, String

FIRST = '{"id": "a", "n": 1, "t": "x"}\n{"id": "b", "n": 2, "t": "y"}\n'
CHANGED = '{"id": "a", "n": 1.5, "new": 7}\n{"id": "b", "n": 2.0, "new": null}\n{"id": "c", "n": 3}\n'


@pytest.fixture
def night(read, tmp_path):
    """One run after the other over `a.ndjson`, each with what the last one has left."""

    def run(content, contract="evolve", more="", name="a.ndjson"):
        (tmp_path / name).write_text(content)
        found = read(f"extract: {{file: {name}, contract: {contract}{more}}}")
        read.memory = StepMemory("run", found.total, {}, found.source.seen())
        return found

    return run


@pytest.mark.parametrize("contract", ["evolve", "freeze", "discard_row", "discard_value"])
def test_the_first_run_takes_what_there_is_and_the_second_finds_no_difference(night, contract):
    first = night(FIRST, contract)
    assert (first.source.notes, len(first.rows)) == ([], 2)
    again = night(FIRST, contract)
    assert (again.source.notes, again.rows, again.faults) == ([], first.rows, [])


def test_evolve_takes_everything_and_tells(night):
    night(FIRST)
    found = night(CHANGED)
    assert found.rows[0] == {"id": "a", "n": 1.5, "new": 7}
    assert found.source.notes == [
        "the field new (int) is new",
        "the field t (string) is gone",
        "the field n was int and is float",
    ]
    assert night(CHANGED).source.notes == []


def test_freeze_stops_before_anything_is_read(night):
    night(FIRST)
    with pytest.raises(CheckFailed) as caught:
        night(CHANGED, "freeze")
    assert caught.value.code == "BD-PIPELINE-CONTRACT"
    assert "the field new (int) is new; the field t (string) is gone; the field n was int and is float" in str(
        caught.value
    )
    assert "a.ndjson" in caught.value.message


def test_discard_value_keeps_the_known_fields_and_types(night):
    night(FIRST)
    for _ in range(2):
        found = night(CHANGED, "discard_value")
        assert found.rows == [
            {"id": "a", "n": None, "t": None},
            {"id": "b", "n": 2, "t": None},
            {"id": "c", "n": 3, "t": None},
        ]
        assert found.faults == []
        assert found.source.notes[-1] == "1 values of n are no int and were left out"
        assert "the field new (int) is new" in found.source.notes


def test_discard_row_rejects_rows_that_do_not_fit(night):
    night(FIRST)
    for _ in range(2):
        found = night(CHANGED.replace('"n": 3', '"n": 3, "new": 8'), "discard_row")
        assert (found.rows, found.numbers) == ([{"id": "b", "n": 2, "t": None}], [2])
        assert found.told == [
            (1, "new", "it has a value in a field that is new since the last run"),
            (3, "new", "it has a value in a field that is new since the last run"),
        ]
        assert [fault.record for fault in found.faults] == [
            {"id": "a", "n": 1.5, "new": 7},
            {"id": "c", "n": 3.0, "new": 8},
        ]
        assert found.total == 3


def test_a_value_that_does_not_fit_rejects_its_row(night):
    night(FIRST)
    found = night('{"id": "a", "n": "1", "t": "x"}\n{"id": "b", "n": null, "t": "x"}\n', "discard_row")
    assert [row["id"] for row in found.rows] == ["b"]
    assert found.told == [(1, "n", "the value is no int, which the field was at the last run")]


def test_no_value_is_in_notes_and_reasons(night):
    night('{"id": "a", "n": 1}\n')
    for contract in ("evolve", "discard_row", "discard_value"):
        found = night('{"id": "a", "n": "CANARY"}\n', contract)
        assert "CANARY" not in repr([found.source.notes, found.told])
        night('{"id": "a", "n": 1}\n')


def test_what_the_file_asks_for_otherwise_is_no_change_of_the_source(night):
    night(FIRST, "freeze")
    found = night(FIRST, "freeze", ", fields: [id]")
    assert found.rows == [{"id": "a"}, {"id": "b"}]
    assert found.source.notes == ["the file asks for another source or for other fields: the contract begins anew"]
    assert night(FIRST, "freeze", ", fields: [id]").source.notes == []


def test_a_field_that_the_file_names_has_to_be_there(night):
    night(FIRST, "discard_value", ", fields: [id, t]")
    with pytest.raises(QueryError, match="There is no field 't'"):
        night(CHANGED, "discard_value", ", fields: [id, t]")


def test_fields_inside_objects(night):
    night('{"id": "a", "sex": {"id": "f", "n": 1}}\n', "freeze")
    assert night('{"id": "a", "sex": {"n": 1, "id": "f"}}\n', "freeze").source.notes == []
    with pytest.raises(CheckFailed, match=r"sex was object\{id: string, n: int\} and is object\{.*, more: string\}"):
        night('{"id": "a", "sex": {"id": "f", "n": 1, "more": "x"}}\n', "freeze")
    found = night(
        '{"id": "a", "sex": {"id": "f", "n": 1, "more": "x"}}\n{"id": "b", "sex": {"id": "m"}}\n', "discard_value"
    )
    assert [row["sex"] for row in found.rows] == [None, {"id": "m", "n": None}]


TABLE = (Field("id", String(), required=True), Field("n", Integer()), Field("at", Date()))


@pytest.fixture
def donors(connect, read):
    """The table `donors` of the source with other fields, and a reading of it."""

    def make(fields, rows, contract):
        with connect("source") as connection:
            if any(table.name == "donors" for table in connection.tables()):
                connection.client.execute("DROP TABLE donors")
        with connect("source") as connection:
            connection.ensure(Schema("donors", "id", fields)).upsert(rows).raise_for_refused()
        found = read(f"extract: {{from: source/donors, contract: {contract}}}")
        read.memory = StepMemory("run", found.total, {}, found.source.seen())
        return found

    return make


def test_a_table_whose_columns_change(donors):
    donors(TABLE, [{"id": "a", "n": 1, "at": "2020-01-31"}], "freeze")
    changed = (TABLE[0], Field("n", String()), Field("more", Json()), Field("at", Date()))
    rows = [{"id": "a", "n": "1", "more": {"k": [1]}, "at": "2020-01-31"}, {"id": "b", "n": None, "at": None}]
    with pytest.raises(CheckFailed, match=r"the field more \(json\) is new; the field n was int and is string"):
        donors(changed, rows, "freeze")
    found = donors(changed, rows, "discard_value")
    assert [list(row) for row in found.rows] == [["id", "n", "at"]] * 2
    assert [row["n"] for row in found.rows] == [None, None]
    found = donors(changed, rows, "discard_row")
    assert ([row["id"] for row in found.rows], found.told[0][1]) == (["b"], "more")
    assert donors(changed, rows, "evolve").rows[0]["more"] == {"k": [1]}


def test_a_type_that_says_less_takes_what_fits(donors):
    donors(TABLE, [{"id": "a", "n": 1, "at": "2020-01-31"}], "evolve")
    changed = (*TABLE[:2], Field("at", String()))
    found = donors(changed, [{"id": "a", "at": "2020-01-31"}, {"id": "b", "at": "last year"}], "discard_row")
    assert [str(row["at"]) for row in found.rows] == ["2020-01-31"]
    assert found.told == [(2, "at", "the value is no date, which the field was at the last run")]


def test_an_object_that_was_json_is_json(donors):
    whole = Object((Field("k", Integer()),))
    donors((TABLE[0], Field("extra", Json())), [{"id": "a", "extra": {"k": 1}}], "evolve")
    found = donors((TABLE[0], Field("extra", whole)), [{"id": "a", "extra": {"k": 2}}], "discard_row")
    assert found.rows == [{"id": "a", "extra": {"k": 2}}]
    assert found.source.schema.field("extra").metadata == {b"biodata": b"json"}
