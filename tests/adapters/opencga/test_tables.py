"""The tables around the people and their samples: what is in them, what can be written, in which study they are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import biodata
from biodata import col
from biodata_opencga.sandbox.demo import ORGANIZATION
from biodata_opencga.sandbox.model import Entry

STUDY = "demo@project:study"


def test_panels(writing):
    panels = writing["panels"]
    record = {
        "id": "epilepsy",
        "name": "Epilepsy",
        "genes": [{"id": "ENSG1", "name": "SCN1A"}],
        "disorders": [{"id": "OMIM:1", "name": "Epilepsy"}],
        "tags": ["draft", "v1"],
        "categories": [{"name": "neurology", "level": 1}],
    }
    assert panels.upsert(record).created == 1
    assert panels.upsert(record).unchanged == 1
    assert [one["id"] for one in panels.query("disorders.name = 'Epilepsy' and tags = 'v1'")] == ["epilepsy"]
    assert panels.update({"id": "epilepsy", "tags": ["final"]}).updated == 1
    assert panels.get("epilepsy")["tags"] == ["final"], "replaced, though the server has no word for that here"
    assert [one.code for one in panels.update({"id": "epilepsy", "tags": ["x"]}, lists="add").refused] == [
        "BD-UNSUPPORTED-LISTS"
    ]
    assert [one.status for one in panels.delete("epilepsy")] == ["hidden"]


def test_clinical_analyses(writing):
    writing["panels"].add({"id": "epilepsy", "name": "Epilepsy"}).raise_for_refused()
    cases = writing["clinical"]
    record = {
        "id": "case-1",
        "type": "FAMILY",
        "proband": "NA12882",
        "family": "CEPH1463",
        "disorder": {"id": "OMIM:1"},
        "panels": ["epilepsy"],
        "flags": [{"id": "LOW_QUALITY_SAMPLE"}],
        "priority": {"id": "HIGH"},
        "dueDate": datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
    }
    assert cases.upsert(record).created == 1
    stored = cases.get("case-1")
    assert {name: stored[name] for name in record} == record
    assert stored["analysts"] == ["demo"]
    assert cases.upsert(record).unchanged == 1, "what the server adds makes no difference"
    found = cases.query("proband = 'NA12882' and priority.id = 'HIGH' and panels = 'epilepsy'", fields=["id"])
    assert [part.support for part in found.plan.parts] == ["exact", "exact", "inexact"]
    assert found.to_records() == [{"id": "case-1"}]
    assert cases.get("case-1", fields=["proband.sex.id"]) == {"proband": {"sex": {"id": "MALE"}}}
    cases.update({"id": "case-1", "flags": []}).raise_for_refused()
    assert cases.get("case-1")["flags"] == []
    assert [one.code for one in cases.add({"id": "x", "type": "SINGLE", "proband": "nobody"}).refused] == [
        "BD-WRITE-REFERENCE"
    ]
    assert [one.code for one in cases.add({"id": "x", "proband": "NA12882"}).refused] == ["BD-WRITE-REQUIRED"]
    assert [one.status for one in cases.delete(["case-1", "case-2"])] == ["hidden", "unchanged"]


def test_jobs(writing):
    jobs = writing["jobs"]
    assert jobs.add({"id": "job-1", "tool": {"id": "align"}, "params": {"threads": 4}}).created == 1
    stored = jobs.get("job-1")
    assert (stored["tool"], stored["params"]) == ({"id": "align"}, {"threads": 4})
    assert stored["internal"]["status"]["id"] == "DONE"
    assert jobs.update({"id": "job-1", "visited": True, "tags": ["a"], "priority": "LOW"}).updated == 1
    assert [one["id"] for one in jobs.query("tool.id = 'align' and visited = true and tags = 'a'")] == ["job-1"]
    assert jobs.count("internal.status.id = 'DONE'") == 1, "kept here: no parameter is sure"
    assert [one.code for one in jobs.update({"id": "job-1", "tool": {"id": "x"}}).refused] == ["BD-WRITE-READ-ONLY"]


def test_variable_sets(rig):
    sets = rig.connect()["variableSets"]
    record = {"id": "clinic", "unique": False, "variables": [{"id": "age", "type": "INTEGER"}]}
    assert sets.upsert(record).created == 1
    stored = sets.get("clinic")
    assert (stored["unique"], stored["variables"][0]["type"]) == (False, "INTEGER")
    assert [one.code for one in sets.add({"id": "clinic"}).refused] == ["BD-WRITE-DUPLICATE"]
    assert [one.code for one in sets.update({"id": "clinic", "unique": True}).refused] == ["BD-WRITE-READ-ONLY"]
    assert [one.status for one in sets.delete(["clinic", "nothing"])] == ["deleted", "unchanged"]
    assert "clinic" not in [one["id"] for one in sets.query()]


def test_projects_and_studies_are_made_and_changed(rig):
    connection = rig.connect(study=None)
    organism = {"scientificName": "Homo sapiens", "assembly": "GRCh38"}
    project = {"id": "second", "name": "Second", "organism": organism, "attributes": {"a": 1}}
    assert connection["projects"].upsert(project).created == 1
    assert connection["projects"].upsert(project).unchanged == 1
    assert connection["projects"].update({"id": "second", "description": "new"}).updated == 1
    study = {"fqn": "demo@second:pilot", "name": "Pilot"}
    assert [(one.status, one.key) for one in connection["studies"].upsert(study)] == [("created", study["fqn"])]
    assert connection["studies"].upsert(study).unchanged == 1
    assert connection["studies"].update({"fqn": study["fqn"], "description": "d"}).updated == 1
    assert connection["projects"].get("second")["studies"] == [study["fqn"]]
    assert [one.code for one in connection["studies"].add({"fqn": "pilot"}).refused] == ["BD-WRITE-KEY"]
    assert [one.code for one in connection["projects"].update({"id": "third", "name": "x"}).refused] == [
        "BD-NOT-FOUND"
    ]
    assert [one.code for one in connection["studies"].add(study).refused] == ["BD-WRITE-DUPLICATE"]


@pytest.mark.parametrize("table", ["projects", "studies", "users", "organizations"])
def test_what_the_server_deletes_never(writing, table):
    with pytest.raises(biodata.Unsupported):
        writing[table].delete("project")


def test_users_and_the_organization(rig):
    connection = rig.connect()
    users = connection["users"]
    record = {"id": "ann", "name": "Ann", "email": "ann@example.org", "password": "Ann_P@ssw0rd1"}
    assert users.add(record).created == 1
    stored = users.get("ann")
    assert (stored["email"], stored["organization"], stored["password"]) == ("ann@example.org", "demo", None)
    assert users.update({"id": "ann", "name": "Anna"}).updated == 1
    assert sorted(one["id"] for one in users.query(fields=["id"])) == ["ann", "demo", "viewer"]
    assert users.count(col("name") == "Anna") == 1
    (organization,) = connection["organizations"].query().to_records()
    assert (organization["id"], organization["owner"]) == ("demo", "demo")
    assert connection["organizations"].update({"id": "demo", "name": "The demo"}).updated == 1
    with pytest.raises(biodata.PermissionDenied):
        rig.connect(user="viewer")["users"].count()


def test_a_weak_password_is_not_told(writing):
    record = {"id": "ann", "name": "Ann", "email": "a@example.org", "password": "Secretive1"}
    with pytest.raises(biodata.BiodataError) as caught:
        writing["users"].add(record)
    assert "Secretive1" not in str(caught.value)


@pytest.fixture
def pilot(rig):
    """A connection to the demo's study; beside it is another one with a family of its own."""
    connection = rig.connect()
    connection["studies"].add({"fqn": "demo@project:pilot"}).raise_for_refused()
    other = connection["demo@project:pilot/individuals"]
    other.add([{"id": "father", "sex": {"id": "MALE"}}, {"id": "kid", "father": "father"}]).raise_for_refused()
    return connection


def test_the_study_of_an_address(rig, pilot):
    kids = pilot["demo@project:pilot/individuals"]
    assert str(kids.schema["father"].type) == "ref(demo@project:pilot/individuals)"
    assert kids.count() == 2
    assert pilot["individuals"].count() == 17
    assert kids.query("father.sex.id = 'MALE'", fields=["id", "father.id"]).to_records() == [
        {"id": "kid", "father": {"id": "father"}}
    ]
    assert kids.get("kid", expand=["father"])["father"]["sex"] == {"id": "MALE"}
    assert kids.update({"id": "kid", "name": "Kid"}).updated == 1
    assert [one.status for one in kids.delete("kid")] == ["hidden"]
    pilot["pilot/variableSets"].add({"id": "v", "variables": [{"id": "n", "type": "INTEGER"}]}).raise_for_refused()
    assert "annotations" in pilot["pilot/samples"].schema
    assert "annotations" not in pilot["samples"].schema
    with pytest.raises(biodata.NotFound) as caught:
        pilot["demo@project:nowhere/samples"].count()
    assert caught.value.code == "BD-NOT-FOUND-STUDY"
    with pytest.raises(biodata.NotFound) as caught:
        pilot["pilot/sample"].count()
    assert "samples" in (caught.value.hint or "")


@pytest.mark.usefixtures("pilot")
def test_the_study_of_an_address_on_the_command(rig, capfd):
    from biodata.cli.main import status_of

    asked = ["--config", str(rig.sandbox.config_path), "query", "opencga/pilot/individuals", "--fields", "id"]
    assert status_of([*asked, "-o", "csv"]) == 0
    assert capfd.readouterr().out.split() == ["id", "father", "kid"]


def test_the_study_of_the_call_is_that_of_the_profile_otherwise(rig):
    connection = rig.connect(study=None)
    assert connection[f"{STUDY}/samples"].count() == connection["samples"].count() == 17


def test_rows_and_keys_are_counted(rig):
    """n rows take ceil(n / 5000) requests at most, 250 keys take 3."""
    samples = rig.connect()["samples"]
    samples.add([{"id": f"many-{number:03}"} for number in range(250)]).raise_for_refused()
    samples.schema  # noqa: B018 - only to have it
    rig.log.clear()
    assert len(samples.query(fields=["id"], page_size=5000).to_records()) == 267
    assert len(rig.asked("GET", "")) == 1
    rig.log.clear()
    assert len(samples.get([f"many-{number:03}" for number in range(250)], fields=["id"])) == 250
    assert len(rig.asked("GET", "")) == 3


def test_a_family_without_a_size(writing):
    families = writing["families"]
    families.add({"id": "f", "expectedSize": 3}).raise_for_refused()
    families.update({"id": "f", "expectedSize": None}).raise_for_refused()
    assert families.get("f")["expectedSize"] is None
    assert families.upsert({"id": "f", "expectedSize": None}).unchanged == 1
    assert families.count("expectedSize < 5") == 0
    assert families.count("expectedSize is null") == 1


def _store(rig, kind, template, count, **fields):
    """Copies of an entry, put into the server's memory; `{}` is the number of the copy."""
    ((study,),) = (project.studies for project in rig.state.organizations[ORGANIZATION].projects)
    first, top = study.find(kind, template), max(one.uid for one in study.entries)
    for number in range(count):
        own = {name: text.format(number) for name, text in fields.items()}
        study.entries.append(Entry(kind=kind, uid=top + 1 + number, fields={**first.fields, **own}))


@pytest.mark.parametrize(("rows", "requests"), [(5000, 1), (5001, 2), (10001, 3)])
def test_more_rows_than_a_page_holds(rig, rows, requests):
    samples = rig.connect()["samples"]
    _store(rig, "samples", "NA12877-DNA", rows - samples.count(), id="many-{:05}", uuid="uuid-{}")
    samples.schema  # noqa: B018 - only to have it
    rig.log.clear()
    found = samples.query(fields=["id"]).to_records()
    assert len({one["id"] for one in found}) == len(found) == rows
    assert len(rig.asked("GET", "")) == requests
    assert samples.query().plan.page_size == 1000, "whole records are wide"


def test_a_folder_of_more_files_than_a_page_holds(rig):
    extras = rig.connect().extras
    extras.upload(b"x", "data/first.txt")
    _store(rig, "files", "data:first.txt", 5000, id="data:{}.txt", path="data/{}.txt", uuid="uuid-{}")
    rig.log.clear()
    assert len({one["path"] for one in extras.list_folder("data")}) == 5001
    assert len(rig.asked("GET", "/list")) == 2
