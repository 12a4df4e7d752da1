"""Who the platforms take a run for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from biodata.connection import Connection
    from biodata.pipelines.reports.facts import ProfileFacts

__all__ = ["identified", "identity_text"]


def identified(told: ProfileFacts, connection: Connection) -> ProfileFacts:
    """What is known of a profile, and who we are there; asks the platform.

    Raises:
        AuthError: the login is refused.
        RemoteError: the platform cannot be reached.
    """
    identity = connection.identity()
    return msgspec.structs.replace(told, server=identity.server, version=identity.version, user=identity.user)


def identity_text(facts: ProfileFacts) -> str:
    """Who we are there, as it is compared with the last run: versions may change, users and servers may not."""
    return f"{facts.user or 'anonymous'} at {facts.server} ({facts.host})"
