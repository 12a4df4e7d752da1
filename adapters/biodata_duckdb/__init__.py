"""The adapter for DuckDB, the embedded default: a file or memory, and no server."""

from biodata_duckdb.adapter import DuckdbAdapter

__all__ = ["DuckdbAdapter"]
