"""Who the platforms take a run for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.pipelines.reports.facts import ProfileFacts

if TYPE_CHECKING:
    from biodata.adapter import Identity
    from biodata.connection import Connection

__all__ = ["facts_of", "identity_text"]


def facts_of(name: str, connection: Connection) -> ProfileFacts:
    """What is known of a profile; asks the platform.

    Raises:
        AuthError: the login is refused.
        RemoteError: the platform cannot be reached.
    """
    identity = connection.identity()
    return ProfileFacts(
        profile=name,
        platform=connection.platform,
        server=identity.server,
        version=identity.version,
        user=identity.user,
    )


def identity_text(facts: ProfileFacts) -> str:
    """Who we are there, as it is compared with the last run: versions may change, users and servers may not."""
    return f"{facts.user or 'anonymous'} at {facts.server}"


def rights(identity: Identity) -> str:
    """The rights in words, for a preview."""
    return "; ".join(identity.rights)
