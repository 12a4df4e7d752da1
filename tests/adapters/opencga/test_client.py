"""pyopencga's client on our session: nothing at construction, our tokens, access held."""

from __future__ import annotations

import io

import pytest

import biodata
from biodata.http import HttpSession, Limits
from biodata_opencga.adapter import OpencgaAdapter
from biodata_opencga.client import official_client
from tests.core.loopback import Answer, Loopback, script

STUDY = "demo@project:study"


def test_making_it_sends_and_prints_nothing(rig, capfd):
    from pyopencga.opencga_client import OpencgaClient

    client = rig.connect().client
    assert len(rig.log) == 0
    assert capfd.readouterr() == ("", "")
    assert isinstance(client, OpencgaClient)
    assert client.get_sample_client() is client.samples


def test_it_reads(rig):
    client = rig.connect("read").client
    response = client.individuals.search(study=STUDY, sex="MALE", include="id", count=True, limit=3)
    assert len(response.get_results()) == 3
    assert response.get_num_matches() == 9
    assert client.samples.info("NA12877-DNA", study=STUDY).get_result(0)["individualId"] == "NA12877"
    assert client.samples.info(["NA12878-DNA", "NA12877-DNA"], study=STUDY, include=["id"]).get_num_results() == 2
    assert client.meta.about().get_result(0)["Version"] == "5.0.0"
    assert rig.logins() == 1, "no second login, no refresh"


def test_it_pages_by_itself(rig):
    connection = rig.connect()
    connection["samples"].add([{"id": f"b{number:04}"} for number in range(1100)]).raise_for_refused()
    rig.log.clear()
    response = connection.client.samples.search(study=STUDY, include="id")
    assert len(response.get_results()) == response.get_num_results() == 1117
    assert len(rig.asked("GET", "/samples/search")) == 2
    assert len(connection.client.samples.search(study=STUDY, include="id", limit=1050).get_results()) == 1050


def test_it_writes_where_it_may(rig):
    client = rig.connect("write").client
    client.samples.create({"id": "made"}, study=STUDY)
    client.samples.update("made", {"description": "A & B"}, study=STUDY)
    assert client.samples.info("made", study=STUDY).get_result(0)["description"] == "A & B"
    with pytest.raises(biodata.PermissionDenied) as caught:
        client.samples.delete("made", study=STUDY)
    assert caught.value.code == "BD-ACCESS"
    rig.connect("delete").client.samples.delete("made", study=STUDY)


def test_it_does_not_write_on_a_profile_that_reads(rig):
    client = rig.connect("read").client
    calls = (
        lambda: client.samples.create({"id": "x"}, study=STUDY),
        lambda: client.samples.update("NA12877-DNA", {"description": "x"}, study=STUDY),
        lambda: client.samples.delete("NA12877-DNA", study=STUDY),
        lambda: client.samples.load("data:pedigree.ped", study=STUDY),
        lambda: client.files.refresh("data:pedigree.ped", study=STUDY),
        lambda: client.users.reset_password("viewer"),
        lambda: client.samples.update_acl("viewer", "SET", {"sample": "NA12877-DNA", "permissions": "NONE"}),
        lambda: client.studies.update_acl("viewer", "SET", {"study": STUDY, "template": "admin"}),
    )
    for call in calls:
        with pytest.raises(biodata.PermissionDenied):
            call()
    assert len(rig.log) == 0


def test_odd_values_arrive_whole(rig):
    client = rig.connect().client
    name = "A&B #1 + 100% ?"
    client.individuals.create({"id": "odd", "name": name}, study=STUDY)
    assert client.individuals.search(study=STUDY, name=name, include="id").get_results()[0]["id"] == "odd"


def test_errors_are_ours(rig):
    client = rig.connect().client
    with pytest.raises(biodata.NotFound):
        client.samples.info("nobody", study=STUDY)
    viewer = rig.connect(user="viewer").client
    rig.log.clear()
    with pytest.raises(biodata.PermissionDenied):
        viewer.samples.update("NA12877-DNA", {"description": "x"}, study=STUDY)
    assert len(rig.asked("POST", "/update")) == 1


def test_a_dead_token_is_renewed(rig):
    client = rig.connect().client
    client.samples.search(study=STUDY, limit=1)
    rig.sandbox.clock.advance(3601)
    assert client.samples.search(study=STUDY, limit=1).get_num_results() == 1
    assert rig.logins() == 2


def test_downloads_are_bytes(rig):
    client = rig.connect().client
    client.files.create({"path": "data/a.txt", "type": "FILE", "content": "hello\n"}, study=STUDY, parents=True)
    assert client.files.download("data:a.txt", study=STUDY) == b"hello\n"


def test_a_download_goes_to_a_file_of_any_size(rig, tmp_path):
    made = {"path": "data/a.txt", "type": "FILE", "content": "hello\n"}
    rig.connect().client.files.create(made, study=STUDY, parents=True)
    client = rig.connect("read").client
    path = tmp_path / "a.txt"
    assert client.files.download("data:a.txt", study=STUDY, to=path) == 6
    assert path.read_bytes() == client.files.download("data:a.txt", study=STUDY) == b"hello\n"
    sent = [one.target.replace("skip=0&limit=1000&", "") for one in rig.asked("GET", "/download")]
    assert sent == [sent[0]] * 2, "where it goes is not the server's business"
    for wrong in ({"file": "data:nothing"}, {"study": "nope"}):
        with pytest.raises(biodata.NotFound) as caught:
            client.files.download(**{"file": "data:a.txt", "study": STUDY, "to": str(path), **wrong})
        assert caught.value.profile == "omics"
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("a.txt", "hello\n")]
    out = io.BytesIO()
    assert (client.files.download("data:a.txt", study=STUDY, to=out), out.getvalue()) == (6, b"hello\n")


def test_a_download_that_memory_cannot_hold_says_how():
    body = Answer(body=b"x" * 11, headers={"Content-Type": "application/octet-stream"})
    with Loopback(script(body)) as server:
        client = official_client(HttpSession(server.url, limits=Limits(body=10)), server.url, "read")
        with pytest.raises(biodata.ProtocolError) as caught:
            client.files.download("reads.bam", study="s")
    assert caught.value.code == "BD-REMOTE-SIZE"
    assert "to=" in (caught.value.hint or "")


def test_a_login_page_is_not_saved_as_the_file(tmp_path):
    with Loopback(script(Answer(body=b"<html>", headers={"Content-Type": "text/html"}))) as server:
        client = official_client(HttpSession(server.url), server.url, "read")
        with pytest.raises(biodata.ProtocolError):
            client.files.download("reads.bam", study="s", to=tmp_path / "reads.bam")
    assert list(tmp_path.iterdir()) == []


def test_uploads_go_through_our_session_too(rig, tmp_path):
    path = tmp_path / "up.txt"
    path.write_text("uploaded\n", encoding="utf-8")
    options = {"study": STUDY, "relative_file_path": "data/", "file_format": "PLAIN", "bioformat": "NONE"}
    made = rig.connect().client.files.upload(file=str(path), **options).get_result(0)
    assert (made["path"], made["size"], made["bioformat"]) == ("data/up.txt", 9, "NONE")
    rig.log.clear()
    with pytest.raises(biodata.PermissionDenied):
        rig.connect("read").client.files.upload(file=str(path), **options)
    assert len(rig.log) == 0


def test_an_open_client_can_be_wrapped(rig):
    from pyopencga.opencga_client import OpencgaClient
    from pyopencga.opencga_config import ClientConfiguration

    token = rig.state.token("demo", "demo")
    theirs = OpencgaClient(ClientConfiguration({"rest": {"host": rig.url}}), token=token, auto_refresh=False)
    with biodata.connect(theirs, access="write") as connection:
        assert connection.platform == "opencga"
        assert connection["samples"].query("id = 'NA12877-DNA'").count() == 1
    assert OpencgaAdapter.wrap(object()) is None


def test_more_than_a_hundred_ids(rig):
    connection = rig.connect()
    keys = [f"b{number:04}" for number in range(150)]
    connection["samples"].add([{"id": key} for key in keys]).raise_for_refused()
    rig.log.clear()
    response = connection.client.samples.info(keys, study=STUDY, include="id")
    assert [one["id"] for one in response.get_results()] == keys
    assert response.get_num_results() == 150
    assert len(rig.asked("GET", "/info")) == 2


def test_a_slash_in_an_id_is_no_separator(rig):
    client = rig.connect().client
    client.files.create({"path": "data/a.txt", "type": "FILE", "content": "hello\n"}, study=STUDY, parents=True)
    assert client.files.info("data/a.txt", study=STUDY).get_result(0)["id"] == "data:a.txt"
