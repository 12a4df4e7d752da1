"""Jobs: registered ones, and those that wait for a daemon which is not there (recordings 193, 235 to 238)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from biodata_opencga.sandbox.bodies import read_body
from biodata_opencga.sandbox.documents import new_document
from biodata_opencga.sandbox.entities import checked_id
from biodata_opencga.sandbox.errors import catalog
from biodata_opencga.sandbox.http import Part
from biodata_opencga.sandbox.model import Entry, kind_of
from biodata_opencga.sandbox.params import CREATE

if TYPE_CHECKING:
    from biodata_opencga.sandbox.calls import Call

__all__ = ["create", "pending"]


def create(call: Call) -> Part:
    """Register a job that was done elsewhere."""
    body = read_body(call.ask, CREATE["jobs"])
    study = call.study
    call.need_create(study, "jobs")
    if study.find("jobs", checked_id(body.get("id"))) is not None:
        raise catalog(f"Job '{body['id']}' already exists.")
    waiting = _internal(call, "DONE")
    waiting.pop("registrationDate"), waiting.pop("lastModified")
    document = _store(call, {"description": "", "commandLine": "", **body, "internal": waiting})
    results = [document] if call.ask.flag("includeResult") else []
    return Part(results=results, inserted=1, matches=1, absent=("events",))


def pending(call: Call, tool: str, params: dict[str, Any]) -> Part:
    """A job that the server makes of a request."""
    body = {
        "id": f"{tool}.{call.stamp.text}.{secrets.token_hex(3)}",
        "tool": {"id": tool},
        "params": params,
        "internal": _internal(call, "PENDING"),
        "parentId": "",
    }
    return Part(results=[_store(call, body)], kind=kind_of("jobs").java, matches=-1)


def _internal(call: Call, word: str) -> dict[str, Any]:
    return call.stamp.internal(word, webhook={"status": {}}, events=[], killJobRequested=False)


def _store(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    study = call.study
    where = {"userId": call.user, "study": {"id": study.fields["fqn"], "others": []}}
    document = new_document("jobs", {**body, **where}, call.state.uuid(kind_of("jobs").code), call.stamp)
    study.entries.append(Entry(kind="jobs", uid=call.organization.new_uid(), fields=document))
    return document
