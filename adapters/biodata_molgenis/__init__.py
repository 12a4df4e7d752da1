"""The adapter for MOLGENIS, the classic server (REST v1, v2 and v3)."""

from biodata_molgenis.adapter import MolgenisAdapter

__all__ = ["MolgenisAdapter"]
