"""The Gen3 sandbox: what the recordings do not show, or show only once."""

from __future__ import annotations

import io
import json
import tarfile
import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests

from biodata.errors import ConfigError
from biodata.sandbox import Sandbox
from biodata_gen3.sandbox import ADMIN, NOBODY, READER, Dictionary, Gen3Sandbox
from biodata_gen3.sandbox.rsa import process_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

API = "/api/v0/submission"
HERE = f"{API}/demo/ceph1463"


class Client:
    """Asks as a user; tokens are fresh."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.platform: Any = sandbox.platform("gen3")
        self.http = requests.Session()
        self.http.trust_env = False

    def __call__(self, method: str, path: str, user: str | None = ADMIN, **more: Any) -> requests.Response:
        headers = more.pop("headers", {})
        if user is not None:
            state = self.platform.state
            headers["Authorization"] = f"bearer {state.tokens.access(state.users[user], 100)}"
        return self.http.request(method, self.sandbox.url("gen3") + path, headers=headers, timeout=10, **more)

    def query(self, text: str, user: str = ADMIN, **variables: Any) -> Any:
        answer = self("POST", f"{API}/graphql", user, json={"query": text, "variables": variables})
        return answer.json()["data"]


@pytest.fixture
def ask() -> Iterator[Client]:
    with Sandbox(("gen3",), classes={"gen3": Gen3Sandbox}) as sandbox:
        client = Client(sandbox)
        yield client
        client.http.close()


def test_entry_and_profile(ask: Client) -> None:
    entry = ask.sandbox.entries["gen3"]
    assert set(entry) == {"url", "credentials", "program", "project"}
    from pathlib import Path

    path = Path(entry["credentials"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert set(json.loads(path.read_text())) == {"api_key", "key_id"}
    assert ask.platform.profile(entry, path.parent)["platform"] == "gen3"


def test_the_pedigrees_upper_generations(ask: Client) -> None:
    cases = ask.query(
        '{case(first: 0, order_by_asc: "submitter_id") {submitter_id generation samples {submitter_id}}}'
    )
    names = ["NA12877", "NA12878", "NA12889", "NA12890", "NA12891", "NA12892"]
    assert [one["submitter_id"] for one in cases["case"]] == names
    assert all(len(one["samples"]) == 1 for one in cases["case"])
    assert ask.query("{_submitted_reads_count}") == {"_submitted_reads_count": 6}


def test_tokens_are_signed_with_the_published_key(ask: Client) -> None:
    keys = ask("GET", "/user/jwt/keys", None).json()["keys"]
    assert keys[0][1].startswith("-----BEGIN PUBLIC KEY-----")
    key = process_key()
    signature = key.sign(b"text")
    assert key.verify(b"text", signature)
    assert not key.verify(b"other", signature)
    assert key.n.bit_length() == 2048


@pytest.mark.parametrize("lifetime", [None, 1])
def test_token_lifetimes(lifetime: float | None) -> None:
    from biodata.http import jwt_lifetime

    with Sandbox(("gen3",), classes={"gen3": Gen3Sandbox}, token_lifetime=lifetime) as sandbox:
        ask = Client(sandbox)
        body = ask.platform.credentials()
        for query, most in (("", 3600), ("?expires_in=60", 60), ("?expires_in=99999", 3600)):
            answer = ask("POST", f"/user/credentials/cdis/access_token{query}", None, json=body)
            assert jwt_lifetime(answer.json()["access_token"]) == pytest.approx(min(most, lifetime or most))
        ask.http.close()


def test_rights(ask: Client) -> None:
    assert ask.query("{_case_count project {code}}", READER) == {"_case_count": 6, "project": [{"code": "ceph1463"}]}
    assert ask.query("{_case_count project {code}}", NOBODY) == {"_case_count": 0, "project": []}
    assert ask("GET", f"{HERE}/export?node_label=case", READER).status_code == 200
    assert ask("GET", f"{HERE}/export?node_label=case", NOBODY).status_code == 403
    assert ask("PUT", HERE, READER, json=[]).status_code == 403
    assert ask("DELETE", f"{HERE}/entities/x", READER).status_code == 403


def test_an_unknown_project_comes_before_the_login(ask: Client) -> None:
    assert ask("PUT", f"{API}/demo/nope", None, json=[]).status_code == 404
    assert ask("PUT", f"{API}/nope/nope", None, json=[]).status_code == 404
    assert ask("PUT", HERE, None, json=[]).status_code == 401


def test_a_refused_transaction_writes_nothing(ask: Client) -> None:
    docs = [
        {"type": "sample", "submitter_id": "good", "cases": {"submitter_id": "NA12878"}},
        {"type": "sample", "submitter_id": "bad", "cases": {"submitter_id": "nobody"}},
    ]
    answer = ask("POST", HERE, json=docs)
    assert answer.status_code == 400
    assert [one["valid"] for one in answer.json()["entities"]] == [True, False]
    assert ask.query("{_sample_count}") == {"_sample_count": 6}
    answer = ask("POST", HERE, json=docs[:1])
    assert (answer.status_code, answer.json()["code"]) == (201, 201)
    answer = ask("POST", HERE, json=docs[:1])
    assert "already exists in the DB" in answer.json()["entities"][0]["errors"][0]["message"]


def test_one_to_one(ask: Client) -> None:
    doc = {"type": "demographic", "submitter_id": "second", "cases": {"submitter_id": "NA12878"}, "sex": "female"}
    error = ask("PUT", HERE, json=doc).json()["entities"][0]["errors"][0]
    assert (error["type"], error["keys"]) == ("INVALID_LINK", ["cases"])


def test_csv_tsv_and_lists(ask: Client) -> None:
    header = "type,submitter_id,cases.submitter_id,storage,days_to_collection,cell_line\n"
    text = header + 'sample,c1,NA12878,"a,b",5,TRUE\n'
    answer = ask("PUT", HERE, data=text.encode(), headers={"Content-Type": "text/csv"})
    assert answer.status_code == 200, answer.text
    row = next(
        one
        for one in ask("GET", f"{HERE}/export?node_label=sample&format=json").json()["data"]
        if one["submitter_id"] == "c1"
    )
    assert (row["storage"], row["days_to_collection"], row["cell_line"]) == (["a", "b"], 5, True)


def test_integers_are_floats_in_graphql_and_never_match(ask: Client) -> None:
    assert ask.query("{case(generation: 2) {id}}") == {"case": []}
    assert ask.query('{case(submitter_id: "NA12878") {generation}}') == {"case": [{"generation": 2.0}]}
    raw = ask("POST", f"{API}/graphql", json={"query": '{case(submitter_id: "NA12878") {generation}}'})
    assert "2.0" in raw.text


def test_templates(ask: Client) -> None:
    answer = ask("GET", f"{API}/template/submitted_reads?format=tsv", None)
    columns = answer.text.splitlines()[0].split("\t")
    assert columns[:4] == ["type", "project_id", "*submitter_id", "*samples.submitter_id"]
    assert "*file_size" in columns
    assert "mean_coverage" in columns
    assert ask("GET", f"{API}/template/sample?format=json", None).json()["type"] == "sample"


def test_dry_run_and_commit(ask: Client) -> None:
    doc = {"type": "sample", "submitter_id": "dry", "cases": {"submitter_id": "NA12878"}}
    report = ask("PUT", f"{HERE}/_dry_run", json=doc).json()
    assert report["success"]
    assert ask.query("{_sample_count}") == {"_sample_count": 6}
    committed = ask("PUT", f"{HERE}/transactions/{report['transaction_id']}/commit").json()
    assert committed["created_entity_count"] == 1
    assert committed["entities"][0]["id"] != report["entities"][0]["id"]


def test_the_line_of_a_delete_is_too_long(ask: Client) -> None:
    ids = ",".join(["00000000-0000-4000-8000-000000000000"] * 110)
    answer = ask("DELETE", f"{HERE}/entities/{ids}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html")


def test_four_puts_of_one_new_key(ask: Client) -> None:
    doc = {"type": "sample", "submitter_id": "raced", "cases": {"submitter_id": "NA12878"}}
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(ask("PUT", HERE, json=doc).status_code)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {200, 400}
    assert ask.query('{_sample_count(submitter_id: "raced")}') == {"_sample_count": 1}


def test_another_dictionary(tmp_path: Path) -> None:
    raw = Dictionary.load().raw
    raw["tube"] = {
        **json.loads(json.dumps(raw["aliquot"])), "id": "tube", "title": "Tube",
        "links": [{**raw["aliquot"]["links"][0], "backref": "tubes"}],
    }  # fmt: skip
    path = tmp_path / "dictionary.json"
    path.write_text(json.dumps(raw), encoding="utf-8")
    from functools import partial

    with Sandbox(("gen3",), classes={"gen3": partial(Gen3Sandbox, dictionary=path)}) as sandbox:
        ask = Client(sandbox)
        assert ask.query("{tube {id} _tube_count}") == {"tube": [], "_tube_count": 0}
        ask.http.close()
    for text in (
        "{}",
        "{",
        json.dumps({"program": 1, "project": {}}),
        "[]",
        json.dumps(
            {**raw, "sample": {**raw["sample"], "links": [{**raw["sample"]["links"][0], "target_type": "x"}]}}
        ),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=r"dictionary|leads to"):
            Dictionary.load(path)


def test_our_dictionary_has_what_real_ones_have() -> None:
    dictionary = Dictionary.load()
    kinds = {kind for node in dictionary.nodes.values() for name in node.properties for kind in node.kinds(name)}
    assert kinds == {"string", "integer", "number", "boolean", "array"}
    links = {link.multiplicity for node in dictionary.nodes.values() for link in node.links}
    assert links >= {"many_to_one", "one_to_one", "many_to_many"}
    assert {node.category for node in dictionary.nodes.values()} >= {
        "administrative",
        "clinical",
        "biospecimen",
        "data_file",
    }


def test_the_profile_opens(ask: Client) -> None:
    from biodata.config.profiles import find_profiles
    from biodata.config.settings import read_settings
    from biodata_gen3.settings import Gen3Settings

    profile = find_profiles(ask.sandbox.config_path).get("gen3")
    settings = read_settings(Gen3Settings, profile)
    assert (settings.program, settings.project) == ("demo", "ceph1463")
    assert str(settings.credentials) == ask.sandbox.entries["gen3"]["credentials"]


def test_mixed_exports_of_older_servers(ask: Client) -> None:
    rows = ask.query("{case(first: 1) {id} sample(first: 1) {id}}")
    ids = f"{rows['case'][0]['id']},{rows['sample'][0]['id']}"
    assert ask("GET", f"{HERE}/export?ids={ids}&format=tsv").status_code == 500
    ask.platform.state.mixed_exports = True
    answer = ask("GET", f"{HERE}/export?ids={ids}&format=tsv")
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        assert sorted(archive.getnames()) == ["case.tsv", "sample.tsv"]
    assert {one["type"] for one in ask("GET", f"{HERE}/export?ids={ids}&format=json").json()} == {"case", "sample"}


def test_a_dictionary_as_commons_publish_it(tmp_path: Path) -> None:
    raw = json.loads(json.dumps(Dictionary.load().raw))
    raw["_definitions"]["shared"] = {"id": {"$ref": "#/UUID"}, "plate_row": {"type": "integer"}}
    properties = raw["aliquot"]["properties"]
    raw["aliquot"]["properties"] = {
        "$ref": ["_definitions.yaml#/shared"],
        **{name: rule for name, rule in properties.items() if name not in ("id", "plate_row")},
    }
    path = tmp_path / "schema.json"
    path.write_text(json.dumps({f"{name}.yaml": part for name, part in raw.items()}), encoding="utf-8")
    aliquot = Dictionary.load(path)["aliquot"]
    assert aliquot.kinds("plate_row") == ("integer",)
    assert "pattern" in aliquot.schema["properties"]["id"]
    path.write_text(path.read_text().replace("#/shared", "#/nowhere"), encoding="utf-8")
    with pytest.raises(ConfigError, match="leads nowhere"):
        Dictionary.load(path)


def test_what_is_broken_in_peregrine_is_broken_here(ask: Client) -> None:
    for path in ("/peregrine/_version", "/api/search/coremetadata/some-id"):
        answer = ask("GET", path)
        assert (answer.status_code, answer.json()) == (500, {"message": "internal server error"})
