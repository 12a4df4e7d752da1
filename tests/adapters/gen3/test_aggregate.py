"""Groups on a commons: an enum or a boolean is counted value by value in one document; all else is counted here."""

from __future__ import annotations

import pytest

import biodata
from biodata.query.paths import resolve
from biodata.query.split import group_support
from biodata.records.types import Field, Schema, String
from biodata_gen3.query import pushdown
from biodata_gen3.sandbox import NOBODY, READER

GRAPHQL = "/api/v0/submission/graphql"

EVERY = 10**6
"""A limit comes before grouping, so that with one all is counted here."""


@pytest.fixture
def samples(rig):
    table = rig.connect()["sample"]
    case = table.query(fields=["cases"], limit=1).first()["cases"]
    rows = [
        {"submitter_id": "g1", "tissue": "saliva", "cell_line": False},
        {"submitter_id": "g2", "cell_line": True},
        {"submitter_id": "g3", "tissue": "saliva"},
    ]
    table.add([{**row, "cases": case} for row in rows]).raise_for_refused()
    rig.log.clear()
    return table


@pytest.mark.parametrize("name", ["tissue", "cell_line"])
@pytest.mark.parametrize("where", [None, "submitter_id in ('g1', 'g2', 'g3')"])
def test_one_document_counts_by_a_field(rig, samples, name, where):
    counts = samples.group_by(name, where=where).count()
    found = counts.to_records()
    assert len(rig.asked("POST", GRAPHQL)) == len(rig.log) == 1
    assert counts.explain().grouped == "platform"
    assert found == samples.query(where, limit=EVERY).group_by(name).count().to_records()
    assert found[-1][name] is None
    rig.log.clear()
    assert samples.distinct(name, where) == [record[name] for record in found[:-1]]
    assert len(rig.log) == 1


def test_a_filter_on_another_enum_goes_along(rig, samples):
    found = samples.group_by("tissue", where="cell_line = true").count().to_records()
    assert len(rig.log) == 1
    assert found == samples.query("cell_line = true", limit=EVERY).group_by("tissue").count().to_records()


@pytest.mark.parametrize(
    ("by", "where"),
    [
        (("tissue", "cell_line"), None),
        (("tissue",), "tissue = 'saliva'"),
        (("cell_line",), "tissue != 'saliva'"),
        (("submitter_id",), None),
        (("cases",), None),
        (("cases.submitter_id",), None),
    ],
)
def test_the_rest_is_counted_here(samples, by, where):
    counts = samples.group_by(*by, where=where).count()
    told = counts.explain()
    assert told.grouped == "here"
    assert told.grouped_why
    assert counts.to_records() == samples.query(where, limit=EVERY).group_by(*by).count().to_records()


@pytest.mark.parametrize(
    "where", ["submitter_id = 'g1' and submitter_id = 'g2'", "cell_line = true and cell_line = false"]
)
def test_nothing_is_asked_where_two_comparisons_leave_no_value(rig, samples, where):
    assert samples.group_by("tissue", where=where).count().to_records() == []
    assert samples.distinct("tissue", where) == []
    assert not rig.log


def test_a_value_that_the_dictionary_does_not_know_is_no_null(rig, samples):
    (odd,) = [one for one in rig.state.of_type("sample") if one.key == "g1"]
    odd.props["tissue"] = "unheard of"
    expected = samples.query(limit=EVERY).group_by("tissue").count().to_records()
    assert {"tissue": "unheard of", "count": 1} in expected
    assert samples.group_by("tissue").count().to_records() == expected
    assert "unheard of" in samples.distinct("tissue")


def test_nothing_there_and_no_rights_are_told_apart(rig):
    reader, nobody = rig.connect(user=READER), rig.connect(user=NOBODY)
    assert reader["sample"].group_by("tissue", where="submitter_id = 'none'").count().to_records() == []
    for ask in (lambda: nobody["sample"].distinct("tissue"), nobody["sample"].group_by("tissue").count().to_records):
        with pytest.raises(biodata.PermissionDenied):
            ask()


@pytest.mark.parametrize(
    ("values", "support"), [(0, "unsupported"), (1, "exact"), (30, "exact"), (31, "unsupported")]
)
def test_an_enum_with_many_values_is_read(values, support):
    choices = tuple(f"v{number}" for number in range(values)) or None
    schema = Schema("t", "submitter_id", (Field("submitter_id", String()), Field("kind", String(choices))))
    target = resolve(schema, ("kind",))
    assert group_support(pushdown(schema), "aggregate", target).support == support
