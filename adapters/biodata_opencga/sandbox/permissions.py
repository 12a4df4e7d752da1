"""Permissions of single entries (section 6; recordings 210, 325, 330)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_opencga.sandbox import links
from biodata_opencga.sandbox.bodies import read_body
from biodata_opencga.sandbox.entities import NOT_FOUND, ids_of
from biodata_opencga.sandbox.errors import catalog
from biodata_opencga.sandbox.http import Part, event
from biodata_opencga.sandbox.model import kind_of
from biodata_opencga.sandbox.params import acl_spec
from biodata_opencga.sandbox.studies import acl_entry, changed_rights

if TYPE_CHECKING:
    from biodata_opencga.sandbox.calls import Call

__all__ = ["listed", "update"]


def listed(call: Call, kind: str, text: str) -> Part:
    """Who may do what with each entry, beyond the study's permissions."""
    study, part = call.study, Part(matches=-1)
    wanted = call.ask.query.get("member")
    for name in ids_of(text):
        entry = study.find(kind, name)
        if entry is None or not call.may("VIEW", study, kind, entry):
            part.events = [*part.events, event("ERROR", name, NOT_FOUND)]
            continue
        shown = [acl_entry(member, rights) for member, rights in entry.acl.items() if wanted in (None, member)]
        part.results = [*part.results, {"id": entry.id, "acl": shown}]
    return part


def update(call: Call, kind: str, members: str) -> Part:
    """Change what members may do with some entries."""
    singular = "clinicalAnalysis" if kind == "clinical" else kind_of(kind).singular.lower()
    body = read_body(call.ask, acl_spec(singular))
    study = call.study
    call.need_owner("share entries of the study")
    if not body.get(singular):
        raise catalog(f"Missing {singular} parameter")
    given = [one.strip() for one in body.get("permissions", "").split(",") if one.strip()]
    action, results = call.ask.query.get("action", "SET"), []
    for name in body[singular].split(","):
        entry = links.resolve(study, kind, name)
        for member in members.split(","):
            entry.acl[member] = changed_rights(entry.acl.get(member, []), given, action)
        results.append({"id": entry.id, "acl": [acl_entry(one, entry.acl[one]) for one in members.split(",")]})
    return Part(results=results, matches=-1)
