"""JSON in frames: text there, values in records."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest

from biodata.records.incoming import incoming
from biodata.records.types import Field, Json, List, Object, Schema, String

SCHEMA = Schema(
    "things",
    "id",
    (
        Field("id", String()),
        Field("notes", Json()),
        Field("many", List(Json())),
        Field("deep", Object((Field("name", String()), Field("notes", Json())))),
    ),
)
ROW = {"id": "1", "notes": '{"a": [1, null]}', "many": ["1", '"x"'], "deep": {"name": "2", "notes": "[3]"}}
READ = {"id": "1", "notes": {"a": [1, None]}, "many": [1, "x"], "deep": {"name": "2", "notes": [3]}}


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_json_text_in_a_frame_is_read_and_other_text_is_left(frame):
    assert list(incoming(frame([ROW]), SCHEMA)) == [READ]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_text_that_is_no_json_and_nothing_stay_as_they_are(frame):
    rows = [{"id": "1", "notes": "no json"}, {"id": "2", "notes": None}]
    first, second = incoming(frame(rows), SCHEMA)
    assert first == rows[0]
    assert second["notes"] is None or second["notes"] != second["notes"]


def test_records_are_taken_at_their_word():
    assert list(incoming([ROW], SCHEMA)) == [ROW]
