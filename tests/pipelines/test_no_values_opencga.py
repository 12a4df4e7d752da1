"""No value of a person on OpenCGA where it may not be: read from there, refused there, compared and deleted there."""

import json

import pytest

import biodata
from biodata.records.types import Field, Schema, String
from biodata_opencga.sandbox.demo import PASSWORDS, VIEWER
from tests.pipelines.quiet import SIGN, opened_house, step, text

CLINIC = {
    "id": "clinic",
    "entities": ["INDIVIDUAL", "SAMPLE"],
    "variables": [
        {"id": "age", "type": "INTEGER", "required": True},
        {"id": "doctor", "type": "STRING"},
        {"id": "weight", "type": "DOUBLE"},
    ],
}
LOOSE = Schema("loose", "id", (Field("id", String(), required=True), Field("name", String())))
VIEWING = """
  viewer: {{platform: opencga, url: {url}/opencga, user: viewer, password: '${{env:VIEWER_PASSWORD}}',
           organization: demo, study: demo@project:study, access: delete}}
"""


def term(number):
    return {"id": f"qzx:{number}", "name": f'a "qzx" {number}', "attributes": {f"qzx{number}": 7741741}}


def person(number):
    """Ids have the few characters that the server allows, the rest what a server may trip over."""
    return {
        "id": f"QZX-{number}",
        "name": f'Ann "qzx", O\'Neill {number} ✓',
        "sex": {"id": "FEMALE", "description": f"qzx {number}"},
        "dateOfBirth": f"1917070{1 + number}",
        "ethnicity": term(number),
        "location": {"city": f"Qzx & 'burg {number}"},
        "phenotypes": [term(number), {**term(number + 10), "status": "OBSERVED"}],
        "attributes": {"qzx": {"deep": [f"qzx {number}", 774174.25 + number]}},
        "annotations": {"clinic": {"age": 7741741 + number, "doctor": "Dr. Qzx", "weight": 774174.25}},
    }


def sample(number):
    return {
        "id": f"QZX-{number}-DNA",
        "individualId": f"QZX-{number}",
        "description": f"of 'qzx' {number}, <b>qzx</b>",
        "processing": {"labSampleId": f"qzx/{number}", "date": f"1917070{1 + number}"},
        "annotations": {"clinic": {"age": 7741741 + number, "doctor": "Dr. Qzx; qzx"}},
    }


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """An OpenCGA server with people and their samples; some of what is known of them is in a DuckDB file too."""
    with opened_house(tmp_path_factory.mktemp("house"), ("opencga",), empty=True) as house:
        with biodata.connect("opencga") as opencga:
            opencga["variableSets"].add(CLINIC).raise_for_refused()
            opencga["individuals"].add([person(number) for number in range(4)]).raise_for_refused()
            opencga["samples"].add([sample(number) for number in range(4)]).raise_for_refused()
        with biodata.connect("source") as source:
            loose = [{name: person(number)[name] for name in LOOSE.names} for number in range(4)]
            source.ensure(LOOSE).add(loose).raise_for_refused()
        yield house


PEOPLE, SAMPLES, KNOWN = "from: opencga/individuals", "from: opencga/samples", "from: source/loose"
READ = {
    "inner": "{columns: {id: src.id, n: CAST(src.ethnicity.id AS DATE)}}",
    "json": "{columns: {id: src.id, n: \"CAST(src.attributes ->> '$.qzx' AS INTEGER)\"}}",
    "annotated": "{columns: {id: src.id, n: src.annotations.clinic.age // 0}}",
    "coded": "{columns: {id: src.id, sex: src.sex.description}}, {code_list: {column: sex, codes: {'1': male}}}",
}
REFUSED = {
    "id": ("{id: \"'! ' || src.name\"}", "individuals"),
    "father": ("{id: src.id || '.f', father: src.name}", "individuals"),
    "father-of-one": ("{id: src.id, father: src.name}", "individuals"),
    "samples": ("{id: src.id || '.s', samples: \"['qzx ' || src.id]\"}", "individuals"),
    "karyotype": ("{id: src.id || '.k', karyotypicSex: src.name}", "individuals"),
    "attributes": ("{id: src.id, attributes: \"{'other': src.name}\"}", "individuals"),
    "annotation": ("{id: src.id || '.a', annotations: \"{'clinic': {'doctor': src.name}}\"}", "samples"),
    "members": ("{id: src.id || '.m', members: '[src.name]'}", "families"),
    "path": ("{id: src.name, path: src.name, type: src.name}", "files"),
}


def test_what_was_read_there(house, say, go):
    steps = [step(name, transform, extract=PEOPLE) for name, transform in READ.items()]
    where = "where: 'name != ${param:who} and not id in ${param:ids} and annotations.clinic.age < ${param:age}'"
    whole = [step("people", extract=f"{PEOPLE}, {where}"), step("samples", extract=SAMPLES)]
    params = "params: {who: x, age: 1, ids: {type: text, list: true}}\n"
    given = [word for one in ("who=qzx", "age=7741749", "ids=QZX-9,QZX-8") for word in ("--param", one)]
    go(text("read", *whole, params=params), *given, "--dry-run")
    go(text("read", *steps, *whole, params=params), *given)
    report = json.loads((house.reports / "read.json").read_text())
    rejected = {one["name"]: sum(rule["count"] for rule in one["rejects"]) for one in report["steps"]}
    assert rejected == dict.fromkeys(READ, 4) | {"people": 0, "samples": 0}
    for command in ("list", "list --by-rule -o table", "show 1", "show 9 -o json"):
        say("rejects", *command.split())
    say("rejects", "show", 1, "--show-values", values=True)
    say("runs", "show", "last", "-o", "json")


def test_what_the_server_refuses(house, say, go):
    steps = [step(n, f"{{columns: {t}}}", f"opencga/{table}", extract=KNOWN) for n, (t, table) in REFUSED.items()]
    links = "{columns: {id: src.id || '.w', k: src.name}}, {links: {individualId: k}}"
    content, plan = text("refused", *steps, step("wait", links, "opencga/samples", extract=KNOWN)), house.home / "p1"
    go(content, "--save-plan", plan)
    go(content)
    *told, waiting = json.loads((house.reports / "refused.json").read_text())["steps"]
    assert {one["name"]: one["tally"] for one in told} == {name: {"refused": 4} for name in REFUSED}
    assert waiting["waiting"] == 4
    assert not SIGN.search(plan.read_bytes())
    say("rejects", "list", "--pipeline", "refused")
    say("-vv", "rejects", "replay", house.home / "night.yml", "--all")


def test_an_append_of_what_is_there(go):
    added = step("added", "{columns: {id: src.id}}", "opencga/individuals", extract=KNOWN, mode="append")
    go(text("append", added, budget=0), status=8)


def test_deletes_that_are_planned_and_that_the_server_refuses(house, go):
    """A sample that belongs to somebody is not deleted."""
    there = f"{KNOWN}, where: \"name not like '%3 ✓'\""
    columns = "{columns: {id: src.id || '-DNA', description: src.name}}"
    content = text(
        "gone", step("gone", columns, "opencga/samples", extract=there, load=", delete_missing: {max: 50%}")
    )
    plan = house.home / "p2"
    go(content, "--save-plan", plan)
    assert not SIGN.search(plan.read_bytes())
    with biodata.connect("opencga") as opencga:
        opencga["samples"].update({"id": sample(1)["id"], "description": "a third qzx"}).raise_for_refused()
    go(content, "--apply", plan, status=9)
    go(content, status=9)
    (told,) = json.loads((house.reports / "gone.json").read_text())["steps"]
    assert told["deletes"]["withheld"].startswith("1 deletes were refused: ")


def test_checks_that_look_there(go):
    checks = {
        "{name: c, references: {column: name, table: opencga/individuals, field: id}}": 9,
        "{name: c, count: {equals: {from: opencga/individuals, key: QZX, field: name}}}": 5,
    }
    for check, status in checks.items():
        go(text("checks", step("checked", "{columns: {'*': keep}}", extract=KNOWN, check=check)), status=status)


def test_diff_and_sync(house, say):
    say("-vv", "sync", "opencga/individuals", "local/people", "-o", "json")
    say("-vv", "sync", "local/people", "opencga/individuals", "--fields", "id,name,attributes", "--dry-run")
    say("-vv", "sync", "source/loose", "opencga/samples", "--map", "name=individualId", status=8)
    with biodata.connect("local") as local:
        local["people"].update({"id": person(1)["id"], "name": "another qzx"}).raise_for_refused()
        local["people"].delete([person(2)["id"]])
    for a, b in (("opencga/individuals", "local/people"), ("local/people", "opencga/individuals")):
        say("-vv", "diff", a, b)
    say("diff", "local/people", "opencga/individuals", "-o", "json", "--show-values", values=True)


def test_who_may_only_look(house, go, monkeypatch):
    config = house.home / "profiles.yml"
    monkeypatch.setenv("VIEWER_PASSWORD", PASSWORDS[VIEWER])
    config.write_text(config.read_text() + VIEWING.format(url=house.sandbox.url("opencga")))
    one = step("named", "{columns: {id: src.id, name: src.name || '!'}}", "viewer/individuals", extract=KNOWN)
    go(text("views", one), status=4)


QUOTED = f"no, not {person(0)['id']}: {person(0)['name']}!"
ERROR = json.dumps({"events": [{"type": "ERROR", "name": "CatalogException", "message": QUOTED}]})
ANSWERS = {
    "words": ({"status": 500, "body": ERROR}, 2),
    "long": ({"status": 400, "body": QUOTED * 40, "content_type": "text/plain"}, 0),
    "denied": ({"status": 403, "body": ERROR}, 4),
    "away": ({"status": 503, "body": ERROR, "times": 2}, 6),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("call", ["POST */cohorts/create", "POST */individuals/*/update"])
def test_what_the_server_says_when_it_fails(house, go, call, answer):
    fault, status = ANSWERS[answer]
    faults = house.sandbox.platform("opencga").faults
    faults.add(call, **fault)
    table = call.split("/")[1]
    one = f"{KNOWN}, where: \"id like '%0'\""
    named = step("named", "{columns: {id: src.id, name: src.name || '!'}}", f"opencga/{table}", extract=one)
    go(text(f"fails-{table}", named), "--restart", status=status)
    faults.clear()


def test_what_is_kept(house):
    assert house.kept() <= {"rejects.sqlite"}
