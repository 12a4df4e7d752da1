"""Which access a call of the server needs: read from its HTTP method and the last part of its path."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biodata.config.profiles import Access

__all__ = ["access_needed"]

_CHANGING_GETS = frozenset({"load", "refresh", "reset", "indexStats"})
"""Of the calls that GET, those that change something all the same."""
_READING_POSTS = frozenset({"search", "login", "anonymous"})
_DELETING_POSTS = frozenset({"delete", "prune"})


def access_needed(method: str, resource: str) -> Access:
    """`read`, `write` or `delete`.

    Args:
        method: GET, POST or DELETE, in any case.
        resource: the last part of the path: `search`, `update`, `delete`, …
    """
    verb = method.upper()
    if verb == "DELETE" or (verb == "POST" and resource in _DELETING_POSTS):
        return "delete"
    if verb == "GET":
        return "write" if resource in _CHANGING_GETS else "read"
    return "read" if resource in _READING_POSTS else "write"
