"""docs/molgenis.md and docs/tutorial-ase.md: each line of the table runs; the page shows what its code gives."""

from __future__ import annotations

import contextlib
import io
import re
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest

import biodata
from biodata.sandbox import Sandbox
from biodata_molgenis.sandbox.model import Attribute
from tests.adapters.molgenis.test_old_names import OLDER
from tests.molgenis_calls import METHODS

DOCS = Path(__file__).resolve().parents[3] / "docs"
CODE = re.compile(r"`([^`]+)`")


@pytest.fixture
def demo(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with Sandbox(("molgenis",)) as running:
        monkeypatch.setenv("BIODATA_CONFIG", str(running.config_path))
        yield running


def rows():
    page = (DOCS / "molgenis.md").read_text(encoding="utf-8")
    table = page.partition("<!-- moving -->")[2].partition("<!-- end -->")[0].strip().splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table]


def test_every_method_of_the_clients_has_a_row():
    theirs = " ".join(row[0] for row in rows())
    assert {name for name in METHODS if f"session.{name}(" not in theirs} == set()
    older = {name for row in rows() for name in CODE.findall(row[1])}
    assert older == OLDER


def test_every_line_of_ours_runs(demo):
    demo.platform("molgenis").state.create_table(
        "plots", (Attribute(name="id", is_id=True), Attribute(name="image", type="file"))
    )
    with zipfile.ZipFile("tables.zip", "w") as archive:
        archive.writestr("ASE.csv", "SNP_ID,Chr\nrs9,1\n")
    with biodata.connect("molgenis", access="delete") as umcg:
        names = {"biodata": biodata, "umcg": umcg, "ase": umcg["ASE"]}
        got = {}
        for row in rows():
            (code,) = CODE.findall(row[2])
            got[code] = eval(code, names)  # noqa: S307 - that is the test
            if isinstance(got[code], biodata.Receipt):
                assert not got[code].refused, code
        assert umcg["ASE"].get(["rs5", "rs9"]).missing == ()
        assert umcg["plots"].count() == 0
    assert all(one for one in got.values() if isinstance(one, list)), "a query finds something"
    assert got["ase.count()"] == 5


def test_what_the_clients_lines_and_ours_give_is_the_same(demo):
    """The lines that read: run on the old client too."""
    import molgenis.client

    session = molgenis.client.Session(demo.url("molgenis"))
    session.login("admin", "admin")
    with biodata.connect("molgenis") as umcg:
        names = {"session": session, "ase": umcg["ASE"], "umcg": umcg}
        compared = 0
        for row in rows():
            theirs, ours = CODE.findall(row[0]), CODE.findall(row[2])
            if not theirs or not re.match(r"session\.get(_by_id)?\(", theirs[0]):
                continue
            found, mine = eval(theirs[0], names), eval(ours[0], names)  # noqa: S307 - that is the test
            assert bare(found) == bare(mine), theirs[0]
            compared += 1
    session._session.close()
    assert compared == 5


def bare(value):
    """Without the links, in an order of its own where none was asked."""
    if isinstance(value, dict):
        return {name: bare(one) for name, one in value.items() if not name.startswith("_")}
    return [bare(one) for one in value] if isinstance(value, list) else value


def test_the_tutorial_gives_what_it_shows(demo, tmp_path):
    page = (DOCS / "tutorial-ase.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(python|text)\n(.*?)```", page, re.DOTALL)
    names, said = {}, ""
    for kind, text in blocks:
        if kind == "text":
            assert said == text
            continue
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(text, "tutorial-ase.md", "exec"), names)  # noqa: S102 - that is the test
        said = out.getvalue()
    names["umcg"].close()
    assert [kind for kind, _ in blocks].count("text") == 5


def test_the_plot_in_the_page_is_what_the_code_draws(demo, tmp_path):
    page = (DOCS / "tutorial-ase.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "tutorial-ase.md", "exec"), names)  # noqa: S102 - that is the test
    names["umcg"].close()
    (shown,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page)
    drawn = (tmp_path / shown).read_text(encoding="utf-8")
    assert drawn == (DOCS / shown).read_text(encoding="utf-8")
    svg = ET.fromstring(drawn)  # noqa: S314 - our own
    points = svg.findall("{*}circle[@class='point']")
    assert len(points) == 21
    assert svg.find("{*}style") is not None
