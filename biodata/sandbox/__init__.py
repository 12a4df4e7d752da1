"""The sandbox's harness: servers on loopback that speak the platforms' real protocols.

What a platform's server answers stands in its adapter's `sandbox` package; here is what all of them
share: starting and stopping (`Sandbox`), the server itself (`Server`), the settable `Clock`, ordered `Faults`
and the log of what was asked.
"""

from biodata.sandbox.clock import Clock
from biodata.sandbox.faults import Fault, Faults
from biodata.sandbox.log import Received, RequestLog
from biodata.sandbox.platform import SandboxPlatform
from biodata.sandbox.run import Sandbox, run_command, serve_until_interrupted
from biodata.sandbox.server import Server

__all__ = [
    "Clock",
    "Fault",
    "Faults",
    "Received",
    "RequestLog",
    "Sandbox",
    "SandboxPlatform",
    "Server",
    "run_command",
    "serve_until_interrupted",
]
