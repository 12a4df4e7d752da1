"""The metadata service: JSON by guid, read at `/mds`, written at `/mds-admin` (protocols/gen3.md, e)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_gen3.sandbox.access import require_user, user_of
from biodata_gen3.sandbox.http import Answer, Ask, Failure, json_answer
from biodata_gen3.sandbox.services import MDS_GATEWAY, number, signed_url

if TYPE_CHECKING:
    from biodata_gen3.sandbox.state import State

__all__ = ["handle"]

_USUAL, _MOST = 10, 2000
_PAGING = frozenset({"data", "limit", "offset"})


def handle(state: State, ask: Ask, path: tuple[str, ...], *, admin: bool) -> Answer:  # noqa: PLR0911 - paths
    """Answer a request below `/mds` or `/mds-admin`."""
    match path:
        case ("_status",):
            return json_answer({"status": "OK", "timestamp": state.now()})
        case ("version",):
            return Answer(200, b'"1.0.0"', "application/json")
        case ("objects", *rest) if not admin:
            return _objects(state, ask, "/".join(rest))
    if admin or ask.method not in ("GET", "HEAD"):
        _require_admin(state, ask, admin=admin)
    match path:
        case ("metadata_index", *rest):
            return _index(state, ask, ".".join(rest))
        case ("metadata",):
            return _batch(state, ask) if ask.method == "POST" else _query(state, ask)
        case ("metadata", *rest, "aliases"):
            return _aliases(state, ask, "/".join(rest))
        case ("metadata", *rest, "aliases", alias):
            return _drop_alias(state, "/".join(rest), alias)
        case ("metadata", *rest):
            return _one(state, ask, "/".join(rest))
    raise _failed(404, "Not Found")


def _failed(status: int, text: str) -> Failure:
    return Failure(json_answer({"detail": text}, status))


def _require_admin(state: State, ask: Ask, *, admin: bool) -> None:
    user = user_of(state, ask)
    if not admin or user is None or not user.may("access", MDS_GATEWAY):
        raise _failed(403, "Forbidden")


# --- one ------------------------------------------------------------------------------------------------------


def _guid(state: State, name: str) -> str:
    guid = name if name in state.services.metadata else state.services.aliases.get(name)
    if guid is None:
        raise _failed(404, f"Not found: {name}")
    return guid


def _one(state: State, ask: Ask, name: str) -> Answer:
    held = state.services.metadata
    match ask.method:
        case "POST":
            return _created(state, ask, name)
        case "PUT":
            guid, given = _guid(state, name), ask.json()
            held[guid] = {**held[guid], **given} if _true(ask, "merge") else given
            return json_answer(held[guid])
        case "DELETE":
            guid = _guid(state, name)
            _forget_aliases(state, guid)
            return json_answer(held.pop(guid))
    return json_answer(held[_guid(state, name)])


def _created(state: State, ask: Ask, guid: str) -> Answer:
    there, overwrite = guid in state.services.metadata, _true(ask, "overwrite")
    if there and not overwrite:
        raise _failed(409, f"Conflict: {guid}")
    state.services.metadata[guid] = ask.json()
    return json_answer(state.services.metadata[guid], 200 if there else 201)


def _batch(state: State, ask: Ask) -> Answer:
    overwrite = ask.query.get("overwrite", "true").lower() == "true"
    told: dict[str, list[str]] = {"created": [], "updated": [], "conflict": [], "bad_input": []}
    for one in ask.json():
        guid = str(one["guid"])
        there = guid in state.services.metadata
        told["created" if not there else "updated" if overwrite else "conflict"].append(guid)
        if not there or overwrite:
            state.services.metadata[guid] = one["data"]
    return json_answer(told, 201)


def _true(ask: Ask, name: str) -> bool:
    return ask.query.get(name, "").lower() == "true"


# --- many -----------------------------------------------------------------------------------------------------


def _query(state: State, ask: Ask) -> Answer:
    """The same name twice is either value, different names are both; `*` is any value."""
    wanted: dict[str, list[str]] = {}
    for name, value in ask.pairs:
        if name not in _PAGING:
            wanted.setdefault(name, []).append(value)
    held = state.services.metadata
    found = [guid for guid, data in held.items() if all(_fits(data, name, any_) for name, any_ in wanted.items())]
    start, limit = number(ask, "offset", 0, 10**9), number(ask, "limit", _USUAL, _MOST)
    page = found[start : start + limit]
    return json_answer({guid: held[guid] for guid in page} if _true(ask, "data") else page)


def _fits(data: Any, name: str, wanted: list[str]) -> bool:
    for step in name.split("."):
        data = data.get(step) if isinstance(data, dict) else None
    return data is not None and ("*" in wanted or str(data) in wanted)


def _index(state: State, ask: Ask, path: str) -> Answer:
    paths = state.services.paths
    if ask.method == "GET":
        return json_answer(list(paths))
    if ask.method == "POST":
        if path in paths:
            raise _failed(409, f"Conflict: {path}")
        paths[path] = None
        return json_answer(path, 201)
    if path not in paths:
        raise _failed(404, f"Not found: {path}")
    del paths[path]
    return Answer(204)


# --- aliases --------------------------------------------------------------------------------------------------


def _aliases(state: State, ask: Ask, name: str) -> Answer:
    guid, held = _guid(state, name), state.services.aliases
    given = ask.json()["aliases"] if ask.method in ("POST", "PUT") else []
    taken = [one for one in given if held.get(one, guid) != guid]
    if taken:
        raise _failed(409, f"Conflict: {taken[0]}")
    if ask.method == "DELETE" or (ask.method == "PUT" and not _true(ask, "merge")):
        _forget_aliases(state, guid)
    held |= dict.fromkeys(given, guid)
    if ask.method == "DELETE":
        return Answer(204)
    told = {"guid": guid, "aliases": sorted(one for one, of in held.items() if of == guid)}
    return json_answer(told, 201 if ask.method == "POST" else 200)


def _forget_aliases(state: State, guid: str) -> None:
    held = state.services.aliases
    for alias in [one for one, of in held.items() if of == guid]:
        del held[alias]


def _drop_alias(state: State, name: str, alias: str) -> Answer:
    if state.services.aliases.get(alias) != _guid(state, name):
        raise _failed(404, f"Not found: {alias}")
    del state.services.aliases[alias]
    return Answer(204)


# --- objects --------------------------------------------------------------------------------------------------


def _objects(state: State, ask: Ask, guid: str) -> Answer:
    """A file to come, with its metadata: a guid, and an address to send the content to."""
    user = require_user(state, ask)
    services = state.services
    if ask.method == "POST" and not guid:
        given = ask.json()
        resources = given["authz"]["resource_paths"]
        if not all(user.may("create", one) for one in resources):
            raise _failed(403, "Forbidden")
        made = services.new_guid()
        services.metadata[made] = {**(given.get("metadata") or {}), "_file_name": given["file_name"]}
        services.aliases |= dict.fromkeys(given.get("aliases") or [], made)
        url = signed_url(ask, f"upload/{made}")
        return json_answer({"guid": made, "upload_url": url, "aliases": given.get("aliases") or []}, 201)
    found = _guid(state, guid)
    if ask.method != "DELETE":
        return json_answer({"record": services.documents.get(found), "metadata": services.metadata[found]})
    if not user.may("delete", "/data_file"):
        raise _failed(403, "Forbidden")
    del services.metadata[found]
    if "delete_file_locations" in ask.query:
        services.blobs.pop(f"upload/{found}", None)
    return Answer(200, b"{}", "application/json")
