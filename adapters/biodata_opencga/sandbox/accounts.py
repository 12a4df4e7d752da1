"""Logins, users, organizations (section 4; recordings 004 to 025, 474 to 479)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from biodata_opencga.sandbox.bodies import read_body
from biodata_opencga.sandbox.entities import checked_id
from biodata_opencga.sandbox.errors import bad_parameter, catalog, jersey, plain, unauthenticated
from biodata_opencga.sandbox.http import Part, event
from biodata_opencga.sandbox.params import CREATE, UPDATE
from biodata_opencga.sandbox.studies import project_document, seen_projects

if TYPE_CHECKING:
    from biodata_opencga.sandbox.calls import Call
    from biodata_opencga.sandbox.http import Ask
    from biodata_opencga.sandbox.state import State

__all__ = ["anonymous", "login", "organizations", "users"]

_CORE = "org.opencb.opencga.core.models."
_STRONG = (r".{8}", r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")
_USER, _ORGANIZATION = _CORE + "user.User", _CORE + "organizations.Organization"


def login(state: State, ask: Ask) -> Part:
    """A token for a password or for a token that is still good; both tokens of the answer are the same one."""
    body = read_body(ask, CREATE["login"])
    user, password, refresh = (body.get(key) for key in ("user", "password", "refreshToken"))
    if refresh and (user or password):
        raise plain("Only 'user' and 'password' fields or 'refreshToken' field are allowed at the same time")
    if refresh:
        token = state.token(*state.read_token(refresh))
    elif user and password:
        token = state.login(user, password, body.get("organization"))
    else:
        raise plain("Neither 'user' and 'password' for login nor 'refreshToken' for refreshing token were provided.")
    pair = {"token": token, "refreshToken": token}
    return Part(results=[pair], kind=_CORE + "user.AuthenticationResponse", matches=1)


def anonymous(state: State, ask: Ask) -> Part:
    """Nothing here is open to everybody."""
    home = state.home_of("*", ask.query.get("organization"))
    raise unauthenticated(f"User '*' not found in organization '{home.id}'.")


def users(call: Call, rest: list[str]) -> Part:
    """`create`, `{user}/info`, `{user}/update`, `{user}/configs`."""
    method, path_params = call.ask.method, call.ask.path_params
    if (method, rest) == ("POST", ["create"]):
        return _create_user(call)
    if (method, rest) == ("GET", ["search"]):
        return _search(call)
    if len(rest) != 2:  # noqa: PLR2004 - a user and a verb
        raise jersey(404)
    name, verb = rest
    if (method, verb) == ("GET", "info"):
        path_params["users"] = name
        return _user_info(call, name)
    if (method, verb) == ("POST", "update"):
        path_params["user"] = name
        return _update_user(call, name)
    if (method, verb) == ("GET", "configs"):
        path_params["user"] = name
        _known(call, name)
        return Part(results=[None], matches=1)
    raise jersey(405 if verb in ("info", "update", "configs") else 404)


def _create_user(call: Call) -> Part:
    body = read_body(call.ask, CREATE["users"])
    call.need_owner("create users")
    for name in ("id", "name", "email", "password"):
        if not body.get(name):
            raise bad_parameter(f"Parameter '{name}' is missing or null.")
    if not all(re.search(pattern, body["password"]) for pattern in _STRONG):
        raise catalog(f"Invalid password. Check password strength for user {body['id']}")
    home = body.get("organization") or call.organization.id
    made = call.state.create_user(home, body["id"], body["password"], name=body["name"], email=body["email"])
    return Part(results=[made], kind=_USER, matches=-1, absent=("attributes",))


def _search(call: Call) -> Part:
    """The users of the organization, for those who administer it."""
    call.need_owner("search users")
    skip, limit = call.ask.window
    wanted = call.ask.query.get("id")
    every = [user for name, user in call.organization.users.items() if wanted is None or name in wanted.split(",")]
    matches = len(every) if call.ask.flag("count") else -1
    return Part(results=every[skip : skip + limit], kind=_USER, matches=matches, absent=("attributes",))


def _user_info(call: Call, text: str) -> Part:
    part = Part(kind=_USER, matches=-1, absent=("attributes",))
    for name in text.split(","):
        user = call.organization.users.get(name)
        if user is None or not (name == call.user or call.organization.rules(call.user)):
            problem = event("ERROR", name, f"User '{name}' not found in organization '{call.organization.id}'.")
            part.events = [*part.events, problem]
        else:
            projects = [project_document(call, one) for one in seen_projects(call)]
            part.results = [*part.results, {**user, "projects": projects}]
    return part


def _known(call: Call, name: str) -> dict[str, Any]:
    if name != call.user:
        call.need_owner(f"see user '{name}'")
    user = call.organization.users.get(name)
    if user is None:
        raise unauthenticated(f"User '{name}' not found in organization '{call.organization.id}'.")
    return user


def _update_user(call: Call, name: str) -> Part:
    body = read_body(call.ask, UPDATE["users"])
    user = _known(call, name)
    user.update(body)
    user["internal"] = {**user["internal"], "lastModified": call.stamp.text}
    results = [user] if call.ask.flag("includeResult") else []
    projects = [project_document(call, one) for one in seen_projects(call)]
    return Part(
        results=[{**one, "projects": projects} for one in results], updated=1, matches=1, absent=("attributes",)
    )


def organizations(call: Call, rest: list[str]) -> Part:
    """`create`, `{organization}/info`, `{organization}/update`."""
    method = call.ask.method
    if (method, rest) == ("POST", ["create"]):
        body = read_body(call.ask, CREATE["organizations"])
        call.need_owner("create organizations")
        name = checked_id(body.get("id"))
        call.state.create_organization(name, body.get("name", name))
        return Part(inserted=1, matches=1, absent=("events",))
    if len(rest) != 2 or rest[1] not in ("info", "update"):  # noqa: PLR2004 - an organization and a verb
        raise jersey(404)
    name, verb = rest
    call.ask.path_params["organization"] = name
    home = call.state.organization(name)
    if (method, verb) == ("GET", "info"):
        shown = {**home.fields, "projects": []}
        return Part(results=[shown], kind=_ORGANIZATION, matches=-1)
    if (method, verb) != ("POST", "update"):
        raise jersey(405)
    body = read_body(call.ask, UPDATE["organizations"])
    call.need_owner("update the organization")
    home.fields.update({**body, "modificationDate": call.stamp.text})
    home.fields["internal"] = {**home.fields["internal"], "lastModified": call.stamp.text}
    return Part(updated=1, matches=1)
