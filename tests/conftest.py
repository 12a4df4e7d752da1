"""Fixtures for all tests: real servers on loopback."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import hypothesis
import pytest

from biodata.sandbox import Sandbox
from biodata.testing import differing

if TYPE_CHECKING:
    from collections.abc import Iterator

collect_ignore = ["more"]  # `make test-more` names it: it needs what is not in the lock file


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--profile", help="the profile of a real server, for tests/live")
    parser.addoption("--table", help="a table with records to read there, where none can be made")
    parser.addoption("--write", action="store_true", help="add records to that table too, and delete them again")
    parser.addoption(
        "--kills", type=int, default=1, help="how many runs of each sink tests/pipelines/test_kills.py kills"
    )
    parser.addoption("--kill-seed", type=int, default=0, help="the seed of the moments at which it does")
    differing.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    # `pytest --hypothesis-profile thorough` draws as many examples as Hypothesis itself proposes
    hypothesis.settings.register_profile("thorough", deadline=None)
    hypothesis.settings.register_profile("usual", deadline=None, max_examples=40)
    hypothesis.settings.load_profile(config.getoption("--hypothesis-profile", default=None) or "usual")
    differing.settle(config)


def pytest_collection_finish() -> None:
    """What thousands of collected tests hold is not looked through again and again for garbage."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()


def pytest_report_header(config: pytest.Config) -> str:
    return differing.header(config)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """All platforms with their demo data, one sandbox for the whole session: leave its rows as they are."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def empty_molgenis() -> Iterator[Sandbox]:
    """A MOLGENIS server without tables, for one test; `.platform("molgenis").state` defines some."""
    with Sandbox(("molgenis",), empty=True) as running:
        yield running
