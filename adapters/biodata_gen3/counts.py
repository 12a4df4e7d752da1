"""How many records each node type has in the project, in one document (protocols/gen3.md, c: `_<node>_count`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_gen3.server import ask_graphql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.http import HttpSession
    from biodata_gen3.rights import Rights
    from biodata_gen3.server import Project

__all__ = ["counts"]


def counts(session: HttpSession, project: Project, rights: Rights, tables: Sequence[str]) -> dict[str, int]:
    """Table to number of records.

    Raises:
        PermissionDenied: there is nothing, and this user may not read the project.
    """
    if not tables:
        return {}
    asked = " ".join(f"{name}: _{name}_count(project_id: $project)" for name in tables)
    query = f"query($project: [String]) {{{asked}}}"
    found = ask_graphql(session, query, {"project": [project.id]}, None, dict[str, int])
    if not any(found.values()):
        rights.check_read()
    return found
