"""docs/opencga.md and the older names: each call that is named is there, each older name leads to it."""

from __future__ import annotations

import csv
import re
import runpy
from inspect import isfunction
from operator import attrgetter
from pathlib import Path

import pytest

import biodata
from biodata.adapter import Context
from biodata.config.settings import settings_from_values
from biodata_opencga.adapter import OpencgaAdapter
from biodata_opencga.client_names import GONE, RENAMED_CLIENTS, today
from biodata_opencga.client_response import as_response

ROOT = Path(__file__).parents[3]
ENDPOINTS = ROOT.parent / "shared" / "protocols" / "opencga-endpoints.tsv"
PAGE = (ROOT / "docs" / "opencga.md").read_text(encoding="utf-8")
OLDER = runpy.run_path(str(ROOT / "docs" / "older_names.py"))["older_names"]()
ANSWER = {"events": [], "responses": [{"events": [], "results": [], "numResults": 0, "numMatches": 0}]}


@pytest.fixture(scope="module")
def client():
    settings = settings_from_values(OpencgaAdapter.Settings, {"url": "https://opencga.example.org", "token": "t"})
    made = OpencgaAdapter.open(settings, Context(profile="omics")).client
    if not hasattr(made, "user_tools"):
        pytest.skip("not run: this is an older version")
    return made


def test_the_list_has_what_people_ask_for():
    gone = [one for one in OLDER if one in GONE]
    assert len(OLDER) > 160
    assert len(gone) > 24
    assert {"users.projects", "files.scan_folder", "samples.update_annotations", "panels.search"} <= set(OLDER)
    assert {one for one in GONE if "." in one and not one.startswith("response.")} <= set(OLDER) | {
        "operations.index_family_genotype",
        "operations.index_sample_genotype",
    }


@pytest.mark.parametrize("old", OLDER)
def test_each_older_name_is_there_still_or_leads_to_todays(client, old):
    assert f"| `{old}` |" in PAGE
    for call in today(old).calls:
        assert callable(attrgetter(call)(client)) or call == "token"
    where, _, method = old.partition(".")
    if old not in GONE and where not in RENAMED_CLIENTS:
        return
    with pytest.raises(biodata.Unsupported) as caught:
        attrgetter(old)(client)
    assert caught.value.code == "BD-UNSUPPORTED-NAME"
    if where in RENAMED_CLIENTS:
        assert RENAMED_CLIENTS[where] in str(caught.value)
    if old in GONE and hasattr(client, RENAMED_CLIENTS.get(where, where)):
        with pytest.raises(biodata.Unsupported) as caught:
            getattr(getattr(client, RENAMED_CLIENTS.get(where, where)), method)
        assert all(call in str(caught.value) for call in GONE[old].calls)
        assert caught.value.hint


def test_what_is_said_to_be_gone_is_gone_and_what_is_named_is_in_the_endpoint_list():
    if not ENDPOINTS.is_file():
        pytest.skip(f"not run: {ENDPOINTS} is not there")
    with ENDPOINTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    there = {f"{row['client_attr'].replace('(not wired)', 'user_tools')}.{row['python_method']}" for row in rows}
    assert not there & set(GONE)
    named = {call for old in OLDER for call in today(old).calls}
    assert named - {"token"} <= there


def test_every_method_of_the_installed_version_is_todays_or_in_the_list():
    if not ENDPOINTS.is_file():
        pytest.skip(f"not run: {ENDPOINTS} is not there")
    settings = settings_from_values(OpencgaAdapter.Settings, {"url": "https://opencga.example.org", "token": "t"})
    installed = vars(OpencgaAdapter.open(settings, Context(profile="omics")).client)
    clients = {name: type(one) for name, one in installed.items() if hasattr(type(one), "_rest_retry")}
    names = {
        f"{name}.{word}" for name, kind in clients.items() for word, one in vars(kind).items() if isfunction(one)
    }
    with ENDPOINTS.open(encoding="utf-8", newline="") as file:
        there = {f"{row['client_attr']}.{row['python_method']}" for row in csv.DictReader(file, delimiter="\t")}
    ours = {
        one for one in names if ".user_tools" in f".{one}" or "._" in one or one.startswith("variant_operations.")
    }
    assert len(names) > 250
    assert names - ours - there - set(OLDER) == set()


def test_each_part_of_the_answer_that_is_named_is_there():
    response = as_response(ANSWER)
    section = PAGE.partition("## The answer")[2].partition("## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| ")][2:]
    named = [re.findall(r"`response\.(\w+)", row[2]) for row in rows]
    assert all(named)
    assert all(hasattr(response, word) for words in named for word in words)
    older = {word for row in rows for word in re.findall(r"`response\.(\w+)", row[1])}
    for word in older - set(dir(response)) - set(vars(response)) - {"result"}:
        with pytest.raises(biodata.Unsupported, match="Write response"):
            getattr(response, word)
