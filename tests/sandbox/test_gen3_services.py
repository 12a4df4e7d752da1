"""The services around the graph: what the SDK was seen to send, its asynchronous methods, dictionaries of others."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest
import requests

import biodata
from biodata.sandbox import Sandbox
from biodata_gen3.sandbox import Gen3Sandbox

SHARED = Path(__file__).resolve().parents[3] / "shared" / "recordings"
SENT = SHARED / "gen3-sdk"
GUID = "dg.1234/11111111-1111-4111-8111-111111111111"


AROUND = ("/index", "/mds", "/job", "/ws-storage", "/user/data", "/guppy", "/wts", "/ga4gh")


@pytest.fixture
def commons():
    with Sandbox(("gen3",), classes={"gen3": Gen3Sandbox}) as sandbox:
        yield sandbox


def _recorded():
    return [
        pytest.param(path.name[:3], one, id=f"{path.stem}-{number}")
        for path in sorted(SENT.glob("*.json"))
        for number, one in enumerate(json.loads(path.read_text(encoding="utf-8"))["requests"])
        if one["path"].startswith(AROUND)
    ]


@pytest.mark.skipif(not SENT.is_dir(), reason="not run: there are no recordings beside the project")
def test_every_request_that_the_sdk_was_seen_to_send_is_served(commons):
    """What a request needs is there before it: a document, metadata with an alias, a job."""
    url = commons.entries["gen3"]["url"]
    state = commons.platform("gen3").state
    headers = {"Authorization": f"bearer {state.tokens.access(state.users['admin'], 600)}"}
    refused = {}
    for param in _recorded():
        _, one = param.values
        _prepare(state, url, headers)
        path = (
            one["path"].replace("UID=u1", f"UID={next(iter(state.services.jobs))}").replace("rev=abcd1234", "rev=r")
        )
        body = one.get("body")
        sent = {**headers} if one["headers"].get("Authorization") else {}
        answer = requests.request(one["method"], url + path, json=body, headers=sent, timeout=5)
        if answer.status_code != one["answered"]:
            refused[param.id] = (one["method"], path, answer.status_code, answer.text[:100])
    assert {name: told for name, told in refused.items() if not _fits(name, told[2]) and not _unlike(name)} == {}


def _fits(name, status):
    """A stand-in answers 200 to everything; what is made a second time is a conflict."""
    return status in {200, 201, 204} or (status == 409 and "create" in name)


def _unlike(name):
    """What the recordings' stand-in had: an index `case`, another commons, and a mapping of Python's as JSON."""
    return any(word in name for word in ("query.", "wts-external", "async_get_with_params"))


def _prepare(state, url, headers):
    services = state.services
    services.documents.clear()
    body = {"form": "object", "did": GUID, "size": 3, "hashes": {"md5": "abc"}, "urls": ["s3://b/k"]}
    requests.post(f"{url}/index/index/", json=body, headers=headers, timeout=5).raise_for_status()
    services.documents[GUID]["rev"] = "r"
    services.metadata.clear()
    services.aliases.clear()
    services.paths.clear()
    services.jobs.clear()
    services.metadata[GUID] = {"a": "b", "c": {"d": "e"}}
    services.aliases["a"] = GUID
    services.paths["a.b"] = None
    requests.post(f"{url}/job/dispatch", json={"action": "export"}, headers=headers, timeout=5).raise_for_status()


def test_the_asynchronous_methods(commons):
    pytest.importorskip("gen3", reason="not run: the gen3 SDK is not installed")
    entry = dict(commons.entries["gen3"])
    with biodata.connect(entry.pop("url"), platform="gen3", access="delete", **entry) as connection:
        client = connection.client

        async def used():
            made = await client.index.async_create_record({"md5": "a" * 32}, 3, urls=["s3://b/k"])
            await client.metadata.async_create("g1", {"a": 1})
            await client.metadata.async_update("g1", {"a": 2})
            job = await client.jobs.async_create_job("export", {})
            return (
                (await client.index.async_get_record(made["did"]))["size"],
                await client.metadata.async_get("g1"),
                (await client.jobs.async_get_status(job["uid"]))["status"],
            )

        assert asyncio.run(used()) == (3, {"a": 2}, "Completed")


@pytest.mark.skipif(not (SHARED / "gen3").is_dir(), reason="not run: there are no recordings beside the project")
def test_the_dictionary_of_the_recordings(tmp_path):
    """A real commons' dictionary: every table can be asked, written to, and drawn."""
    recorded = next((SHARED / "gen3").glob("132-*.json"))
    path = tmp_path / "dictionary.json"
    published = json.loads(recorded.read_text(encoding="utf-8"))["response"]["body"]["json"]
    path.write_text(json.dumps(published), encoding="utf-8")
    with Sandbox(("gen3",), classes={"gen3": partial(Gen3Sandbox, dictionary=path)}) as sandbox:
        entry = dict(sandbox.entries["gen3"])
        with biodata.connect(entry.pop("url"), platform="gen3", access="delete", **entry) as connection:
            names = [table.name for table in connection.tables()]
            assert {"case", "sample", "aliquot", "read_group"} <= set(names)
            for name in names:
                connection[name].query(limit=1).to_records()
            code = connection["project"].query(fields=["code"], limit=1).first()["code"]
            connection["experiment"].add({"submitter_id": "e", "projects": code}).raise_for_refused()
            connection["case"].add({"submitter_id": "c", "experiments": "e"}).raise_for_refused()
            assert {node.name for node in connection.graph().filled().nodes} == {"project", "experiment", "case"}


def test_switches():
    options = {"mixed_exports": True, "tier": "libre"}
    with Sandbox(("gen3",), classes={"gen3": Gen3Sandbox}, options=options) as sandbox:
        url, state = sandbox.entries["gen3"]["url"], sandbox.platform("gen3").state
        headers = {"Authorization": f"bearer {state.tokens.access(state.users['admin'], 600)}"}
        ids = [state.of_type(label)[0].id for label in ("case", "sample")]
        path = f"{url}/api/v0/submission/demo/ceph1463/export"
        archive = requests.get(path, params={"ids": ",".join(ids)}, headers=headers, timeout=5)
        assert archive.content[:2] == b"\x1f\x8b", "a packed archive, as older servers give"
        body = {"type": "file", "fields": ["file_name"]}
        assert len(requests.post(f"{url}/guppy/download", json=body, timeout=5).json()) == 6, "for everybody"


def test_who_may_not_is_refused_by_each_service(commons):
    url = commons.entries["gen3"]["url"]
    state = commons.platform("gen3").state
    headers = {"Authorization": f"bearer {state.tokens.access(state.users['nobody'], 600)}"}

    def status(method, path, **more):
        return requests.request(method, url + path, headers=headers, timeout=5, **more).status_code

    body = {"form": "object", "size": 1, "hashes": {}, "urls": []}
    assert status("POST", "/index/index/", json=body) == 403
    assert status("POST", "/mds-admin/metadata/g", json={}) == 403
    assert status("POST", "/mds/metadata/g", json={}) == 403
    assert status("POST", "/user/data/upload", json={"file_name": "f"}) == 403
    assert status("GET", "/index/index/none") == 404
    assert status("GET", "/job/status?UID=none") == 404
    assert requests.get(f"{url}/job/list", timeout=5).status_code == 401
    assert requests.get(f"{url}/blob/x", timeout=5).status_code == 403
