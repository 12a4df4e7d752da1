"""A commons whose dictionary has properties that are called as peregrine's own arguments are."""

from __future__ import annotations

from copy import deepcopy

import pytest

from biodata.adapter import Context
from biodata.config.settings import settings_from_values
from biodata.connection import Connection
from biodata.sandbox import Sandbox
from biodata_gen3 import Gen3Adapter
from biodata_gen3.reserved import RESERVED
from biodata_gen3.sandbox import PROGRAM, PROJECT, Gen3Sandbox
from biodata_gen3.sandbox.dictionary import Dictionary
from biodata_gen3.settings import Gen3Settings
from tests.adapters.gen3.conftest import GRAPHQL

NAMES = sorted(RESERVED | {"total", "rows", "id_", "state_"})


def _dictionary(name, kind):
    """Ours, where studies have such a property, and cases another link to many studies."""
    raw = deepcopy(Dictionary.load().raw)
    raw["study"]["properties"][name] = {"type": kind}
    more = {**raw["case"]["links"][0], "name": "others", "backref": "others_of", "required": False}
    raw["case"]["links"] = [*raw["case"]["links"], {**more, "multiplicity": "many_to_many"}]
    ends = deepcopy(raw["case"]["properties"]["studies"])
    ends["anyOf"][0]["items"].pop("maxItems", None)
    raw["case"]["properties"]["others"] = ends
    return Dictionary(raw)


@pytest.fixture
def commons(request):
    name, kind = request.param
    options = {"dictionary": _dictionary(name, kind)}
    with Sandbox(("gen3",), empty=True, classes={"gen3": Gen3Sandbox}, options=options) as sandbox:
        values = [3, 1, 2] if kind == "integer" else ["b", "a", "c"]
        rows = [
            {"type": "study", "submitter_id": f"s{at:02}", "projects": {"code": PROJECT}, name: values[at % 3]}
            for at in range(12)
        ]
        every = [{"submitter_id": row["submitter_id"]} for row in rows]
        case = {"type": "case", "submitter_id": "c", "studies": every[0], "others": every}
        sandbox.platform("gen3").submit(PROGRAM, PROJECT, [*rows, case])
        settings = settings_from_values(Gen3Settings, sandbox.entries["gen3"])
        adapter = Gen3Adapter.open(settings, Context(profile="gen3", access="delete"))
        with Connection(adapter, name="gen3", access="delete") as connection:
            yield connection, sandbox.requests("gen3"), name, values


KINDS = [(name, "string") for name in NAMES] + [("first", "integer"), ("offset", "integer")]


@pytest.mark.parametrize("commons", KINDS, indirect=True)
def test_every_verb_works_on_such_a_table(commons):
    connection, _, name, values = commons
    table = connection["study"]
    every = {f"s{at:02}": values[at % 3] for at in range(12)}
    assert {one["submitter_id"]: one[name] for one in table.query()} == every
    assert len(table.query(limit=11, offset=1).to_records()) == 11
    assert len(table.query(limit=5, offset=2, page_size=2).to_records()) == 5
    quoted = f"`{name}` = {values[1]!r}"
    assert [one["submitter_id"] for one in table.query(quoted, order_by="submitter_id")] == [
        "s01",
        "s04",
        "s07",
        "s10",
    ]
    assert table.count(f"`{name}` != {values[1]!r}") == 8
    assert table.count("submitter_id like '%s0%'") == 10
    assert table.get("s04")[name] == values[1]
    assert table.get(id=table.get("s04")["id"])["submitter_id"] == "s04"
    assert {one[name]: one["count"] for one in table.group_by(name).count()} == dict.fromkeys(values, 4)
    case = connection["case"].query("submitter_id = 'c'", fields=["studies", "others"]).first()
    assert case["studies"] == "s00"
    assert sorted(case["others"]) == sorted(every), "more than the ten that come by themselves"
    table.update({"submitter_id": "s04", name: values[0]}).raise_for_refused()
    assert table.get("s04")[name] == values[0]


@pytest.mark.parametrize("commons", [("first", "string"), ("note_", "string")], indirect=True)
def test_what_cannot_be_paged_is_exported(commons):
    connection, log, name, _ = commons
    table = connection["study"]
    table.schema  # noqa: B018 - asked for before counting
    start = len(log)
    assert len(table.query("submitter_id = 's03'").to_records()) == 1
    paths = [one.path for one in list(log)[start:] if "/user/" not in one.path]
    exported = [path for path in paths if path.endswith("/export")]
    assert (len(exported), GRAPHQL in paths) == ((1, True) if name == "first" else (0, True))
    part = table.query("submitter_id = 's03'").explain().parts[0]
    assert part.support == ("unsupported" if name == "first" else "exact")
