"""The adapter for OpenCGA: the catalogue of individuals, samples, families, cohorts and files."""

from biodata_opencga.adapter import OpencgaAdapter

__all__ = ["OpencgaAdapter"]
