"""`biodata sandbox`: processes, signals and files."""

import json
import signal
import sys
import time
from pathlib import Path

import pytest
import requests


def test_run_passes_on_the_exit_status(program):
    assert program("sandbox", "run", "--", "sh", "-c", "exit 7").status == 7


@pytest.mark.parametrize(("command", "status"), [("no-such-command", 127), ("/", 126)])
def test_a_command_that_cannot_be_started_is_named(program, command, status):
    shown = program("sandbox", "run", "--", command)
    assert (shown.status, shown.out) == (status, "")
    assert shown.err.startswith(f"{command}: ")


def test_run_tells_the_command_where_things_are(program):
    code = "import os; print(open(os.environ['BIODATA_SANDBOX']).read())"
    shown = program("sandbox", "run", "molgenis", "--", sys.executable, "-c", code)
    assert shown.status == 0, shown.err
    entry = json.loads(shown.out)["molgenis"]
    assert entry.keys() == {"url", "username", "password"}
    assert entry["url"].startswith("http://127.0.0.1:")


def test_run_makes_profiles_that_work(program):
    command = f"{sys.executable} -m biodata"
    line = f"{command} count molgenis/SampleAse \"SNP_ID = 'rs12460890'\" && {command} ls local"
    shown = program("sandbox", "run", "--", "sh", "-c", line)
    assert shown.status == 0, shown.err
    assert shown.out == "21\n"


def test_empty_starts_without_data(program):
    command = f"{sys.executable} -m biodata"
    shown = program("sandbox", "run", "--empty", "--", "sh", "-c", f"{command} ls molgenis")
    assert shown.status == 0, shown.err
    assert "SampleAse" not in shown.out


def test_with_an_example_has_what_its_pipeline_needs(program):
    line = (
        "biodata() { " + f"{sys.executable} -m biodata" + ' "$@"; }; '
        "biodata count molgenis/biobank_donors \"collection.biobank = 'north'\" && "
        "biodata schema gen3/diagnosis -o json && biodata count gen3/case"
    )
    shown = program("sandbox", "run", "molgenis", "gen3", "--with", "biobank", "--", "sh", "-c", line)
    assert shown.status == 0, shown.err
    assert shown.out.startswith("130\n")
    assert '"phenotypes"' in shown.out
    assert shown.out.endswith("\n6\n")


def test_the_options_of_the_command_are_its_own(program):
    shown = program("sandbox", "run", "--", "echo", "--empty", "--", "-v")
    assert shown.out == "--empty -- -v\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "sh"), "--"),
        (("run", "molgenis", "--"), "--"),
        (("run", "molgeni", "--", "true"), "Did you mean 'molgenis'?"),
        (("up", "--port", "http"), "port"),
        (("up", "molgenis", "--port", "gen3=80"), "gen3"),
        (("up", "--empty", "--with", "biobank"), "--with"),
        (("up", "--with", "biobanks"), "'biobank'"),
    ],
)
def test_what_is_missing_is_said(run, arguments, said):
    shown = run("sandbox", *arguments)
    assert shown.status == 2
    assert said in shown.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_serves_until_a_signal_and_ends_cleanly(start, number):
    process = start("sandbox", "up", "molgenis", "--token-lifetime", "5")
    try:
        said = [process.stdout.readline() for _ in range(3)]
        url = said[0].split()[-1]
        credentials = said[2].split()[1]
        assert json.loads(Path(credentials).read_text())["molgenis"]["url"].rstrip("/") == url
        assert requests.get(f"{url}/api/v2/version", timeout=5).status_code == 200
        process.send_signal(number)
        _, err = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Traceback" not in err
    assert not Path(credentials).exists()


def test_up_says_that_a_port_is_taken(run):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        started = time.monotonic()
        shown = run("sandbox", "up", "molgenis", "--port", str(taken.getsockname()[1]))
    assert shown.status == 3
    assert "BD-SANDBOX-PORT" in shown.err
    assert time.monotonic() - started < 5


def test_another_data_dictionary_for_gen3(program, tmp_path):
    from biodata_gen3.sandbox import Dictionary

    raw = {
        label: node for label, node in Dictionary.load().raw.items() if label not in {"aliquot", "submitted_reads"}
    }
    file = tmp_path / "dictionary.json"
    file.write_text(json.dumps(raw), encoding="utf-8")
    list_tables = (sys.executable, "-m", "biodata", "ls", "gen3")
    listed = program("sandbox", "run", "gen3", "--dictionary", str(file), "--", *list_tables)
    assert "aliquot" not in {json.loads(line)["name"] for line in listed.out.splitlines()}
    file.write_text("no", encoding="utf-8")
    wrong = program("sandbox", "run", "gen3", "--dictionary", str(file), "--", "true")
    assert (wrong.status, "BD-SANDBOX-DICTIONARY" in wrong.err) == (3, True)


def test_an_empty_sandbox_has_the_scope_that_its_files_name(program):
    line = (
        "biodata() { " + f"{sys.executable} -m biodata" + ' "$@"; }; '
        "biodata count opencga/samples && biodata count gen3/case && biodata ls molgenis && "
        "biodata add opencga/samples --set id=s1 && "
        "biodata add gen3/study --set submitter_id=s --set projects=ceph1463"
    )
    shown = program("sandbox", "run", "--empty", "--", "sh", "-c", line)
    assert shown.status == 0, shown.err
    assert shown.out.startswith("0\n0\n{")
    assert shown.out.count('"created": 1') == 2


def test_the_entries_for_other_clients(program):
    code = "import os; print(open(os.environ['BIODATA_SANDBOX']).read())"
    for empty in ((), ("--empty",)):
        shown = program("sandbox", "run", *empty, "--", sys.executable, "-c", code)
        entries = json.loads(shown.out)
        assert entries["molgenis"].keys() == {"url", "username", "password"}
        assert entries["opencga"].keys() == {"url", "user", "password", "organization", "study"}
        assert entries["gen3"].keys() == {"url", "credentials", "program", "project"}
        assert all(value for entry in entries.values() for value in entry.values())
