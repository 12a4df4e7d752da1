"""One call: who asks, in which study, and what they may do there (sections 3 and 6)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from biodata_opencga.sandbox.errors import bad_header, catalog, denied
from biodata_opencga.sandbox.model import kind_of
from biodata_opencga.sandbox.state import ACCEPTED, ADMIN, INSTALLATION

if TYPE_CHECKING:
    from biodata_opencga.sandbox.documents import Stamp
    from biodata_opencga.sandbox.http import Ask
    from biodata_opencga.sandbox.model import Entry, Organization, Study
    from biodata_opencga.sandbox.state import State

__all__ = ["TEMPLATES", "Call", "template"]

_VIEW = (
    "VIEW_FILES", "VIEW_FILE_HEADER", "VIEW_FILE_CONTENT", "DOWNLOAD_FILES", "EXECUTE_JOBS", "VIEW_JOBS",
    "VIEW_SAMPLES", "VIEW_SAMPLE_ANNOTATIONS", "VIEW_AGGREGATED_VARIANTS", "VIEW_SAMPLE_VARIANTS",
    "VIEW_INDIVIDUALS", "VIEW_INDIVIDUAL_ANNOTATIONS", "VIEW_FAMILIES", "VIEW_FAMILY_ANNOTATIONS", "VIEW_COHORTS",
    "VIEW_COHORT_ANNOTATIONS", "VIEW_PANELS", "VIEW_CLINICAL_ANALYSIS",
)  # fmt: skip
_ENTRIES = ("FILES", "JOBS", "SAMPLES", "INDIVIDUALS", "FAMILIES", "COHORTS", "PANELS", "CLINICAL_ANALYSIS")
_WRITE = tuple(f"WRITE_{one}" for one in _ENTRIES)
_DELETE = tuple(f"DELETE_{one}" for one in _ENTRIES)
TEMPLATES = {"view_only": _VIEW, "analyst": (*_VIEW, *_WRITE), "admin": (*_VIEW, *_WRITE, *_DELETE), "locked": ()}


def template(name: str) -> list[str]:
    """The permissions of a role.

    Raises:
        Refusal: there is no such role.
    """
    if name not in TEMPLATES:
        raise catalog(f"Admitted template ids are {', '.join(TEMPLATES)}")
    return list(TEMPLATES[name])


class Call:
    """One authenticated request."""

    def __init__(self, state: State, ask: Ask) -> None:
        self.state = state
        self.ask = ask
        self._token = _token(ask)

    @cached_property
    def _identity(self) -> tuple[str, str]:
        return self.state.read_token(self._token or self.ask.query.get("sid", ""))

    @property
    def user(self) -> str:
        """Who asks.

        Raises:
            Refusal: the token is not good.
        """
        return self._identity[1]

    @property
    def organization(self) -> Organization:
        """The organization of the token."""
        return self.state.organization(self._identity[0])

    @cached_property
    def stamp(self) -> Stamp:
        """Now."""
        return self.state.stamp

    @property
    def is_installation(self) -> bool:
        """Whether the administrator of the installation asks."""
        return self.organization.id == INSTALLATION and self.user == ADMIN

    def visible(self, study: Study) -> bool:
        """Whether the user has any right in a study."""
        names = (self.user, *(group for group, users in study.groups.items() if self.user in users))
        return self.organization.rules(self.user) or any(study.acl.get(name) for name in names)

    @cached_property
    def study(self) -> Study:
        """The study of the query's `study`, or the only one that the user sees."""
        return self.study_of(self.ask.query.get("study"))

    def study_of(self, text: str | None) -> Study:
        """The study that a text names.

        Raises:
            Refusal: none, or more than one; or the user may not see it.
        """
        found = self.state.studies(self.organization, text)
        seen = [study for study in found if self.visible(study)]
        if found and not seen:
            raise denied(f"User '{self.user}' cannot view any study.")
        if len(seen) != 1:
            given = f" given '{text}'" if text else ""
            raise catalog(f"More than one study found{given}. {ACCEPTED}")
        return seen[0]

    def may(self, action: str, study: Study, kind: str, entry: Entry | None = None) -> bool:
        """Whether the user may VIEW, WRITE or DELETE entries of a kind, or this one."""
        if self.organization.rules(self.user):
            return True
        return self.allows(self.user, action, study, kind, entry)

    def allows(self, user: str, action: str, study: Study, kind: str, entry: Entry | None = None) -> bool:
        """What the permissions give to a user."""
        names = (user, *(group for group, users in study.groups.items() if user in users))
        if entry is not None and user in entry.acl:
            return action in entry.acl[user]
        if entry is not None and any(name in entry.acl for name in names):
            return any(action in entry.acl.get(name, ()) for name in names)
        return any(f"{action}_{kind_of(kind).right}" in study.acl.get(name, ()) for name in names)

    def need_create(self, study: Study, kind: str) -> None:
        """Go on only if the user may add entries of a kind.

        Raises:
            Refusal: 403.
        """
        if not self.may("WRITE", study, kind):
            right = kind_of(kind).right
            raise denied(f"User '{self.user}' cannot WRITE_{right} Study {{ uid: {study.uid} }}")

    def need_owner(self, what: str) -> None:
        """Go on only if the user administers the organization.

        Raises:
            Refusal: 403.
        """
        if not (self.is_installation or self.organization.rules(self.user)):
            raise denied(f"User '{self.user}' cannot {what}.")


def _token(ask: Ask) -> str:
    """What the header holds; it is looked into when it is needed, after the path and the body."""
    header = ask.header("Authorization")
    if header is None:
        return ""
    scheme, _, token = header.partition(" ")
    if scheme != "Bearer":
        raise bad_header()
    return token.strip()
