"""No value of a person and no secret where it may not be: in what the command says, reports, events, logs and plans.

Every value of the sources holds a sign that stands nowhere else. Runs meet all that can go wrong with them, and each
byte that comes out is searched.
"""

import datetime as dt
import json

import openpyxl
import pytest

import biodata
from biodata.records.types import Date, Field, Float, Integer, List, Reference, Schema, String
from tests.pipelines.quiet import SIGN, opened_house, step, text

TEXTS = ("id", "name", "sex", "unit", "term")
PEOPLE = Schema(
    "people",
    "id",
    (
        *(Field(name, String(), required=name == "id") for name in TEXTS),
        Field("age", Integer()),
        Field("weight", Float()),
        Field("born", Date()),
        Field("tags", List(String())),
    ),
)
DONORS = Schema(
    "qdonors",
    "id",
    (
        Field("id", String(), required=True),
        Field("age", Integer(minimum=0, maximum=120)),
        Field("kind", String(choices=("a", "b"))),
    ),
)
KIDS = Schema("qkids", "id", (Field("id", String(), required=True), Field("parent", Reference("qdonors"))))

CLEAN = """\
class Deaf(dict):
    def get(self, name, default=None):
        raise RuntimeError(self["name"])

def shout(record):
    if record["age"] % 3 == 0:
        raise ValueError(f"{record['name']} has {record['age']}") from KeyError(record["id"])
    return {"age": record["name"]} if record["age"] % 3 == 1 else {record["name"]: 1}

def deaf(record):
    return Deaf(record)

def leave(record):
    raise SystemExit(record["name"])

def group(record):
    raise ExceptionGroup(record["name"], [ValueError(record["id"])])
"""

REJECTING = {
    "cast": "columns: {id: src.id, n: CAST(src.name AS INTEGER)}",
    "zero": "columns: {id: src.id, n: src.age // (src.age - src.age)}",
    "range": "columns: {id: src.id, n: CAST(src.age * 1000000 AS INTEGER)}",
    "day": "columns: {id: src.id, n: CAST(src.name AS DATE)}",
    "parsed": "columns: {id: src.id, n: \"strptime(src.name, '%Y')\"}",
    "since": 'columns: {id: src.id, n: "days_since(src.name, src.born)"}',
    "json": "columns: {id: src.id, n: CAST(src.name AS JSON)}",
    "param": 'columns: {id: src.id, n: "CAST(${param:who} AS DATE)"}',
    "code": "code_list: {column: sex, codes: {'1': male}}",
    "units": "units: {column: weight, from_column: unit, to: kg}",
    "unit-of-text": "units: {column: name, from: lb, to: kg}",
    "terms": "ontology: {column: term, prefixes: [hp]}",
    "shout": "python: 'clean:shout'",
    "deaf": "python: 'clean:deaf'",
    "leave": "python: 'clean:leave'",
    "group": "python: 'clean:group'",
    "pseudonym": "pseudonymise: {field: id, table: local/pseudonyms, clear: clear, pseudonym: pseudonym}",
    "no-key": "columns: {id: 'NULL', name: src.name}",
}
PASSING = {
    "nulls": "code_list: {column: tags, codes: {'1': male}, on_unmapped: 'null'}",
    "keyed": "pseudonymise: {field: id, domain: d, key: '${env:QZX_KEY}'}",
}
REFUSED = {
    "m-range": ("columns: {id: src.id, age: src.age}", "molgenis/qdonors", "id"),
    "m-choice": ("columns: {id: src.id, kind: src.name}", "molgenis/qdonors", "id"),
    "m-type": ("columns: {id: src.id, age: src.name}", "molgenis/qdonors", "id"),
    "m-parent": ("columns: {id: src.id, parent: src.id}", "molgenis/qkids", "id"),
    "g-parent": ("columns: {submitter_id: src.id, studies: src.name}", "gen3/case", "submitter_id"),
    "g-parents": ("columns: {submitter_id: src.id, projects: src.name}", "gen3/study", "submitter_id"),
    "g-choice": ("columns: {submitter_id: src.id, cases: src.id, sex: src.sex}", "gen3/demographic", "submitter_id"),
}
PEOPLE_STEP = "  - {name: people, extract: {from: source/people}}\n"
WAITING = "{columns: {id: src.id, k: src.name}}, {links: {parent: k}}"


def person(number):
    return {
        "id": f"QZX-{number}'\"é",
        "name": f'Ann "qzx" O\'Neill {number} ✓',
        "sex": f"qzx {number}",
        "unit": f"qzx{number}",
        "term": f"qzx:{number}",
        "age": 7741741 + number,
        "weight": 774174.25 + number,
        "born": dt.date(1917, 7, 1 + number),
        "tags": [f"qzx; {number}", "b'qzx"],
    }


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A sandbox with tables of its own, two DuckDB files, and the environment of the command."""
    with opened_house(tmp_path_factory.mktemp("house"), ("molgenis", "gen3")) as house:
        (house.home / "clean.py").write_text(CLEAN)
        with biodata.connect("source") as source, biodata.connect("molgenis") as molgenis:
            source.ensure(PEOPLE).add([person(number) for number in range(4)]).raise_for_refused()
            for table in (DONORS, KIDS):
                molgenis.ensure(table)
        with biodata.connect("local") as local:
            columns = (Field("clear", String(), required=True), Field("pseudonym", String()))
            local.ensure(Schema("pseudonyms", "clear", columns))
        yield house


def test_what_operations_reject(house, say, go):
    steps = [step(name, f"{{{operation}}}") for name, operation in (REJECTING | PASSING).items()]
    params = "params: {who: {type: text}}\n"
    go(text("operations", *steps, params=params), "--param", "who=QZX")
    report = json.loads((house.reports / "operations.json").read_text())
    rejected = {one["name"]: sum(rule["count"] for rule in one["rejects"]) for one in report["steps"]}
    assert rejected == dict.fromkeys(REJECTING, 4) | dict.fromkeys(PASSING, 0)
    for command in ("rejects list", "rejects list --by-rule -o table", "rejects show 1", "rejects show 9 -o json"):
        say(*command.split())
    for command in ("runs list", "runs show last", "runs show last -o json", "runs verify", "purge --dry-run"):
        say(*command.split())
    say("rejects", "show", 1, "--show-values", values=True)


def test_what_servers_refuse(house, say, go):
    steps = [step(name, f"{{{operation}}}", to, key) for name, (operation, to, key) in REFUSED.items()]
    content = text("servers", *steps, step("m-wait", WAITING, "molgenis/qkids"))
    go(content, "--save-plan", house.home / "servers.plan")
    go(content)
    report = json.loads((house.reports / "servers.json").read_text())
    assert {one["name"]: one["tally"].get("refused") for one in report["steps"]} == dict.fromkeys(REFUSED, 4) | {
        "m-wait": None
    }
    assert [one["waiting"] for one in report["steps"]][-1] == 4
    assert not SIGN.search((house.home / "servers.plan").read_bytes())
    say("rejects", "list", "--pipeline", "servers")
    say("doctor")


@pytest.mark.parametrize("name", ["g-parent", "m-type"])
def test_the_reject_that_stops_a_run(go, name):
    operation, to, key = REFUSED[name]
    go(text(f"stops-{name}", step(name, f"{{{operation}}}", to, key), budget=0), status=8)


@pytest.mark.parametrize(
    ("check", "status"),
    [
        ("{name: c, unique: [same]}", 9),
        ("{name: c, references: {column: id, table: local/pseudonyms, field: clear}}", 9),
        ("{name: c, fresh: {column: born, within: 7d}}", 9),
        ("{name: c, count: {equals: {from: source/people, key: QZX, field: age}}}", 5),
        ("{name: c, rows: CAST(name AS INTEGER) < 3}", 0),
    ],
)
def test_checks_that_do_not_hold(go, check, status):
    go(text("checks", step("checked", "{columns: {'*': keep, same: '1'}}", check=check)), status=status)


@pytest.mark.parametrize("select", ["CAST(name AS INTEGER)", "strptime(name, '%Y')", "(SELECT name FROM people)"])
def test_a_select_that_cannot_be_computed(go, select):
    sql = json.dumps(f"SELECT id, {select} AS n FROM people")  # noqa: S608 - the test's own
    go(text("selects", PEOPLE_STEP, step("selected", extract=f"sql: {sql}")), status=2)


def test_files_that_are_damaged(house, go):
    book = openpyxl.Workbook()
    for row in (("id", "age"), ("QZX-1", 7741741), ("QZX-2", dt.date(1917, 7, 1)), ("QZX-3", "#N/A"), (1, "qzx")):
        book.active.append(row)
    book.save(house.home / "people.xlsx")
    lines = {
        "people.csv": 'id,age\n"QZX-1",7741741\n"QZX-2",qzx\nQZX-3,too,many,qzx\nQZX-4\n',
        "people.ndjson": '{"id":"QZX-1","age":7741741}\n{"id": QZX\n["qzx"]\n{"id":{"a":"qzx"}}\n{"id":7741741',
        "people.parquet": "PAR1 qzx PAR1",
        "people.tsv": 'id\tage\n"QZX-5\tqzx',
    }
    for name, content in lines.items():
        (house.home / name).write_text(content)
    columns = "{columns: {id: CAST(src.id AS VARCHAR), n: TRY_CAST(src.age AS INTEGER)}}"
    for ending, status in {"csv": 0, "ndjson": 0, "xlsx": 0, "parquet": 9, "tsv": 9}.items():
        go(text(ending, step(ending, columns, extract=f"file: people.{ending}")), status=status)


@pytest.mark.parametrize("given", ["day=QZX", "number=QZX", "who=QZX"])
def test_what_parameters_are_given(say, house, go, given):
    params = "params: {day: {type: date, default: 2020-01-01}, number: 3, who: x}\n"
    where = "born > ${param:day} and age != ${param:number} and name != ${param:who}"
    columns = "{columns: {id: src.id, who: '${param:who}'}}"
    content = text("given", step("given", columns, extract=f"from: source/people, where: '{where}'"), params=params)
    right = given.startswith("who")
    go(content, "--param", given, *(["--dry-run"] if right else []), status=0 if right else 3)


def test_plans_that_are_not_what_was_approved_and_deletes_that_are_withheld(house, say, go):
    content = text("plans", step("planned", "{columns: {id: src.id, name: src.name}}"))
    plan = house.home / "plans.plan"
    go(content)
    with biodata.connect("local") as local:
        local["planned"].update({"id": person(1)["id"], "name": "another qzx"}).raise_for_refused()
        go(content, "--save-plan", plan)
        local["planned"].update({"id": person(1)["id"], "name": "a third qzx"}).raise_for_refused()
    go(content, "--apply", plan, status=9)
    assert not SIGN.search(plan.read_bytes())
    nobody = "from: source/people, where: \"id = 'nobody'\""
    columns, deletes = "{columns: {id: src.id, name: src.name}}", ", delete_missing: {max: 1}"
    gone = text("plans", step("planned", columns, extract=nobody, load=deletes))
    go(gone, "--dry-run")
    go(gone, status=9)


def test_diff_and_sync(house, say):
    say("-vv", "sync", "source/people", "local/synced", "--dry-run")
    say("-vv", "sync", "source/people", "local/synced", "-o", "json")
    say("-vv", "sync", "source/people", "molgenis/synced", "--fields", "id,name,age,born")
    with biodata.connect("local") as local:
        local["synced"].update({"id": person(1)["id"], "name": "another qzx"}).raise_for_refused()
        local["synced"].delete([person(2)["id"]])
    for form in ("text", "json"):
        say("-vv", "diff", "source/people", "local/synced", "-o", form)
    say("diff", "source/people", "local/synced", "--show-values", values=True)


def test_corrections(house, say, go):
    go(
        text("corrected", step("corrected", "{columns: {id: src.id, n: CAST(src.name AS INTEGER)}}")),
        name="corrected",
    )
    sheet, file = house.home / "corrected.xlsx", house.home / "corrected.yml"
    say("-vv", "rejects", "export", "--pipeline", "corrected", "--output", sheet)
    assert sheet.stat().st_mode & 0o077 == 0
    say("-vv", "rejects", "replay", file, "--corrected", sheet)
    book = openpyxl.load_workbook(sheet)
    names = [cell.value for cell in book.active[1]]
    book.active.cell(2, names.index("age") + 1).value = "QZX is no number"
    book.save(sheet)
    say("-vv", "rejects", "replay", file, "--corrected", sheet, status=9)


def test_with_show_values_they_are_there(house, say):
    file = house.home / "shown.yml"
    file.write_text(text("shown", step("shown", f"{{{REJECTING['code']}}}")))
    shown = house.home / "shown"
    say("run", file, "--report", shown, "--show-values")
    assert all(SIGN.search(path.read_bytes()) for path in shown.iterdir())


def test_what_is_kept(house, say, go):
    """After all runs people's values are in rejects and in what a plan has sealed, and in no file's name."""
    go(text("kept", step("kept", ", ".join(f"{{{REJECTING[name]}}}" for name in ("code", "units")))))
    assert house.kept() <= {"rejects.sqlite"}
