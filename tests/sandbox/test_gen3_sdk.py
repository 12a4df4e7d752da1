"""The gen3 SDK works on the sandbox unchanged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from biodata.sandbox import Sandbox
from biodata_gen3.sandbox import READER, Gen3Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("gen3")

from gen3.auth import Gen3Auth, Gen3AuthError
from gen3.submission import Gen3Submission, Gen3SubmissionQueryError


@pytest.fixture
def commons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("HOME", str(tmp_path))  # where the SDK keeps its tokens
    with Sandbox(("gen3",), classes={"gen3": Gen3Sandbox}) as sandbox:
        yield sandbox


@pytest.fixture
def submission(commons: Sandbox) -> Gen3Submission:
    return Gen3Submission(Gen3Auth(refresh_file=commons.entries["gen3"]["credentials"]))


def as_user(commons: Sandbox, name: str, lifetime: float = 3e6) -> Gen3Auth:
    return Gen3Auth(refresh_token=commons.platform("gen3").credentials(name, lifetime))


def sample(name: str) -> dict[str, Any]:
    return {"type": "sample", "submitter_id": name, "cases": {"submitter_id": "NA12878"}, "tissue": "skin"}


def test_query(submission: Gen3Submission) -> None:
    answer = submission.query('{case(first: 2, order_by_asc: "submitter_id") {submitter_id} _case_count}')
    cases = [{"submitter_id": "NA12877"}, {"submitter_id": "NA12878"}]
    assert answer == {"data": {"_case_count": 6, "case": cases}}
    with pytest.raises(Gen3SubmissionQueryError):
        submission.query("{zebra{id}}")


def test_submit_export_delete(submission: Gen3Submission) -> None:
    report = submission.submit_record("demo", "ceph1463", sample("new"))
    report = json.loads(report) if isinstance(report, str) else report
    id_ = report["entities"][0]["id"]
    exported = submission.export_record("demo", "ceph1463", id_, "json")
    assert (
        json.loads(exported)[0]["tissue"] == "skin" if isinstance(exported, str) else exported[0]["tissue"] == "skin"
    )
    node = submission.export_node("demo", "ceph1463", "sample", "tsv")
    assert len(node.splitlines()) == 8
    submission.delete_record("demo", "ceph1463", id_)
    assert submission.query("{_sample_count}")["data"]["_sample_count"] == 6


def test_programs_and_projects(submission: Gen3Submission) -> None:
    submission.create_program({"type": "program", "name": "P", "dbgap_accession_number": "P"})
    submission.create_project("P", {"type": "project", "code": "C", "name": "C", "dbgap_accession_number": "C"})
    assert submission.get_programs() == {"links": ["/v0/submission/demo", "/v0/submission/P"]}
    assert submission.get_projects("P") == {"links": ["/v0/submission/P/C"]}
    submission.delete_project("P", "C")
    submission.delete_program("P")
    assert submission.get_programs() == {"links": ["/v0/submission/demo"]}


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # what the SDK asks of pandas
def test_submit_file_and_delete_nodes(submission: Gen3Submission, tmp_path: Path) -> None:
    path = tmp_path / "samples.tsv"
    rows = [f"sample\tdemo-ceph1463\tf{at}\tNA12878\t{at}" for at in range(70)]
    header = "type\tproject_id\tsubmitter_id\tcases.submitter_id\tdays_to_collection"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    results = submission.submit_file("demo-ceph1463", str(path))
    assert len(results["succeeded"]) == 70
    submission.delete_nodes("demo", "ceph1463", ["submitted_reads", "sample"])
    assert submission.query("{_sample_count _case_count}")["data"] == {"_sample_count": 0, "_case_count": 6}


def test_dictionary_and_schema(submission: Gen3Submission) -> None:
    assert "sample" in submission.get_dictionary_all()
    assert submission.get_dictionary_node("sample")["id"] == "sample"
    assert submission.get_graphql_schema()["data"]["__schema"]["queryType"] == {"name": "Root"}


def test_an_expired_key(commons: Sandbox) -> None:
    commons.clock.advance(10)
    auth = as_user(commons, "admin", 5)
    commons.clock.advance(10)
    with pytest.raises(Gen3AuthError, match="Signature has expired"):
        Gen3Submission(auth).get_programs()


def test_a_reader_may_not_write(commons: Sandbox) -> None:
    with pytest.raises(requests.HTTPError):
        Gen3Submission(as_user(commons, READER)).submit_record("demo", "ceph1463", sample("x"))
    assert commons.requests("gen3").count("PUT") == 2, "the SDK sends what was denied once more"
