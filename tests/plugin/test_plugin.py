"""An adapter from a stranger's wheel: found, opened, listed, and held to the compliance suite."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


SUITE = str(HERE / "compliance_of_tiny.py")
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--noconftest", "-o", "addopts=--import-mode=importlib")


def run(*arguments: str, path: tuple[Path, ...] = (), status: int = 0, **more: str) -> str:
    """The output of a Python command, which must end with that status; with these directories on the path."""
    environment = os.environ | {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"} | more
    if path:
        environment["PYTHONPATH"] = os.pathsep.join(map(str, path))
    done = subprocess.run(
        [sys.executable, *arguments], check=False, capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert done.returncode == status, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory into which the wheel was installed, once for all processes of the test run."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "plugin"
    installed, done = shared / "installed", shared / "done"
    try:
        shared.mkdir()
    except FileExistsError:
        until = time.monotonic() + 120
        while not done.exists():
            assert time.monotonic() < until, "the wheel was not built by the process that began with it"
            time.sleep(0.1)
        return installed
    build = ("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(shared))
    run(*build, str(HERE / "biodata_tiny_project"))
    (wheel,) = shared.glob("biodata_tiny-*.whl")
    run("-m", "pip", "install", "--no-deps", "--target", str(installed), str(wheel))
    done.touch()
    return installed


def test_it_is_found_by_its_entry_point(plugin: Path) -> None:
    program = (
        "import sys, biodata;"
        "c = biodata.connect('tiny://x', platform='tiny');"
        "assert 'biodata_tiny' in sys.modules;"
        "print(c.platform, c.identity().server, c.tables(), c.host)"
    )
    assert run("-c", program, path=(plugin,)).split() == ["tiny", "tiny", "[]", "this", "computer"]


def test_it_is_not_there_without_the_wheel() -> None:
    program = "import biodata.registry as r; print('tiny' in r.platforms(), 'duckdb' in r.platforms())"
    assert run("-c", program).split() == ["False", "True"]


def test_the_command_lists_it(plugin: Path) -> None:
    assert re.search(r"\btiny\b", run("-m", "biodata", "adapters", path=(plugin,)))


def test_the_compliance_suite_passes(plugin: Path) -> None:
    said = run(*PYTEST, SUITE, path=(plugin,))
    passed = re.search(r"(\d+) passed", said)
    assert passed, said[-2000:]
    assert int(passed[1]) > 400
    assert "failed" not in said


FAULTS = (
    ("loses_a_record", "test_every_record_comes_once"),
    ("forgets_the_last_page", "test_every_record_comes_once"),
    ("gives_text_for_numbers", "test_every_value_comes_back"),
    ("gets_the_wrong_record", "test_add_creates"),
    ("takes_duplicates", "test_a_duplicate_is_refused"),
    ("tells_the_values", "test_a_refusal_does_not_tell_the_values"),
    ("update_clears_the_rest", "test_update_changes_what_is_given"),
    ("deletes_nothing", "test_a_whole_table_must_be_said"),
    ("claims_to_filter", "test_operator_on_a_single_value"),
    ("claims_to_sort", "test_order"),
    ("claims_to_group", "test_groups_are_what_the_records_say"),
    ("claims_to_filter", "test_every_answer_is_the_evaluators"),
    ("does_not_say_where_it_is", "test_it_says_where_it_is"),
    ("sends_the_secret", "test_requests_can_be_pickled_and_hold_no_secret"),
)


def test_the_compliance_suite_notices_each_way_of_breaking_it(plugin: Path) -> None:
    said = run(str(HERE / "suites.py"), *map(":".join, FAULTS), path=(plugin, HERE))
    answers = [json.loads(line) for line in said.splitlines()]
    assert [answer["fault"] for answer in answers] == [fault for fault, _ in FAULTS]
    for (fault, noticed_by), answer in zip(FAULTS, answers, strict=True):
        assert answer["status"] == pytest.ExitCode.TESTS_FAILED, (fault, answer["said"][-2000:])
        assert re.search(rf"FAILED \S+{noticed_by}", answer["said"]), (fault, answer["said"][-2000:])
