"""Queries that users write: checked by gql before they are sent."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from biodata.errors import QueryError
from tests.adapters.gen3.conftest import GRAPHQL

if TYPE_CHECKING:
    from tests.adapters.gen3.conftest import Rig


def test_a_query_with_variables(rig: Rig) -> None:
    adapter = rig.connect().adapter
    query = "query($key: [String]) {case(submitter_id: $key) {submitter_id samples {tissue}}}"
    data = adapter.graphql(query, {"key": ["NA12878"]})
    assert data == {"case": [{"submitter_id": "NA12878", "samples": [{"tissue": "blood"}]}]}
    adapter.graphql("{_case_count}")
    assert len(rig.asked("GET", "/api/v0/submission/getschema")) == 1


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("{case{zebra}}", "zebra"),
        ("{case(first: true){id}}", "Int"),
        ("{case{id}", "Syntax Error"),
        ("mutation{case{id}}", "mutation"),
    ],
)
def test_a_wrong_query_is_not_sent(rig: Rig, query: str, words: str) -> None:
    with pytest.raises(QueryError, match=words):
        rig.connect().adapter.graphql(query)
    assert rig.asked("POST", GRAPHQL) == []


def test_what_the_server_refuses_is_in_its_words(rig: Rig) -> None:
    with pytest.raises(QueryError, match="Cannot order by nope on case") as caught:
        rig.connect().adapter.graphql('{case(order_by_asc: "nope"){id}}')
    assert caught.value.code == "BD-QUERY-REFUSED"


@pytest.mark.parametrize(
    ("query", "cut"),
    [
        ("{case{id samples{id}}}", "case, samples"),
        ("{case(first: 0){id samples{id}}}", "samples"),
        ('{case(submitter_id: "NA12878"){id samples(first: 100){id}}}', ""),
        ("{_case_count}", ""),
    ],
)
def test_what_is_cut_to_ten_is_told(rig: Rig, caplog: pytest.LogCaptureFixture, query: str, cut: str) -> None:
    with caplog.at_level(logging.WARNING, "biodata"):
        rig.connect("read").graphql(query)
    told = [one.message for one in caplog.records if one.message.startswith("ten records")]
    assert told == ([f"ten records at most have come of {cut}: say first: 0 for all, or a number"] if cut else [])


def test_repositories_show_more_than_ten_parents(rig: Rig) -> None:
    rig.samples(12)
    keys = sorted(one.key for one in rig.state.of_type("sample"))
    table = rig.connect("write")["aliquot"]
    table.add({"submitter_id": "pool", "samples": keys}).raise_for_refused()
    assert sorted(table.get("pool")["samples"]) == keys
    assert len(keys) == 18
