"""Progress: lines where nobody can see bars, bars on a terminal."""

import io

import pytest

from biodata.pipelines.reports.progress import BarProgress, LineProgress, progress_for


class Terminal(io.StringIO):
    def isatty(self):
        return True


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


def test_a_long_task_says_how_far_it_is(monkeypatch):
    clock = iter([0.0, 1.0, 11.0, 11.0, 12.0])
    monkeypatch.setattr("biodata.pipelines.reports.progress.monotonic", lambda: next(clock))
    stream = io.StringIO()
    progress = LineProgress(stream)
    progress.begin("counts", 4000)
    for _ in range(3):
        progress.advance(1000)
    assert stream.getvalue() == "counts: 2,000 of 4,000 rows\n"


@pytest.mark.parametrize("colour", [True, False])
def test_bars_on_a_terminal(monkeypatch, colour):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if not colour:
        monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    progress = progress_for(stream)
    assert isinstance(progress, BarProgress)
    work(progress)
    shown = stream.getvalue()
    assert "umcg/[bold]ASE: 21 rows" in shown
    assert "all [samples] there: holds" in shown
    assert ("\x1b[32m" in shown) is colour


def test_a_bar_that_is_not_finished_is_taken_away():
    stream = Terminal()
    progress = progress_for(stream)
    progress.begin("counts")
    progress.close()
    progress.close()
    assert progress._bars is None
