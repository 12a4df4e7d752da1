"""Indexd and its DRS view: where files are, by an identifier that may hold a slash (protocols/gen3.md, e)."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from biodata_gen3.sandbox.http import Answer, Ask, Failure, json_answer
from biodata_gen3.sandbox.services import PREFIX, allowed, number, signed_url

if TYPE_CHECKING:
    from biodata_gen3.sandbox.state import State

__all__ = ["drs", "handle"]

_MOST, _USUAL = 1024, 100
_KEPT = (
    "size", "hashes", "urls", "file_name", "version", "metadata", "acl", "authz", "urls_metadata", "description",
    "content_created_date", "content_updated_date", "uploader",
)  # fmt: skip
_EMPTY: dict[str, Any] = {"hashes": {}, "urls": [], "metadata": {}, "acl": [], "authz": [], "urls_metadata": {}}


def handle(state: State, ask: Ask, path: tuple[str, ...]) -> Answer:  # noqa: C901, PLR0911, PLR0912 - a table of paths
    """Answer a request below `/index`."""
    match path:
        case ("_status",):
            return Answer(200, b"Healthy", "text/html; charset=utf-8")
        case ("_version",):
            return json_answer({"version": "", "commit": ""})
        case ("_stats",):
            held = state.services.documents.values()
            return json_answer({"fileCount": len(held), "totalFileSize": sum(one["size"] or 0 for one in held)})
        case ("bulk", "documents"):
            wanted = set(ask.json())
            return json_answer([one for did, one in state.services.documents.items() if did in wanted])
        case ("_query", "urls", "q"):
            return _query_urls(state, ask)
        case ("urls",):
            return json_answer(
                {"urls": [{"url": url, "metadata": {}} for one in _found(state, ask) for url in one["urls"]]}
            )
        case ("guid", "mint"):
            guids = [state.services.new_guid() for _ in range(number(ask, "count", 1, 10_000))]
            return json_answer({"guids": guids})
        case ("guid", "prefix"):
            return json_answer({"prefix": PREFIX})
        case ("index",):
            return _create(state, ask) if ask.method == "POST" else _listed(state, ask)
        case ("index", "blank"):
            return _blank(state, ask)
        case ("index", "blank", *rest):
            return _change(state, ask, "/".join(rest))
        case ("index", *rest, "latest"):
            return json_answer(_versions(state, "/".join(rest))[-1])
        case ("index", *rest, "versions"):
            return json_answer(dict(enumerate(_versions(state, "/".join(rest)))))
        case ("index", *rest):
            return _one(state, ask, "/".join(rest))
    return json_answer(_document(state, "/".join(path)))


def _failed(status: int, text: str) -> Failure:
    return Failure(json_answer({"error": text}, status))


def _document(state: State, did: str) -> dict[str, Any]:
    found = state.services.documents.get(did)
    if found is None:
        raise _failed(404, "no record found")
    return found


def _one(state: State, ask: Ask, did: str) -> Answer:
    match ask.method:
        case "GET":
            return json_answer(_document(state, did))
        case "PUT":
            return _change(state, ask, did)
        case "POST":
            before = _document(state, did)
            allowed(state, ask, "create", before["authz"] or ["/services/indexd/admin"])
            return _added(state, {**_given(ask), "baseid": before["baseid"]})
        case "DELETE":
            document = _revised(state, ask, did)
            allowed(state, ask, "delete", document["authz"] or ["/services/indexd/admin"])
            del state.services.documents[did]
            return json_answer({})
    raise _failed(405, "method not allowed")


# --- lists ----------------------------------------------------------------------------------------------------


def _listed(state: State, ask: Ask) -> Answer:
    found = sorted(_found(state, ask), key=lambda one: str(one["did"]))
    limit, start = number(ask, "limit", _USUAL, _MOST), ask.query.get("start")
    if start is not None:
        found = [one for one in found if str(one["did"]) > start]
    skipped = number(ask, "page", 0, 10**9) * limit
    page = found[skipped : skipped + limit]
    told = {"ids": None, "limit": limit, "start": start, "records": page}
    return json_answer(told)


def _found(state: State, ask: Ask) -> list[dict[str, Any]]:
    hashes = dict(one.split(":", 1) for one in [ask.query["hash"]]) if ":" in ask.query.get("hash", "") else {}
    hashes |= _hashes(ask.query["hashes"]) if "hashes" in ask.query else {}
    size, url = ask.query.get("size"), ask.query.get("url")
    return [
        one
        for one in state.services.documents.values()
        if hashes.items() <= one["hashes"].items()
        and (size is None or str(one["size"]) == size)
        and (url is None or url in one["urls"])
    ]


def _hashes(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise _failed(400, f"{text} is not valid JSON")
    return found


def _query_urls(state: State, ask: Ask) -> Answer:
    wanted = ask.query.get("include", "")
    held = [(one["did"], [url for url in one["urls"] if wanted in url]) for one in state.services.documents.values()]
    return json_answer([{"did": did, "urls": urls} for did, urls in held if urls])


def _versions(state: State, did: str) -> list[dict[str, Any]]:
    baseid = _document(state, did)["baseid"]
    return [one for one in state.services.documents.values() if one["baseid"] == baseid]


# --- writes ---------------------------------------------------------------------------------------------------


def _given(ask: Ask) -> dict[str, Any]:
    given = ask.json()
    if not isinstance(given, dict):
        raise _failed(400, f"{given!r} is not of type 'object'")
    return given


def _create(state: State, ask: Ask) -> Answer:
    given = _given(ask)
    missing = [name for name in ("form", "size", "hashes", "urls") if name not in given]
    if missing:
        raise _failed(400, f"'{missing[0]}' is a required property")
    allowed(state, ask, "create", given.get("authz") or ["/services/indexd/admin"])
    if given.get("did") in state.services.documents:
        raise _failed(409, f'did "{given["did"]}" already exists')
    return _added(state, given)


def _blank(state: State, ask: Ask) -> Answer:
    given = _given(ask)
    allowed(state, ask, "file_upload", given.get("authz") or ["/data_file"])
    made = _added(state, {**given, "size": None})
    return Answer(201, made.body, made.content_type)


def _added(state: State, given: dict[str, Any]) -> Answer:
    did, now = given.get("did") or state.services.new_guid(), state.now()
    document = {name: given.get(name) for name in _KEPT} | {
        name: given.get(name) or one for name, one in _EMPTY.items()
    }
    document |= {"did": did, "baseid": given.get("baseid") or str(uuid.uuid4()), "rev": _revision(), "form": "object"}
    state.services.documents[did] = document | {"created_date": now, "updated_date": now}
    return _told(document)


def _change(state: State, ask: Ask, did: str) -> Answer:
    document, given = _revised(state, ask, did), _given(ask)
    allowed(state, ask, "update", document["authz"] or ["/services/indexd/admin", "/data_file"])
    document |= {name: one for name, one in given.items() if name in _KEPT}
    document |= {"rev": _revision(), "updated_date": state.now()}
    return _told(document)


def _revised(state: State, ask: Ask, did: str) -> dict[str, Any]:
    """The document, if the client has seen its newest revision."""
    document = _document(state, did)
    if ask.query.get("rev") != document["rev"]:
        raise _failed(409, "revision mismatch")
    return document


def _revision() -> str:
    return uuid.uuid4().hex[:8]


def _told(document: dict[str, Any]) -> Answer:
    return json_answer({name: document[name] for name in ("did", "rev", "baseid")})


# --- DRS ------------------------------------------------------------------------------------------------------


def drs(state: State, ask: Ask, path: tuple[str, ...]) -> Answer:
    """Answer a request below `/ga4gh/drs/v1/objects`."""
    if not path:
        held = list(state.services.documents.values())[: number(ask, "limit", _USUAL, _MOST)]
        return json_answer({"drs_objects": [_drs_object(one, ask) for one in held]})
    *rest, last = path
    did = "/".join(rest[:-1] if rest and rest[-1] == "access" else path)
    document = state.services.documents.get(did)
    if document is None:
        return json_answer({"msg": "no record found", "status_code": 404}, 404)
    if did != "/".join(path):
        return _access(state, ask, document, last)
    return json_answer(_drs_object(document, ask))


def _access(state: State, ask: Ask, document: dict[str, Any], protocol: str) -> Answer:
    allowed(state, ask, "read-storage", document["authz"] or ["/"])
    urls = [url for url in document["urls"] if url.startswith(f"{protocol}://")]
    if not urls:
        return json_answer({"msg": f"no location with access {protocol}", "status_code": 404}, 404)
    return json_answer({"url": signed_url(ask, urls[0].partition("://")[2])})


def _drs_object(document: dict[str, Any], ask: Ask) -> dict[str, Any]:
    methods = [
        {"type": one, "access_id": one, "access_url": {"url": url}}
        for url in document["urls"]
        for one in [url.partition("://")[0]]
    ]
    return {
        "id": document["did"],
        "name": document["file_name"],
        "size": document["size"],
        "version": document["rev"],
        "created_time": document["created_date"],
        "updated_time": document["updated_date"],
        "self_uri": f"drs://{ask.base.partition('://')[2]}/{document['did']}",
        "checksums": [{"type": kind, "checksum": one} for kind, one in document["hashes"].items()],
        "access_methods": methods,
    }  # fmt: skip
