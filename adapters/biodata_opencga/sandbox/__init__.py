"""A server that speaks OpenCGA's protocol, on loopback."""

from biodata_opencga.sandbox.platform import OpencgaSandbox
from biodata_opencga.sandbox.state import State

__all__ = ["OpencgaSandbox", "State"]
