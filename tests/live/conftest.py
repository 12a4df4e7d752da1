"""`pytest tests/live --profile NAME [--table NAME]` runs on a real server; without it these tests are not run."""

from __future__ import annotations


def pytest_ignore_collect(collection_path, config):
    """Without a profile one test says so, instead of hundreds."""
    suite = collection_path.name == "test_compliance.py"
    return True if suite and config.getoption("--profile", default=None) is None else None
