"""The recipes of docs/scheduling.md in the real orchestrators, each installed by `make test-more`, on this computer.

`BIODATA_MORE` says where they are; without it nothing is run.
"""

import os
import shutil
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from biodata.pipelines import Journal
from biodata.sandbox import Sandbox
from tests.recipes import EXAMINED, PAGE, Night

MORE = Path(os.environ.get("BIODATA_MORE", "")).resolve()
pytestmark = pytest.mark.skipif("BIODATA_MORE" not in os.environ, reason="make test-more runs the orchestrators")


@pytest.fixture(scope="module")
def sandbox():
    """One of its own: a server that is not asked by other tests."""
    with Sandbox(("molgenis",)) as running:
        yield running


@pytest.fixture
def night(tmp_path, sandbox):
    return Night(tmp_path, sandbox)


def place(name):
    """Where the orchestrator of that name is installed."""
    found = sorted(MORE.glob(f"{name}-*/.installed"))
    if not found:
        pytest.skip(f"not run: {name} is not installed in {MORE}")
    return found[-1].parent


def console(program):
    """What the page has in its console block for that program."""
    lines = PAGE.read_text("utf-8").splitlines()
    number = next(n for n, line in enumerate(lines) if line.startswith(f"$ {program} "))
    return "bash", "-c", "\n".join(line.removeprefix("$ ") for line in lines[number - 1 : number + 1])


def airflow(night):
    """Airflow 3.3.2: one run, with a database of its own."""
    page = night.write("examinations_airflow.py", **{"2026, 11, 1": "2014, 1, 1", "minutes=10": "seconds=0"})
    dags = night.directory / "dags"
    dags.mkdir(exist_ok=True)
    page.rename(dags / page.name)
    settings = {
        "AIRFLOW_HOME": str(night.directory / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    command = place("airflow") / "bin/airflow"
    made = night.program(command, "db", "migrate", **settings)
    assert made.returncode == 0, made.stderr
    return night.program(command, "dags", "test", "examinations", "2015-01-03", **settings)


PREFECT = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "200"}


def prefect(night):
    """Prefect 3.9.1: the flow, with a server that lives as long as it."""
    night.write("examinations_prefect.py", **{"=600": "=0"})
    code = "import examinations_prefect as page; page.examinations()"
    return night.program(place("prefect") / "bin/python", "-c", code, **PREFECT)


def dagster(night, *asked):
    """Dagster 1.13.29: the asset."""
    page = night.write("examinations_dagster.py", **{"delay=600": "delay=0.1"})
    home = night.directory / "dagster"
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    asked = asked or ("asset", "materialize", "--select", "examinations")
    return night.program(place("dagster") / "bin/dagster", *asked, "-f", page.name, DAGSTER_HOME=str(home))


def snakemake(night):
    """Snakemake 9.27.1: the rule, as the page calls it."""
    program = night.bin / "snakemake"
    program.unlink(missing_ok=True)
    program.symlink_to(place("snakemake") / "bin/snakemake")
    night.write("Snakefile")
    return night.program(*console("snakemake"))


def nextflow(night):
    """Nextflow 24.10.0: the process, as the page calls it."""
    if shutil.which("java") is None:
        pytest.skip("not run: Nextflow needs Java")
    jars = place("nextflow") / "lib/*"
    program = night.bin / "nextflow"
    program.write_text(f"#!/bin/sh\nexec java -cp '{jars}' nextflow.cli.Launcher \"$@\"\n", "utf-8")
    program.chmod(0o700)
    night.write("main.nf")
    return night.program(*console("nextflow"), NXF_OFFLINE="true", NXF_ANSI_LOG="false")


TOOLS = [airflow, prefect, dagster, snakemake, nextflow]


def said(done):
    return f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__)
def test_a_night(night, tool):
    done = tool(night)
    assert night.runs() == ["done"], said(done)
    assert done.returncode == 0
    assert night.loaded() == EXAMINED
    assert len(list(night.directory.glob("reports/*/examinations.html"))) == 1


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__)
def test_nobody_is_left_out_whose_nights_were_missed(tmp_path, tool):
    with Sandbox(("molgenis",)) as server:  # people come into it
        night = Night(tmp_path, server)
        tool(night)
        night.examine("late", day=datetime.now(UTC).date() - timedelta(days=20))
        for report in night.directory.glob("reports/*/*"):  # it was another night
            report.unlink()
        done = tool(night)
        assert night.runs() == ["done", "done"], said(done)
        assert night.loaded() == EXAMINED + 1


def test_where_snakemake_was_killed_the_same_command_is_the_answer(night):
    night.change(night.url, "http://127.0.0.1:9", "profiles.yml")  # the run waits for it
    (night.bin / "snakemake").symlink_to(place("snakemake") / "bin/snakemake")
    night.write("Snakefile")
    begun = subprocess.Popen(
        console("snakemake"),
        cwd=night.directory,
        env=night.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 120
        while not (night.state / "journal.sqlite").exists() or night.runs() != ["running"]:
            assert begun.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
    finally:
        os.killpg(begun.pid, signal.SIGKILL)
        begun.wait()
    night.change("http://127.0.0.1:9", night.url, "profiles.yml")
    done = snakemake(night)
    assert night.runs() == ["interrupted", "done"], said(done)
    assert (done.returncode, night.loaded()) == (0, EXAMINED)


@pytest.mark.parametrize(
    ("tool", "tries"),
    [(airflow, 1), (prefect, 1), (dagster, 1), (snakemake, 2), (nextflow, 1)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_a_person_has_to_mend_is_not_tried_again(night, tool, tries):
    night.change("glucose > 0", "glucose > 5")
    done = tool(night)
    assert night.runs() == ["failed"] * tries, said(done)
    assert {run.message.split(",")[0] for run in Journal(night.state).runs()} == {"1 record was rejected"}
    if tool is not airflow:  # `airflow dags test` ends well whatever becomes of the run
        assert done.returncode != 0


@pytest.mark.parametrize(
    ("tool", "tries"),
    [(airflow, 4), (prefect, 4), (dagster, 4), (snakemake, 2), (nextflow, 3)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_server_that_is_away_is_asked_again(night, tool, tries):
    night.server_goes_away()
    done = tool(night)
    assert night.runs() == ["failed"] * tries, said(done)


def test_dagster_has_the_schedule(night):
    listed = dagster(night, "schedule", "list")
    assert "15 2 * * *" in listed.stdout, said(listed)


def test_prefect_waits_for_the_night(night):
    page = night.write("examinations_prefect.py")
    out = night.directory / "out"
    with out.open("w") as file:
        served = subprocess.Popen(
            [place("prefect") / "bin/python", page],
            env={**night.environment, **PREFECT, "PYTHONUNBUFFERED": "1"},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + 250
        while "is being served" not in out.read_text("utf-8") and time.monotonic() < until:
            assert served.poll() is None, out.read_text("utf-8")
            time.sleep(0.5)
        assert "is being served" in out.read_text("utf-8")
    finally:
        os.killpg(served.pid, signal.SIGKILL)  # the flow's process and its server
        served.wait()
