"""Reports in a real browser, Debian's chromium: on a phone and on a desk, in light and dark, and on paper.

`make test-more` runs it. Without the browser, or without poppler's tools for the paper, it says what to install.
"""

import html
import json
import re
import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest

import biodata
from biodata.pipelines import demo_file, load_pipeline
from biodata.pipelines.reports.html import html_report
from biodata.sandbox import Sandbox
from tests.example_reports import ALL, WITHHELD

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TO_TEXT, TO_PIXELS = shutil.which("pdftotext"), shutil.which("pdftoppm")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--hide-scrollbars", "--enable-logging=stderr",
)  # fmt: skip
WIDTHS = (360, 768, 1280)
SCHEMES = {"light": 1, "dark": 0}
REAL = ("ase-counts", "family", "family-dry")
PAGES = (*ALL, *REAL)
EVERYWHERE = list(product(SCHEMES, PAGES, WIDTHS))

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="not run: no chromium; on Debian: apt-get install chromium")
WHITE = b"\xff\xff\xff"
on_paper = pytest.mark.skipif(
    not (TO_TEXT and TO_PIXELS), reason="not run: no pdftotext; on Debian: apt-get install poppler-utils"
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Starts chromium with some flags and a new profile; what it wrote, and what it complained of."""

    def run(address, *flags):
        profile = tmp_path_factory.mktemp("chromium")
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *flags, address.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout, [line for line in done.stderr.splitlines() if ":CONSOLE" in line]

    return run


@pytest.fixture(scope="session")
def reports(tmp_path_factory):
    """A directory with the reports of made-up runs and of real ones."""
    place = tmp_path_factory.mktemp("reports")
    for name, report in ALL.items():
        (place / f"{name}.html").write_text(html_report(report), "utf-8")
    with Sandbox() as sandbox:

        def connect(name):
            own = {"path": place / "local.duckdb"} if name == "local" else {}
            return biodata.connect(name, config=sandbox.config_path, **own)

        for name in REAL:
            pipeline = load_pipeline(demo_file(name.removesuffix("-dry")))
            options = {"dry_run": name.endswith("-dry"), "report_dir": place / name, "state_dir": place / "state"}
            written = pipeline.run(connect=connect, **options).html_path
            shutil.copy(written, place / f"{name}.html")
    return place


@pytest.fixture(scope="session")
def measured(browser, reports):
    """All pages at all widths in light and dark: (scheme, page, width) to what was measured, and complaints."""
    frames = "".join(
        f'<iframe data-page="{page}" src="{page}.html" style="border:0;width:{width}px;height:800px"></iframe>'
        for page, width in product(PAGES, WIDTHS)
    )
    script = Path(__file__).with_name("measure.js").read_text("utf-8")
    around = reports / "around.html"
    around.write_text(f'<!DOCTYPE html><meta charset="utf-8">{frames}<pre></pre><script>{script}</script>', "utf-8")
    found, complaints = {}, []
    for scheme, number in SCHEMES.items():
        flags = (f"--blink-settings=preferredColorScheme={number}", "--allow-file-access-from-files", "--dump-dom")
        shown, said = browser(around, *flags)
        complaints += said
        for one in json.loads(html.unescape(re.search(r"<pre>(.*?)</pre>", shown, re.DOTALL)[1])):
            found[scheme, one["page"], one["width"]] = one
    return found, complaints


@pytest.fixture(params=EVERYWHERE, ids=lambda where: "-".join(map(str, where)))
def look(request, measured):
    """What was measured of one page, at one width, in one scheme."""
    return measured[0][request.param]


def test_a_page_is_no_wider_than_its_window(look):
    assert look["scrollWidth"] <= look["width"]
    assert look["sticking"] == []


def test_what_is_moved_sideways_is_moved_by_keys_too(look):
    assert look["hidden"] == []


def test_no_column_is_starved(look):
    assert look["starved"] == []


def test_text_is_seen_well_on_its_background(look):
    assert [one for one in look["contrast"] if one["ratio"] < 4.5] == []
    assert len(look["contrast"]) > 20


def test_plots_have_their_size_and_their_labels(look):
    for plot in look["plots"]:
        assert plot["width"] >= 300, plot
        assert plot["height"] >= 200, plot
        assert plot["letters"] >= 8.5, plot
        assert plot["inside"], plot


def test_the_pages_with_plots_show_them(measured):
    assert len(measured[0]["light", "withheld", 360]["plots"]) == 4
    assert len(measured[0]["light", "ase-counts", 360]["plots"]) == 1


def test_a_thumb_hits_links_on_a_phone(measured):
    links = [link for (_, _, width), one in measured[0].items() if width == 360 for link in one["links"]]
    assert len(links) > 10
    assert [link for link in links if link["size"] < 44] == []


def test_dark_is_dark_and_light_is_light(measured):
    for (scheme, _, _), one in measured[0].items():
        assert one["dark"] == (scheme == "dark")
        assert (sum(one["background"]) < 200) == (scheme == "dark")


def test_the_browser_has_nothing_to_complain_of(measured):
    assert measured[1] == []


def test_a_script_or_picture_that_gets_in_is_not_let_loose(browser, reports):
    page = (reports / "quiet.html").read_text("utf-8")
    bad = (
        '<body><script>document.title = "ran"</script><p style="position:fixed">x</p><img src="http://127.0.0.1:1/x">'
    )
    (reports / "bad.html").write_text(page.replace("<body>", bad), "utf-8")
    shown, complaints = browser(reports / "bad.html", "--dump-dom")
    assert "<title>ran" not in shown
    assert sum("Content Security Policy" in line for line in complaints) == 3


@pytest.fixture(scope="session")
def printed(browser, reports):
    """Prints a page, from a browser that is set to dark."""

    def run(name):
        target = reports / f"{name}.pdf"
        flags = ("--blink-settings=preferredColorScheme=0", "--no-pdf-header-footer", f"--print-to-pdf={target}")
        browser(reports / f"{name}.html", *flags)
        return target

    return run


@on_paper
def test_paper_has_all_the_words(printed):
    pdf = printed("withheld")
    text = subprocess.run([TO_TEXT, "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    pages = text.split("\f")[:-1]
    words = re.sub(r"\s+", " ", " ".join(pages))
    assert 5 <= len(pages) <= 11
    for told in (WITHHELD.run_id, "What to do", "biodata rejects replay config/pipelines/biobank.yml",
                 "Coverage of lists", "tumour_volume_mm3 (log scale)", "commons.example.org:8443",
                 "a.de.vries@example.org",
                 "23,460 of 120,400 records would be deleted (max: 2%)"):  # fmt: skip
        assert told in words, told
    assert WITHHELD.sha256 in words.replace(" ", "")
    for number, page in enumerate(pages, start=1):
        *_, last, foot = [line.strip() for line in page.splitlines() if line.strip()]
        assert foot.replace(" ", "") == f"{number}/{len(pages)}"
        assert last not in {"Checks", "Time", "Notes", "Rejected records", "This run", "How to go on", "Steps"}


@on_paper
@pytest.mark.parametrize("name", ["withheld", "ase-counts"])
def test_paper_is_white_and_keeps_its_colours(printed, name):
    pdf = printed(name)
    drawn = subprocess.run([TO_PIXELS, "-r", "30", pdf], capture_output=True, check=True).stdout
    head = re.match(rb"P6\n(\d+) (\d+)\n255\n", drawn)
    size = 3 * int(head[1]) * int(head[2])
    pages = [drawn[at + head.end() : at + head.end() + size] for at in range(0, len(drawn), size + head.end())]
    pixels = [page[at : at + 3] for page in pages for at in range(0, size, 3)]
    assert all(sum(page[at : at + 3] == WHITE for at in range(0, size, 3)) > size / 3 * 0.7 for page in pages)
    assert sum(pixel[2] - pixel[0] > 100 for pixel in pixels) > 100, "bars and points are blue still"
