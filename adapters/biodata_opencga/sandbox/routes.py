"""Which path is whose, and what every request goes through: the lock, the token, the envelope."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from biodata_opencga.sandbox import (
    accounts,
    annotation_sets,
    changes,
    clinical,
    entities,
    files,
    jobs,
    pedigree,
    permissions,
    studies,
)
from biodata_opencga.sandbox.calls import Call
from biodata_opencga.sandbox.errors import BadBody, BadNumber, Refusal, jersey
from biodata_opencga.sandbox.http import Answer, Ask, Part
from biodata_opencga.sandbox.model import kind_of
from biodata_opencga.sandbox.relatives import relatives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from biodata_opencga.sandbox.state import State

__all__ = ["Application"]

_CONTEXT = "opencga"
_ENCODER = msgspec.json.Encoder()
_CORS = (("Access-Control-Allow-Origin", "*"),)
_KINDS = ("samples", "individuals", "families", "cohorts", "files", "panels", "jobs")
_FILE_VERBS = {"head": "file", "tail": "file", "grep": "file", "content": "file", "download": "file"}
_FOLDER_VERBS = {"list": "folder", "tree": "folder"}
_OF_ONE_KIND: dict[tuple[str, str, str], Callable[[Call], Part]] = {
    ("files", "POST", "upload"): files.upload,
    ("files", "POST", "link"): files.link,
    ("cohorts", "POST", "generate"): entities.generate,
    ("samples", "GET", "load"): pedigree.load,
}
_CLINICAL_PATH = ["analysis", "clinical"]
_PAGE = (
    "<html><head><title>Error 500 Request failed.</title></head>"
    "<body><h2>HTTP ERROR 500 Request failed.</h2></body></html>"
)


class Application:
    """The WSGI application of an OpenCGA server, below `/opencga` and also without that."""

    def __init__(self, state: State) -> None:
        self.state = state

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        answer = self._answer(Ask(environ))
        headers = [*_CORS, *answer.headers]
        if answer.content_type is not None:
            headers.append(("Content-Type", answer.content_type))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [answer.body]

    def _answer(self, ask: Ask) -> Answer:
        path = ask.segments[1:] if ask.segments[:1] == [_CONTEXT] else ask.segments
        if ask.method == "OPTIONS":
            return Answer(200)
        if path[:2] != ["webservices", "rest"]:
            return Answer(302, headers=(("Location", f"/{_CONTEXT}/"),)) if len(path) == 0 else Answer(404)
        version, rest = (*path[2:3], "")[0], path[3:]
        try:
            with self.state.lock:
                jobs.run(self.state)
                part = self._part(ask, rest)
                return self._enveloped(ask, version, part, part.status)
        except BadBody as bad:
            return Answer(400, str(bad).encode(), "text/plain")
        except BadNumber:
            return Answer(500, _PAGE.encode(), "text/html;charset=iso-8859-1")
        except Refusal as refusal:
            if not refusal.echo_path:
                ask.path_params.clear()
            return self._enveloped(ask, version, Part(top=[refusal.event]), refusal.status)

    def _enveloped(self, ask: Ask, version: str, part: Part, status: int) -> Answer:
        if part.content is not None:
            disposition = f'attachment; filename ="{part.kind}"'
            return Answer(200, part.content, "application/octet-stream", (("Content-Disposition", disposition),))
        state = self.state
        base = f"{ask.environ['wsgi.url_scheme']}://{ask.header('Host') or 'localhost'}/{_CONTEXT}"
        uri = f"{base}/webservices/rest/"
        node = {"id": "primary", "uri": uri, "commit": state.commit, "version": state.version}
        whole: dict[str, Any] = {
            "apiVersion": version,
            "time": 1,
            "events": part.top,
            "params": {**ask.query, **ask.path_params},
            "type": "QUERY",
            "responses": [part.element(node)],
        }
        return Answer(status, _ENCODER.encode(whole), "application/json")

    def _part(self, ask: Ask, rest: list[str]) -> Part:
        if rest[:1] == ["meta"]:
            return _meta(self.state, ask, rest[1:])
        if (ask.method, rest) == ("POST", ["users", "login"]):
            return accounts.login(self.state, ask)
        if (ask.method, rest) == ("POST", ["users", "anonymous"]):
            return accounts.anonymous(self.state, ask)
        if rest[:2] == _CLINICAL_PATH:
            return _entries(_checked(self.state, ask), "clinical", rest[2:])
        if rest[:1] and rest[0] in _KINDS:
            return _entries(_checked(self.state, ask), rest[0], rest[1:])
        roots = {
            "users": accounts.users,
            "organizations": accounts.organizations,
            "projects": studies.projects,
            "studies": studies.studies,
        }
        if rest[:1] and rest[0] in roots:
            return roots[rest[0]](_checked(self.state, ask), rest[1:])
        raise jersey(404)


def _checked(state: State, ask: Ask) -> Call:
    _ = ask.window
    return Call(state, ask)


def _meta(state: State, ask: Ask, rest: list[str]) -> Part:
    if ask.method != "GET":
        raise jersey(405)
    if rest == ["ping"]:
        return Part(results=["pong"], kind="java.lang.String", matches=1)
    if rest == ["about"]:
        return Part(results=[_about(state)], absent=("events", "resultType", "attributes"))
    if rest == ["status"]:
        health = {"CatalogMongoDB": "OK", "Solr": "KO", "VariantStorage": "KO", "VariantStorageId": ""}
        words = "Unknown variant storage engine 'mongodb', unable to connect with solr, "
        absent = ("events", "resultType", "attributes")
        return _Unwell(results=[health], top=[{"type": "ERROR", "code": 0, "message": words}], absent=absent)
    raise jersey(404)


class _Unwell(Part):
    """The health of a server without a variant store."""

    @property
    def status(self) -> int:
        return 500


def _about(state: State) -> dict[str, str]:
    return {
        "Program": "OpenCGA (OpenCB)",
        "Git commit": state.commit,
        "Description": "Big Data platform for processing and analysing NGS data",
        "Version": state.version,
        "Git branch": state.commit,
    }


def _entries(call: Call, kind: str, rest: list[str]) -> Part:
    """The endpoints that all kinds of entries have, and those of files and samples."""
    ask = call.ask
    whole = {
        ("POST", "create"): lambda: _create(call, kind),
        ("GET", "search"): lambda: entities.search(call, kind),
        ("GET", "distinct"): lambda: entities.distinct(call, kind),
    }
    if len(rest) == 1:
        if (ask.method, rest[0]) in whole:
            return whole[ask.method, rest[0]]()
        if (kind, ask.method, rest[0]) in _OF_ONE_KIND:
            return _OF_ONE_KIND[kind, ask.method, rest[0]](call)
        if (kind, ask.method, rest[0]) == ("jobs", "GET", "top"):
            call.state.organization(ask.query.get("study") or call.organization.id)
        raise jersey(405 if rest[0] in ("create", "search", "distinct") else 404)
    if rest[:1] == ["acl"] and rest[2:] == ["update"]:
        ask.path_params["members"] = rest[1]
        return permissions.update(call, kind, rest[1])
    if rest[1:2] == ["annotationSets"] and rest[3:] == ["annotations", "update"]:
        ask.path_params |= {"annotationSet": rest[2], kind_of(kind).singular.lower(): rest[0]}
        return annotation_sets.annotate(call, kind, rest[0], rest[2])
    if len(rest) == 2:  # noqa: PLR2004 - ids and a verb
        return _of_ids(call, kind, rest[0], rest[1])
    raise jersey(404)


def _create(call: Call, kind: str) -> Part:
    special = {"files": files.create, "jobs": jobs.create, "clinical": clinical.create}
    return special[kind](call) if kind in special else entities.create(call, kind)


def _of_ids(call: Call, kind: str, text: str, verb: str) -> Part:
    ask = call.ask
    named = {
        "info": ("clinicalAnalysis", "GET"),
        "acl": ("clinicalAnalysis", "GET"),
        "update": ("clinicalAnalyses", "POST"),
        "delete": ("clinicalAnalyses", "DELETE"),
    }
    if verb in named:
        name, method = named[verb]
        if ask.method != method:
            raise jersey(405)
        ask.path_params[name if kind == "clinical" else kind] = text
        if kind == "files" and verb == "delete":
            return files.delete(call, text)
        work = {
            "info": entities.info,
            "acl": permissions.listed,
            "update": changes.update,
            "delete": changes.delete,
        }[verb]
        return work(call, kind, text)
    verbs = {**_FILE_VERBS, **_FOLDER_VERBS}
    if kind == "files" and ask.method == "GET" and verb in verbs:
        ask.path_params[verbs[verb]] = text
        return files.read(call, text, verb)
    if (kind, ask.method, verb) == ("jobs", "POST", "kill"):
        ask.path_params["job"] = text
        return jobs.kill(call, text)
    if (kind, ask.method, verb) == ("individuals", "GET", "relatives"):
        ask.path_params["individual"] = text
        return relatives(call, text)
    raise jersey(404)
