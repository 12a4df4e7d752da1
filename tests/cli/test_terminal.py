"""What is different on a terminal; each test gives the program a pseudo-terminal."""

import os
import pty
import re
import subprocess
import sys

import pytest

import biodata
from biodata.records.types import Field, Integer, Schema

MANY = Schema(table="many", key="id", fields=(Field("id", Integer(), required=True),))


@pytest.fixture(autouse=True)
def local(profiles, home):
    profiles(f"local: {{platform: duckdb, path: '{home}/local.duckdb'}}")
    with biodata.connect("local") as connection:
        connection.ensure(MANY).add({"id": number} for number in range(150))


def rows():
    with biodata.connect("local") as connection:
        return connection["many"].count()


def on_terminal(*arguments, typed="", env=None):
    """Run the command on a terminal of 100 columns; gives its status and all that was shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "biodata", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "COLUMNS": "100", "TERM": "xterm", **(env or {})},
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # Linux says so when the other end is closed
        pass
    os.close(ours)
    return process.wait(timeout=60), shown.decode().replace("\r\n", "\n")


def test_a_table_of_100_and_how_many_there_are():
    status, shown = on_terminal("query", "local/many", "--order-by", "id")
    assert status == 0
    assert "100 of 150 records" in shown
    assert "\n99\n" in shown
    assert "\n100\n" not in shown


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("count", "local/many", "--by", "id"), "100 of 150 groups"),
        (("distinct", "local/many", "id"), "100 of 150 values"),
    ],
)
def test_the_first_100_groups_and_values(asked, said):
    status, shown = on_terminal(*asked)
    assert (status, said in shown) == (0, True)
    first = [int(found) for found in re.findall(r"^ *(\d+)(?: +1)? *$", shown, re.MULTILINE)]
    assert first == list(range(100))


def test_a_limit_is_a_limit():
    status, shown = on_terminal("query", "local/many", "--limit", "120")
    assert status == 0
    assert " of 150" not in shown


def test_no_bytes_on_a_terminal():
    status, shown = on_terminal("query", "local/many", "-o", "parquet")
    assert status == 2
    assert "--output" in shown


def test_delete_asks(home):
    status, shown = on_terminal("delete", "local/many", "--where", "id < 50", typed="n\n")
    assert status == 1
    assert "Delete 50 of the records of local/many?" in shown
    assert rows() == 150
    status, _ = on_terminal("delete", "local/many", "--where", "id < 50", typed="y\n")
    assert status == 0
    assert rows() == 100


def test_a_receipt_is_a_line():
    _, shown = on_terminal("upsert", "local/many", "--set", "id=1")
    assert "upsert many: 1 unchanged" in shown


def test_no_color():
    _, coloured = on_terminal("ls", "nobody")
    assert "\x1b[" in coloured
    _, plain = on_terminal("ls", "nobody", env={"NO_COLOR": "1"})
    assert "\x1b[" not in plain
