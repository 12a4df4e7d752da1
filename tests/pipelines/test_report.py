"""The report: the facts, on a page that needs nothing else, and plots with honest axes."""

import json
import re
import stat
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from biodata.pipelines.checks.whole import CheckOutcome, number_of
from biodata.pipelines.reports.axes import axis_for
from biodata.pipelines.reports.facts import RunReport, StepReport
from biodata.pipelines.reports.html import html_report, write_reports
from biodata.pipelines.reports.plots import POINTS_SHOWN, ScatterData, scatter, scatter_svg
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


def places(svg):
    root = ET.fromstring(svg)  # noqa: S314 - our own text
    return [(float(c.get("cx")), float(c.get("cy")), c.find(f"{SVG}title").text) for c in root.iter(f"{SVG}circle")]


def test_scatter_puts_each_point_on_its_side_of_the_line():
    svg = scatter_svg(STEP.plots[0])
    root = ET.fromstring(svg)  # noqa: S314 - our own text
    line = next(path for path in root.iter(f"{SVG}path") if path.get("class") == "equality")
    x1, y1, x2, y2 = map(float, re.findall(r"[\d.]+", line.get("d")))
    for (cx, cy, title), (x, y) in zip(places(svg), POINTS, strict=True):
        on_line = y1 + (cx - x1) * (y2 - y1) / (x2 - x1)
        assert (cy < on_line) == (y > x), title
    assert places(svg)[1][2] == "ref 4,142, alt 4,791"


def test_scatter_tells_axes_and_is_readable_without_eyes():
    root = ET.fromstring(scatter_svg(STEP.plots[0]))  # noqa: S314 - our own text
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "alt against ref"
    assert "logarithmic" in root.find(f"{SVG}desc").text
    labels = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "label"]
    assert labels == ["ref (log scale)", "alt (log scale)"]


def test_scatter_of_nothing_says_so():
    assert "no rows to show" in scatter_svg(ScatterData("a", "b", "equality", (), 0, 0))


def test_a_plot_of_pairs_is_a_file_of_its_own():
    svg = scatter("a", "b", [(1, 2), (None, 1), (float("nan"), 1), ("3", 4), (5.5, 6)], line="equality")
    assert ET.fromstring(svg).find(f"{SVG}style") is not None  # noqa: S314 - our own text
    assert [title for _, _, title in places(svg)] == ["a 1, b 2", "a 5.5, b 6"]


def test_of_many_pairs_some_are_shown():
    assert (
        POINTS_SHOWN / 2
        < len(places(scatter("a", "b", ((n, n) for n in range(3 * POINTS_SHOWN - 1)))))
        <= POINTS_SHOWN
    )


def test_names_are_escaped():
    svg = scatter_svg(ScatterData("<a>", "b&c", "equality", ((1.0, 2.0),), 1, 0))
    assert ET.fromstring(svg).find(f"{SVG}title").text == "b&c against <a>"  # noqa: S314 - our own text


@pytest.mark.parametrize(
    ("values", "log"),
    [([11, 4791], True), ([1, 100], False), ([0, 5000], False), ([-1, 500], False), ([3, 3], False), ([], False)],
)
def test_axes_are_logarithmic_beyond_two_decades_of_positive_values(values, log):
    axis = axis_for(values)
    assert axis.log is log
    assert all(0 <= axis.at(value) <= 1 for value in values)
    assert len(axis.ticks) >= 2
    assert all(-1e-9 <= axis.at(tick) <= 1 + 1e-9 for tick in axis.ticks)


def test_tick_labels():
    axis = axis_for([11, 4791])
    assert [axis.label(tick) for tick in axis.ticks] == [
        "10",
        "20",
        "50",
        "100",
        "200",
        "500",
        "1,000",
        "2,000",
        "5,000",
    ]
    assert axis_for([0, 1]).label(0.2) == "0.2"
    assert axis.label(3e9) == "3e9"


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
