"""What is around the entries of a study: few records, whose searches can neither sort nor count, read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.errors import NotFound, ProtocolError
from biodata.http import Request, jwt_claims, quote_segment
from biodata_opencga.answers import ask
from biodata_opencga.calls import included
from biodata_opencga.decode import records
from biodata_opencga.tables import placed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.http import HttpSession
    from biodata.records.types import Record, Schema

__all__ = ["only_study", "read_whole", "study_in_path", "variable_sets", "whole_requests"]

_MOST = 5000
_THE_ONLY = "{the only study}"


def read_whole(session: HttpSession, study: str | None, schema: Schema, fields: Sequence[str]) -> list[Record]:
    """All records of such a table that the user sees, by key.

    Raises:
        ProtocolError: there are more than one answer can hold.
        NotFound: `BD-NOT-FOUND-STUDY`.
    """
    key = str(schema.key)
    names = list(dict.fromkeys((key, *fields)))
    items = _items(session, study, schema, names)
    return sorted(records(items, names, schema), key=lambda record: str(record[key]))


def _items(session: HttpSession, study: str | None, schema: Schema, names: Sequence[str]) -> list[dict[str, Any]]:
    table = placed(schema.table)[1]
    asked = _requests(schema, names, study_in_path(session, study) if table == "variableSets" else study)
    if table == "organizations":
        token = session.auth.current() if session.auth is not None else None
        home = str(jwt_claims(token.value).get("aud", "")) if token is not None else ""
        asked = [_info(schema, names, home)]
    if table != "studies":
        return [item for request in asked for item in _search(session, table, request)]
    projects = [str(one["fqn"]) for one in _search(session, "projects", asked[0])]
    requests = [_studies(schema, names, project) for project in projects]
    return [item for request in requests for item in _search(session, table, request)]


def whole_requests(schema: Schema, fields: Sequence[str], study: str | None) -> list[Request]:
    """What `read_whole` sends, for explain; of studies one request stands for that of each project."""
    return _requests(schema, list(dict.fromkeys((str(schema.key), *fields))), study or _THE_ONLY)


def _requests(schema: Schema, names: Sequence[str], study: str | None) -> list[Request]:
    table = placed(schema.table)[1]
    if table == "variableSets":
        return [_variable_sets(str(study))]
    if table == "organizations":
        return [_info(schema, names, "{organization}")]
    if table == "studies":
        return [_OF_STUDIES, _studies(schema, names, "{each project}")]
    return [_asked(table, ("include", included([schema[name] for name in names])))]


def _asked(what: str, *params: tuple[str, str]) -> Request:
    return Request(method="GET", path=f"{what}/search", params=(*params, ("limit", str(_MOST))))


_OF_STUDIES = _asked("projects", ("include", "id,fqn"))


def _studies(schema: Schema, names: Sequence[str], project: str) -> Request:
    return _asked("studies", ("project", project), ("include", included([schema[name] for name in names])))


def _info(schema: Schema, names: Sequence[str], organization: str) -> Request:
    params = (("include", included([schema[name] for name in names])),)
    return Request(method="GET", path=f"organizations/{quote_segment(organization)}/info", params=params)


def _variable_sets(study: str) -> Request:
    return Request(method="GET", path=f"studies/{quote_segment(study)}/variableSets")


def _search(session: HttpSession, what: str, request: Request) -> list[dict[str, Any]]:
    found = ask(session, request, what).result.results
    if len(found) >= _MOST:
        raise ProtocolError(f"There are more than {_MOST} {what}, which this adapter cannot read", table=what)
    return found


def variable_sets(session: HttpSession, study: str) -> list[dict[str, Any]]:
    """What a study lets its entries be annotated with."""
    return _search(session, "variableSets", _variable_sets(study))


def only_study(session: HttpSession) -> str | None:
    """The fqn of the only study that the user sees; None where there is none, or more than one."""
    request = _asked("projects", ("include", "id,studies.fqn"))
    found = [study for one in _search(session, "projects", request) for study in one.get("studies", ())]
    return str(found[0]["fqn"]) if len(found) == 1 else None


def study_in_path(session: HttpSession, study: str | None) -> str:
    """A study for a path, which cannot leave it to the server.

    Raises:
        NotFound: `BD-NOT-FOUND-STUDY`.
    """
    found = study or only_study(session)
    if found is None:
        raise NotFound(
            "It is not said which study is meant",
            code="BD-NOT-FOUND-STUDY",
            hint="Write study: organization@project:study in the profile",
        )
    return found
