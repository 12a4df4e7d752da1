"""Processes killed at random moments, for every sink: by key every record is there exactly once, with its content.

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

import pytest
import yaml

import biodata
from biodata.pipelines.state.journal import Journal
from biodata.records.types import Field, Integer, Schema, String
from biodata.sandbox.run import Sandbox

FORKS = """
import json, os, sys
import duckdb, pyarrow.dataset, pyarrow.parquet, pyarrow.compute, requests, graphql, gql
import biodata.pipelines.runs.execute, biodata.pipelines.reports.html, biodata.query.bind, biodata.query.masks
import biodata_molgenis.adapter, biodata_molgenis.write, biodata_gen3.adapter, biodata_gen3.write
import biodata_opencga.adapter, biodata_opencga.write, biodata_duckdb.adapter, biodata_duckdb.write
from biodata.cli.main import main
for line in sys.stdin:
    argv, log = json.loads(line)
    pid = os.fork()
    if pid == 0:
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
        self.file.write_text(json.dumps({"version": 1, "name": self.name, "steps": [step]}), "utf-8")
        self.log = directory / f"{self.name}.log"

    def start(self):
        argv = ["--config", str(self.config), "run", str(self.file)]
        self.forks.stdin.write(json.dumps([argv, str(self.log)]) + "\n")
        self.forks.stdin.flush()
        return int(self.forks.stdout.readline())

    def ended(self):
        """The exit status; of a process that was killed its signal, negative."""
        return os.waitstatus_to_exitcode(int(self.forks.stdout.readline()))

    def is_done(self, state):
        """Whether the run is done; its process may have been killed between that and its own end."""
        return [run.state for run in Journal(state).runs(self.name)][-1:] == ["done"]

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


@pytest.mark.parametrize(("sink", "mode"), [(sink, mode) for sink, modes in SINKS.items() for mode in modes])
def test_every_record_is_there_exactly_once(state, forks, servers, place, pytestconfig, sink, mode):
    seed = pytestconfig.getoption("--kill-seed")
    chance = random.Random(f"{seed}-{sink}-{mode}")  # noqa: S311 - moments to kill at
    whole = Case(forks, servers, place, sink, mode, "whole")
    began = time.monotonic()
    whole.start()
    assert whole.ended() == 0, whole.log.read_text("utf-8")
    takes = time.monotonic() - began
    whole.check()
    hit = 0
    for number in range(pytestconfig.getoption("--kills")):
        case = Case(forks, servers, place, sink, mode, number)
        told, done, kills = f"seed {seed}, number {number}\n", False, 1 + chance.randrange(2)
        while not done:
            pid = case.start()
            if kills:
                time.sleep(chance.uniform(0, takes))
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                kills -= 1
            status = case.ended()
            assert status in {0, -signal.SIGKILL}, told + case.log.read_text("utf-8")
            hit, done = hit + (status != 0), case.is_done(state)
        case.check()
    assert hit
