"""`rename` and `links`: other names in the old places, and what is wrong told before any row."""

import pyarrow as pa
import pytest

import biodata
from biodata.pipelines.spec import Links, Rename
from tests.pipelines.chains import JSON, compiled, through

SCHEMA = pa.schema([("id", pa.string()), ("age", pa.int64()), pa.field("doc", pa.string(), metadata=JSON)])


def test_columns_get_other_names_in_their_old_places():
    found = through(
        [{"id": "p1", "age": 4, "doc": {"a": 1}}], Rename((("id", "person"), ("doc", "note"))), schema=SCHEMA
    )
    assert found.rows == [{"person": "p1", "age": 4, "note": {"a": 1}}]
    assert found.schema.names == found.chain.schema.names == ["person", "age", "note"]
    assert found.schema.field("note").metadata == {b"biodata": b"json"}


def test_two_columns_change_names():
    found = through([{"a": 1, "b": "x"}], Rename((("a", "b"), ("b", "a"))))
    assert found.rows == [{"b": 1, "a": "x"}]


def test_a_column_keeps_its_name_in_other_letters():
    assert through([{"ID": 1}], Rename((("ID", "id"),))).rows == [{"id": 1}]


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (
            Rename((("agee", "x"),), 3, 5),
            r"f\.yml:3:5: step s: rename: there is no column 'agee'; did you mean 'age'",
        ),
        (Rename((("size", "x"),), 3, 5), "rename: there is no column 'size'; there is id, age, doc"),
        (Rename((("id", "age"),), 3, 5), "rename: there is another column 'age'"),
        (Rename((("id", "x"), ("age", "x")), 3, 5), "rename: there is another column 'x'"),
        (Links((("person", "persn"),), 3, 5), "links: there is no column 'persn'"),
        (Links((("age", "id"),), 3, 5), "links: there is another column 'age'"),
        (Links((("a", "id"), ("b", "id")), 3, 5), "links: the column 'id' cannot be both 'a' and 'b'"),
    ],
)
def test_what_does_not_fit(operation, words):
    with pytest.raises(biodata.QueryError, match=words):
        compiled(SCHEMA, operation)


def test_a_link_takes_the_name_of_the_reference_one_key_or_many():
    rows = [{"id": "s1", "case_key": "c1", "sites": ["a", "b"]}, {"id": "s2", "case_key": None, "sites": []}]
    found = through(rows, Links((("cases", "case_key"), ("site", "sites"))))
    assert found.rows == [
        {"id": "s1", "cases": "c1", "site": ["a", "b"]},
        {"id": "s2", "cases": None, "site": []},
    ]
