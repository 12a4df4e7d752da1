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

__all__ = ["read_whole", "whole_requests"]

_MOST = 5000


def read_whole(session: HttpSession, schema: Schema, fields: Sequence[str]) -> list[Record]:
    """All projects or studies that the user sees, by key.

    Raises:
        ProtocolError: there are more than one answer can hold.
    """
    key = str(schema.key)
    names = _names(schema, fields)
    if schema.table == "projects":
        items = _search(session, "projects", _projects(schema, names))
    else:
        projects = _search(session, "projects", _OF_STUDIES)
        asked = [_studies(schema, names, str(project["fqn"])) for project in projects]
        items = [study for request in asked for study in _search(session, "studies", request)]
    return sorted(records(items, names, schema), key=lambda record: str(record[key]))


def whole_requests(schema: Schema, fields: Sequence[str]) -> list[Request]:
    """What `read_whole` sends, for explain; of studies one request stands for that of each project."""
    names = _names(schema, fields)
    if schema.table == "projects":
        return [_projects(schema, names)]
    return [_OF_STUDIES, _studies(schema, names, "{each project}")]


def _names(schema: Schema, fields: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((str(schema.key), *fields)))


def _asked(what: str, *params: tuple[str, str]) -> Request:
    return Request(method="GET", path=f"{what}/search", params=(*params, ("limit", str(_MOST))))


_OF_STUDIES = _asked("projects", ("include", "id,fqn"))


def _projects(schema: Schema, names: Sequence[str]) -> Request:
    return _asked("projects", ("include", included([schema[name] for name in names])))


def _studies(schema: Schema, names: Sequence[str], project: str) -> Request:
    return _asked("studies", ("project", project), ("include", included([schema[name] for name in names])))


def _search(session: HttpSession, what: str, request: Request) -> list[dict[str, Any]]:
    found = ask(session, request, what).result.results
    if len(found) >= _MOST:
        raise ProtocolError(f"There are more than {_MOST} {what}, which this adapter cannot read", table=what)
    return found
