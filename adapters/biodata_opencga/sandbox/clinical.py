"""Clinical analyses: what the server adds to one that is created (recordings 230 to 234)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_opencga.sandbox import entities
from biodata_opencga.sandbox.bodies import read_body
from biodata_opencga.sandbox.documents import ontology
from biodata_opencga.sandbox.http import Part
from biodata_opencga.sandbox.params import CREATE
from biodata_opencga.sandbox.rendering import of_entry, selected

if TYPE_CHECKING:
    from biodata_opencga.sandbox.calls import Call

__all__ = ["create"]

Json = dict[str, Any]


def create(call: Call) -> Part:
    """One analysis; without an interpretation."""
    body = read_body(call.ask, CREATE["clinical"])
    study = call.study
    call.need_create(study, "clinical")
    entry = entities.add(call, study, "clinical", {**_defaults(call), **_named(body)})
    entry.fields["audit"] = [_audit(call, entry.id)]
    results = [selected(call.ask, "clinical", of_entry(study, entry))] if call.ask.flag("includeResult") else []
    return Part(results=results, inserted=1, matches=1)


def _named(body: Json) -> Json:
    return {**body, "disorder": ontology(body["disorder"])} if "disorder" in body else body


def _audit(call: Call, name: str) -> Json:
    message = f"Create ClinicalAnalysis '{name}'"
    return {"author": call.user, "action": "CREATE_CLINICAL_ANALYSIS", "message": message, "date": call.stamp.text}


def _defaults(call: Call) -> Json:
    user = call.organization.users[call.user]
    person = {name: user[name] for name in ("id", "name", "email")}
    build = {"version": call.state.version, "commit": call.state.commit, "date": call.stamp.text}
    state = {"id": "READY_FOR_INTERPRETATION", "description": "", "type": "NOT_STARTED", "author": call.user}
    return {
        "analysts": [{**person, "role": call.user, "attributes": {}}],
        "responsible": person,
        "priority": {"id": "UNKNOWN", "description": "", "rank": 5, "date": call.stamp.text},
        "status": {**state, **build},
    }
