"""Tables, schemas, records, references, pages, counts."""

from __future__ import annotations

from datetime import datetime

import pytest

import biodata
from biodata import col


def test_tables(family):
    names = [table.name for table in family.tables()]
    assert names == [
        "clinical", "cohorts", "families", "files", "individuals", "jobs", "organizations", "panels", "projects",
        "samples", "studies", "users", "variableSets",
    ]  # fmt: skip
    assert str(family.schema("samples")["individualId"].type) == "ref(individuals)"
    assert str(family.schema("families")["members"].type) == "list[ref(individuals)]"
    assert family.schema("samples").id == "uuid"


def test_an_unknown_table_is_named_with_a_near_match(family):
    with pytest.raises(biodata.NotFound) as caught:
        family["sample"].count()
    assert caught.value.code == "BD-NOT-FOUND-TABLE"
    assert "samples" in (caught.value.hint or "")


def test_a_record(family):
    person = family["individuals"].get("NA12882")
    assert (person["id"], person["father"], person["mother"]) == ("NA12882", "NA12877", "NA12878")
    assert person["sex"]["id"] == "MALE"
    assert person["samples"] == ["NA12882-DNA"]
    assert person["familyIds"] == ["CEPH1463"]
    assert isinstance(person["creationDate"], datetime)
    assert person["ethnicity"] is None, "an object that was never set"
    assert person["dateOfBirth"] is None


def test_a_founder_has_no_parents(family):
    person = family["individuals"].get("NA12889")
    assert person["father"] is None
    assert person["mother"] is None


def test_fields_and_objects(family):
    rows = family["individuals"].query(fields=["id", "sex.id"], order_by="id", limit=2).to_records()
    assert rows == [{"id": "NA12877", "sex": {"id": "MALE"}}, {"id": "NA12878", "sex": {"id": "FEMALE"}}]


def test_primitives_are_asked_for_so_that_they_are_true(rig):
    connection = rig.connect()
    connection["samples"].add({"id": "tumour", "somatic": True})
    assert connection["samples"].get("tumour", fields=["somatic", "release"]) == {"somatic": True, "release": 1}


def test_many_by_key_in_the_order_asked(family):
    found = family["samples"].get(["NA12878-DNA", "nobody", "NA12877-DNA", "a,b", "!x", "a&b"], fields=["id"])
    assert [one["id"] for one in found] == ["NA12878-DNA", "NA12877-DNA"]
    assert found.missing == ("nobody", "a,b", "!x", "a&b")


def test_one_that_is_not_there(family):
    with pytest.raises(biodata.NotFound):
        family["samples"].get("nobody")


def test_by_uuid(family):
    uuid = family["samples"].get("NA12878-DNA", fields=["uuid"])["uuid"]
    assert family["samples"].get(id=uuid, fields=["id"]) == {"id": "NA12878-DNA"}


def test_references_can_be_followed(family):
    rows = family["samples"].query("individualId.sex.id = 'FEMALE'", fields=["id", "individualId.father"])
    assert len(rows.to_records()) == 8
    person = family["individuals"].get("NA12882", fields=["id", "father"], expand=["father"])
    assert person["father"]["id"] == "NA12877"


def test_cohorts_and_the_family(family):
    members = family["families"].get("CEPH1463")["members"]
    assert len(members) == 17
    sizes = {one["id"]: one["numSamples"] for one in family["cohorts"].query()}
    assert sizes == {"generation-1": 4, "generation-2": 2, "generation-3": 11}
    assert len(family["cohorts"].get("generation-3")["samples"]) == 11


def test_projects_and_studies(family):
    (project,) = family["projects"].query().to_records()
    assert (project["id"], project["studies"]) == ("project", ["demo@project:study"])
    assert project["organism"]["scientificName"] == "Homo sapiens"
    (study,) = family["studies"].query("id = 'study'").to_records()
    assert study["fqn"] == "demo@project:study"
    assert family["studies"].count() == 1
    assert family["studies"].get("demo@project:study")["name"] == "CEPH pedigree 1463"


def test_the_root_folder_is_no_record(family):
    assert [one["id"] for one in family["files"].query()] == ["JOBS:"]
    assert family["files"].count() == 1


def test_pages_are_independent_after_the_first(rig):
    connection = rig.connect("read")
    rig.log.clear()
    rows = connection["individuals"].query(fields=["id"], page_size=5).to_records()
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    assert len(rows) == 17
    pages = rig.asked("GET", "/individuals/search")
    assert len(pages) == 4
    assert [("count=" in one.target) for one in sorted(pages, key=lambda one: one.target)].count(True) == 2


@pytest.mark.parametrize("size", [1, 16, 17, 18, 5000])
def test_any_size_of_page(family, size):
    assert len(family["individuals"].query(fields=["id"], page_size=size).to_records()) == 17


def test_a_count_needs_one_request_and_no_rows(rig):
    connection = rig.connect("read")
    rig.log.clear()
    assert connection["individuals"].count(col("sex.id") == "MALE") == 9
    (request,) = rig.asked("GET", "/search")
    assert request.response_bytes < 700


def test_an_empty_answer(family):
    assert family["samples"].query("id = 'nobody'").to_records() == []
    assert family["samples"].query("id = 'a' and id = 'b'").to_records() == []
    assert family["samples"].count("id = 'a' and id = 'b'") == 0


def test_a_change_during_the_scan_is_seen(rig):
    connection = rig.connect()
    rows = iter(connection["individuals"].query(fields=["id"], page_size=8))
    next(rows)
    connection["individuals"].add({"id": "A-new-one"})
    with pytest.raises(biodata.RemoteError) as caught:
        list(rows)
    assert caught.value.code in ("BD-REMOTE-CHANGED", "BD-REMOTE-SHORT")


def test_frames(family):
    frame = family["individuals"].query(fields=["id", "father", "sex.id"]).to_pandas()
    assert len(frame) == 17
    assert frame["father"].isna().sum() == 4


def test_who_we_are(rig):
    owner = rig.connect().identity()
    assert (owner.server, owner.version, owner.user) == ("OpenCGA (OpenCB)", "5.0.0", "demo")
    assert owner.place == "/opencga demo@project:study"
    assert owner.rights == ("demo@project:study: everything",)
    assert 3500 < owner.token_seconds <= 3600
    viewer = rig.connect(user="viewer").identity()
    assert "VIEW_SAMPLES" in viewer.rights[0]
    assert "WRITE" not in viewer.rights[0]


def test_no_values_in_the_log_of_a_refusal(rig):
    connection = rig.connect("read", study="demo@project:nowhere")
    with pytest.raises(biodata.NotFound) as caught:
        connection["samples"].query("id = 'secretive'").to_records()
    assert caught.value.code == "BD-NOT-FOUND-STUDY"
    assert "secretive" not in str(caught.value)


def test_without_a_study_the_only_one_is_taken(rig):
    connection = rig.connect(study=None)
    assert connection["samples"].count() == 17
    assert connection["samples"].add({"id": "x"}).created == 1
    client = connection.client
    client.studies.create({"id": "second"}, project="project")
    with pytest.raises(biodata.NotFound) as caught:
        connection["samples"].count()
    assert "study" in (caught.value.hint or "")
    assert {one["id"] for one in connection["studies"].query()} == {"study", "second"}


def test_partitions_of_a_scan_hold_no_secret(family):
    import pickle

    plan = family["individuals"].query("sex.id = 'MALE'").plan
    (request,) = family.adapter.requests(plan)
    assert b"P@ss" not in pickle.dumps(request)
    assert pickle.loads(pickle.dumps(request)) == request  # noqa: S301 - our own


@pytest.mark.parametrize("body", ["{}", '{"responses": []}', '{"events": [{"type": "ERROR"}], "responses": [{}]}'])
@pytest.mark.parametrize("work", [lambda table: table.count(), lambda table: list(table.query())])
def test_an_answer_without_its_parts_is_not_an_empty_table(rig, work, body):
    samples = rig.connect()["samples"]
    samples.count()
    rig.faults.add("GET */samples/search", status=200, body=body)
    with pytest.raises(biodata.RemoteError):
        work(samples)
