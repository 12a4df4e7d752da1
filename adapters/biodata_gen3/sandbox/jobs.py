"""Jobs, stored files of the data service, workspaces and their token service (protocols/gen3.md, e)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from biodata_gen3.sandbox.access import require_user
from biodata_gen3.sandbox.http import Answer, Ask, Failure, html_page, json_answer
from biodata_gen3.sandbox.services import DATA_UPLOAD, signed_url

if TYPE_CHECKING:
    from biodata_gen3.sandbox.state import State
    from biodata_gen3.sandbox.users import User

__all__ = ["data", "sower", "workspace", "workspace_tokens"]


# --- jobs -----------------------------------------------------------------------------------------------------


def sower(state: State, ask: Ask, path: tuple[str, ...]) -> Answer:
    """Answer a request below `/job`: a job is done when it is first asked about."""
    if path == ("_status",):
        return Answer(200, b"Healthy", "text/plain")
    if path == ("_version",):
        return json_answer({"version": "1.0.0", "commit": ""})
    user = require_user(state, ask)
    jobs = state.services.jobs
    if path == ("dispatch",):
        given = ask.json()
        uid = str(uuid.uuid4())
        job = {"uid": uid, "name": f"{given['action']}-{uid[:5]}", "status": "Running"}
        jobs[uid] = {**job, "user": user.name, "action": given["action"]}
        return json_answer(job)
    if path == ("list",):
        return json_answer([_shown(one) for one in jobs.values() if one["user"] == user.name])
    job = jobs.get(ask.query.get("UID", ""), {})
    if path not in (("status",), ("output",)) or job.get("user") != user.name:
        raise Failure(json_answer({"error": "job not found"}, 404))
    job["status"] = "Completed"
    if path == ("status",):
        return json_answer(_shown(job))
    return json_answer({"output": state.services.job_output.get(job["action"], "")})


def _shown(job: dict[str, Any]) -> dict[str, Any]:
    return {name: job[name] for name in ("uid", "name", "status")}


# --- files ----------------------------------------------------------------------------------------------------


def data(state: State, ask: Ask, path: tuple[str, ...]) -> Answer:
    """Answer a request below `/user/data`: fence signs addresses of files."""
    user = require_user(state, ask)
    match ask.method, path:
        case "GET", ("download", *rest):
            return _download(state, ask, user, "/".join(rest))
        case "POST", ("upload",):
            guid = _new_file(state, user, str(ask.json().get("file_name")))
            return json_answer({"guid": guid, "url": signed_url(ask, f"upload/{guid}")}, 201)
        case "GET", ("upload", *rest):
            guid = "/".join(rest)
            _held(state, user, guid, "write-storage")
            return json_answer({"url": signed_url(ask, f"upload/{guid}")})
        case "DELETE", _:
            guid = "/".join(path)
            _held(state, user, guid, "delete")
            del state.services.documents[guid]
            state.services.blobs.pop(f"upload/{guid}", None)
            return Answer(204)
    raise Failure(html_page(404, "The requested URL was not found on the server."))


def _held(state: State, user: User, guid: str, method: str) -> dict[str, Any]:
    document = state.services.documents.get(guid)
    if document is None:
        raise Failure(html_page(404, f"No indexd document found with guid {guid}"))
    if not any(user.may(method, one) for one in document["authz"] or [DATA_UPLOAD]):
        raise Failure(html_page(403, f"You don't have access permission on this file: {guid}"))
    return document


def _download(state: State, ask: Ask, user: User, guid: str) -> Answer:
    document = _held(state, user, guid, "read-storage")
    protocol = ask.query.get("protocol")
    urls = [url for url in document["urls"] if protocol is None or url.startswith(f"{protocol}://")]
    if not urls and f"upload/{guid}" not in state.services.blobs:
        raise Failure(html_page(404, f"File {guid} does not have a location with specified protocol {protocol}."))
    return json_answer({"url": signed_url(ask, urls[0].partition("://")[2] if urls else f"upload/{guid}")})


def _new_file(state: State, user: User, name: str) -> str:
    if not user.may("file_upload", DATA_UPLOAD):
        raise Failure(html_page(403, "You don't have access to upload data."))
    guid = state.services.new_guid()
    now = state.now()
    state.services.documents[guid] = {
        "did": guid, "baseid": str(uuid.uuid4()), "rev": uuid.uuid4().hex[:8], "form": "object", "size": None,
        "hashes": {}, "urls": [], "file_name": name, "version": None, "metadata": {}, "acl": [], "authz": [],
        "urls_metadata": {}, "uploader": user.name, "created_date": now, "updated_date": now,
    }  # fmt: skip
    return guid


# --- workspaces -----------------------------------------------------------------------------------------------


def workspace(state: State, ask: Ask, path: tuple[str, ...]) -> Answer:
    """Answer a request below `/ws-storage`: each user has a store of their own."""
    user = require_user(state, ask)
    if len(path) <= 1:
        raise Failure(json_answer({"Error": "not found"}, 404))
    what, *rest = path
    key = "/".join((f"workspace-{user.number}", *rest))
    if what in ("upload", "download") and ask.method == "GET":
        return json_answer({"Data": signed_url(ask, key)})
    if what != "list":
        raise Failure(json_answer({"Error": "not found"}, 404))
    blobs = state.services.blobs
    if ask.method == "DELETE":
        return json_answer({"Data": "ok" if blobs.pop(key, None) is not None else "not found"})
    held = {name: len(content) for name, content in blobs.items() if f"{name}/".startswith(f"{key.rstrip('/')}/")}
    objects = [
        {"WorkspaceKey": name.partition("/")[2].partition("/")[2], "SizeBytes": size} for name, size in held.items()
    ]
    return json_answer({"Data": {"Prefix": "/".join(rest[1:]), "Objects": objects, "Prefixes": []}})


def workspace_tokens(state: State, ask: Ask, path: tuple[str, ...]) -> Answer:
    """Answer a request below `/wts`: a token for whoever has one, of this commons alone."""
    if path == ("external_oidc",):
        return json_answer({"providers": []})
    if path != ("token",):
        raise Failure(json_answer({"error": "not found"}, 404))
    user = require_user(state, ask)
    if ask.query.get("idp", "default") != "default":
        raise Failure(json_answer({"error": "requested idp is not configured"}, 400))
    token = state.tokens.access(user, state.token_lifetime)
    return json_answer({"token": token})
