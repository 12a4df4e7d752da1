"""Beside the verbs: what `connection.extras` has, and who we are there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from biodata.adapter import Identity
from biodata.errors import AuthError, BiodataError, NotFound, PermissionDenied
from biodata.http import Request, jwt_claims, quote_segment
from biodata_opencga.answers import ask
from biodata_opencga.filesystem import Files
from biodata_opencga.settings import server_root
from biodata_opencga.sharing import Sharing

if TYPE_CHECKING:
    from biodata.http import HttpSession
    from biodata_opencga.settings import OpencgaSettings

__all__ = ["OpencgaExtras", "identity"]


class OpencgaExtras(Sharing, Files):
    """What an OpenCGA server can do beyond the verbs."""


def identity(session: HttpSession, settings: OpencgaSettings) -> Identity:
    """Server, user and rights; how long the token lives is what its claims say.

    Raises:
        AuthError: the login is refused, or the token has ended.
        NotFound: `BD-NOT-FOUND-STUDY`.
    """
    about = ask(session, Request(method="GET", path="meta/about")).result.results
    server = about[0] if about and isinstance(about[0], dict) else {}
    token = session.auth.current() if session.auth is not None else None
    claims = jwt_claims(token.value) if token is not None else {}
    user = claims.get("sub") or settings.user
    left = None
    known = session.auth.seconds_left() if session.auth is not None else None
    if known is not None:
        left = max(0.0, known)
    notes = (f"organization: {claims['aud']}",) if claims.get("aud") else ()
    return Identity(
        server=str(server.get("Program", "OpenCGA")),
        version=str(server.get("Version", "")),
        user=user,
        rights=_rights(session, settings, user),
        token_seconds=left,
        notes=notes,
        place=" ".join(filter(None, (urlsplit(server_root(settings)).path, settings.study))),
    )


def _rights(session: HttpSession, settings: OpencgaSettings, user: str | None) -> tuple[str, ...]:
    """What the user may do in the study; its administrators have no permissions listed, they may do everything.

    Raises:
        AuthError: the token has ended or is none; what was asked before needs no token.
        NotFound: `BD-NOT-FOUND-STUDY`.
    """
    if settings.study is None or user is None:
        ask(session, Request(method="GET", path="projects/search", params=(("include", "id"), ("limit", "1"))))
        return ()
    path = f"studies/{quote_segment(settings.study)}"
    try:
        groups = ask(session, Request(method="GET", path=f"{path}/groups", params=(("include", "id,userIds"),)))
        acl = ask(session, Request(method="GET", path=f"{path}/acl", params=(("member", user),)))
    except BiodataError as error:
        if isinstance(error, AuthError | NotFound) and not isinstance(error, PermissionDenied):
            raise
        return ()
    admins = [
        one for group in groups.result.results if group.get("id") == "@admins" for one in group.get("userIds", ())
    ]
    if user in admins:
        return (f"{settings.study}: everything",)
    entries = [entry for study in acl.result.results for entry in study.get("acl", ())]
    listed = [right for entry in entries if entry["member"] == user for right in entry["permissions"]]
    return (f"{settings.study}: {', '.join(listed)}",) if listed else ()
