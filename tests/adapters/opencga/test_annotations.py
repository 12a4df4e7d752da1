"""Annotation sets as fields: in the schema, in filters, in writes."""

from __future__ import annotations

import pytest

import biodata
from biodata import col

CLINIC = {
    "id": "clinic",
    "entities": ["SAMPLE"],
    "variables": [
        {"id": "age", "type": "INTEGER", "required": True, "rank": 1},
        {"id": "hospital", "type": "STRING", "rank": 2},
        {"id": "smoker", "type": "BOOLEAN", "rank": 3},
        {"id": "grade", "type": "CATEGORICAL", "allowedValues": ["I", "II"], "rank": 4},
        {"id": "weight", "type": "DOUBLE", "rank": 5},
        {"id": "codes", "type": "STRING", "multiValue": True, "rank": 6},
        {"id": "counts", "type": "MAP_INTEGER", "rank": 7},
    ],
}
VISIT = {"id": "visit", "unique": False, "variables": [{"id": "day", "type": "INTEGER"}]}
FIRST = {"age": 40, "hospital": "H1", "smoker": False, "grade": "I", "weight": 70.5, "codes": ["a", "b"]}


@pytest.fixture
def samples(rig):
    """The samples of a study with two variable sets, two of them annotated."""
    connection = rig.connect()
    connection["variableSets"].add([CLINIC, VISIT]).raise_for_refused()
    table = connection["samples"]
    table.add(
        [
            {"id": "one", "annotations": {"clinic": FIRST, "visit": [{"day": 1}, {"day": 8}]}},
            {"id": "two", "annotations": {"clinic": {"age": 25, "hospital": "H2; east", "smoker": True}}},
        ]
    ).raise_for_refused()
    return table


def test_the_schema_has_the_variable_sets_of_the_study(samples):
    type_ = samples.schema["annotations"].type
    assert str(type_) == "object{clinic, visit}"
    clinic, visit = (field.type for field in type_.fields)
    assert [(field.name, str(field.type)) for field in clinic.fields] == [
        ("age", "int"), ("hospital", "string"), ("smoker", "bool"), ("grade", "enum"), ("weight", "float"),
        ("codes", "list[string]"), ("counts", "json"),
    ]  # fmt: skip
    assert str(visit) == "list[object{day}]"
    assert samples.schema["annotationSets"].read_only, "as the server keeps them"


def test_a_table_has_those_that_are_for_it(samples):
    individuals = samples.connection.schema("individuals")
    assert str(individuals["annotations"].type) == "object{visit}", "a set that names no entities is for all"
    assert "annotations" not in samples.connection.schema("panels")


def test_variable_sets_are_asked_for_once(rig):
    connection = rig.connect()
    rig.log.clear()
    for table in ("samples", "individuals", "samples"):
        connection.schema(table)
    assert len(rig.asked("GET", "/variableSets")) == 1
    assert "annotations" not in connection.schema("samples")
    connection["variableSets"].add(CLINIC).raise_for_refused()
    assert "annotations" in connection.schema("samples", refresh=True)


def test_who_may_not_see_them_reads_all_the_same(rig):
    rig.connect()["variableSets"].add(CLINIC).raise_for_refused()
    refusal = '{"events": [{"type": "ERROR", "message": "Permission denied."}], "responses": [{}]}'
    rig.faults.add("GET */variableSets", status=403, body=refusal)
    table = rig.connect("read", user="viewer")["samples"]
    assert table.count() == 17
    assert "annotations" not in table.schema


def test_records(samples):
    stored = samples.get("one", fields=["annotations"])
    assert stored == {"annotations": {"clinic": FIRST, "visit": [{"day": 1}, {"day": 8}]}}
    assert samples.get("two", fields=["annotations.clinic.age"]) == {"annotations": {"clinic": {"age": 25}}}
    assert samples.get("NA12877-DNA")["annotations"] is None
    sets = samples.get("one")["annotationSets"]
    assert [one["id"] for one in sets] == ["clinic", "visit", "visit-2"]


@pytest.mark.parametrize(
    ("condition", "parameter", "found"),
    [
        ("annotations.clinic.age > 30", "clinic:age>30", ["one"]),
        ("annotations.clinic.age between 20 and 30", "clinic:age>=20;clinic:age<=30", ["two"]),
        ("annotations.clinic.hospital = 'H1'", "clinic:hospital=H1", ["one"]),
        ("annotations.clinic.hospital in ('H1', 'H2')", "clinic:hospital=H1,H2", ["one"]),
        ("annotations.clinic.smoker = false", "clinic:smoker=false", ["one"]),
        ("annotations.clinic.weight <= 70.5", "clinic:weight<=70.5", ["one"]),
        (
            "annotations.clinic.hospital = 'H1' and annotations.clinic.age < 30",
            "clinic:hospital=H1;clinic:age<30",
            [],
        ),
        ("annotations.clinic.codes = 'b'", "clinic:codes=b", ["one"]),
        ("annotations.visit.day = 8", "visit:day=8", ["one"]),
        ("annotations.clinic.hospital = 'H2; east'", None, ["two"]),
        ("annotations.clinic.hospital = '40'", None, []),
        ("annotations.clinic.grade is null and annotations.clinic.age > 0", "clinic:age>0", ["two"]),
        ("annotations.clinic.grade != 'II'", None, ["one"]),
    ],
)
def test_filters(samples, condition, parameter, found):
    result = samples.query(condition, fields=["id"], order_by="id")
    (request,) = samples.connection.adapter.requests(result.plan)
    assert (f"annotation={parameter}" in request.text) if parameter else ("annotation=" not in request.text)
    assert [one["id"] for one in result] == found
    assert samples.count(condition) == len(found)


def test_an_exact_condition_is_counted_by_the_server(rig, samples):
    rig.log.clear()
    assert samples.count("annotations.clinic.age >= 25") == 2
    (request,) = rig.asked("GET", "/search")
    assert "limit=0" in request.target


def test_a_set_that_is_given_is_replaced_and_the_others_stay(samples):
    samples.update({"id": "one", "annotations": {"clinic": {"age": 41}}}).raise_for_refused()
    stored = samples.get("one")["annotations"]
    assert stored == {"clinic": {"age": 41}, "visit": [{"day": 1}, {"day": 8}]}
    samples.update({"id": "one", "annotations": {"visit": None}}).raise_for_refused()
    assert samples.get("one")["annotations"] == {"clinic": {"age": 41}}
    samples.update({"id": "one", "annotations": None}).raise_for_refused()
    assert samples.get("one")["annotations"] is None


def test_annotations_that_are_so_already_make_no_version(rig, samples):
    version = samples.get("one")["version"]
    rig.log.clear()
    assert [one.status for one in samples.upsert({"id": "one", "annotations": {"clinic": FIRST}})] == ["unchanged"]
    assert rig.asked("POST", "/update") == []
    assert samples.get("one")["version"] == version


def test_sets_of_the_server_and_of_other_names_stay(rig, samples):
    client = samples.connection.client
    study = "demo@project:study"
    own = {"id": "stats", "variableSetId": "opencga_cohort_variant_stats", "annotations": {"variantCount": 3}}
    client.samples.update("two", {"annotationSets": [own]}, study=study, annotationSetsAction="ADD")
    samples.update({"id": "two", "annotations": None}).raise_for_refused()
    assert [one["id"] for one in samples.get("two")["annotationSets"]] == ["stats"]
    named = {"id": "by-hand", "variableSetId": "clinic", "annotations": {"age": 1}}
    client.samples.update("two", {"annotationSets": [named]}, study=study, annotationSetsAction="ADD")
    samples.update({"id": "two", "annotations": {"clinic": {"age": 2}}}).raise_for_refused()
    assert [(one["id"], one["annotations"]) for one in samples.get("two")["annotationSets"]] == [
        ("stats", {"variantCount": 3}), ("by-hand", {"age": 2})
    ]  # fmt: skip


def test_what_does_not_fit(samples):
    receipt = samples.update({"id": "one", "annotations": {"clinic": {"age": "old"}}})
    assert [one.code for one in receipt.refused] == ["BD-WRITE-TYPE"]
    receipt = samples.add({"id": "three", "annotations": {"clinic": {"hospital": "H1"}}})
    assert [one.code for one in receipt.refused] == ["BD-WRITE-ANNOTATION"], "the age is required"
    with pytest.raises(biodata.QueryError):
        samples.count(col("annotations.clinic.agee") == 1)
