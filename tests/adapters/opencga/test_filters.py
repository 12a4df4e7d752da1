"""Filters: what goes to the server gives what the house semantics say."""

from __future__ import annotations

import pytest

from biodata import col
from biodata.query.evaluate import predicate

CONDITIONS = [
    "id = 'NA12882'",
    "id in ('NA12882', 'NA12889', 'nobody')",
    "id != 'NA12882'",
    "id not in ('NA12882', 'NA12889')",
    "id like 'NA1288%'",
    "id like '%88_'",
    "id ilike 'na1288%'",
    "contains(id, '288')",
    "id > 'NA12885'",
    "sex.id = 'FEMALE'",
    "sex.id != 'FEMALE'",
    "sex.id in ('FEMALE', 'MALE')",
    "sex.name = 'x'",
    "father = 'NA12877'",
    "father is null",
    "father is not null and sex.id = 'MALE'",
    "samples = 'NA12882-DNA'",
    "samples = 'NA12882-DNA' and samples = 'NA12883-DNA'",
    "samples != 'NA12882-DNA'",
    "familyIds = 'CEPH1463'",
    "phenotypes.id = 'HP:0001250'",
    "phenotypes.id = 'HP:0001250' and phenotypes.id = 'HP:0000118'",
    "phenotypes.name = 'Seizure'",
    "phenotypes.id != 'HP:0001250'",
    "phenotypes.name like 'Seiz%'",
    "lifeStatus = 'ALIVE'",
    "lifeStatus != 'ALIVE'",
    "karyotypicSex in ('XX')",
    "dateOfBirth = '20100203'",
    "dateOfBirth > '2009'",
    "dateOfBirth is null",
    "population.name = 'CEU'",
    "population.name != 'CEU'",
    "name = 'a,b'",
    "name = '!x'",
    "name = '~x'",
    "name = '^x'",
    "name = '=x'",
    "name = '/x/'",
    "name = ' x '",
    "name = 'x & y'",
    "name = 'x#y+z%41?'",
    "name = ''",
    "name like '%,%'",
    "contains(name, '.')",
    "contains(name, '(')",
    "parentalConsanguinity = true",
    "version >= 1",
    "creationDate >= '2026-01-01' and creationDate < '2100-01-01'",
    "creationDate < '2020-01-01'",
    "creationDate >= '0999-12-31'",
    "creationDate between '2020-01-01' and '2100-01-01'",
    "id = 'NA12882' or id = 'NA12889'",
    "not (sex.id = 'FEMALE' and id like 'NA1288%')",
    "id = 'NA12882' and id in ('NA12882', 'NA12883')",
    "id = 'NA12882' and id like 'NA%'",
    "id like 'NA1288%' and id != 'NA12882'",
]
ODD = ["a,b", "!x", "~x", "^x", "=x", "/x/", " x ", "x & y", "x#y+z%41?", 'it\'s "so"', "a.b", "(c"]


@pytest.fixture(scope="module")
def people(shared):
    """The family, and people with odd names."""
    connection = shared.connect()
    records = [{"id": f"odd{number}", "name": name} for number, name in enumerate(ODD)]
    records[0] |= {
        "phenotypes": [{"id": "HP:0001250", "name": "Seizure"}, {"id": "HP:0000118", "name": "HP:0001250"}],
        "lifeStatus": "ALIVE",
        "dateOfBirth": "20100203",
        "population": {"name": "CEU"},
        "parentalConsanguinity": True,
    }
    connection["individuals"].add(records).raise_for_refused()
    yield connection["individuals"]
    connection["individuals"].delete([one["id"] for one in records])


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_same_records_as_here(people, condition):
    result = people.query(condition, fields=["id"], order_by="id")
    everything = people.query().to_records()
    check = predicate(result.plan.query.filter, people.schema)
    expected = sorted(one["id"] for one in everything if check(one))
    assert [one["id"] for one in result] == expected
    assert people.count(condition) == len(expected)
    assert [
        one["id"] for one in people.query(condition, fields=["id"], order_by="id", limit=2, offset=1)
    ] == expected[1:3]


def test_values_with_odd_characters_arrive_whole(people):
    for number, name in enumerate(ODD):
        assert [one["id"] for one in people.query(col("name") == name, fields=["id"])] == [f"odd{number}"]


def test_what_goes_to_the_server(people):
    plan = people.query("sex.id = 'MALE' and id in ('b', 'a') and name != 'x' and father = 'f'").plan
    (request,) = people.adapter.requests(plan)
    assert "sex=MALE" in request.text
    assert "id=a,b" in request.text
    assert "name=!x" in request.text
    assert "father=f" not in request.text
    assert [part.support for part in plan.parts] == ["exact", "exact", "inexact", "unsupported"]


def test_sorting_by_id_goes_down_both_ways(people):
    up, down = people.query(order_by="id", fields=["id"]), people.query(order_by="-id", fields=["id"], limit=3)
    assert not up.plan.sort_here
    ids = [one["id"] for one in up]
    assert [one["id"] for one in down] == sorted(ids, reverse=True)[:3]
    assert people.query(order_by="name").plan.sort_here


def test_a_value_too_long_for_an_address(people):
    many = [f"nobody-{number:06}" for number in range(1000)]
    assert people.query(col("id").is_in([*many, "NA12882"]), fields=["id"]).to_records() == [{"id": "NA12882"}]


def test_samples_by_what_their_objects_hold(shared):
    samples = shared.connect()["samples"]
    samples.add({"id": "t1", "somatic": True, "processing": {"labSampleId": "L-1"}, "collection": {"type": "blood"}})
    for condition in (
        "somatic = true",
        "processing.labSampleId = 'L-1'",
        "collection.type = 'blood'",
        "collection.type like 'bl%'",
        "somatic != false",
    ):
        assert [one["id"] for one in samples.query(condition, fields=["id"])] == ["t1"], condition
    assert samples.count("somatic = false") == 17
    assert [one["id"] for one in samples.query("cohortIds = 'generation-2'", fields=["id"], order_by="id")] == [
        "NA12877-DNA",
        "NA12878-DNA",
    ]
    samples.delete("t1")
