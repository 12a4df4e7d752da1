"""The checklist for a stand-in OpenCGA server (at the end of protocols/opencga.md), as other tests leave it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from biodata.sandbox import Sandbox
from biodata_opencga.sandbox import OpencgaSandbox
from biodata_opencga.sandbox.demo import PASSWORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STUDY = "demo@project:study"
LOGIN = {"user": "demo", "password": PASSWORDS["demo"], "organization": "demo"}


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Sandbox(("opencga",), classes={"opencga": OpencgaSandbox}) as sandbox:
        yield sandbox


@pytest.fixture
def ask(running: Sandbox, http: requests.Session) -> Callable[..., requests.Response]:
    """`ask("GET", "samples/search", id="s1")` as the owner; the study is given."""
    root = f"{running.url('opencga')}/opencga/webservices/rest/v2"
    state: Any = running.platform("opencga").state

    def send(method: str, path: str, body: Any = None, **params: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {state.token('demo', 'demo')}"}
        query = {"study": STUDY, **params}
        return http.request(method, f"{root}/{path}", params=query, json=body, headers=headers, timeout=10)

    return send


def element(response: requests.Response) -> dict[str, Any]:
    (one,) = response.json()["responses"]
    return one


def test_the_context_root_redirects_and_meta_answers(running: Sandbox, http: requests.Session, ask: Any) -> None:
    root = f"{running.url('opencga')}/opencga"
    assert http.head(root, allow_redirects=False, timeout=10).status_code == 302
    assert element(ask("GET", "meta/about"))["results"][0]["Version"] == "5.0.0"
    assert element(ask("GET", "meta/ping"))["results"] == ["pong"]


def test_a_login_lives_an_hour_and_takes_skip_and_limit(ask: Any) -> None:
    response = ask("POST", "users/login", body=LOGIN, skip=0, limit=1000)
    (pair,) = element(response)["results"]
    middle = pair["token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    assert (claims["sub"], claims["aud"], claims["exp"] - claims["iat"]) == ("demo", "demo", 3600)
    assert pair["token"] == pair["refreshToken"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "samples/create", {"id": "new"}),
        ("POST", "samples/NA12877-DNA/update", {"description": "x"}),
        ("DELETE", "cohorts/generation-1/delete", None),
        ("GET", "samples/NA12877-DNA/acl", None),
        ("GET", "studies/search", None),
    ],
)
def test_skip_and_limit_go_with_everything_and_parameters_come_back(
    ask: Any, method: str, path: str, body: Any
) -> None:
    response = ask(method, path, body=body, skip=0, limit=1000, project="project")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    told = response.json()
    assert (told["params"]["limit"], told["type"], told["apiVersion"]) == ("1000", "QUERY", "v2")
    assert len(told["responses"]) == 1


def test_info_comes_in_the_order_asked_with_an_event_for_each_that_is_not_there(ask: Any) -> None:
    response = ask("GET", "samples/NA12882-DNA,nobody,NA12877-DNA/info", include="id")
    assert response.status_code == 400
    assert [one["id"] for one in element(response)["results"]] == ["NA12882-DNA", "NA12877-DNA"]
    assert [(one["type"], one["id"]) for one in element(response)["events"]] == [("ERROR", "nobody")]


def test_uuids_and_ids_do_not_mix(ask: Any) -> None:
    uuid = element(ask("GET", "samples/NA12877-DNA/info"))["results"][0]["uuid"]
    assert element(ask("GET", f"samples/{uuid}/info"))["numResults"] == 1
    assert ask("GET", f"samples/{uuid},NA12877-DNA/info").status_code == 500


def test_old_versions_are_kept_and_a_link_makes_one(ask: Any) -> None:
    ask("POST", "samples/create", body={"id": "s"})
    ask("POST", "individuals/NA12877/update", body={"samples": [{"id": "s"}]}, samplesAction="ADD")
    versions = element(ask("GET", "samples/s/info", version="all"))["results"]
    assert [(one["version"], one["individualId"] != "") for one in versions][-1] == (2, True)
    assert element(ask("GET", "samples/s/info", version="1"))["results"][0]["version"] == 1


def test_a_job_goes_from_pending_to_done(running: Sandbox, ask: Any) -> None:
    ask("POST", "files/create", body={"path": "a.txt", "type": "FILE", "content": "x"})
    (job,) = element(ask("DELETE", "files/a.txt/delete"))["results"]

    def state() -> str:
        (found,) = element(ask("GET", f"jobs/{job['id']}/info", include="internal.status"))["results"]
        return str(found["internal"]["status"]["id"])

    running.platform("opencga").state.job_seconds = 1000.0  # type: ignore[attr-defined]
    assert state() == "PENDING"
    running.clock.advance(600)
    assert state() == "RUNNING"
    assert ask("GET", "files/a.txt/info").status_code == 200
    running.clock.advance(600)
    assert state() == "DONE"
    assert ask("GET", "files/a.txt/info").status_code == 400
    assert element(ask("GET", "files/search", id="a.txt", deleted="true", include="id"))["numResults"] == 1


def test_a_folder_goes_with_what_is_in_it(running: Sandbox, ask: Any) -> None:
    ask("POST", "files/create", body={"path": "a/b/c.txt", "type": "FILE", "content": "x"}, parents="true")
    ask("DELETE", "files/a:/delete")
    running.clock.advance(60)
    found = element(ask("GET", "files/search", include="id"))["results"]
    assert [one["id"] for one in found] == ["", "JOBS:"]


def test_rights_come_through_groups(running: Sandbox, ask: Any) -> None:
    assert ask("POST", f"studies/{STUDY}/groups/update", body={"id": "g", "users": ["viewer"]}).status_code == 200
    assert ask("POST", f"studies/{STUDY}/groups/update", body={"id": "g"}).status_code == 500
    ask("POST", "samples/acl/@g/update", body={"sample": "NA12877-DNA", "permissions": "VIEW,WRITE"}, action="SET")
    viewer = running.platform("opencga").state.token("demo", "viewer")  # type: ignore[attr-defined]
    root = f"{running.url('opencga')}/opencga/webservices/rest/v2"
    given: dict[str, Any] = {"params": {"study": STUDY}, "headers": {"Authorization": f"Bearer {viewer}"}}
    updates = [f"{root}/samples/{name}-DNA/update" for name in ("NA12877", "NA12878")]
    answers = [requests.post(url, json={"description": "x"}, timeout=10, **given) for url in updates]
    assert [one.status_code for one in answers] == [200, 401]


def test_switches(running: Sandbox, ask: Any) -> None:
    """504 some times, a connection lost after a POST, a delay, an expired token; a denied 401 needs no switch."""
    faults = running.platform("opencga").faults
    faults.add("GET */samples/search", status=504, times=2)
    assert [ask("GET", "samples/search", limit=0).status_code for _ in range(3)] == [504, 504, 200]
    faults.add("POST */samples/create", drop="after")
    with pytest.raises(requests.ConnectionError):
        ask("POST", "samples/create", body={"id": "lost"})
    assert ask("GET", "samples/lost/info").status_code == 200
    faults.add("GET */samples/search", delay=0.2)
    assert ask("GET", "samples/search", limit=0).elapsed.total_seconds() >= 0.2
    token = element(ask("POST", "users/login", body=LOGIN))["results"][0]["token"]
    running.clock.advance(3601)
    root = f"{running.url('opencga')}/opencga/webservices/rest/v2"
    dead = requests.get(f"{root}/projects/search", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert (dead.status_code, "expired" in dead.text) == (401, True)
