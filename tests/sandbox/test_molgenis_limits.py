"""What the MOLGENIS sandbox allows, to whom and for how long: limits, tokens, permissions, links, import jobs."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from biodata_molgenis.sandbox import Attribute

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from biodata.sandbox import Sandbox
    from biodata_molgenis.sandbox import State

    Ask = Callable[..., requests.Response]

HOURS = 60 * 60


@pytest.fixture
def table(state: State) -> State:
    state.create_table("t", (Attribute(name="id", is_id=True), Attribute(name="n", type="int")))
    state.add_rows("t", [{"id": f"r{number}", "n": number} for number in range(5)])
    return state


def said(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    first = body["errors"][0]
    return answer.status_code, first.get("message") or first["detail"]


def many(number: int) -> list[dict[str, Any]]:
    return [{"id": f"x{one}", "n": one} for one in range(number)]


@pytest.mark.parametrize(
    "path", ["/api/v2/t?num=10001", "/api/v1/t?num=10001", "/api/v1/csv/t?num=10001", "/api/data/t?size=10001"]
)
def test_a_page_has_10000_rows_at_most(ask: Ask, table: State, path: str) -> None:
    status, words = said(ask("GET", path))
    assert (status, "10000" in words) == (400, True)
    assert ask("GET", path.replace("10001", "10000")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "key", "make"),
    [
        ("POST", "/api/v2/t", "entities", many),
        ("PUT", "/api/v2/t", "entities", many),
        ("PUT", "/api/v2/t/n", "entities", many),
        ("DELETE", "/api/v2/t", "entityIds", lambda number: [f"x{one}" for one in range(number)]),
    ],
)
def test_a_batch_has_one_to_1000(ask: Ask, table: State, method: str, path: str, key: str, make: Any) -> None:
    assert ask(method, path, json={key: make(1001)}).status_code == 400
    assert ask(method, path, json={key: []}).status_code == 400
    assert len(table.stored["t"]) == 5
    if method != "POST":
        assert ask("POST", "/api/v2/t", json={"entities": many(1000)}).status_code == 201
    assert ask(method, path, json={key: make(1000)}).status_code < 300


def test_a_token_lives_two_hours_and_then_turns_anonymous(ask: Ask, table: State, empty_molgenis: Sandbox) -> None:
    table.create_table("public", (Attribute(name="id", is_id=True),))
    table.grant("anonymous", "public", "read")
    table.grant("anonymous", "t", None)
    empty_molgenis.clock.advance(2 * HOURS - 60)
    assert ask("GET", "/api/v2/t").status_code == 200
    empty_molgenis.clock.advance(61)
    assert said(ask("GET", "/api/v2/t"))[0] == 401
    assert ask("GET", "/api/v2/public").status_code == 200, "and nobody is told"
    assert ask("GET", "/api/v2/public", headers={"x-molgenis-token": "nonsense"}).status_code == 200
    assert ask("POST", "/api/v2/public", json={"entities": [{"id": "a"}]}).status_code == 401


@pytest.mark.parametrize("level", [None, "read", "write"])
@pytest.mark.parametrize("user", ["ann", "anonymous"])
def test_each_user_may_what_was_granted(ask: Ask, table: State, user: str, level: str | None) -> None:
    table.add_user("ann", "ann")
    table.grant(user, "t", level)
    token = table.login("ann", "ann") if user == "ann" else ""
    headers = {"x-molgenis-token": token or ""}
    wanted = {"GET": level is not None, "POST": level == "write", "DELETE": level == "write"}
    got = {
        "GET": ask("GET", "/api/v2/t", headers=headers).status_code == 200,
        "POST": ask("POST", "/api/v2/t", json={"entities": [{"id": "new"}]}, headers=headers).status_code == 201,
        "DELETE": ask("DELETE", "/api/v1/t/r0", headers=headers).status_code == 204,
    }
    assert got == wanted
    assert ask("DELETE", "/api/v1/t/meta", headers=headers).status_code == 401
    assert ask("POST", "/plugin/importwizard/importFile", headers=headers).status_code == 401


def test_links_in_their_two_dialects(ask: Ask, table: State, empty_molgenis: Sandbox) -> None:
    """v1: a path that has lost the query; v2: the whole address with it."""
    assert ask("GET", "/api/v1/t?num=2&start=1&attributes=id").json()["nextHref"] == "/api/v1/t?start=3&num=2"
    following = ask("GET", "/api/v2/t?num=2&start=1&attrs=id&q=n=ge=1").json()["nextHref"]
    assert following.startswith(empty_molgenis.url("molgenis") + "/api/v2/t?")
    assert "q=n" in following
    assert "attrs=id" in following
    assert ask("GET", "/api/v1/t/r1").json()["href"] == "/api/v1/t/r1"
    assert ask("GET", "/api/v2/t/r1").json()["_href"] == "/api/v2/t/r1"


def test_an_import_takes_its_time_when_told_so(ask: Ask, table: State, empty_molgenis: Sandbox) -> None:
    table.import_seconds = 10.0
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("t.csv", "id,n\nnew,7\n")
    files = {"file": ("t.zip", content.getvalue())}
    started = ask("POST", "/plugin/importwizard/importFile?action=add&metadataAction=ignore", files=files)
    assert (started.status_code, started.text) == (201, started.headers["Location"])
    run = ask("GET", started.text).json()
    assert (run["status"], "endDate" in run, "new" in table.stored["t"]) == ("RUNNING", False, False)
    empty_molgenis.clock.advance(11)
    run = ask("GET", started.text).json()
    assert (run["status"], run["importedEntities"], "new" in table.stored["t"]) == ("FINISHED", "t", True)


def test_an_import_that_does_not_begin_is_refused_in_plain_text(ask: Ask, table: State) -> None:
    for path, files in (("?action=bogus", {"file": ("t.zip", b"")}), ("", {"file": ("nodot", b"")}), ("", {})):
        refused = ask("POST", f"/plugin/importwizard/importFile{path}", files=files)
        assert (refused.status_code, refused.headers["Content-Type"]) == (400, "text/plain")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/t?_method=DELETE", 200),
        ("POST", "/api/v1/t/r1?_method=GET", 200),
        ("POST", "/api/v1/t/r1?_method=DELETE", 204),
        ("POST", "/api/v1/t?_method=DELETE", 204),
        ("POST", "/api/v1/t/meta?_method=GET", 200),
        ("POST", "/api/v2/t?_method=GET", 200),
        ("POST", "/api/v2/t/r1?_method=GET", 200),
    ],
)
def test_a_method_in_the_address_counts_on_post_only(
    ask: Ask, table: State, method: str, path: str, status: int
) -> None:
    assert ask(method, path).status_code == status
    assert len(table.stored["t"]) == (5 if status == 200 else 4 if "r1" in path else 0)
