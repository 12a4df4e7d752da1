"""Guppy, the flat search of a commons, as tables that can only be read (protocols/gen3.md, d)."""

from biodata_gen3.search.adapter import SearchAdapter

__all__ = ["SearchAdapter"]
