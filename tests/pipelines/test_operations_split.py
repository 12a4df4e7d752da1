"""`split`: text to the list of its parts."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import biodata
from biodata.pipelines.spec import Split
from tests.pipelines.chains import JSON, compiled, through

TEXT = pa.schema([("id", pa.int64()), ("t", pa.string()), ("z", pa.int64())])


def parts(texts, by=","):
    rows = [{"id": number, "t": text, "z": 0} for number, text in enumerate(texts)]
    found = through(rows, Split("t", by), schema=TEXT)
    assert [row["id"] for row in found.rows] == list(range(len(texts)))
    assert found.schema.field("t").type == pa.list_(pa.string())
    return [row["t"] for row in found.rows]


def test_parts_are_trimmed_and_none_is_empty_and_null_stays_null():
    assert parts([" a, b ,,c ", None, "", " , ", "one", "\u00a0x\u00a0,\ty\n"]) == [
        ["a", "b", "c"], None, [], [], ["one"], ["x", "y"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("by", "text", "wanted"),
    [
        ("||", "a|||b", ["a", "|b"]),
        (".*", "a.*b.c", ["a", "b.c"]),
        (" ", " a  b ", ["a", "b"]),
        ("aa", "aaab", ["ab"]),
    ],
)
def test_the_separator_is_a_text_and_no_pattern(by, text, wanted):
    assert parts([text], by) == [wanted]


def test_into_leaves_the_text_and_stands_at_the_end_or_in_the_place_of_a_column():
    row = {"id": 1, "t": "a,b", "z": 2}
    assert through([row], Split("t", ",", "parts"), schema=TEXT).rows == [row | {"parts": ["a", "b"]}]
    found = through([row], Split("t", ",", "id"), schema=TEXT)
    assert found.rows == [{"id": ["a", "b"], "t": "a,b", "z": 2}]
    assert found.schema.names == ["id", "t", "z"]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ([("tt", pa.string())], "split: there is no column 't'; did you mean 'tt'"),
        ([("t", pa.int64())], "split: the column 't' is no text"),
        ([("t", pa.list_(pa.string()))], "split: the column 't' is no text"),
        ([pa.field("t", pa.string(), metadata=JSON)], "split: the column 't' is no text"),
    ],
)
def test_what_is_no_text(schema, words):
    with pytest.raises(biodata.QueryError, match=words):
        compiled(pa.schema(schema), Split("t"))


@given(st.lists(st.none() | st.text(" ,;ab\u00a0é", max_size=8), max_size=20), st.sampled_from([",", ";", ",;", " "]))
def test_the_parts_are_those_of_python(texts, by):
    def wanted(text):
        return None if text is None else [part.strip() for part in text.split(by) if part.strip()]

    assert parts(texts, by) == [wanted(text) for text in texts]
