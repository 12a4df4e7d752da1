"""The report: the facts, on a page that needs nothing else and that anybody can read; and the run in one line."""

import base64
import hashlib
import io
import json
import re
import shlex
import stat
from html.parser import HTMLParser
from itertools import pairwise

import click
import msgspec
import pytest
from msgspec.structs import replace

from biodata.cli.main import cli
from biodata.errors import CheckFailed
from biodata.pipelines.checks.whole import number_of
from biodata.pipelines.reports.commands import commands
from biodata.pipelines.reports.facts import RunReport, Unmapped
from biodata.pipelines.reports.html import html_report, write_reports
from biodata.pipelines.reports.page.words import percent, seconds
from biodata.pipelines.reports.progress import LineProgress
from biodata.pipelines.reports.todo import todos
from tests.example_reports import ALL, CHECKED, DONORS, DRY, FAILED, QUIET, WITHHELD

VOID = {"meta", "wbr"}


class Page(HTMLParser):
    """Text, elements, and everything that a browser would fetch."""

    def __init__(self, html):
        super().__init__()
        self.open, self.text, self.fetches, self.elements = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.fetches += [values[name] for name in ("src", "href", "srcset", "data", "action") if name in values]
        self.elements.append((tag, values))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    @property
    def words(self):
        return re.sub(r"\s+", " ", "".join(text for text in self.text))

    def all(self, *tags):
        return [values for tag, values in self.elements if tag in tags]


@pytest.fixture(params=ALL)
def page(request):
    """The page of each made-up run."""
    return Page(html_report(ALL[request.param]))


def test_a_page_is_well_formed_and_needs_no_network(page):
    assert page.open == []
    assert all(link.startswith("#") for link in page.fetches)
    assert {"script", "link", "iframe", "object", "img"}.isdisjoint(tag for tag, _ in page.elements)


def test_a_browser_is_told_to_use_nothing_but_the_style_of_the_page():
    html = html_report(WITHHELD)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    metas = {one.get("http-equiv"): one["content"] for one in Page(html).all("meta") if "content" in one}
    policy = metas["Content-Security-Policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    names = {name for _, values in Page(html).elements for name in values}
    assert not any(name == "style" or name.startswith("on") for name in names)
    assert "url(" not in html
    assert "@import" not in html


def test_links_lead_somewhere_and_names_are_there_once(page):
    ids = [values["id"] for _, values in page.elements if "id" in values]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.fetches} <= set(ids)
    assert {values["aria-labelledby"] for _, values in page.elements if "aria-labelledby" in values} <= set(ids)


def test_a_page_is_readable_by_ear(page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    assert all("scope" in values for values in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(values.get("aria-hidden") == "true" or values.get("aria-label") for values in page.all("svg"))
    assert page.all("html")[0]["lang"] == "en"


WITHHELD_FACTS = (
    "biobank-to-commons", "deletes withheld", "2026-02-03 02:15:00 UTC", "took 9 min 42 s", "It had died once",
    "23,460 deletes in commons/diagnosis were withheld", "23,460 of 120,400 records would be deleted (max: 2%)",
    "biodata run config/pipelines/biobank.yml --param since=2019-01-01", "--save-plan plan.json",
    "60 records wait for a parent",
    "14 records were rejected", "3 values of diagnosis without a target", "the commons knows no index for case",
    "umcg/biobank_donors → commons/case (merge)", "consent = true", "unchanged since the last run", "45,806", "2,391",
    "every donor comes once", "donor_id: every value comes once", "the text is no number", "12, 40, 41, 977",
    "icd10-to-orpha 2026-01", "96.5 %", "99.9 %", "<value 1>", "all others", "1 or more", "The field `bmi` is new",
    "projects.code = 'biobank'", "48,190", "963", "5 min 1 s", "2,391 rows by age_at_enrolment; 4 without a value",
    "20260203-021500-7f3a", "0.1.0", "9f86d081884c7d65", "since", "2019-01-01", "MOLGENIS 8.4.2",
    "a.de.vries@example.org", "commons.example.org:8443", "this computer", "no data", "biodata rejects replay",
    "out/biobank-to-commons.json", "Values of peoplenot shown",
)  # fmt: skip
DRY_FACTS = (
    "dry run", "Nothing was written", "would add", "would wait for a parent", "the filter is done by the server",
    '["C50", "C79.5"]', '["D", 2]', "171.5", "Run it for good",
)  # fmt: skip


@pytest.mark.parametrize(("run", "facts"), [(WITHHELD, WITHHELD_FACTS), (DRY, DRY_FACTS)])
def test_the_page_has_the_facts(run, facts):
    words = Page(html_report(run)).words
    assert [fact for fact in facts if fact not in words] == []


def test_values_are_there_only_when_they_may_be_shown(tmp_path):
    told = [replace(DONORS.coverage[1], unmapped=(Unmapped("C50.9", 61),))]
    run = replace(DRY, steps=(replace(DRY.steps[0], coverage=tuple(told)),))
    for shown in (True, False):
        report = write_reports(replace(run, show_values=shown), tmp_path, "dry")
        for text in (report.html_path.read_text("utf-8"), report.json_path.read_text("utf-8"), repr(report)):
            assert all((value in text) is shown for value in ("C79.5", "D-1", "C50.9"))


BAD = "<b onload=x>&\"'</b>"
FIXED = {"stage", "started", "ended", "plot", "line", "kind", "kinds"}
NAMED = {"tally", "seconds", "preview", "parameters", "changes"}


def spoiled(node, name=""):
    """The facts with HTML in every text and in every name that is not ours."""
    if isinstance(node, dict):
        return {
            BAD + key if name in NAMED and key != "key" else key: spoiled(inner, "" if name in NAMED else key)
            for key, inner in node.items()
        }
    if isinstance(node, list | tuple):
        return [spoiled(inner, name) for inner in node]
    return BAD + node if isinstance(node, str) and name not in FIXED else node


@pytest.mark.parametrize("run", ALL.values(), ids=ALL)
def test_whatever_names_and_texts_hold_is_text(run):
    facts = spoiled(msgspec.to_builtins(run, enc_hook=str))
    page = Page(html_report(msgspec.convert(facts, RunReport, dec_hook=lambda kind, value: kind(value))))
    assert page.open == []
    assert not page.all("b")
    assert page.words.count(BAD) > 50
    names = {name for _, values in page.elements for name in values}
    assert not any(name.startswith("on") for name in names)


def test_what_is_to_be_done_comes_weightiest_first():
    assert [(todo.level, todo.step) for todo in todos(WITHHELD)] == [
        ("warn", "diagnoses"), ("warn", "diagnoses"), ("warn", "donors"), ("look", "donors"), ("look", "donors"),
        ("look", ""),
    ]  # fmt: skip
    assert todos(QUIET) == ()
    assert "There is nothing to do." in html_report(QUIET)


def test_a_plan_waits_to_be_approved():
    first, second, *_ = todos(ALL["planned"])
    assert first.what == "The plan waits to be approved"
    assert first.command.endswith("--apply plans/night.json")
    assert second.what == "23,460 deletes in commons/diagnosis would be withheld"
    assert "approves them all the same" in second.more
    assert (
        ALL["planned"].summary().endswith("would add 60, leave 96,880, delete 23,460; planned, nothing was written")
    )


def test_a_failure_is_told_with_its_code_what_was_written_and_what_to_do():
    words = Page(html_report(FAILED)).words
    for text in ("The run failed (BD-REMOTE-UNAVAILABLE)", "the server did not answer for 10 minutes",
                 "Ask the commons whether it is down", "it goes on where this run stopped",
                 "3 records of the targets had been changed"):  # fmt: skip
        assert text in words
    assert "nothing was written" in Page(html_report(CHECKED)).words


def test_a_check_that_stopped_the_run_is_told_once():
    assert [todo.what for todo in todos(CHECKED) if todo.level == "bad"] == ["The run failed (BD-CHECK)"]
    other = replace(CHECKED, error="something else")
    assert [todo.what for todo in todos(other) if todo.level == "bad"][1] == "A check does not hold: all donors there"


@pytest.mark.parametrize("run", ALL.values(), ids=ALL)
def test_the_commands_are_there_and_can_be_pasted(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rejects.xlsx").touch()
    odd = replace(run, file="my files/a'b.yml", pipeline="a b", parameters={"since": "a 'b'"})
    typed = [text for _, text in commands(odd)] + [todo.command for todo in todos(odd) if todo.command]
    assert len(typed) >= 3
    for text in typed:
        program, *words = shlex.split(text)
        assert program == "biodata"
        command = cli
        while isinstance(command, click.Group):
            command = command.get_command(click.Context(command), words.pop(0))
        command.make_context("", words)


def test_a_command_has_the_parameters_of_the_run():
    typed = dict(commands(replace(WITHHELD, file="my files/a'b.yml")))["Run it again"]
    assert typed == """biodata run 'my files/a'"'"'b.yml' --param since=2019-01-01 --param 'cohort=…'"""
    assert not any("rejects" in text for _, text in commands(QUIET))


def test_both_forms_are_written_privately(tmp_path):
    report = write_reports(WITHHELD, tmp_path / "out", "ase")
    assert (report.html_path, report.json_path) == (tmp_path / "out/ase.html", tmp_path / "out/ase.json")
    facts = json.loads(report.json_path.read_bytes())
    assert facts["steps"][0]["tally"] == {"created": 14, "updated": 370, "unchanged": 2002, "refused": 5}
    assert facts["steps"][0]["plots"][1]["counts"][8] == 402
    assert facts["html_path"] == str(report.html_path)
    assert {stat.S_IMODE(path.stat().st_mode) for path in report.json_path.parent.iterdir()} == {0o600}


LOADED = replace(
    QUIET, steps=(replace(QUIET.steps[0], tally={"created": 3, "unchanged": 17}, deletes=DONORS.deletes),)
)


LOADED_LINE = "48,211 rows read, 0 rejected; donors: 3 created, 0 updated, 17 unchanged, 41 deleted"
QUIET_LINE = "48,211 rows read, 0 rejected; donors: 0 created, 0 updated, 2,391 unchanged; nothing changed"
WITHHELD_LINE = (
    "deletes withheld: diagnoses: 23,460 of 120,400 records would be deleted (max: 2%); 145,211 rows read, 74 "
    "rejected (60 waiting for a parent); donors: 14 created, 370 updated, 2,002 unchanged, 5 refused, 41 deleted; "
    "diagnoses: 60 created, 0 updated, 96,880 unchanged"
)
DRY_LINE = (
    "48,211 rows read, 0 rejected; donors: would add 14, change 370, leave 2,002, wait for a parent 5, delete 41; "
    "dry run, nothing was written"
)
CHECKED_LINE = (
    "failed: step donors: all donors there: 12 rows, 48,190 expected [BD-CHECK]; 48,211 rows read, 0 rejected"
)
SEVERAL = replace(CHECKED, error="a.yml:3: no\na.yml:4: no\na.yml:9: no", steps=())
SEVERAL_LINE = "failed: a.yml:3: no (and 2 more) [BD-CHECK]; 0 rows read, 0 rejected"
STOPPED_LINE = (
    "interrupted: it was told to stop; 48,211 rows read, 14 rejected; donors: 3 created, 0 updated, 0 unchanged"
)


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (LOADED, LOADED_LINE),
        (QUIET, QUIET_LINE),
        (WITHHELD, WITHHELD_LINE),
        (DRY, DRY_LINE),
        (CHECKED, CHECKED_LINE),
        (SEVERAL, SEVERAL_LINE),
        (ALL["interrupted"], STOPPED_LINE),
    ],
)
def test_a_run_in_one_line(report, line):
    assert report.summary() == f"biobank-to-commons: {line}"


def test_shares_are_never_better_than_they_are():
    shares = [percent(part, 100_000) for part in (0, 1, 50_000, 99_999, 100_000)]
    assert shares == ["0 %", "0.1 %", "50 %", "99.9 %", "100 %"]
    assert percent(0, 0) == "100 %"


def test_times_in_words():
    times = [seconds(value) for value in (0.0004, 0.2, 12.34, 250, 11_100)]
    assert times == ["0 ms", "200 ms", "12.3 s", "4 min 10 s", "3 h 5 min"]


MANY_PLOTS = """\
    plot:
      - {scatter: [ref, alt], line: equality}
      - {histogram: alt_fraction, bins: 4}
      - {bar: ref}
"""
ONE_PLOT = "    plot: {scatter: [ref, alt], line: equality}\n"


def test_a_real_run_shows_its_plots_and_who_it_was(source, pipeline, run):
    source()
    report = run(pipeline((ONE_PLOT, MANY_PLOTS)))
    page = Page(report.html_path.read_text("utf-8"))
    assert "21 rows by alt_fraction." in page.words
    assert "21 rows by ref." in page.words
    assert len([one for one in page.all("svg") if one.get("class") == "plot"]) == 2
    assert [sum(data.counts) for data in report.steps[0].plots if hasattr(data, "counts")] == [21]
    assert "this computer" in page.words
    assert "There is nothing to do." in page.words


def test_a_real_run_that_fails_says_how_to_go_on(source, pipeline, run, tmp_path):
    source(samples="22")
    with pytest.raises(CheckFailed):
        run(pipeline())
    words = Page((tmp_path / "reports/counts.html").read_text("utf-8")).words
    for told in ("It stopped before it was through; nothing was written.", "step counts: all samples there: 21 rows",
                 "Nothing was written; run the same command again to start anew."):  # fmt: skip
        assert words.count(told) == 1, told


def test_a_real_dry_run_says_what_would_be(source, pipeline, run):
    source()
    report = run(pipeline(), dry_run=True)
    words = Page(report.html_path.read_text("utf-8")).words
    assert "would add21" in words
    assert "How the source is asked" in words
    assert report.summary().endswith("counts: would add 21; dry run, nothing was written")


def test_a_real_run_of_several_steps_says_which(source, pipeline, run):
    source()
    stream = io.StringIO()
    again = "  - name: again\n    extract: {step: counts}\non_reject:"
    run(pipeline(("on_reject:", again)), progress=LineProgress(stream))
    assert "1/2 counts: read source/SampleAse: 21 rows" in stream.getvalue()
    assert "2/2 again: " in stream.getvalue()


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("21", 21),
        (" 21 ", 21),
        (21, 21),
        (21.0, 21),
        ("21.5", None),
        ("many", None),
        (None, None),
        (True, None),
        ("NaN", None),
    ],
)
def test_numbers_that_stand_in_a_record(value, number):
    assert number_of(value) == number
