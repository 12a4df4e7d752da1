"""The first errors that a person meets: one block on stderr, its own exit status, nothing on stdout."""

import signal
import socket
import subprocess
import sys

import pytest

import biodata
from biodata import errors
from biodata.cli import failures
from biodata.cli.state import State
from biodata.records.types import Field, Integer, Schema


def test_no_profile_file(run, home):
    shown = run("ls", "umcg")
    assert shown.status == 3
    assert shown.out == ""
    assert shown.err.startswith("error:")
    assert "umcg" in shown.err
    assert str(home.parent / "config-home" / "biodata" / "profiles.yml") in shown.err
    assert "biodata profiles add" in shown.err
    assert "Traceback" not in shown.err


def test_an_unknown_profile_names_the_near_one(run, profiles):
    profiles("umcg: {platform: molgenis, url: https://molgenis.example.org}")
    shown = run("ls", "umgc")
    assert shown.status == 3
    assert "umcg" in shown.err.partition("hint:")[2]


def test_a_named_file_that_is_not_there(run):
    shown = run("--config", "none.yml", "ls", "umcg")
    assert shown.status == 3
    assert "none.yml" in shown.err


def test_an_unknown_host(run, profiles):
    profiles("umcg: {platform: molgenis, url: http://nowhere.invalid, timeout: 5}")
    shown = run("ls", "umcg")
    assert shown.status == 6
    assert "nowhere.invalid" in shown.err
    assert "BD-REMOTE-HOST" in shown.err


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("umcg: {platform: molgenis, url: https://molgenis.example.org, password: hunter2}", "password"),
        ("umcg: {platform: molgenis, url: https://molgenis.example.org, usernam: me}", "username"),
        ("umcg: {platform: molgenis, platform: duckdb}", "platform"),
        (
            "umcg: {platform: molgenis, url: https://m.example.org, username: me, password: '${env:NO_SUCH}'}",
            "NO_SUCH",
        ),
    ],
)
def test_a_wrong_file_is_told_with_its_line(run, profiles, entry, said):
    file = profiles("other: {platform: duckdb, path: x.duckdb}", entry)
    shown = run("ls", "umcg")
    assert shown.status == 3
    assert f"{file}:3" in shown.err
    assert said in shown.err
    assert "hunter2" not in shown.err


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.BiodataError, 1),
        (errors.QueryError, 2),
        (errors.Unsupported, 2),
        (errors.ConfigError, 3),
        (errors.AuthError, 4),
        (errors.PermissionDenied, 4),
        (errors.NotFound, 5),
        (errors.RemoteError, 6),
        (errors.RateLimited, 6),
        (errors.RejectBudgetExceeded, 8),
        (errors.SchemaError, 9),
        (errors.WriteError, 9),
        (errors.CheckFailed, 9),
    ],
)
def test_each_error_has_its_status_and_says_what_where_code_and_hint(capsys, error, status):
    raised = error("It did not go", code="BD-TRY", profile="umcg", table="ASE", hint="Try again.")
    assert failures.show_failure(raised, State()) == status
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.split(":")[0] for line in shown.err.splitlines()] == ["error", "where", "code", "hint"]
    assert all(text in shown.err for text in ("It did not go", "umcg/ASE", "BD-TRY", "Try again."))


def test_an_unexpected_error_is_one_line_without_values(capsys):
    assert failures.show_failure(ValueError("patient 7 has it"), State()) == 1
    shown = capsys.readouterr().err
    assert "ValueError" in shown
    assert "patient 7" not in shown
    assert "BIODATA_DEBUG" in shown
    assert "Traceback" not in shown


def test_a_traceback_tells_strangers_words_only_where_values_may_be_shown(capsys):
    def fails(first, then):
        try:
            {}[first]
        except KeyError as error:
            raise ValueError(then) from error

    with pytest.raises(ValueError, match="patient 8") as found:
        fails("patient " + str(7), f"patient {3 + 5} has it")
    for shown in (False, True):
        failures.show_failure(found.value, State(verbose=1, show_values=shown))
        told = capsys.readouterr().err
        assert told.count("Traceback") == 2
        assert "ValueError" in told
        assert ("patient 7" in told, "patient 8" in told) == (shown, shown)


def test_a_file_that_cannot_be_written_is_named_and_is_no_surprise(capsys):
    assert failures.show_failure(PermissionError(13, "Permission denied", "/root/x.csv"), State()) == 1
    assert capsys.readouterr().err.strip() == "error:  Permission denied: /root/x.csv"


def test_a_full_disk_is_no_surprise(capsys):
    assert failures.show_failure(OSError(28, "Error writing bytes to file. Detail: …"), State()) == 1
    assert capsys.readouterr().err == "error:  No space left on device\n"


def test_several_problems_stand_under_each_other(capsys):
    failures.show_failure(errors.ConfigError("a.yml:1: one\na.yml:2: two", hint="first\nsecond"), State())
    lines = capsys.readouterr().err.splitlines()
    assert [line[:8] for line in lines] == ["error:  ", " " * 8, "code:   ", "hint:   ", " " * 8]
    assert [line[8:] for line in lines[:2]] == ["a.yml:1: one", "a.yml:2: two"]


def test_an_extra_that_is_not_installed_is_named(capsys):
    error = ModuleNotFoundError("No module named 'werkzeug'", name="werkzeug")
    assert failures.show_failure(error, State()) == 3
    assert "pip install 'biodata-access[sandbox]'" in capsys.readouterr().err


@pytest.mark.parametrize("where", ["before", "after"])
def test_v_gives_a_traceback(run, where):
    arguments = ("-v", "ls", "umcg") if where == "before" else ("ls", "umcg", "-v")
    shown = run(*arguments)
    assert shown.status == 3
    assert "Traceback" in shown.err


def test_biodata_debug_gives_a_traceback(run, monkeypatch):
    monkeypatch.setenv("BIODATA_DEBUG", "1")
    assert "Traceback" in run("ls", "umcg").err


@pytest.mark.parametrize("address", ["umcg", "umcg/", "/ASE", "Umcg/ASE", "um cg/ASE"])
def test_an_address_that_is_none(run, address):
    shown = run("query", address)
    assert shown.status == 2
    assert "PROFILE" in shown.err


def test_a_reader_that_goes_away_is_no_error(profiles, home):
    profiles(f"local: {{platform: duckdb, path: '{home}/local.duckdb'}}")
    with biodata.connect("local") as connection:
        table = connection.ensure(Schema(table="many", key="id", fields=(Field("id", Integer(), required=True),)))
        table.add({"id": number} for number in range(20_000))
    line = f"{sys.executable} -m biodata query local/many | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["/bin/bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    assert done.returncode == failures.BROKEN_PIPE


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, failures.INTERRUPTED), (signal.SIGTERM, 143)])
def test_ctrl_c_and_sigterm_while_a_server_does_not_answer(start, profiles, number, status):
    with socket.create_server(("127.0.0.1", 0)) as server:
        profiles(f"umcg: {{platform: molgenis, url: 'http://127.0.0.1:{server.getsockname()[1]}'}}")
        process = start("ls", "umcg")
        server.settimeout(30)
        waiting, _ = server.accept()
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
        waiting.close()
    assert process.returncode == status
    assert out == ""
    assert err.strip() == "interrupted"
