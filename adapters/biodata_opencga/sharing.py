"""Who may do what: permissions of records and studies, groups, permission rules (protocols/opencga.md, section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.extras import needs
from biodata.http import quote_segment
from biodata.references import chunks
from biodata_opencga.catalogue import study_in_path
from biodata_opencga.operations import Operations

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biodata_opencga.operations import Action

__all__ = ["Sharing"]

_IDS = 100
_SINGULAR = {
    "samples": "sample", "individuals": "individual", "families": "family", "cohorts": "cohort", "files": "file",
    "panels": "panel", "jobs": "job", "clinical": "clinicalAnalysis",
}  # fmt: skip


class Sharing(Operations):
    """Permissions, groups, rules."""

    @needs("read")
    def acl(self, table: str, keys: Sequence[str], *, member: str | None = None) -> dict[str, list[dict[str, Any]]]:
        """Key to who may do what with that record beyond the study's permissions: `member`, `permissions`, `groups`.

        Raises:
            NotFound: one of the records is not there, or may not be seen.
        """
        resource, study = self._table(table)
        more = (("member", member),) if member else ()
        found: dict[str, list[dict[str, Any]]] = {}
        for some in chunks(list(keys), _IDS):
            ids = ",".join(map(quote_segment, some))
            found |= {one["id"]: one["acl"] for one in self._get(f"{resource.root}/{ids}/acl", *study, *more)}
        return found

    @needs("write")
    def share(
        self,
        table: str,
        keys: Sequence[str],
        members: Sequence[str],
        permissions: Sequence[str] = (),
        *,
        action: Action = "SET",
    ) -> None:
        """Change what users and groups (`@name`) may do with some records.

        Args:
            table: where the records are.
            keys: of the records.
            members: users, and groups as `@name`.
            permissions: `VIEW`, `WRITE`, `DELETE`, `VIEW_ANNOTATIONS`, …; none with `RESET`.
            action: `SET` leaves no others, `ADD`, `REMOVE`, `RESET` gives back the study's.

        Raises:
            PermissionDenied: only the study's administrators may.
            QueryError: a record or a permission is unknown.
        """
        resource, study = self._table(table)
        path = f"{resource.root}/acl/{_members(members)}/update"
        for some in chunks(list(keys), _IDS):
            body = {_SINGULAR[resource.name]: ",".join(some), "permissions": ",".join(permissions)}
            self._post(path, body, *study, ("action", action))

    @needs("read")
    def study_acl(self, *, member: str | None = None, study: str | None = None) -> list[dict[str, Any]]:
        """Who may do what in the study: `member`, `permissions`, `groups`."""
        more = (("member", member),) if member else ()
        (found,) = self._get(f"{self._study_path(study)}/acl", *more)
        entries: list[dict[str, Any]] = found["acl"]
        return entries

    @needs("write")
    def share_study(
        self,
        members: Sequence[str],
        permissions: Sequence[str] = (),
        *,
        template: str | None = None,
        action: Action = "SET",
        study: str | None = None,
    ) -> None:
        """Change what users and groups may do in the study.

        Args:
            members: users, and groups as `@name`.
            permissions: `VIEW_SAMPLES`, `WRITE_SAMPLES`, …; or
            template: a role: `view_only`, `analyst`, `admin`, `locked`.
            action: `SET`, `ADD`, `REMOVE`, `RESET`.
            study: in place of the profile's.
        """
        given = {"template": template} if template else {"permissions": ",".join(permissions)}
        body = {"study": study_in_path(self._session, study or self._study), **given}
        self._post(f"studies/acl/{_members(members)}/update", body, ("action", action))

    @needs("read")
    def groups(self, *, study: str | None = None) -> dict[str, list[str]]:
        """Group (`@name`) to its users."""
        found = self._get(f"{self._study_path(study)}/groups", ("include", "id,userIds"))
        return {one["id"]: list(one.get("userIds") or ()) for one in found}

    @needs("write")
    def add_group(self, name: str, users: Sequence[str] = (), *, study: str | None = None) -> None:
        """Make a group, with these users.

        Raises:
            QueryError: there is one of that name, or a user is unknown.
        """
        self._post(f"{self._study_path(study)}/groups/update", {"id": name, "users": list(users)}, ("action", "ADD"))

    @needs("delete")
    def remove_group(self, name: str, *, study: str | None = None) -> None:
        """Remove a group; its users stay."""
        self._post(f"{self._study_path(study)}/groups/update", {"id": name}, ("action", "REMOVE"))

    @needs("write")
    def group_users(
        self, group: str, users: Sequence[str], *, action: Action = "ADD", study: str | None = None
    ) -> None:
        """Put users into a group, take them out, or say all of them: `ADD`, `REMOVE`, `SET`."""
        path = f"{self._study_path(study)}/groups/{quote_segment(group)}/users/update"
        self._post(path, {"users": list(users)}, ("action", action))

    @needs("read")
    def permission_rules(self, entity: str, *, study: str | None = None) -> list[dict[str, Any]]:
        """The rules that give permissions on what a query finds, of `SAMPLES`, `FILES`, and so on."""
        return self._get(f"{self._study_path(study)}/permissionRules", ("entity", entity))

    @needs("write")
    def add_permission_rule(self, entity: str, rule: Mapping[str, Any], *, study: str | None = None) -> None:
        """Add a rule: `{"id": …, "query": {…}, "members": [...], "permissions": [...]}`."""
        path = f"{self._study_path(study)}/permissionRules/update"
        self._post(path, rule, ("entity", entity), ("action", "ADD"))

    @needs("write")
    def remove_permission_rule(
        self, entity: str, rule: str, *, permissions: str = "REMOVE", study: str | None = None
    ) -> None:
        """Take a rule away: with the permissions it gave (`REMOVE`), back to those before (`REVERT`), or `NONE`."""
        path = f"{self._study_path(study)}/permissionRules/update"
        self._post(path, {"id": rule}, ("entity", entity), ("action", permissions))

    def _study_path(self, study: str | None) -> str:
        return f"studies/{quote_segment(study_in_path(self._session, study or self._study))}"


def _members(members: Sequence[str]) -> str:
    return ",".join(map(quote_segment, members))
