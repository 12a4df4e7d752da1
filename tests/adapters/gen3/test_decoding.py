"""Rows of the commons as records."""

from __future__ import annotations

import pytest

import biodata
from biodata.records.types import Boolean, Field, Float, Integer, List, Schema, String
from biodata_gen3.decode import records

LISTS = Schema(
    "sample",
    "submitter_id",
    tuple(
        Field(name, List(item))
        for name, item in (("i", Integer()), ("f", Float()), ("b", Boolean()), ("s", String()))
    ),
)


def test_every_list_of_graphql_is_text():
    (record,) = records(LISTS, [{"i": ["5", "-7"], "f": ["1e-07", "4"], "b": ["true"], "s": ["5"]}], LISTS.names)
    assert record == {"i": [5, -7], "f": [1e-7, 4.0], "b": [True], "s": ["5"]}
    assert records(LISTS, [{"i": [5], "f": [4.5], "b": [False], "s": []}], LISTS.names) == [
        {"i": [5], "f": [4.5], "b": [False], "s": []}
    ]


def test_a_text_that_is_no_number():
    with pytest.raises(biodata.ProtocolError, match="'i'"):
        records(LISTS, [{"i": ["five"]}], LISTS.names)
