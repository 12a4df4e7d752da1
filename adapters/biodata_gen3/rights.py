"""Telling "no rights" from "no rows": without rights a query is no error, it finds nothing (protocols/gen3.md, g)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from biodata.errors import NotFound, PermissionDenied
from biodata.http import Request, quote_segment
from biodata_gen3.server import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from biodata.http import HttpSession
    from biodata_gen3.server import Project

__all__ = ["Rights", "User", "methods_on"]

_TRUSTED_SECONDS = 60.0
_METHODS = {"add": "create", "update": "update", "delete": "delete"}
"""What sheepdog asks arborist for (protocols/gen3.md, g)."""


class Grant(msgspec.Struct, frozen=True):
    """One method on a resource."""

    method: str


class User(msgspec.Struct, frozen=True):
    """What fence says of a user, as far as it is needed: `authz` is grants by resource."""

    username: str | None = None
    name: str | None = None
    authz: dict[str, list[Grant]] | None = None


class _Listing(msgspec.Struct, frozen=True):
    links: list[str]


class Rights:
    """What this user may do with the project; asked for when a query finds nothing, and trusted for a minute."""

    def __init__(
        self, session: HttpSession, project: Project, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._session = session
        self._project = project
        self._monotonic = monotonic
        self._good_until = float("-inf")

    def check_read(self) -> None:
        """See that an empty answer means that there is nothing.

        Raises:
            NotFound: `BD-NOT-FOUND-PROJECT`.
            PermissionDenied: `BD-AUTH-DENIED`, this user may not read the project.
        """
        if self._monotonic() < self._good_until:
            return
        if not {"read", "*"} & methods_on(self.user(), self._project.resource):
            self.check_there()
            raise PermissionDenied(
                f"This user may not read project {self._project.id}, and the commons then shows it as empty",
                code="BD-AUTH-DENIED",
                hint="biodata doctor shows what this user may do",
            )
        self.check_there()
        self._good_until = self._monotonic() + _TRUSTED_SECONDS

    def check_write(self, verbs: Collection[str]) -> None:
        """See that this user may do that with the records of the project; a fence that lists no grants says nothing.

        Raises:
            PermissionDenied: `BD-AUTH-DENIED`.
        """
        user = self.user()
        held = methods_on(user, self._project.resource)
        lacking = [verb for verb in verbs if not {_METHODS[verb], "*"} & held]
        if user.authz is not None and lacking:
            raise PermissionDenied(
                f"This user may not {' or '.join(lacking)} records of project {self._project.id}",
                code="BD-AUTH-DENIED",
                hint="biodata doctor shows what this user may do",
            )

    def user(self) -> User:
        """What fence says of this user."""
        return read_json(self._session, Request(method="GET", path="user/user"), User)

    def check_there(self) -> None:
        """See that there is such a project; every user sees all.

        Raises:
            NotFound: `BD-NOT-FOUND-PROJECT`.
        """
        path = f"api/v0/submission/{quote_segment(self._project.program)}"
        try:
            listed: _Listing = read_json(self._session, Request(method="GET", path=path), _Listing)
        except NotFound:
            listed = _Listing([])
        codes = {link.rpartition("/")[2] for link in listed.links}
        if self._project.code not in codes:
            raise NotFound(f"There is no project {self._project.id}", code="BD-NOT-FOUND-PROJECT")


def methods_on(user: User, resource: str) -> set[str]:
    """The methods that a user holds on a resource, or on one above it."""
    return {
        grant.method
        for granted, grants in (user.authz or {}).items()
        if granted == "/" or f"{resource}/".startswith(f"{granted}/")
        for grant in grants
    }
