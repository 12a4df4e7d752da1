"""Jobs: registered ones, and those that a daemon runs where it is there (recordings 193, 235 to 238)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from biodata_opencga.sandbox import links
from biodata_opencga.sandbox.bodies import read_body
from biodata_opencga.sandbox.documents import new_document
from biodata_opencga.sandbox.entities import checked_id
from biodata_opencga.sandbox.errors import Refusal, catalog
from biodata_opencga.sandbox.http import Part
from biodata_opencga.sandbox.model import Entry, Waiting, kind_of
from biodata_opencga.sandbox.params import CREATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata_opencga.sandbox.calls import Call
    from biodata_opencga.sandbox.state import State

__all__ = ["create", "kill", "pending", "run"]


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


def pending(call: Call, tool: str, params: dict[str, Any], work: Callable[[], None]) -> Part:
    """A job that the server makes of a request, and runs when a daemon is there."""
    body = {
        "id": f"{tool}.{call.stamp.text}.{secrets.token_hex(3)}",
        "tool": {"id": tool},
        "params": params,
        "internal": _internal(call, "PENDING"),
        "parentId": "",
    }
    document = _store(call, body)
    call.state.waiting.append(Waiting(call.study.entries[-1], call.state.clock.time(), work))
    return Part(results=[document], kind=kind_of("jobs").java, matches=-1)


def run(state: State) -> None:
    """What the daemon has done since: jobs go from PENDING to RUNNING, and to DONE with what they do."""
    for one in list(state.waiting):
        age = state.clock.time() - one.since
        if state.job_seconds is None or age < state.job_seconds / 2:
            continue
        word = "RUNNING" if age < state.job_seconds else _ended(one)
        if word != "RUNNING":
            state.waiting.remove(one)
        internal = one.job.fields["internal"]
        one.job.fields["internal"] = {**internal, "status": state.stamp.status(word)}


def _ended(one: Waiting) -> str:
    try:
        one.work()
    except Refusal:
        return "ERROR"
    return "DONE"


def kill(call: Call, name: str) -> Part:
    """Abort a job that has not ended."""
    entry = links.resolve(call.study, "jobs", name)
    call.state.waiting = [one for one in call.state.waiting if one.job is not entry]
    internal = {**entry.fields["internal"], "killJobRequested": True}
    if internal["status"]["id"] in ("PENDING", "RUNNING"):
        internal["status"] = call.stamp.status("ABORTED")
    entry.fields["internal"] = internal
    return Part(updated=1, matches=1)


def _internal(call: Call, word: str) -> dict[str, Any]:
    return call.stamp.internal(word, webhook={"status": {}}, events=[], killJobRequested=False)


def _store(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    study = call.study
    where = {"userId": call.user, "study": {"id": study.fields["fqn"], "others": []}}
    document = new_document("jobs", {**body, **where}, call.state.uuid(kind_of("jobs").code), call.stamp)
    study.entries.append(Entry(kind="jobs", uid=call.organization.new_uid(), fields=document))
    return document
