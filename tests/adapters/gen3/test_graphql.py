"""Queries that users write: checked by gql before they are sent."""

from __future__ import annotations

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
