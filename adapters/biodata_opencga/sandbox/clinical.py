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
    from biodata_opencga.sandbox.model import Entry

__all__ = ["audit", "create"]

Json = dict[str, Any]


def create(call: Call) -> Part:
    """One analysis; without an interpretation."""
    body = read_body(call.ask, CREATE["clinical"])
    study = call.study
    call.need_create(study, "clinical")
    entry = entities.add(call, study, "clinical", {**_defaults(call), **_named(body)})
    audit(call, entry, "Create")
    results = [selected(call.ask, "clinical", of_entry(study, entry))] if call.ask.flag("includeResult") else []
    return Part(results=results, inserted=1, matches=1)


def _named(body: Json) -> Json:
    return {**body, "disorder": ontology(body["disorder"])} if "disorder" in body else body


def audit(call: Call, entry: Entry, done: str) -> None:
    """Note in an analysis who did what to it: `Create`, `Update` (recordings 230 and 233)."""
    said = {"action": f"{done.upper()}_CLINICAL_ANALYSIS", "message": f"{done} ClinicalAnalysis '{entry.id}'"}
    line = {"author": call.user, **said, "date": call.stamp.text}
    entry.fields["audit"] = [*entry.fields.get("audit", ()), line]


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
