"""What OpenCGA can do beyond the verbs: permissions, groups, annotations, files, jobs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import biodata

LINES = "".join(f"line {number}\n" for number in range(1, 41))


def test_records_are_shared(rig):
    connection, viewer = rig.connect(), rig.connect(user="viewer")
    extras = connection.extras
    keys = ["NA12877-DNA", "NA12878-DNA"]
    assert extras.acl("samples", keys) == {key: [] for key in keys}
    extras.share("samples", keys, ["viewer"], ["VIEW", "WRITE"])
    (entry,) = extras.acl("samples", keys[:1], member="viewer")[keys[0]]
    assert entry["permissions"] == ["VIEW", "WRITE"]
    assert viewer["samples"].update({"id": keys[0], "description": "x"}).updated == 1
    extras.share("samples", keys, ["viewer"], ["NONE"])
    assert viewer["samples"].count() == 15
    with pytest.raises(biodata.NotFound):
        extras.acl("samples", ["nobody"])
    with pytest.raises(biodata.PermissionDenied):
        viewer.extras.share("samples", keys, ["viewer"], ["VIEW"])
    with pytest.raises(biodata.QueryError):
        extras.acl("projects", ["project"])


def test_more_records_than_a_path_takes_are_shared(rig):
    connection = rig.connect()
    keys = [f"many-{number:03}" for number in range(150)]
    connection["samples"].add([{"id": key} for key in keys]).raise_for_refused()
    rig.log.clear()
    connection.extras.share("samples", keys, ["viewer"], ["VIEW"])
    assert len(connection.extras.acl("samples", keys)) == 150
    assert (len(rig.asked("POST", "/acl/")), len(rig.asked("GET", "/acl"))) == (2, 2)


def test_clinical_analyses_are_shared_by_their_own_word(writing):
    writing["clinical"].add({"id": "case", "type": "SINGLE", "proband": "NA12882"}).raise_for_refused()
    writing.extras.share("clinical", ["case"], ["viewer"], ["VIEW"])
    assert writing.extras.acl("clinical", ["case"])["case"][0]["member"] == "viewer"


def test_the_study_is_shared_with_a_group(rig):
    connection = rig.connect()
    extras = connection.extras
    extras.add_group("@nurses", ["viewer"])
    assert extras.groups()["@nurses"] == ["viewer"]
    extras.share_study(["@nurses"], template="analyst")
    assert "WRITE_SAMPLES" in extras.study_acl(member="@nurses")[0]["permissions"]
    viewer = rig.connect(user="viewer")
    assert viewer["samples"].add({"id": "by-a-nurse"}).created == 1
    extras.group_users("@nurses", ["viewer"], action="REMOVE")
    extras.group_users("@nurses", ["demo"])
    assert extras.groups()["@nurses"] == ["demo"]
    with pytest.raises(biodata.PermissionDenied):
        viewer["samples"].add({"id": "too-late"})
    extras.remove_group("@nurses")
    assert "@nurses" not in extras.groups()
    with pytest.raises(biodata.QueryError):
        extras.group_users("@nobody", ["demo"])


def test_permission_rules(writing):
    rule = {"id": "tumours", "query": {"somatic": "true"}, "members": ["viewer"], "permissions": ["VIEW"]}
    writing.extras.add_permission_rule("SAMPLES", rule)
    assert writing.extras.permission_rules("SAMPLES") == [rule]
    assert writing.extras.permission_rules("FILES") == []
    writing.extras.remove_permission_rule("SAMPLES", "tumours")
    assert writing.extras.permission_rules("SAMPLES") == []


def test_one_annotation_set_by_the_servers_own_words(writing):
    variables = [{"id": "age", "type": "INTEGER"}, {"id": "hospital", "type": "STRING"}]
    writing["variableSets"].add({"id": "clinic", "variables": variables}).raise_for_refused()
    samples = writing["samples"]
    samples.add({"id": "s", "annotations": {"clinic": {"age": 1, "hospital": "H"}}}).raise_for_refused()
    writing.extras.annotate("samples", "s", "clinic", {"age": 2})
    assert samples.get("s")["annotations"]["clinic"] == {"age": 2, "hospital": "H"}
    writing.extras.annotate("samples", "s", "clinic", {"age": 3}, action="SET")
    assert samples.get("s")["annotations"]["clinic"] == {"age": 3}
    with pytest.raises(biodata.BiodataError):
        writing.extras.annotate("samples", "s", "nothing", {"age": 3})


def test_files_up_and_down(writing, tmp_path):
    extras = writing.extras
    source = tmp_path / "a.txt"
    source.write_text(LINES)
    assert extras.upload(source, "data/raw/a.txt", description="lines") == "data:raw:a.txt"
    assert extras.upload(b"x", "b.txt") == "b.txt"
    stored = writing["files"].get("data:raw:a.txt")
    assert (stored["format"], stored["bioformat"], stored["description"]) == ("PLAIN", "NONE", "lines")
    assert stored["size"] == len(LINES)
    assert extras.content("data/raw/a.txt") == LINES.encode()
    assert extras.download("data:raw:a.txt", tmp_path / "back.txt") == len(LINES)
    assert (tmp_path / "back.txt").read_text() == LINES
    held = io.BytesIO()
    assert extras.download("b.txt", held) == 1
    assert held.getvalue() == b"x"
    with pytest.raises(biodata.QueryError):
        extras.upload(b"y", "b.txt")
    with pytest.raises(biodata.BiodataError):
        extras.content("data/none.txt")
    assert not (tmp_path / "none.txt").exists()


def test_a_download_that_is_cut_is_no_file(rig, tmp_path):
    extras = rig.connect().extras
    extras.upload(LINES.encode(), "a.txt")
    rig.faults.add("GET */a.txt/download", status=200, body="short", content_type="application/octet-stream")
    with pytest.raises(biodata.RemoteError) as caught:
        extras.download("a.txt", tmp_path / "a.txt")
    assert caught.value.code == "BD-REMOTE-SHORT"
    assert list(tmp_path.iterdir()) == []


def test_lines_and_folders(writing):
    extras = writing.extras
    extras.upload(LINES.encode(), "data/a.txt")
    assert extras.head("data/a.txt", lines=2) == "line 1\nline 2\n"
    assert extras.tail("data:a.txt", lines=1) == "line 40\n"
    assert extras.grep("data/a.txt", "LINE 3$", ignore_case=True) == "line 3\n"
    assert [one["path"] for one in extras.list_folder("data")] == ["data/a.txt"]
    assert {one["path"] for one in extras.list_folder()} == {"data/", "JOBS/"}
    tree = extras.tree("data")
    assert tree["file"]["path"] == "data/"
    assert [one["file"]["path"] for one in tree["children"]] == ["data/a.txt"]


def test_a_file_of_the_servers_disk_is_linked(writing, tmp_path):
    there = tmp_path / "big.vcf"
    there.write_text("##\n")
    assert writing.extras.link(there.as_uri(), "linked") == "linked:big.vcf"
    stored = writing["files"].get("linked:big.vcf")
    assert (stored["external"], stored["uri"]) == (True, there.as_uri())
    with pytest.raises(biodata.BiodataError):
        writing.extras.link(Path(tmp_path / "none.vcf").as_uri())


def test_samples_of_a_pedigree_file(writing):
    writing.extras.upload(b"#family individual\nf kid dad mum 1 2\nf dad 0 0 1 1\n", "data/f.ped", format="PED")
    assert writing.extras.load_samples("data/f.ped") == 2
    assert writing["samples"].count("id in ('kid', 'dad')") == 2


def test_waiting_has_an_end_and_tells_a_failure(rig):
    connection = rig.connect()
    connection.extras.upload(b"x", "a.txt")
    receipt = connection["files"].delete("a.txt")
    with pytest.raises(biodata.RemoteError) as caught:
        connection.extras.wait(receipt, timeout=0.01, pause=0.02)
    assert caught.value.code == "BD-REMOTE-TIMEOUT"
    job = receipt.outcomes[0].id
    connection.client.jobs.kill(job, study="demo@project:study")
    with pytest.raises(biodata.RemoteError) as caught:
        connection.extras.wait(job)
    assert caught.value.code == "BD-REMOTE-JOB"
    with pytest.raises(biodata.NotFound):
        connection.extras.wait("nothing")


def test_waiting_for_what_is_deleted_in_another_study(rig):
    connection = rig.connect()
    connection["studies"].add({"fqn": "demo@project:pilot"}).raise_for_refused()
    rig.state.job_seconds = 0.0
    key = connection.extras.upload(b"x", "a.txt", study="pilot")
    (job,) = connection.extras.wait(connection["pilot/files"].delete(key), pause=0.02)
    assert connection.extras.wait(job["id"], study="pilot") == [job]
    with pytest.raises(biodata.NotFound):
        connection.extras.wait(job["id"])


def test_access(rig):
    extras = rig.connect("read").extras
    rig.log.clear()
    for work in (
        lambda: extras.share("samples", ["a"], ["b"], ["VIEW"]),
        lambda: extras.upload(b"x", "a.txt"),
        lambda: extras.load_samples("a.ped"),
        lambda: extras.add_group("@g"),
    ):
        with pytest.raises(biodata.PermissionDenied):
            work()
    with pytest.raises(biodata.PermissionDenied):
        rig.connect("write").extras.remove_group("@g")
    assert len(rig.log) == 0
