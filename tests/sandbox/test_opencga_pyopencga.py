"""pyopencga, unchanged, on the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from biodata.sandbox import Sandbox
from biodata_opencga.sandbox import OpencgaSandbox
from biodata_opencga.sandbox.demo import PASSWORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

STUDY = "demo@project:study"
PEOPLE = 17


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Sandbox(("opencga",), classes={"opencga": OpencgaSandbox}) as sandbox:
        yield sandbox


def client(running: Sandbox, user: str = "demo", **options: Any) -> Any:
    """A client as its documentation makes one."""
    from pyopencga.opencga_client import OpencgaClient
    from pyopencga.opencga_config import ClientConfiguration

    made = OpencgaClient(ClientConfiguration({"rest": {"host": running.entries["opencga"]["url"]}}), **options)
    made.login(user, PASSWORDS[user], "demo")
    return made


def test_entry_has_what_another_client_needs(running: Sandbox) -> None:
    entry = running.entries["opencga"]
    assert set(entry) == {"url", "user", "password", "organization", "study"}
    assert entry["study"] == STUDY


def test_construct_and_login(running: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    made = client(running)
    assert made.token.count(".") == 2
    assert made.token == made.refresh_token
    assert capsys.readouterr().out == "", "the versions agree"
    assert made.meta.about().get_result(0)["Version"] == "5.0.0"


def test_wrong_password(running: Sandbox) -> None:
    from pyopencga.exceptions import OpencgaInvalidToken
    from pyopencga.opencga_client import OpencgaClient
    from pyopencga.opencga_config import ClientConfiguration

    made = OpencgaClient(ClientConfiguration({"rest": {"host": running.entries["opencga"]["url"]}}))
    with pytest.raises(OpencgaInvalidToken, match="Incorrect user or password"):
        made.login("demo", "wrong", "demo")


def test_search_pages_and_counts(running: Sandbox) -> None:
    made = client(running)
    page = made.individuals.search(study=STUDY, include="id", limit=5, skip=15, count=True)
    assert (len(page.get_results()), page.get_num_matches()) == (2, PEOPLE)
    everything = made.individuals.search(study=STUDY, include="id,sex")
    assert len(everything.get_results()) == PEOPLE
    assert made.individuals.search(study=STUDY, limit=0, count=True).get_num_matches() == PEOPLE
    assert made.individuals.search(study=STUDY).get_num_matches() == -1
    frame = made.individuals.search(study=STUDY, include="id,sex.id").to_data_frame()
    assert len(frame) == PEOPLE


def test_more_than_a_page(running: Sandbox) -> None:
    made = client(running, auto_refresh=False)
    for number in range(1000):
        made.samples.create({"id": f"b{number:05}"}, study=STUDY)
    assert len(made.samples.search(study=STUDY, include="id").get_results()) == PEOPLE + 1000


def test_info(running: Sandbox) -> None:
    made = client(running)
    response = made.individuals.info(["NA12882", "NA12877"], study=STUDY)
    assert [one["id"] for one in response.get_results()] == ["NA12882", "NA12877"]
    assert response.get_result(0)["father"]["id"] == "NA12877"
    assert response.get_result(0)["samples"][0]["id"] == "NA12882-DNA"
    with pytest.raises(Exception, match="Not found or user does not have permissions"):
        made.individuals.info("nobody", study=STUDY)


def test_create_update_delete(running: Sandbox) -> None:
    made = client(running)
    created = made.samples.create({"id": "new", "description": "one"}, study=STUDY, include_result=True)
    assert created.get_num_inserted() == 1
    assert created.get_result(0)["version"] == 1
    updated = made.samples.update("new", {"description": "two"}, study=STUDY, include_result=True)
    assert (updated.get_num_updated(), updated.get_result(0)["version"]) == (1, 2)
    with pytest.raises(Exception, match="already exists"):
        made.samples.create({"id": "new"}, study=STUDY)
    assert made.samples.delete("new", study=STUDY).get_num_deleted() == 1
    assert made.samples.search(study=STUDY, id="new").get_results() == []
    hidden = made.samples.search(study=STUDY, id="new", deleted=True, include="internal.status").get_result(0)
    assert hidden["internal"]["status"]["id"] == "DELETED"


def test_acl(running: Sandbox) -> None:
    made = client(running)
    assert made.samples.acl("NA12877-DNA", study=STUDY).get_result(0) == {"id": "NA12877-DNA", "acl": []}
    made.samples.update_acl("viewer", "SET", {"sample": "NA12877-DNA", "permissions": "NONE"}, study=STUDY)
    viewer = client(running, "viewer")
    assert viewer.samples.search(study=STUDY, limit=0, count=True).get_num_matches() == PEOPLE - 1
    (entry,) = made.studies.acl(STUDY, member="viewer").get_result(0)["acl"]
    assert "VIEW_SAMPLES" in entry["permissions"]


def test_the_viewer_may_not_write(running: Sandbox) -> None:
    from pyopencga.exceptions import OpencgaAuthorisationError, OpencgaInvalidToken
    from pyopencga.opencga_client import OpencgaClient
    from pyopencga.opencga_config import ClientConfiguration

    configuration = ClientConfiguration({"rest": {"host": running.entries["opencga"]["url"]}})
    token = client(running, "viewer").token
    made = OpencgaClient(configuration, token=token, auto_refresh=False)
    with pytest.raises(OpencgaAuthorisationError, match="WRITE_SAMPLES"):
        made.samples.create({"id": "x"}, study=STUDY)
    with pytest.raises(OpencgaInvalidToken, match="denied"):
        made.samples.update("NA12877-DNA", {"description": "x"}, study=STUDY)


def test_family_cohorts_files_projects(running: Sandbox, tmp_path: Any) -> None:
    made = client(running)
    assert len(made.families.info("CEPH1463", study=STUDY).get_result(0)["members"]) == PEOPLE
    cohorts = made.cohorts.search(study=STUDY, include="id,numSamples").get_results()
    assert sorted(one["numSamples"] for one in cohorts) == [2, 4, 11]
    assert made.projects.search().get_result(0)["fqn"] == "demo@project"
    assert made.studies.search("project").get_result(0)["fqn"] == STUDY
    path = tmp_path / "up.txt"
    path.write_text("uploaded\n", encoding="utf-8")
    made.files.upload(file=str(path), study=STUDY, relative_file_path="data/", file_format="PLAIN", bioformat="NONE")
    name = made.files.search(study=STUDY, type="FILE", include="id").get_result(0)["id"]
    assert made.files.download(name, study=STUDY) == b"uploaded\n"
    assert made.files.head(name, study=STUDY, lines=1).get_result(0)["content"] == "uploaded\n"


def test_tokens_end_when_the_clock_says_so(running: Sandbox) -> None:
    from pyopencga.exceptions import OpencgaInvalidToken
    from pyopencga.opencga_client import OpencgaClient
    from pyopencga.opencga_config import ClientConfiguration

    configuration = ClientConfiguration({"rest": {"host": running.entries["opencga"]["url"]}})
    made = OpencgaClient(configuration, token=client(running).token, auto_refresh=False)
    assert made.samples.search(study=STUDY, limit=1).get_num_results() == 1
    running.clock.advance(3601)
    with pytest.raises(OpencgaInvalidToken, match="expired"):
        made.samples.search(study=STUDY, limit=1)


@pytest.mark.parametrize("by", ["login", "token"])
def test_the_rest_of_the_catalogue(running: Sandbox, by: str) -> None:
    """Groups, variable sets, annotations, panels, clinical analyses, jobs: after a login and with a token."""
    from pyopencga.opencga_client import OpencgaClient
    from pyopencga.opencga_config import ClientConfiguration

    made = client(running)
    if by == "token":
        configuration = ClientConfiguration({"rest": {"host": running.entries["opencga"]["url"]}})
        made = OpencgaClient(configuration, token=made.token, auto_refresh=False)
    made.users.create({"id": "ann", "name": "Ann", "email": "a@example.org", "password": "Ann_P@ssw0rd1"})
    assert made.users.search(id="ann").get_result(0)["name"] == "Ann"
    made.studies.update_groups(STUDY, {"id": "@nurses", "users": ["ann"]}, action="ADD")
    made.studies.update_groups_users(STUDY, "@nurses", {"users": ["viewer"]}, action="ADD")
    groups = {one["id"]: one["userIds"] for one in made.studies.groups(STUDY).get_results()}
    assert groups["@nurses"] == ["ann", "viewer"]
    rule = {"id": "r", "query": {"somatic": "true"}, "members": ["@nurses"], "permissions": ["VIEW"]}
    made.studies.update_permission_rules(STUDY, "SAMPLES", rule, action="ADD")
    assert made.studies.permission_rules(STUDY, "SAMPLES").get_results() == [rule]
    variables = [{"id": "age", "type": "INTEGER", "required": True}]
    made.studies.update_variable_sets(STUDY, {"id": "clinic", "variables": variables}, action="ADD")
    given = [{"id": "first", "variableSetId": "clinic", "annotations": {"age": 40}}]
    made.samples.update("NA12877-DNA", {"annotationSets": given}, study=STUDY, annotation_sets_action="ADD")
    made.samples.update_annotation_sets_annotations("NA12877-DNA", "first", {"age": 41}, study=STUDY, action="ADD")
    assert made.samples.search(study=STUDY, annotation="clinic:age>40").get_result(0)["id"] == "NA12877-DNA"
    made.disease_panels.create({"id": "p", "name": "P", "tags": ["a"]}, study=STUDY)
    made.disease_panels.update("p", {"tags": ["b"]}, study=STUDY)
    assert made.disease_panels.info("p", study=STUDY).get_result(0)["tags"] == ["b"]
    made.clinical.create({"id": "case", "type": "SINGLE", "proband": {"id": "NA12882"}}, study=STUDY)
    assert made.clinical.info("case", study=STUDY).get_result(0)["proband"]["id"] == "NA12882"
    made.files.create({"path": "a.txt", "type": "FILE", "content": "x"}, study=STUDY)
    job = made.files.delete("a.txt", study=STUDY).get_result(0)["id"]
    assert made.jobs.info(job, study=STUDY).get_result(0)["internal"]["status"]["id"] == "PENDING"
    running.clock.advance(10)
    assert made.jobs.info(job, study=STUDY).get_result(0)["internal"]["status"]["id"] == "DONE"
    assert made.files.search(study=STUDY, id="a.txt").get_num_results() == 0
