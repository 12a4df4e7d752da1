"""The packages that are optional, and the extras of the distribution that bring them."""

from __future__ import annotations

__all__ = ["DISTRIBUTION", "EXTRAS", "how_to_install"]

DISTRIBUTION = "biodata-access"
EXTRAS = {
    "duckdb": "duckdb",
    "pyarrow": "duckdb",
    "pandas": "frames",
    "polars": "frames",
    "openpyxl": "frames",
    "pint": "mapping",
    "bioregistry": "mapping",
    "werkzeug": "sandbox",
}
"""Package to extra."""


def how_to_install(package: str) -> str:
    """The command that brings an optional package."""
    return f"pip install '{DISTRIBUTION}[{EXTRAS[package]}]'"
