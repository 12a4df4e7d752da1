"""The audit log: each write is told, whoever tampers with it is found, and a crash is none."""

import json
import logging
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys

import pytest

import biodata
from biodata.pipelines.state.audit import Audit

KEYS = ["p1", ("p1", 2), 17]


@pytest.fixture
def audit(tmp_path):
    return Audit(tmp_path / "state", run="r1", pipeline="night", sha256="ab" * 32)


@pytest.fixture
def lines(audit):
    """Writes so many lines; gives those that are there, as they are."""

    def write(number=0):
        for at in range(number):
            audit.write(profile="umcg", table="donors", verb="upsert", counts={"created": at}, keys=[f"p{at}"])
        return audit.chain.path.read_bytes().splitlines(keepends=True)

    return write


def put(audit, lines):
    audit.chain.path.write_bytes(b"".join(lines))


def test_a_line_says_who_did_what_where_and_how_often(audit):
    audit.write(
        profile="umcg", table="donors", verb="upsert", counts={"created": 2, "updated": 1}, keys=KEYS, identity="me"
    )
    line = json.loads(audit.chain.path.read_bytes())
    assert {name: line[name] for name in ("run", "pipeline", "sha256", "profile", "table", "verb", "identity")} == {
        "run": "r1", "pipeline": "night", "sha256": "ab" * 32, "profile": "umcg", "table": "donors", "verb": "upsert",
        "identity": "me",
    }  # fmt: skip
    assert (line["user"], line["uid"]) == (pwd.getpwuid(os.getuid()).pw_name, os.getuid())
    assert (line["host"], line["pid"]) == (socket.gethostname(), os.getpid())
    assert (line["counts"], line["n"], line["previous"]) == ({"created": 2, "updated": 1}, 1, "")
    assert line["time"].endswith("+00:00")


def test_the_environment_does_not_say_who_it_was(audit, monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody_else")
    again = Audit(audit.chain.path.parent)
    again.write(profile="a", table="b", verb="add", counts={})
    assert json.loads(audit.chain.path.read_bytes())["user"] != "somebody_else"


def test_keys_are_told_by_hashes_that_only_the_key_file_explains(audit, tmp_path):
    audit.write(profile="umcg", table="donors", verb="delete", counts={"deleted": 3}, keys=KEYS)
    found = json.loads(audit.chain.path.read_bytes())["keys"]
    assert found == [audit.key_hash("umcg", "donors", key) for key in KEYS]
    assert all(len(one) == 16 for one in found)
    assert len({*found, audit.key_hash("umcg", "cases", "p1"), audit.key_hash("other", "donors", "p1")}) == 5
    assert Audit(tmp_path / "state").key_hash("umcg", "donors", "p1") == found[0]
    assert Audit(tmp_path / "elsewhere").key_hash("umcg", "donors", "p1") != found[0]


def test_all_files_are_for_the_owner_alone(audit, lines):
    old = os.umask(0)
    try:
        lines(1)
        put(audit, [*lines(), b'{"half'])
        lines(1)
    finally:
        os.umask(old)
    files = list(audit.chain.path.parent.iterdir())
    assert {path.name for path in files} == {"audit.ndjson", "audit.head", "audit.key", "audit.torn"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(audit.chain.path.parent.stat().st_mode) == 0o700


def test_a_log_that_nobody_touched_is_whole(audit, lines):
    assert audit.verify().ok
    lines(5)
    found = audit.verify()
    assert (found.ok, found.lines, found.repaired, found.torn) == (True, 5, 0, 0)
    assert found.hash == json.loads(lines()[-1])["hash"]


def changed(all_lines):
    return [line.replace(b'"created":2', b'"created":3') for line in all_lines]


def changed_and_rehashed(all_lines):
    """By someone who knows how the hash of one line is made."""
    from biodata.pipelines.state.chained import Head, sealed

    facts = json.loads(all_lines[2])
    head = Head(facts.pop("n") - 1, facts.pop("previous"))
    del facts["hash"]
    return [*all_lines[:2], sealed(facts | {"counts": {}}, head)[0], *all_lines[3:]]


@pytest.mark.parametrize(
    ("tamper", "broken", "words"),
    [
        (changed, 3, "it was changed"),
        (changed_and_rehashed, 4, "does not follow"),
        (lambda all_lines: [*all_lines[:1], *all_lines[2:]], 2, "does not follow"),
        (lambda all_lines: all_lines[1:], 1, "does not follow"),
        (lambda all_lines: [all_lines[1], all_lines[0], *all_lines[2:]], 1, "does not follow"),
        (lambda all_lines: [*all_lines[:3], all_lines[2], *all_lines[3:]], 4, "does not follow"),
        (lambda all_lines: [*all_lines[:3], b"{}\n", *all_lines[3:]], 4, "it was changed"),
        (lambda all_lines: [*all_lines[:2], b"\n", *all_lines[2:]], 3, "it was changed"),
        (lambda all_lines: all_lines[:-1], 5, "1 lines are missing"),
        (lambda all_lines: all_lines[:2], 3, "3 lines are missing"),
        (lambda all_lines: [], 1, "5 lines are missing"),
        (lambda all_lines: [*all_lines[:-1], all_lines[-1][:-1]], 5, "1 lines are missing"),
    ],
)
def test_tampering_is_found(audit, lines, tamper, broken, words):
    put(audit, tamper(lines(5)))
    found = audit.verify()
    assert (found.ok, found.broken) == (False, broken)
    assert words in found.why


def test_a_log_that_was_written_anew_is_found(audit, lines, tmp_path):
    lines(5)
    forged = Audit(tmp_path / "forged", run="r1")
    for _ in range(5):
        forged.write(profile="umcg", table="donors", verb="upsert", counts={"created": 0})
    put(audit, forged.chain.path.read_bytes().splitlines(keepends=True))
    assert (audit.verify().broken, audit.verify().why) == (5, "it is another line than was noted")
    audit.chain.head_path.write_bytes(forged.chain.head_path.read_bytes())
    assert audit.verify().ok  # who changes everything is found by a hash that lies elsewhere
    assert audit.verify(json.loads(lines()[2])["hash"]).ok
    assert "no line has the hash" in audit.verify("ab" * 32).why


def test_lines_that_were_added_by_another_program_are_found(audit, lines, tmp_path):
    lines(2)
    head = audit.chain.head_path.read_bytes()
    lines(2)
    audit.chain.head_path.write_bytes(head)
    assert (audit.verify().broken, audit.verify().why) == (4, "there are more lines than were noted")
    audit.chain.head_path.unlink()
    assert "noted nowhere" in audit.verify().why


@pytest.mark.parametrize("left", [0, 1, 3])
@pytest.mark.parametrize("gone", ["head", "log and head"])
def test_a_head_that_was_removed_is_found_and_stays_known(audit, lines, left, gone):
    put(audit, lines(5)[:left])
    audit.chain.head_path.unlink()
    if gone != "head":
        audit.chain.path.unlink()
    found = audit.verify()
    assert (found.ok, "noted nowhere" in found.why) == (False, True)
    lines(2)
    assert "had been noted" in audit.verify().why


def test_what_a_run_did_and_no_line_tells_of_is_found(audit, lines):
    lines(3)  # 0 + 1 + 2 records
    audit.write(
        profile="umcg", table="donors", verb="delete", counts={"unknown": 2, "unchanged": 7}, keys=["p1", "p2"]
    )
    assert audit.verify("", {"r1": 5}).ok
    found = audit.verify("", {"r1": 6, "r2": 1})
    assert (found.broken, found.why) == (5, "no line tells of 1 records that run r1 wrote or deleted")
    for path in audit.chain.path.parent.iterdir():
        path.unlink()
    assert audit.verify().ok
    assert audit.verify("", {"r1": 5}).why == "no line tells of 5 records that run r1 wrote or deleted"


BEGINNING = """
import os, signal, sys
from pathlib import Path
from biodata.pipelines.state import chained, private
from biodata.pipelines.state.audit import Audit
left = int(sys.argv[2])
for name in ("open", "replace", "link", "fsync", "mkdir"):
    def last(*given, real=getattr(os, name), **named):
        global left
        left -= 1
        if left < 0 and str(sys.argv[1]) in str(given[0]) + str(sys.argv[1]) * (name == "fsync"):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)
    setattr(os, name, last)
Audit(Path(sys.argv[1]), run="r1").write(profile="a", table="b", verb="add", counts={"created": 1}, keys=["k"])
"""


def test_a_crash_at_any_moment_of_the_beginning_is_no_damage(tmp_path):
    for moment in range(40):
        directory = tmp_path / str(moment)
        done = subprocess.run([sys.executable, "-c", BEGINNING, str(directory), str(moment)], check=False)
        assert Audit(directory).verify().ok, moment
        Audit(directory).write(profile="a", table="b", verb="add", counts={"created": 1}, keys=["k"])
        assert Audit(directory).verify().ok, moment
        if done.returncode == 0:
            break
    assert done.returncode == 0
    assert moment > 5


def test_a_tail_that_was_cut_off_stays_known_when_the_log_goes_on(audit, lines, caplog):
    put(audit, lines(5)[:2])
    with caplog.at_level(logging.WARNING, "biodata.audit"):
        lines(2)
    assert "are gone" in caplog.text
    found = audit.verify()
    assert (found.broken, "had been noted" in found.why) == (3, True)
    assert json.loads(lines()[2])["noted"]["lines"] == 5


def test_a_line_that_was_changed_stays_known_when_the_log_goes_on(audit, lines):
    put(audit, [*lines(3)[:2], b'{"n":3}\n'])
    lines(2)
    assert (audit.verify().broken, audit.verify().why) == (3, "it was changed")


def test_a_crash_between_the_line_and_the_note_of_it_is_no_harm(audit, lines):
    lines(2)
    head = audit.chain.head_path.read_bytes()
    lines(1)
    audit.chain.head_path.write_bytes(head)
    assert audit.verify().ok
    lines(1)
    assert (audit.verify().ok, audit.verify().lines) == (True, 4)


def test_a_line_that_was_cut_off_is_set_aside_and_told(audit, lines, caplog):
    lines(2)
    torn = lines()[0][:57]
    put(audit, [*lines(), torn])
    assert (audit.verify().ok, audit.verify().torn) == (True, 57)
    with caplog.at_level(logging.WARNING, "biodata.audit"):
        lines(1)
    assert "was cut off; it is kept in" in caplog.text
    assert audit.chain.torn_path.read_bytes() == torn + b"\n"
    found = audit.verify()
    assert (found.ok, found.lines, found.repaired, found.torn) == (True, 4, 1, 0)
    assert json.loads(lines()[2])["event"] == "repaired"


def test_a_disk_that_takes_no_more(audit, lines):
    lines(1)
    audit.chain.head_path.unlink()
    audit.chain.head_path.with_name(".audit.head.part").symlink_to("/dev/full")
    with pytest.raises(biodata.ConfigError, match=r"audit log .* cannot be written: No space left") as caught:
        lines(1)
    assert caught.value.code == "BD-CONFIG-STATE"


def test_long_lines_are_found_from_the_end(audit):
    for number in (1, 5000, 1, 20_000):
        keys = range(number)
        audit.write(profile="umcg", table="donors", verb="delete", counts={"deleted": number}, keys=keys)
    assert (audit.verify().ok, audit.verify().lines) == (True, 4)


WRITER = """
import sys
from pathlib import Path
from biodata.pipelines.state.audit import Audit
audit = Audit(Path(sys.argv[1]), run=sys.argv[2])
for number in range(int(sys.argv[3])):
    audit.write(profile="umcg", table="donors", verb="add", counts={"created": number}, keys=range(100))
    print(number, flush=True)
"""


def writer(audit, run, number):
    arguments = [sys.executable, "-c", WRITER, str(audit.chain.path.parent), run, str(number)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE)


def test_processes_that_write_at_once_make_one_chain(audit):
    writers = [writer(audit, f"r{number}", 20) for number in range(3)]
    for process in writers:
        process.communicate()
        assert process.returncode == 0
    found = audit.verify()
    assert (found.ok, found.lines) == (True, 60)
    lines = [json.loads(line) for line in audit.chain.path.read_bytes().splitlines()]
    assert len({line["keys"][7] for line in lines}) == 1  # one key for all


def test_kill_9_at_any_moment_leaves_a_log_that_goes_on(audit):
    told = 0
    for count in range(4):
        process = writer(audit, f"r{count}", 10_000)
        for _ in range(3 + count):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        told += 3 + count + len(process.communicate()[0].splitlines())
        assert audit.verify().ok
    audit.write(profile="umcg", table="donors", verb="add", counts={})
    found = audit.verify()
    assert found.ok
    assert found.lines - found.repaired >= told + 1
