"""Programs and projects, their states, templates, the dictionary, counts and manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from biodata.errors import NotFound, PermissionDenied, ProtocolError, QueryError, WriteError
from biodata_gen3.sandbox import READER
from tests.adapters.gen3.conftest import HERE

if TYPE_CHECKING:
    from tests.adapters.gen3.conftest import Rig


def test_programs_and_projects_are_made_and_deleted(rig: Rig) -> None:
    extras = rig.connect().extras
    assert extras.create_program("second")
    assert extras.create_project("new", program="second", properties={"name": "A new one"})
    assert extras.programs() == ["demo", "second"]
    assert extras.projects("second") == ["new"]
    assert extras.projects() == ["ceph1463"]
    with pytest.raises(WriteError, match="not empty"):
        extras.delete_program("second")
    extras.delete_project("new", program="second")
    extras.delete_program("second")
    assert extras.programs() == ["demo"]


def test_what_a_commons_refuses_of_projects(rig: Rig) -> None:
    extras = rig.connect().extras
    with pytest.raises(WriteError, match="not empty"):
        extras.delete_project("ceph1463")
    with pytest.raises(WriteError):
        extras.create_project("new", properties={"zebra": 1})
    with pytest.raises(NotFound):
        extras.projects("nowhere")
    with pytest.raises(NotFound):
        extras.delete_program("nowhere")


def test_a_project_goes_through_its_states(rig: Rig) -> None:
    extras = rig.connect("write").extras
    states = [extras.project_state()]
    for verb in ("review", "open", "review", "submit", "release"):
        extras.set_project_state(verb)
        states.append(extras.project_state())
    assert states == ["open", "review", "open", "review", "submitted", "released"]
    with pytest.raises(WriteError, match="must be in state"):
        extras.set_project_state("open")
    with pytest.raises(QueryError):
        extras.set_project_state("zebra")


@pytest.mark.parametrize(
    ("access", "work"),
    [
        ("read", lambda extras: extras.create_program("x")),
        ("read", lambda extras: extras.set_project_state("review")),
        ("write", lambda extras: extras.delete_project("ceph1463")),
        ("write", lambda extras: extras.delete_node("sample")),
    ],
)
def test_each_needs_its_access(rig: Rig, access: Any, work: Any) -> None:
    with pytest.raises(PermissionDenied) as caught:
        work(rig.connect(access).extras)
    assert caught.value.code == "BD-ACCESS"
    assert rig.asked() == []


def test_somebody_without_the_right(rig: Rig) -> None:
    with pytest.raises(PermissionDenied):
        rig.connect("write", user=READER).extras.create_program("x")
    assert len(rig.asked("PUT")) == 1


def test_counts_of_every_project(rig: Rig) -> None:
    rig.platform.add_project("demo", "empty")
    extras = rig.connect("read").extras
    assert extras.counts(["case", "aliquot"]) == {
        "demo-ceph1463": {"case": 6, "aliquot": 0},
        "demo-empty": {"case": 0, "aliquot": 0},
    }
    assert "sample" in extras.counts()["demo-ceph1463"]
    assert rig.connect("read", user=READER).extras.counts(["case"]) == {"demo-ceph1463": {"case": 6}}


def test_templates_and_the_dictionary(rig: Rig) -> None:
    extras = rig.connect("read").extras
    header, row = extras.template("sample").splitlines()
    assert "*submitter_id" in header.split("\t")
    assert row.startswith("sample")
    assert "sample" in extras.dictionary()
    assert extras.dictionary("sample")["id"] == "sample"
    assert rig.logins() == 0, "no token is needed for them"
    with pytest.raises(NotFound):
        extras.template("zebra")


def test_a_manifest_of_data_files(rig: Rig) -> None:
    extras = rig.connect("read").extras
    ids = [one.id for one in rig.state.of_type("submitted_reads")]
    text = extras.manifest(ids)
    assert text.startswith("files:")
    assert all(one in text for one in ids)
    with pytest.raises(QueryError, match="not a data file"):
        extras.manifest([rig.state.of_type("case")[0].id])


def test_a_manifest_of_more_files_than_a_line_holds(rig: Rig) -> None:
    reads = [
        {
            "type": "submitted_reads", "submitter_id": f"reads{at}", "samples": {"submitter_id": "NA12878-blood"},
            "file_name": f"{at}.bam", "file_size": at, "md5sum": f"{at:032x}",
            "data_format": "BAM", "data_type": "Aligned Reads",
        }
        for at in range(200)
    ]  # fmt: skip
    rig.platform.submit("demo", "ceph1463", reads)
    ids = [one.id for one in rig.state.of_type("submitted_reads")]
    extras = rig.connect("read").extras
    listed = yaml.safe_load(extras.manifest([*ids, ids[0]]))["files"]
    assert [one["id"] for one in listed] == ids
    assert len(rig.asked("GET", f"{HERE}/manifest")) == 3


def test_a_further_manifest_of_another_form(rig: Rig) -> None:
    extras = rig.connect("read").extras
    for body in ("files:\n- id: a\n", "[]"):
        rig.faults.add(f"GET {HERE}/manifest*", status=200, body=body)
    with pytest.raises(ProtocolError, match="its files"):
        extras.manifest([f"{at:036}" for at in range(91)])


def test_the_list_of_extras(rig: Rig) -> None:
    listed = dir(rig.connect("read").extras)
    assert {"export", "submit", "dry_run", "delete_with_dependants", "dependants", "counts"} <= set(listed)
