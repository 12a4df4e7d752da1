"""Processes killed and interrupted at random moments: by key every record is there exactly once, with its content.

A process that has imported everything forks one child for each run, so that a run is short and the moments of its
life are hit evenly. `--kills N` kills more often, `--kill-seed N` at other moments.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import cache

import pytest
import yaml

import biodata
from biodata.pipelines.state.journal import Journal
from biodata.records.types import Field, Integer, Schema, String
from biodata.sandbox.run import Sandbox

FORKS = """
import json, os, signal, sys
import duckdb, pyarrow.dataset, pyarrow.parquet, pyarrow.compute, requests, graphql, gql
import biodata.pipelines.runs.execute, biodata.pipelines.reports.html, biodata.query.bind, biodata.query.masks
import biodata_molgenis.adapter, biodata_molgenis.write, biodata_gen3.adapter, biodata_gen3.write
import biodata_opencga.adapter, biodata_opencga.write, biodata_duckdb.adapter, biodata_duckdb.write
from biodata.cli.main import main
for line in sys.stdin:
    argv, log = json.loads(line)
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # before it begins a signal ends it without a word
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, 1), os.dup2(out, 2)
        os._exit(main(argv))
    print(pid, flush=True)
    print(os.waitpid(pid, 0)[1], flush=True)
"""
ROWS = 60
STAMP = Schema("stamps", "id", (Field("id", String(), required=True), Field("n", Integer())))

SINKS = {
    "duckdb": ("merge", "append", "replace"),
    "molgenis": ("merge", "append", "replace"),
    "opencga": ("merge", "append"),
    "gen3": ("merge", "append"),
}
COLUMNS = {
    "duckdb": {"id": "src.id", "n": "src.n"},
    "molgenis": {"id": "src.id", "n": "src.n"},
    "opencga": {"id": "src.id", "name": "'name ' || src.n", "ethnicity": "{'id': 'e' || src.n}"},
    "gen3": {"submitter_id": "src.id", "studies": "'kills'", "generation": "src.n + 1"},
}
TABLES = {"duckdb": "loaded", "molgenis": "loaded", "opencga": "individuals", "gen3": "case"}
KEYS = {"duckdb": "id", "molgenis": "id", "opencga": "id", "gen3": "submitter_id"}


@pytest.fixture(scope="module")
def forks():
    process = subprocess.Popen(
        [sys.executable, "-c", FORKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    yield process
    process.stdin.close()
    process.stdout.close()
    process.wait()


@pytest.fixture(scope="module")
def servers():
    with Sandbox() as sandbox:
        with biodata.connect("molgenis", config=sandbox.config_path) as connection:
            connection.ensure(Schema("loaded", "id", STAMP.fields))
        with biodata.connect("gen3", config=sandbox.config_path) as connection:
            connection["study"].add({"submitter_id": "kills", "projects": "ceph1463"}).raise_for_refused()
        yield sandbox


@cache
def journal(state):
    """That of the state directory; it is asked again and again."""
    return Journal(state)


class Case:
    """One pipeline of its own: its rows have keys that nobody else has."""

    def __init__(self, forks, servers, directory, sink, mode, number):
        self.forks, self.directory, self.sink, self.mode = forks, directory, sink, mode
        self.name = f"{sink}-{mode}-{number}"
        self.config = directory / "profiles.yml"
        own = {"source": {"platform": "duckdb", "path": "source.duckdb"},
               "duckdb": {"platform": "duckdb", "path": f"{self.name}.duckdb"}}  # fmt: skip
        theirs = yaml.safe_load(servers.config_path.read_text("utf-8"))["profiles"]
        self.config.write_text(json.dumps({"profiles": {**theirs, **own}}), "utf-8")
        self.config.chmod(0o600)
        with biodata.connect("source", config=self.config) as connection:
            connection.ensure(STAMP)
            rows = ({"id": f"{self.name}-{n}", "n": n} for n in range(ROWS))
            connection["stamps"].upsert(rows).raise_for_refused()
        self.file = directory / f"{self.name}.yml"
        step = {
            "name": "load",
            "extract": {"from": "source/stamps", "where": f"id like '{self.name}-%'"},
            "transform": [{"columns": COLUMNS[sink]}],
            "load": {"to": f"{sink}/{TABLES[sink]}", "mode": mode, "key": [KEYS[sink]], "batch": 9},
        }
        if mode == "replace":  # what other cases have left there is to go
            step["load"]["least"] = "0%"
        self.file.write_text(json.dumps({"version": 1, "name": self.name, "steps": [step]}), "utf-8")
        self.log = directory / f"{self.name}.log"

    @property
    def told(self):
        """What it has said, all its runs together."""
        return self.log.read_text("utf-8") if self.log.exists() else ""

    def start(self):
        argv = ["--config", str(self.config), "run", str(self.file)]
        self.forks.stdin.write(json.dumps([argv, str(self.log)]) + "\n")
        self.forks.stdin.flush()
        return int(self.forks.stdout.readline())

    def ended(self):
        """The exit status; of a process that was killed its signal, negative."""
        return os.waitstatus_to_exitcode(int(self.forks.stdout.readline()))

    def begun(self, state):
        """Wait until the journal has it; it may also end before."""
        until = time.monotonic() + 30
        while self.latest(state) is None and time.monotonic() < until:
            time.sleep(0.005)

    def latest(self, state):
        """The latest run as the journal has it; None before there is one."""
        return next(reversed(journal(state).runs(self.name)), None)

    def is_done(self, state):
        """Whether the run is done; its process may have been killed between that and its own end."""
        run = self.latest(state)
        return run is not None and run.state == "done"

    def found(self):
        with biodata.connect(self.sink, config=self.config) as connection:
            table = connection[TABLES[self.sink]]
            records = list(table.query(f"{KEYS[self.sink]} like '{self.name}-%'"))
            everything = table.count() if self.mode == "replace" else len(records)
        return records, everything

    def check(self):
        records, everything = self.found()
        key = KEYS[self.sink]
        assert sorted(record[key] for record in records) == sorted(f"{self.name}-{n}" for n in range(ROWS))
        assert everything == ROWS
        content = {"opencga": lambda r: int(r["ethnicity"]["id"][1:]), "gen3": lambda r: r["generation"] - 1}
        number = content.get(self.sink, lambda record: record["n"])
        assert all(int(record[key].rpartition("-")[2]) == number(record) for record in records)


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    directory = tmp_path_factory.mktemp("state")
    before = os.environ.get("BIODATA_STATE")
    os.environ["BIODATA_STATE"] = str(directory)
    yield directory
    os.environ.pop("BIODATA_STATE")
    if before is not None:
        os.environ["BIODATA_STATE"] = before


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("kills")


@pytest.fixture(scope="module")
def whole(state, forks, servers, place):
    """By sink and mode, how many seconds a run takes that nobody disturbs, and how many of them since it began."""
    taken = {}

    def run(sink, mode):
        if (sink, mode) not in taken:
            case = Case(forks, servers, place, sink, mode, "whole")
            start = time.monotonic()
            case.start()
            case.begun(state)
            began = time.monotonic()
            assert case.ended() == 0, case.told
            end = time.monotonic()
            taken[sink, mode] = end - start, end - began
            case.check()
        return taken[sink, mode]

    return run


def moments(config, *words):
    """Random moments, the same for the same seed."""
    return random.Random("-".join((str(config.getoption("--kill-seed")), *words)))  # noqa: S311 - moments to kill at


def hit(pid, number):
    with suppress(ProcessLookupError):
        os.kill(pid, number)


TRIES = 100


@pytest.mark.parametrize(("sink", "mode"), [(sink, mode) for sink, modes in SINKS.items() for mode in modes])
def test_every_record_is_there_exactly_once(state, forks, servers, place, whole, pytestconfig, sink, mode):
    chance, takes, kills = moments(pytestconfig, sink, mode), whole(sink, mode)[0], 0
    for number in range(TRIES):
        if number >= pytestconfig.getoption("--kills") and kills:
            break
        case = Case(forks, servers, place, sink, mode, number)
        told, done, left = f"number {number}\n", False, 1 + chance.randrange(2)
        while not done:
            pid = case.start()
            if left:
                time.sleep(chance.uniform(0, takes))
                hit(pid, signal.SIGKILL)
                left -= 1
            status = case.ended()
            assert status in {0, -signal.SIGKILL}, told + case.told
            takes = takes if status else takes * 0.8  # it was measured while the computer had other things to do
            kills, done = kills + (status != 0), case.is_done(state)
        case.check()
    assert kills


# --- Ctrl-C, and the request to end that schedulers send ---------------------------------------------------------

SIGNALS = {
    "duckdb": ("replace", (signal.SIGINT,)),
    "molgenis": ("merge", (signal.SIGTERM,)),
    "opencga": ("append", (signal.SIGINT, signal.SIGINT)),
    "gen3": ("merge", (signal.SIGTERM, signal.SIGTERM, signal.SIGINT)),
}
"""By sink a mode, and what is sent at a random moment and right after it."""


def interrupted(case, state, signals, status):
    """Whether the run was stopped while it was one: then it said so in a line, and the same command goes on."""
    run = case.latest(state)
    assert "Traceback" not in case.told, case.told
    assert "Exception ignored" not in case.told, case.told
    if status in {0, *(-number for number in signals)}:  # it had ended, or had not begun
        assert run is None or run.state == "done", case.told
        return False
    assert status - 128 in signals, case.told
    if run is None or run.state == "done":
        assert "interrupted" in case.told.splitlines(), case.told
        return False
    assert run.state == "interrupted", case.told
    assert (journal(state).run_directory(run.id) / "spool").is_dir() is run.writing
    words = "it goes on where this run stopped" if run.writing else "Nothing was written"
    assert [words in line for line in case.told.splitlines() if line.startswith("Interrupted.")] == [True], case.told
    return True


@pytest.mark.parametrize("sink", SIGNALS)
def test_a_run_that_is_interrupted_says_so_and_goes_on(state, forks, servers, place, whole, pytestconfig, sink):
    mode, signals = SIGNALS[sink]
    chance, (takes, since) = moments(pytestconfig, sink, "signals"), whole(sink, mode)
    wanted, hits = max(pytestconfig.getoption("--kills") // 2, 1), 0
    for number in range(5 * wanted):
        case = Case(forks, servers, place, sink, mode, f"s{number}")
        pid = case.start()
        if number % 4 == 3:  # also before it has begun
            time.sleep(chance.uniform(0, takes - since))
        else:
            case.begun(state)
            time.sleep(chance.uniform(0, since if number else since / 2))  # by default one is enough
        for one in signals:
            hit(pid, one)
            time.sleep(chance.uniform(0, 0.03))
        hits += interrupted(case, state, signals, case.ended())
        if not case.is_done(state):
            case.start()
            assert case.ended() == 0, case.told
            assert case.is_done(state)
        case.check()
        if hits == wanted:
            return
    assert hits
