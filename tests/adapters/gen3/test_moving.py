"""docs/gen3.md, row by row, on the sandbox; and what the SDK's classes send through our client."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
import requests

import biodata

pytest.importorskip("gen3", reason="not run: the gen3 SDK is not installed")

from gen3.auth import Gen3Auth

from biodata_gen3 import client as ours

PAGE = Path(__file__).resolve().parents[3] / "docs" / "gen3.md"
ROWS = [
    [re.sub(r"^`|`$", "", cell.strip()) for cell in line.strip("|").split(" | ")]
    for table in re.findall(r"<!-- moving -->\n(.*?)<!-- end -->", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for line in table.splitlines()[2:]
]

SINCE_5 = {"auth.get_api_key"}
"""What only the newer SDK has; which one is installed depends on the Python (requirements.lock)."""


def _classes():
    """The SDK's classes by the names that our client gives them."""
    for name, path in {**ours._CLASSES, "auth": "gen3.auth.Gen3Auth"}.items():
        module, _, cls = path.rpartition(".")
        yield name, getattr(import_module(module), cls)


def _methods():
    """The public methods that wait for their answer; the asynchronous ones send the same."""
    return {
        f"{name}.{method}"
        for name, cls in _classes()
        for method, function in inspect.getmembers(cls, inspect.isfunction)
        if not method.startswith("_") and not inspect.iscoroutinefunction(function) and method in vars(cls)
    }


def test_each_method_of_the_sdk_has_a_row():
    named = {match[0] for old, *_ in ROWS if (match := re.match(r"[a-z]+\.\w+", old))}
    assert named == _methods() | SINCE_5


def test_the_api_key_stays_with_the_connection(commons):
    assert commons.client.auth.get_api_key() is None


@pytest.fixture
def commons(rig, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "downloads").mkdir()
    return rig.connect()


def test_each_line_of_biodata_runs(commons, capsys):
    known = {"commons": commons, "samples": commons["sample"], "requests": requests}
    for old, new, *_ in ROWS:
        try:
            exec(new, known)  # noqa: S102 - our own page
        except Exception as error:  # noqa: BLE001 - whichever row it is, it is named
            pytest.fail(f"{old}: {new}: {error!r} {capsys.readouterr().out}")
    assert Path("downloads/f.bin").read_bytes() == b"content"
    assert Path("copy.tsv").read_bytes() == Path("again.tsv").read_bytes() == Path("samples.tsv").read_bytes()
    assert commons["aliquot"].count() == commons["submitted_reads"].count() == 0


def test_no_signed_address_gets_a_token(rig, commons):
    made = commons.client.file.upload_file("f.bin")
    requests.put(made["url"], data=b"x", timeout=5).raise_for_status()
    assert commons.client.file.download_single(made["guid"], "downloads")
    answer = requests.get(
        commons.client.file.get_presigned_url(made["guid"])["url"], auth=commons.client.auth, timeout=5
    )
    assert answer.content == b"x", "the store refuses an address that comes with a token"
    stored = rig.asked(start="/blob/")
    assert len(stored) == 3
    assert not any(name.lower() == "authorization" for one in stored for name in one.headers)


def test_no_other_server_gets_a_token(commons):
    for url in ("http://127.0.0.2:1/index/index/", "https://127.0.0.1/user/user"):
        request = requests.Request("GET", url, auth=commons.client.auth).prepare()
        assert "Authorization" not in request.headers
    request = requests.Request("GET", f"{commons.client.endpoint}/user/user", auth=commons.client.auth).prepare()
    assert request.headers["Authorization"].startswith("bearer ")


REFUSED = {
    "read": [
        lambda client: client.index.create_record(hashes={}, size=1),
        lambda client: client.index.create_blank("me"),
        lambda client: client.metadata.create("g", {}),
        lambda client: client.metadata.create("graphql", {}),
        lambda client: client.metadata.create("guppy/download", {}),
        lambda client: client.submission.submit_record("demo", "export", {"type": "case"}),
        lambda client: client.file.upload_file("f"),
        lambda client: client.file.upload_file_to_guid("g", "f"),
        lambda client: client.workspace.upload_url("@user", "f"),
        lambda client: client.jobs.create_job("export", {}),
        lambda client: client.auth._get_auth_value(),
    ],
    "write": [
        lambda client: client.metadata.delete("g1"),
        lambda client: client.file.delete_file_locations("g1"),
        lambda client: client.workspace.rm("@user", "f"),
        lambda client: client.auth._get_auth_value(),
    ],
}


@pytest.mark.parametrize("access", ["read", "write"])
def test_access_is_held(rig, commons, access, monkeypatch):
    commons.client.metadata.create("g1", {"a": "b"})
    client = rig.connect(access=access).client
    rig.log.clear()
    for call in REFUSED[access]:
        with pytest.raises(biodata.PermissionDenied) as caught:
            call(client)
        assert caught.value.code == "BD-ACCESS"
    assert not [one for one in rig.log if "token" not in one.path]
    assert client.metadata.get("g1") == {"a": "b"}
    assert client.index.get_records(["none"]) == []
    assert client.query.graphql_query("{_aggregation {subject {_totalCount}}}")["data"]
    assert client.query.raw_data_download("file", fields=["file_name"])
    assert client.submission.query("{_sample_count}")["data"]


def test_the_sdks_own_login_reaches_the_services(rig, tmp_path, monkeypatch):
    """Without biodata: the sandbox serves the SDK as it is."""
    from gen3.index import Gen3Index
    from gen3.metadata import Gen3Metadata
    from gen3.query import Gen3Query

    monkeypatch.setenv("HOME", str(tmp_path))
    auth = Gen3Auth(refresh_file=rig.sandbox.entries["gen3"]["credentials"])
    did = Gen3Index(auth).create_record(hashes={"md5": "a" * 32}, size=3, urls=["s3://b/k"])["did"]
    assert Gen3Index(auth).get_record(did)["size"] == 3
    assert Gen3Metadata(auth).create("g1", {"a": 1}) == {"a": 1}
    rows = Gen3Query(auth).query("subject", fields=["submitter_id"], first=3, sort_object={"submitter_id": "asc"})
    assert [one["submitter_id"] for one in rows["data"]["subject"]] == ["NA12877", "NA12878", "NA12889"]
    assert len(Gen3Query(auth).raw_data_download("file", fields=["file_name"])) == 6


def test_drs(rig, commons):
    did = commons.client.index.create_record(
        hashes={"md5": "a" * 32}, size=3, file_name="a", urls=["s3://b/k"], authz=["/programs/demo"]
    )["did"]
    found = commons.client.auth.curl(f"/ga4gh/drs/v1/objects/{did}").json()
    assert (found["id"], found["checksums"]) == (did, [{"type": "md5", "checksum": "a" * 32}])
    access = found["access_methods"][0]["access_id"]
    assert "X-Amz-Signature" in commons.client.auth.curl(f"/ga4gh/drs/v1/objects/{did}/access/{access}").json()["url"]
    assert commons.client.auth.curl("/ga4gh/drs/v1/objects/none").json()["status_code"] == 404
