"""Progress: lines where nobody can see bars, bars on a terminal; how fast it goes and how long it will take."""

import io
import re
from time import monotonic, sleep

import pytest

from biodata.pipelines.reports.pace import Pace
from biodata.pipelines.reports.progress import BarProgress, LineProgress, progress_for


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    """Stands still until it is set."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of 80 columns that knows colours."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


def work(progress):
    progress.begin("counts: read umcg/[bold]ASE", 21)
    progress.advance(21)
    progress.end("21 rows")
    progress.note("all [samples] there: holds")
    progress.close()


def test_lines_without_a_terminal():
    stream = io.StringIO()
    progress = progress_for(stream)
    assert isinstance(progress, LineProgress)
    work(progress)
    assert stream.getvalue() == "counts: read umcg/[bold]ASE: 21 rows\nall [samples] there: holds\n"


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(progress_for(Terminal()), LineProgress)


def test_a_long_task_says_how_far_it_is_less_and_less_often(clock):
    stream = io.StringIO()
    progress = LineProgress(stream, clock)
    progress.begin("counts", 4_000_000)
    for second in range(1, 1001):
        clock.now = float(second)
        progress.advance(1000)
    progress.end("done")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "counts: 10,000 of 4,000,000 rows, 1,000 rows/s, 66 min left"
    assert [re.search(r"([\d,]+) of", line)[1] for line in lines[:-1]] == [
        "10,000", "30,000", "70,000", "150,000", "310,000", "610,000", "910,000"]  # fmt: skip
    assert lines[-1] == "counts: done (16 min 40 s, 1,000 rows/s)"


def test_the_rate_is_that_of_late_and_sinks_while_nothing_comes(clock):
    pace = Pace(1_000_000, clock)
    for second in range(1, 101):
        clock.now = float(second)
        pace.advance(100 if second <= 60 else 10)
    assert pace.rate == pytest.approx(10, abs=0.5)
    assert pace.left == pytest.approx((1_000_000 - pace.done) / 10, rel=0.05)
    clock.now = 130.0
    assert pace.rate == pytest.approx(5, abs=0.5)


@pytest.mark.parametrize(
    ("total", "rows", "text"),
    [
        (None, 500, "500 rows, 50 rows/s"),
        (1000, 500, "500 of 1,000 rows, 50 rows/s, 10 s left"),
        (100_000, 500, "500 of 100,000 rows, 50 rows/s, 33 min left"),
        (1_000_000, 500, "500 of 1,000,000 rows, 50 rows/s, 6 h left"),
        (100, 500, "500 of 100 rows, 50 rows/s"),
        (100, 0, "0 of 100 rows"),
    ],
)
def test_what_a_pace_says(clock, total, rows, text):
    pace = Pace(total, clock)
    pace.advance(rows)
    clock.now = 10.0
    assert str(pace) == text


def test_of_several_steps_it_says_which_of_how_many():
    stream = io.StringIO()
    progress = LineProgress(stream)
    progress.plan(["donors", "cases"])
    for task in ("donors: read a", "cases: read b", "something else: c"):
        progress.begin(task)
        progress.end("ok")
    assert stream.getvalue() == "1/2 donors: read a: ok\n2/2 cases: read b: ok\nsomething else: c: ok\n"
    progress.plan(["donors"])
    assert progress.placed("donors: read a") == "donors: read a"


@pytest.mark.parametrize("colour", [True, False])
def test_bars_on_a_terminal(monkeypatch, terminal, colour):
    if not colour:
        monkeypatch.setenv("NO_COLOR", "1")
    progress = progress_for(terminal)
    assert isinstance(progress, BarProgress)
    work(progress)
    shown = terminal.getvalue()
    assert "umcg/[bold]ASE: 21 rows" in shown
    assert "all [samples] there: holds" in shown
    assert ("\x1b[32m" in shown) is colour
    assert bool(re.search(r"\x1b\[[\d;]*3[0-9][\d;]*m", shown)) is colour, "no colour but with colours"


def test_a_bar_fits_into_a_line_with_numbers_rate_and_time(terminal, clock):
    progress = BarProgress(terminal, clock)
    progress.plan(["donors", "diagnoses"])
    progress.begin("diagnoses: transform and check rows of a source with a long name", 1_000_000)
    progress.advance(123_000)
    clock.now = 10.0
    deadline = monotonic() + 10
    while "12,300/s" not in terminal.getvalue() and monotonic() < deadline:
        sleep(0.05)  # bars are drawn ten times a second
    bar = re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", terminal.getvalue()).splitlines()[-1].split("\r")[-1]
    assert bar.rstrip().endswith("123,000/1,000,000, 12,300/s, 71 s left")
    assert "2/2 diagnoses: " in bar
    assert "…" in bar
    assert len(bar.rstrip()) <= 80
    progress.close()


def test_a_bar_that_is_not_finished_is_taken_away(terminal):
    progress = progress_for(terminal)
    progress.begin("counts")
    progress.close()
    progress.close()
    assert progress._bars is None


def test_nothing_comes_to_standard_output(capsys):
    work(progress_for())
    out, err = capsys.readouterr()
    assert out == ""
    assert "21 rows" in err
