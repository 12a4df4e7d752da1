"""Update and delete of a study's entries; what cannot be done is an event, the rest is done (sections 3 and 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_opencga.sandbox import annotation_sets, clinical, links
from biodata_opencga.sandbox.bodies import read_body
from biodata_opencga.sandbox.documents import completed
from biodata_opencga.sandbox.entities import LINKED, checked_id, ids_of
from biodata_opencga.sandbox.errors import Refusal, bad_parameter, catalog
from biodata_opencga.sandbox.http import Part, event
from biodata_opencga.sandbox.model import kind_of
from biodata_opencga.sandbox.params import UPDATE
from biodata_opencga.sandbox.rendering import of_entry, selected

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata_opencga.sandbox.calls import Call
    from biodata_opencga.sandbox.model import Entry, Study

__all__ = ["delete", "update"]

Json = dict[str, Any]
_DEFAULTS = {"panels": "SET", "jobs": "SET"}
"""Of the lists whose updates take no action; all others are added to (section 6)."""
_ACTIONS = ("ADD", "SET", "REMOVE", "REPLACE")


def each(call: Call, kind: str, text: str, action: str, work: Callable[[Entry], list[Json]]) -> Part:
    """Do something with each entry of a path; what cannot be done is an event, the others are done."""
    study, part = call.study, Part()
    for name in ids_of(text):
        entry = study.find(kind, name)
        problem: Json | None
        if entry is None:
            problem = event("ERROR", name, links.missing(kind, study, name))
        elif not call.may(action, study, kind, entry):
            singular = kind_of(kind).singular
            words = f"Permission denied. User '{call.user}' cannot {action} {singular} {{ uid: {entry.uid} }}"
            problem = event("ERROR", name, words)
        else:
            problem = _tried(entry, name, work, part)
        if problem is not None:
            part.events = [*part.events, problem]
            part.errors += 1
    return part


def _tried(entry: Entry, name: str, work: Callable[[Entry], list[Json]], part: Part) -> Json | None:
    try:
        warnings = work(entry)
    except Refusal as refusal:
        return event("ERROR", name, refusal.message)
    part.matches += 1
    part.events = [*part.events, *warnings]
    return None


def update(call: Call, kind: str, text: str) -> Part:
    """The same changes to each entry of the path."""
    body = read_body(call.ask, UPDATE[kind])
    actions = _actions(call.ask.query)
    changed: list[Entry] = []

    def work(entry: Entry) -> list[Json]:
        same = change(call, call.study, entry, body, actions)
        changed.append(entry)
        words = f"{kind_of(kind).singular} was already updated"
        return [event("WARNING", entry.id, words)] if same else []

    part = each(call, kind, text, "WRITE", work)
    part.updated = part.matches
    if kind == "samples":
        part.top = [{"type": "INFO", "code": 0, "message": "Sample update success"}]
    if call.ask.flag("includeResult"):
        part.results = [selected(call.ask, kind, of_entry(call.study, one)) for one in changed]
    return part


def _actions(query: dict[str, str]) -> dict[str, str]:
    """`samplesAction=SET` as samples -> SET.

    Raises:
        Refusal: 404 for another word.
    """
    found = {name.removesuffix("Action"): word for name, word in query.items() if name.endswith("Action")}
    for word in found.values():
        if word not in _ACTIONS:
            enum = "org.opencb.opencga.catalog.utils.ParamUtils.BasicUpdateAction"
            raise bad_parameter(f"java.lang.IllegalArgumentException: No enum constant {enum}.{word}")
    return found


def change(call: Call, study: Study, entry: Entry, body: Json, actions: dict[str, str]) -> bool:
    """Change one entry; True where nothing is different then.

    Raises:
        Refusal: nothing to change, a taken id, others that are not there, a bad annotation.
    """
    if not body:
        raise catalog("Missing parameters to update")
    if body.get("id", entry.id) != entry.id and study.find(entry.kind, checked_id(body["id"])) is not None:
        raise catalog(f"{kind_of(entry.kind).singular} '{body['id']}' already exists.")
    changed = _changed(study, entry, body, actions)
    before, stored = _comparable(of_entry(study, entry)), dict(entry.fields)
    links.link_updated(call, study, entry, body, actions)
    links.bump(call, entry)
    entry.fields.update(changed)
    if entry.kind == "clinical":
        clinical.audit(call, entry, "Update")
    if entry.history and entry.history[-1] != stored:
        entry.history[-1] = stored
    return before == _comparable(of_entry(study, entry))


def _changed(study: Study, entry: Entry, body: Json, actions: dict[str, str]) -> Json:
    changed: Json = {}
    for key, value in completed(entry.kind, body).items():
        now = entry.fields.get(key)
        if key == "annotationSets":
            changed[key] = annotation_sets.applied(study, now or [], value, actions.get(key, "ADD"))
        elif key == "attributes":
            changed[key] = {**(now or {}), **value}
        elif isinstance(value, list) and key not in LINKED:
            changed[key] = links.apply_list(now or [], value, actions.get(key, _DEFAULTS.get(entry.kind, "ADD")))
        elif key not in LINKED:
            changed[key] = value
    return changed


def _comparable(document: Json) -> Json:
    moving = ("version", "modificationDate", "internal", "audit")
    return {key: value for key, value in document.items() if key not in moving}


def delete(call: Call, kind: str, text: str) -> Part:
    """Hide each entry of the path; `deleted=true` still shows it."""

    def work(entry: Entry) -> list[Json]:
        reason = links.free(call, call.study, entry, force=call.ask.flag("force"))
        if reason is not None:
            raise catalog(reason)
        entry.deleted = True
        entry.fields["internal"] = {**entry.fields["internal"], "status": call.stamp.status("DELETED")}
        return []

    part = each(call, kind, text, "DELETE", work)
    part.deleted = part.matches
    return part
