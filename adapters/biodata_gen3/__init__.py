"""The adapter for Gen3 data commons (fence, sheepdog, peregrine)."""

from biodata_gen3.adapter import Gen3Adapter

__all__ = ["Gen3Adapter"]
