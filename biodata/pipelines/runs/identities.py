"""Who the platforms take a run for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from biodata.pipelines.runs.flows import flows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biodata.connection import Connection
    from biodata.pipelines.reports.facts import ProfileFacts
    from biodata.pipelines.runs.run import Run

__all__ = ["identified", "identify", "identity_text"]


def identify(run: Run, connections: Mapping[str, Connection]) -> None:
    """Ask each platform who we are there, and note it with the run.

    Raises:
        AuthError: a login is refused.
        RemoteError: a platform cannot be reached.
    """
    for told in flows(run.spec, connections):
        run.profiles[told.profile] = run.patiently(partial(identified, told, connections[told.profile]))
    run.journal.identify(run.id, run.identities)


def identified(told: ProfileFacts, connection: Connection) -> ProfileFacts:
    """What is known of a profile, and who we are there; asks the platform.

    Raises:
        AuthError: the login is refused.
        RemoteError: the platform cannot be reached.
    """
    identity = connection.identity()
    known = {name: getattr(identity, name) for name in ("server", "version", "user", "place")}
    return msgspec.structs.replace(told, **known)


def identity_text(facts: ProfileFacts) -> str:
    """Who we are, and where, as it is compared with what was: versions may change; users and places may not."""
    return f"{facts.user or 'anonymous'} at {facts.server} ({facts.where})"
