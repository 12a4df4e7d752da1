"""What the tables send is what the server's methods take: held to the table of all methods, where it can be read."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from biodata_opencga.tables import TABLES

METHODS = Path(__file__).parents[4] / "shared" / "protocols" / "opencga-endpoints.tsv"
SEARCHED = [table for table in TABLES.values() if table.searched]


@pytest.fixture(scope="module")
def taken() -> dict[tuple[str, str], set[str]]:
    """(verb, path) -> the names of the parameters."""
    if not METHODS.exists():
        pytest.skip("not run: the table of methods is not here")
    with METHODS.open(encoding="utf-8", newline="") as lines:
        _, *rows = csv.reader(lines, delimiter="\t")
    return {
        (row[3], row[4].removeprefix("/{apiVersion}/")): {one.partition(":")[0] for one in row[6].split(";")}
        for row in rows
    }


@pytest.mark.parametrize("table", SEARCHED, ids=lambda table: table.name)
def test_every_filter_is_a_parameter_of_the_search(taken, table):
    sent = {parameter.name for parameter in table.filters.values()} | {name for name, _ in table.fixed}
    sent |= {"annotation"} if table.entity else set()
    assert sent - taken["GET", f"{table.root}/search"] == set()


@pytest.mark.parametrize("table", SEARCHED, ids=lambda table: table.name)
def test_every_action_on_a_list_is_a_parameter_of_the_update(taken, table):
    (path,) = (path for verb, path in taken if verb == "POST" and re.fullmatch(rf"{table.root}/{{\w+}}/update", path))
    sent = {f"{field.name}Action" for field in table.fields if field.options.get("action")}
    assert {name for name in sent if name not in taken["POST", path]} == set()
