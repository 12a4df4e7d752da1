"""Beside the verbs: what `connection.extras` has, and who we are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.adapter import Identity
from biodata.errors import BiodataError
from biodata.http import Request
from biodata_gen3.auth import expiry_note
from biodata_gen3.dependants import Dependants
from biodata_gen3.dryrun import DryRuns
from biodata_gen3.exports import Exports
from biodata_gen3.projects import Projects
from biodata_gen3.rights import methods_on
from biodata_gen3.search.extras import SearchExtras
from biodata_gen3.server import read_json

if TYPE_CHECKING:
    from biodata.http import HttpSession
    from biodata_gen3.auth import Login
    from biodata_gen3.rights import Rights
    from biodata_gen3.server import Project

__all__ = ["Gen3Extras", "identity"]


class Gen3Extras(Exports, DryRuns, Dependants, Projects, SearchExtras):
    """What a Gen3 commons can do beyond the verbs."""


def identity(session: HttpSession, project: Project, rights: Rights, login: Login | None) -> Identity:
    """User, rights on the project, and how long token and key will live.

    Raises:
        AuthError: the key is refused.
        NotFound: `BD-NOT-FOUND-PROJECT`.
    """
    user = rights.user()
    rights.check_there()
    methods = sorted(methods_on(user, project.resource))
    held = ", ".join("everything" if method == "*" else method for method in methods) or "none"
    key_seconds = login.key_seconds if login is not None else None
    note = expiry_note(key_seconds)
    return Identity(
        server="Gen3",
        version=_version(session),
        user=user.username or user.name or None,
        rights=(f"{project.id}: {held}",),
        token_seconds=session.auth.seconds_left() if session.auth else None,
        key_seconds=key_seconds,
        notes=(note,) if note is not None else (),
        place=project.id,
    )


def _version(session: HttpSession) -> str:
    request = Request(method="GET", path="api/_version", anonymous=True)
    try:
        found: dict[str, Any] = read_json(session, request, dict[str, Any])
    except BiodataError:
        return ""
    return f"sheepdog {found['version']}" if found.get("version") else ""
