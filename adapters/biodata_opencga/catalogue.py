"""Projects and studies: few, and their searches can neither sort nor count, so they are read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.errors import ProtocolError
from biodata.http import Request
from biodata_opencga.answers import ask
from biodata_opencga.calls import included
from biodata_opencga.decode import records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.http import HttpSession
    from biodata.records.types import Record, Schema

__all__ = ["read_whole"]

_MOST = 5000


def read_whole(session: HttpSession, schema: Schema, fields: Sequence[str]) -> list[Record]:
    """All projects or studies that the user sees, by key.

    Raises:
        ProtocolError: there are more than one answer can hold.
    """
    key = str(schema.key)
    names = list(dict.fromkeys((key, *fields)))
    include = included([schema[name] for name in names])
    if schema.table == "projects":
        items = _search(session, "projects", (("include", include),))
    else:
        projects = _search(session, "projects", (("include", "id,fqn"),))
        asked = [(("project", str(project["fqn"])), ("include", include)) for project in projects]
        items = [study for params in asked for study in _search(session, "studies", params)]
    return sorted(records(items, names, schema), key=lambda record: str(record[key]))


def _search(session: HttpSession, what: str, params: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    request = Request(method="GET", path=f"{what}/search", params=(*params, ("limit", str(_MOST))))
    found = ask(session, request, what).result.results
    if len(found) >= _MOST:
        raise ProtocolError(f"There are more than {_MOST} {what}, which this adapter cannot read", table=what)
    return found
