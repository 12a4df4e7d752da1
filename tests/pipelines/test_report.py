"""The report: the facts, on a page that needs nothing else, and plots with honest axes."""

import json
import stat
from html.parser import HTMLParser

import pytest

from biodata.pipelines.checks.whole import CheckOutcome, number_of
from biodata.pipelines.reports.facts import RunReport, StepReport
from biodata.pipelines.reports.html import html_report, write_reports
from biodata.pipelines.reports.plots import ScatterData
from biodata.pipelines.state.rejects import RejectTally

SVG = "{http://www.w3.org/2000/svg}"
POINTS = ((130.0, 121.0), (4142.0, 4791.0), (32.0, 11.0))
STEP = StepReport(
    name="counts", source="umcg/SampleAse", where="SNP_ID = 'rs1'", target="local/ase", mode="merge", state="done",
    rows_read=21, rows_out=20, tally={"created": 3, "unchanged": 17}, seconds={"extract": 0.2, "load": 0.1},
    rejects=(RejectTally("counts", "check", "counts <are> counts", "it is not true for this row", 1, [4]),),
    checks=(CheckOutcome("all there", "count", True, "21 rows, 21 expected"),),
    plots=(ScatterData("ref", "alt", "equality", POINTS, 20, 0),),
)  # fmt: skip
REPORT = RunReport(
    run_id="r1", pipeline="ase", file="ase.yml", sha256="ab" * 32, version="0.1.0", state="done",
    started="2026-01-02T03:04:05.000+00:00", ended="2026-01-02T03:04:06.000+00:00", seconds=1.0, steps=(STEP,),
)  # fmt: skip


class Page(HTMLParser):
    """Text, tags and everything that a browser would fetch."""

    def __init__(self, html):
        super().__init__()
        self.open, self.text, self.fetches = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.fetches += [value for name, value in attributes if name in {"src", "href", "srcset", "data", "action"}]
        assert tag not in {"script", "link", "iframe", "object"}
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_html_is_well_formed_and_needs_no_network():
    html = html_report(REPORT)
    page = Page(html)
    assert page.open == []
    assert page.fetches == []
    assert "url(" not in html
    assert "@import" not in html


def test_html_has_the_facts():
    text = " ".join(Page(html_report(REPORT)).text)
    for fact in ("umcg/SampleAse", "local/ase", "21", "20", "counts <are> counts", "it is not true", "all there",
                 "21 rows, 21 expected", "3 created, 0 updated, 17 unchanged", "200 ms", "r1", "ab" * 32, "0.1.0",
                 "2026-01-02 03:04:05 UTC"):  # fmt: skip
        assert fact in text, fact


def test_a_failure_is_told():
    import msgspec

    failed = msgspec.structs.replace(REPORT, state="failed", error="too <many> rejects", error_code="BD-X")
    assert "too &lt;many&gt; rejects" in html_report(failed)
    assert not failed.ok
    assert "failed: too <many> rejects" in failed.summary()


def test_both_forms_are_written_privately(tmp_path):
    report = write_reports(REPORT, tmp_path / "out", "ase")
    assert (report.html_path, report.json_path) == (tmp_path / "out/ase.html", tmp_path / "out/ase.json")
    facts = json.loads(report.json_path.read_bytes())
    assert facts["steps"][0]["tally"] == {"created": 3, "unchanged": 17}
    assert facts["html_path"] == str(report.html_path)
    assert {stat.S_IMODE(path.stat().st_mode) for path in report.json_path.parent.iterdir()} == {0o600}


def test_summary():
    assert REPORT.summary() == "ase: 21 rows read, 1 rejected; counts: 3 created, 0 updated, 17 unchanged"


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
