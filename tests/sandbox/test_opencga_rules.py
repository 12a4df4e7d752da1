"""The rules of the OpenCGA sandbox, one by one, without the recordings (protocols/opencga.md, sections 2 to 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from biodata.sandbox import Sandbox
from biodata_opencga.sandbox import OpencgaSandbox
from biodata_opencga.sandbox.demo import PASSWORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

STUDY = "demo@project:study"


@pytest.fixture
def running() -> Iterator[Sandbox]:
    with Sandbox(("opencga",), classes={"opencga": OpencgaSandbox}) as sandbox:
        yield sandbox


@pytest.fixture
def ask(running: Sandbox, http: requests.Session) -> Callable[..., requests.Response]:
    """`ask("GET", "samples/search", user="viewer", id="s1")`; the study is given."""
    root = f"{running.url('opencga')}/opencga/webservices/rest/v2"
    state: Any = running.platform("opencga").state

    def send(method: str, path: str, user: str | None = "demo", body: Any = None, **params: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {state.token('demo', user)}"} if user else {}
        query = {"study": STUDY, **params}
        return http.request(method, f"{root}/{path}", params=query, json=body, headers=headers, timeout=10)

    return send


def result(response: requests.Response) -> dict[str, Any]:
    """The one response element."""
    (element,) = response.json()["responses"]
    assert element["numResults"] == len(element["results"])
    return element


def message(response: requests.Response) -> str:
    """What the first event says, of the call or of a record."""
    whole = response.json()
    return str([*whole["events"], *whole["responses"][0]["events"]][0]["message"])


@pytest.mark.parametrize(
    ("method", "path", "params", "status", "said"),
    [
        ("GET", "samples/search", {"limit": 5001}, 404, "higher than '5000'"),
        ("GET", "samples/search", {"limit": -1}, 404, "positive"),
        ("GET", "samples/search", {"bogus": 1}, 500, "Unexpected parameter bogus"),
        ("GET", "samples/search", {"attributes": "a=1"}, 500, "Cannot query by parameter attributes"),
        ("GET", "samples/search", {"creationDate": "2020-01-01"}, 500, "Error parsing query"),
        ("GET", "samples/search", {"study": "nope"}, 500, "No study found given 'nope'"),
        ("GET", "samples/search", {"user": None}, 500, "Missing token"),
        ("GET", "samples/nobody/info", {}, 400, "Not found or user does not have permissions"),
        ("GET", "samples/a,a/info", {}, 500, "not unique"),
        ("GET", "samples/" + ",".join(f"x{n}" for n in range(101)) + "/info", {}, 500, "More than 100 IDs"),
        ("GET", "samples/no/such/thing", {}, 404, "404"),
        ("DELETE", "samples/search", {}, 405, "405"),
        ("DELETE", "projects/project/delete", {}, 404, "404"),
        ("POST", "samples/create", {"body": {}}, 500, "'null' is not a valid id"),
        ("POST", "samples/create", {"body": {"id": "NA12877-DNA"}}, 500, "already exists"),
        ("POST", "samples/create", {"body": {"id": "x", "individualId": "no"}}, 500, "Missing individuals"),
        ("POST", "samples/create", {"body": {"id": "x"}, "user": "viewer"}, 403, "WRITE_SAMPLES"),
        ("POST", "samples/NA12877-DNA/update", {"body": {}}, 400, "success"),
        ("POST", "samples/nobody/update", {"body": {"description": "x"}}, 400, "success"),
        ("DELETE", "samples/nobody/delete", {}, 400, "Missing samples: 'nobody' not found"),
        ("DELETE", "samples/NA12877-DNA/delete", {}, 400, "associated with individual"),
        ("DELETE", "individuals/NA12877/delete", {"user": "viewer"}, 401, "Permission denied"),
        ("DELETE", "individuals/NA12877/delete", {}, 400, "member of family"),
    ],
)
def test_refusals(ask: Any, method: str, path: str, params: dict[str, Any], status: int, said: str) -> None:
    response = ask(method, path, **params)
    assert (response.status_code, said in message(response)) == (status, True), message(response)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"id": "x", "bogus": 1}, 'Unrecognized field "bogus"'),
        ({"id": "x", "phenotypes": "y"}, "from String value"),
        ({"id": ["x"]}, "from Array value"),
        ([{"id": "x"}], "from Array value"),
        ({"id": "x", "processing": {"bogus": 1}}, '["processing"]'),
        ({"id": "x", "somatic": "perhaps"}, 'only "true" or "false"'),
    ],
)
def test_strict_bodies_are_answered_in_plain_text(ask: Any, body: Any, said: str) -> None:
    response = ask("POST", "samples/create", body=body)
    assert (response.status_code, response.headers["Content-Type"]) == (400, "text/plain")
    assert said in response.text


def test_ten_come_unless_a_limit_is_given_and_none_are_counted_unless_asked(ask: Any) -> None:
    plain = result(ask("GET", "samples/search", include="id"))
    assert (plain["numResults"], plain["numMatches"]) == (10, -1)
    counted = result(ask("GET", "samples/search", limit=0, count="True"))
    assert (counted["numResults"], counted["numMatches"]) == (0, 17)


def test_primitives_always_come_and_hide_the_truth(ask: Any) -> None:
    ask("POST", "samples/create", body={"id": "t", "somatic": True})
    (shown,) = result(ask("GET", "samples/search", id="t", include="id"))["results"]
    assert (shown["somatic"], shown["release"], shown["version"]) == (False, 0, 1)
    (shown,) = result(ask("GET", "samples/search", id="t", include="id,somatic"))["results"]
    assert shown["somatic"] is True


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("NA12877-DNA,NA12878-DNA,nobody", 2),
        ("!NA12877-DNA", 16),
        ("!NA12877-DNA,!NA12878-DNA", 17),
        ("~^NA1288", 10),
        ("~/^na1288/i", 10),
        ("^NA1287", 3),
        ("=NA12877-DNA", 1),
        ("NA*", 0),
        (">NA", 0),
        ("NA12877-DNA;NA12878-DNA", 0),
        ("", 0),
    ],
)
def test_the_grammar_of_texts(ask: Any, value: str, found: int) -> None:
    assert result(ask("GET", "samples/search", id=value, limit=0, count="true"))["numMatches"] == found


@pytest.mark.parametrize(
    ("value", "found"),
    [("2000-2100", 17), (">2000", 17), ("<2000", 0), (">=20000101", 17), ("2000", 0), ("2000,2100", 0)],
)
def test_the_grammar_of_dates(ask: Any, value: str, found: int) -> None:
    assert result(ask("GET", "samples/search", creationDate=value, limit=0, count="true"))["numMatches"] == found


def test_order_is_descending_unless_told(ask: Any) -> None:
    first = result(ask("GET", "individuals/search", include="id", sort="id", limit=1))["results"][0]["id"]
    assert first == "NA12893"
    ascending = result(ask("GET", "individuals/search", include="id", sort="id", order="ASCENDING", limit=1))
    assert ascending["results"][0]["id"] == "NA12877"


def test_lists_are_added_to_unless_told(ask: Any) -> None:
    path = "samples/NA12877-DNA/update"
    for phenotype, action in (("P:1", {}), ("P:2", {}), ("P:3", {"phenotypesAction": "SET"}), ("P:4", {})):
        assert ask("POST", path, body={"phenotypes": [{"id": phenotype}]}, **action).status_code == 200
    shown = result(
        ask("POST", path, body={"phenotypes": [{"id": "P:3"}]}, phenotypesAction="REMOVE", includeResult="true")
    )
    assert [one["id"] for one in shown["results"][0]["phenotypes"]] == ["P:4"]
    assert shown["results"][0]["version"] == 6
    assert ask("POST", path, body={"phenotypes": []}, phenotypesAction="BOGUS").status_code == 404


def test_attributes_merge_objects_are_replaced_null_is_not_given_and_blank_clears(ask: Any) -> None:
    path = "samples/NA12877-DNA/update"
    ask("POST", path, body={"attributes": {"a": {"x": 1}}, "processing": {"labSampleId": "l"}, "description": "d"})
    ask("POST", path, body={"attributes": {"b": 1}, "processing": {"preparationMethod": "p"}, "description": None})
    (shown,) = result(ask("GET", "samples/NA12877-DNA/info"))["results"]
    assert shown["attributes"] == {"a": {"x": 1}, "b": 1}
    assert shown["processing"] == {"preparationMethod": "p"}
    assert shown["description"] == "d"
    ask("POST", path, body={"description": ""})
    assert result(ask("GET", "samples/NA12877-DNA/info"))["results"][0]["description"] == ""


def test_half_done(ask: Any) -> None:
    response = ask("POST", "samples/NA12877-DNA,nobody/update", body={"description": "x"})
    assert response.status_code == 400
    assert (result(response)["numUpdated"], result(response)["numErrors"]) == (1, 1)
    assert result(ask("GET", "samples/NA12877-DNA/info"))["results"][0]["description"] == "x"


def test_soft_delete_and_versions(ask: Any) -> None:
    ask("POST", "samples/create", body={"id": "v", "description": "1"})
    ask("POST", "samples/v/update", body={"description": "2"})
    every = result(ask("GET", "samples/v/info", version="all"))["results"]
    assert [(one["version"], one["description"]) for one in every] == [(1, "1"), (2, "2")]
    assert result(ask("DELETE", "samples/v/delete"))["numDeleted"] == 1
    assert ask("GET", "samples/v/info").status_code == 400
    assert result(ask("GET", "samples/v/info", deleted="true"))["results"][0]["internal"]["status"]["id"] == "DELETED"
    assert ask("POST", "samples/create", body={"id": "v"}).status_code == 200


def test_deleting_a_parent_leaves_an_empty_reference(ask: Any) -> None:
    for body in ({"id": "dad"}, {"id": "kid", "father": {"id": "dad"}}):
        ask("POST", "individuals/create", body=body)
    assert result(ask("GET", "individuals/kid/info"))["results"][0]["father"]["id"] == "dad"
    ask("DELETE", "individuals/dad/delete")
    assert "id" not in result(ask("GET", "individuals/kid/info"))["results"][0]["father"]


def test_annotations(ask: Any) -> None:
    variables = [{"id": "age", "type": "INTEGER", "required": True}, {"id": "site", "type": "STRING"}]
    body: dict[str, Any] = {"id": "vs", "variables": variables}
    assert ask("POST", f"studies/{STUDY}/variableSets/update", action="ADD", body=body).status_code == 200
    one = {"id": "as", "variableSetId": "vs", "annotations": {"age": 40, "site": "H1"}}
    ask("POST", "samples/NA12877-DNA/update", body={"annotationSets": [one]})
    for condition, found in (("vs:age>30", 1), ("vs:age>30;vs:site=H2", 0), ("site=H1", 1), ("variableSet=vs", 1)):
        assert result(ask("GET", "samples/search", annotation=condition, include="id"))["numResults"] == found
    ask("POST", "samples/NA12877-DNA/annotationSets/as/annotations/update", action="ADD", body={"age": 20})
    assert result(ask("GET", "samples/search", annotation="vs:age<30", include="id"))["numResults"] == 1
    bad = {"annotationSets": [{**one, "annotations": {"site": "H1"}}]}
    assert ask("POST", "samples/NA12878-DNA/update", body=bad).status_code == 400


def test_deleting_a_file_is_a_job_that_waits(ask: Any) -> None:
    ask("POST", "files/create", body={"path": "a/b.txt", "type": "FILE", "content": "x\ny\n"}, parents="true")
    (job,) = result(ask("DELETE", "files/a:b.txt/delete"))["results"]
    assert job["internal"]["status"]["id"] == "PENDING"
    assert ask("GET", "files/a:b.txt/info").status_code == 200
    assert result(ask("GET", "files/a:b.txt/tail", lines=1))["results"][0]["content"] == "y\n"
    assert [one["id"] for one in result(ask("GET", "files/a:/list"))["results"]] == ["a:b.txt"]
    (tree,) = result(ask("GET", "files/a:/tree", include="id"))["results"]
    assert (tree["file"]["id"], [one["file"]["id"] for one in tree["children"]]) == ("a:", ["a:b.txt"])


def test_logins(running: Sandbox, http: requests.Session) -> None:
    url = f"{running.url('opencga')}/opencga/webservices/rest/v2/users/login"

    def login(**body: str) -> requests.Response:
        return http.post(url, json=body, timeout=10)

    pair = result(login(user="demo", password=PASSWORDS["demo"], organization="demo"))["results"][0]
    assert pair["token"] == pair["refreshToken"]
    assert login(refreshToken=pair["refreshToken"]).status_code == 200
    assert login(user="demo", password="wrong").status_code == 401
    assert login(user="demo").status_code == 500
    assert login(refreshToken="rubbish").status_code == 500
    running.clock.advance(3601)
    assert login(refreshToken=pair["refreshToken"]).status_code == 401


def test_an_empty_server_has_its_installation_only(http: requests.Session) -> None:
    with Sandbox(("opencga",), bare=True, classes={"opencga": OpencgaSandbox}) as sandbox:
        entry = sandbox.entries["opencga"]
        body = {name: entry[name] for name in ("user", "password", "organization")}
        login = http.post(f"{entry['url']}/webservices/rest/v2/users/login", json=body, timeout=10)
        assert login.status_code == 200
        assert http.head(entry["url"], timeout=10, allow_redirects=False).status_code == 302


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "samples/create"),
        ("POST", "samples/NA12877-DNA/update"),
        ("POST", "individuals/create"),
        ("POST", "families/create"),
        ("POST", "cohorts/create"),
        ("POST", "cohorts/generate"),
        ("POST", "files/create"),
        ("POST", "panels/create"),
        ("POST", "jobs/create"),
        ("POST", "analysis/clinical/create"),
        ("POST", "projects/create"),
        ("POST", "studies/create"),
        ("POST", "organizations/create"),
        ("POST", "users/create"),
        ("POST", f"studies/{STUDY}/variableSets/update"),
        ("POST", f"studies/{STUDY}/notes/create"),
        ("POST", "samples/acl/viewer/update"),
        ("POST", "studies/acl/viewer/update"),
        ("POST", "samples/NA12877-DNA/annotationSets/as/annotations/update"),
    ],
)
@pytest.mark.parametrize("body", [None, {}, [], "text", 5, {"id": None}, {"id": {}}, {"id": 5}])
def test_odd_bodies_are_answered_and_break_nothing(ask: Any, method: str, path: str, body: Any) -> None:
    response = ask(method, path, body=body)
    assert response.status_code in (200, 400, 404, 415, 500)
    assert "defect" not in response.text
    assert response.headers["Content-Type"] in ("application/json", "text/plain"), response.text


@pytest.mark.parametrize("kind", ["samples", "individuals", "families", "cohorts", "files", "panels", "jobs"])
def test_distinct_and_sorting_by_anything(ask: Any, kind: str) -> None:
    for field in (
        "id",
        "internal",
        "internal.status.id",
        "attributes",
        "samples",
        "members.sex.id",
        "size",
        "nothing",
    ):
        assert ask("GET", f"{kind}/distinct", field=field).status_code == 200, field
        assert ask("GET", f"{kind}/search", sort=field, order="ASCENDING").status_code == 200
