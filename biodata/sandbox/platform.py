"""The contract of a platform's sandbox server. It stands in the adapter's package; the harness runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from pathlib import Path
    from wsgiref.types import WSGIApplication

    from biodata.sandbox.clock import Clock
    from biodata.sandbox.faults import Faults

__all__ = ["SandboxPlatform"]


class SandboxPlatform(ABC):
    """One platform's server: its state in memory, its demo data and the WSGI application that answers.

    Attributes:
        platform: the platform's name, as in a profile.
        clock: what tokens live by.
        faults: looked at before and after each request by the server.
        token_lifetime: seconds that a token lives; None: as long as the platform's own.
        options: names of the keyword arguments that it takes besides.
    """

    platform: ClassVar[str]
    options: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, clock: Clock, faults: Faults, token_lifetime: float | None = None) -> None:
        self.clock = clock
        self.faults = faults
        self.token_lifetime = token_lifetime

    def prepare(self) -> None:  # noqa: B027 - a platform without a scope needs nothing
        """Make what the profile names and clients cannot do without: users, organization, program, project, study."""

    @abstractmethod
    def seed(self) -> None:
        """Fill the prepared server with the demo data."""

    @property
    @abstractmethod
    def application(self) -> WSGIApplication:
        """What answers the requests. The raw request target is in `environ["REQUEST_URI"]`."""

    @abstractmethod
    def entry(self, url: str, directory: Path) -> dict[str, str]:
        """What stands for it in the BIODATA_SANDBOX file; credential files may go to `directory`."""

    @abstractmethod
    def profile(self, entry: dict[str, str], directory: Path) -> dict[str, Any]:
        """The profile that reaches this server, in the form of the configuration: secrets as references."""
