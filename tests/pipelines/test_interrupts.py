"""Ctrl-C at the moments that chance seldom hits: twice, at the very end, and where something swallows it."""

import os
import signal

import pytest

from biodata.pipelines.reports.progress import Silent
from biodata.pipelines.runs.ending import Interrupted
from biodata.pipelines.state.journal import Journal

FUNCTION = """\
import os, signal

def swallow(record):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        [None for _ in range(1000)]
    except KeyboardInterrupt:
        pass
    return record
"""


class Pressing(Silent):
    """Presses Ctrl-C when the run does this for the first time: begins a task, or ends."""

    def __init__(self, *moments):
        self.moments = list(moments)

    def begin(self, task, total=None):
        self._press(task.partition(" ")[2].partition(" ")[0])

    def close(self):
        self._press("close")

    def _press(self, moment):
        if moment in self.moments:
            self.moments.remove(moment)
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(autouse=True)
def listening():
    """A shell's background job, in which all of this may run, hears no Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def latest(tmp_path):
    """State and phase of the latest run."""
    return lambda: [(run.state, run.phase) for run in Journal(tmp_path / "state").runs()][-1]


def test_pressed_again_while_the_end_is_noted_it_is_noted_all_the_same(source, pipeline, run, target, latest):
    source()
    with pytest.raises(Interrupted) as caught:
        run(pipeline(), progress=Pressing("merge", "close"))
    assert caught.value.report.state == "interrupted"
    assert caught.value.report.html_path.is_file()
    assert latest() == ("interrupted", "loading")
    assert run(pipeline()).resumed == 1
    assert len(target()) == 21


def test_pressed_when_all_is_done_the_run_is_done(source, pipeline, run, target, latest):
    source()
    with pytest.raises(KeyboardInterrupt):
        run(pipeline(), progress=Pressing("close"))
    assert latest() == ("done", "ended")
    assert len(target()) == 21


def test_where_something_swallows_it_the_run_stops_before_it_writes(source, pipeline, run, latest, tmp_path):
    source()
    (tmp_path / "clean.py").write_text(FUNCTION)
    path = pipeline(("    check:\n", "      - python: 'clean:swallow'\n    check:\n"))
    with pytest.raises(Interrupted):
        run(path)
    assert latest() == ("interrupted", "ended")
    assert not list((tmp_path / "state").glob("runs/*/spool"))
