"""What a newcomer sees first."""

import json
import subprocess
import sys

import click
import pytest

from biodata.cli.lazy import LazyGroup
from biodata.cli.main import ENTRIES, cli

NEVER_FOR_HELP = {"requests", "yaml", "rich", "duckdb", "pyarrow", "pandas", "polars", "msgspec", "werkzeug"}


def every_command(group=cli, path=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name), group.entries[name], command
        if isinstance(command, LazyGroup):
            yield from every_command(command, (*path, name))


COMMANDS = list(every_command())


def test_without_arguments_the_overview_names_every_command(run):
    shown = run()
    assert shown.status == 0
    assert all(name in shown.out for name in ENTRIES)
    assert shown.out == run("--help").out
    assert shown.err == ""


def test_the_overview_fits_a_terminal(run):
    assert all(len(line) <= 84 for line in run("--help").out.splitlines())


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from biodata.cli.main import status_of; status_of(['--help']);"
        f"sys.exit(', '.join({NEVER_FOR_HELP!r} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("path", "entry", "command"), COMMANDS, ids=[" ".join(path) for path, _, _ in COMMANDS])
def test_each_command_says_what_the_overview_says_and_gives_an_example(run, path, entry, command):
    assert command.help.splitlines()[0] == entry.summary
    shown = run(*path, "--help")
    assert shown.status == 0
    assert "Examples:" in shown.out
    assert f"biodata {path[0]}" in shown.out.split("Examples:")[1]


def test_a_wrong_command_is_answered_with_the_near_one(run):
    shown = run("quer")
    assert shown.status == 2
    assert "Did you mean 'query'?" in shown.err
    assert shown.out == ""


@pytest.mark.parametrize("option", ["--password", "--token=abcdef", "--password=abcdef"])
def test_a_secret_is_refused_on_the_command_line_and_not_repeated(run, option):
    shown = run("ls", option)
    assert shown.status == 2
    assert "never goes on the command line" in shown.err
    assert "abcdef" not in shown.err


def test_version(run):
    assert run("--version").out.startswith("biodata ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(run, shell):
    assert "_BIODATA_COMPLETE" in run("completion", shell).out


def complete(program, words):
    env = {"_BIODATA_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()))}
    return [line.partition(",")[2] for line in program(env=env).out.split()]


def test_tab_completes_commands_and_profiles(program, profiles):
    profiles("umcg: {platform: molgenis, url: https://molgenis.example.org}")
    assert "query" in complete(program, "biodata ")
    assert complete(program, "biodata query ") == ["umcg/"]
    assert complete(program, "biodata ls ") == ["umcg"]


def test_tab_stays_quiet_when_the_file_is_broken(program, profiles):
    profiles("umcg: [")
    assert complete(program, "biodata ls ") == []


def test_adapters_in_json(run):
    shown = run("adapters", "-o", "json")
    assert shown.status == 0, shown.err
    rows = {row["platform"]: row for row in json.loads(shown.out)}
    assert {"molgenis", "duckdb"} <= rows.keys()
    assert rows["duckdb"]["contract"] == 1
    assert all(mark["word"] in {"never", "notyet", "notimpl"} for mark in rows["molgenis"]["missing"].values())
