"""Create, search, info, update, delete, distinct and acl of a study's entries (sections 2, 3, 5 and 6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from biodata_opencga.sandbox import annotations, links
from biodata_opencga.sandbox.bodies import read_body
from biodata_opencga.sandbox.documents import completed, new_document
from biodata_opencga.sandbox.errors import Refusal, bad_parameter, catalog, parameter, service
from biodata_opencga.sandbox.filters import compiled, values_at
from biodata_opencga.sandbox.http import Part, event
from biodata_opencga.sandbox.model import Entry, kind_of
from biodata_opencga.sandbox.params import CREATE, UPDATE
from biodata_opencga.sandbox.rendering import of_entry, selected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biodata_opencga.sandbox.calls import Call
    from biodata_opencga.sandbox.model import Study

__all__ = ["add", "checked_id", "create", "delete", "distinct", "found", "ids_of", "info", "search", "update"]

Json = dict[str, Any]
NOT_FOUND = "Not found or user does not have permissions."
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_.:]*")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOST_IDS = 100
_LINKED = frozenset({"individualId", "father", "mother", "samples", "members", "sampleIds", "proband", "family"})
_ACTIONS = ("ADD", "SET", "REMOVE")
_CREATED_WITH_EVENTS = frozenset({"cohorts", "clinical"})


# --- create ------------------------------------------------------------------------------------------------


def create(call: Call, kind: str) -> Part:
    """One entry from a body; nothing comes back unless `includeResult`."""
    body = read_body(call.ask, CREATE[kind])
    study = call.study
    call.need_create(study, kind)
    entry = add(call, study, kind, body)
    part = Part(inserted=1, matches=1, absent=() if kind in _CREATED_WITH_EVENTS else ("events",))
    if call.ask.flag("includeResult"):
        part.results = [selected(call.ask, kind, of_entry(study, entry))]
        part.kind = kind_of(kind).java if kind == "cohorts" else ""
    return part


def checked_id(name: Any) -> str:
    """An id, if it can be one.

    Raises:
        Refusal: 500.
    """
    if not isinstance(name, str) or not _ID.fullmatch(name):
        shown = "null" if name is None else name
        raise parameter(f"Error in identifier: '{shown}' is not a valid id.")
    return name


def add(call: Call, study: Study, kind: str, body: Json, *, store: bool = True) -> Entry:
    """Store a new entry, and those that its body brings along.

    Raises:
        Refusal: a bad or taken id, or it names others that are not there.
    """
    name = checked_id(body.get("id"))
    if study.find(kind, name) is not None:
        raise catalog(f"{kind_of(kind).singular} '{name}' already exists.")
    given = _brought(call, study, kind, body)
    sets = [annotations.checked(study, one) for one in body.get("annotationSets", ())]
    plain = {key: value for key, value in body.items() if key not in _LINKED}
    uuid = call.state.uuid(kind_of(kind).code)
    fields = new_document(kind, {**plain, "annotationSets": sets} if sets else plain, uuid, call.stamp)
    entry = Entry(kind=kind, uid=call.organization.last_uid + 1, fields=fields)
    links.link_created(call, study, entry, given)
    call.organization.new_uid()
    if store:
        study.entries += [*given.get("new samples", ()), *given.get("new members", ()), entry]
    return entry


def _brought(call: Call, study: Study, kind: str, body: Json) -> Json:
    given = {key: body[key] for key in _LINKED if key in body}
    if kind == "individuals":
        given["sample ids"] = _listed(call.ask.query.get("samples"))
        given["new samples"] = [add(call, study, "samples", one, store=False) for one in body.get("samples", ())]
    if kind == "families":
        given["member ids"] = _listed(call.ask.query.get("members"))
        given["new members"] = [add(call, study, "individuals", one, store=False) for one in body.get("members", ())]
    return given


def _listed(text: str | None) -> list[str]:
    return [one.strip() for one in (text or "").split(",") if one.strip()]


# --- search, info, distinct --------------------------------------------------------------------------------


def found(call: Call, kind: str) -> list[Json]:
    """The documents that the query's filters let through and the user may see, sorted."""
    study, query = call.study, call.ask.query
    tests = compiled(kind, query, study.uid)
    if "annotation" in query:
        tests.append(annotations.filter_of(study, query["annotation"]))
    entries = [one for one in study.all(kind, deleted=call.ask.flag("deleted")) if _seen(call, study, one)]
    if "acl" in query:
        member, _, rights = query["acl"].partition(":")
        wanted = _listed(rights)
        entries = [one for one in entries if all(call.allows(member, right, study, kind, one) for right in wanted)]
    documents = (of_entry(study, one) for one in entries)
    return _sorted([one for one in documents if all(test(one) for test in tests)], query)


def _seen(call: Call, study: Study, entry: Entry) -> bool:
    return call.may("VIEW", study, entry.kind, entry)


def _sorted(documents: list[Json], query: dict[str, str]) -> list[Json]:
    """By one dotted field, descending unless told otherwise; another text sorts nothing (recordings 071 to 452)."""
    path = query.get("sort", "")
    if not any(values_at(one, path) for one in documents):
        return documents
    ascending = query.get("order", "").lower() in ("ascending", "asc", "1")
    there = [one for one in documents if values_at(one, path)]
    absent = [one for one in documents if not values_at(one, path)]
    try:
        there.sort(key=lambda one: values_at(one, path)[0], reverse=not ascending)
    except TypeError:
        return documents
    return absent + there if ascending else there + absent


def search(call: Call, kind: str) -> Part:
    """A page of what is found."""
    skip, limit = call.ask.window
    every = found(call, kind)
    page = every[skip : skip + limit]
    return Part(
        results=[_with_individual(call, kind, selected(call.ask, kind, one)) for one in page],
        kind=kind_of(kind).java if page else "",
        matches=len(every) if call.ask.flag("count") else -1,
    )


def _with_individual(call: Call, kind: str, document: Json) -> Json:
    """The individual beside a sample's attributes, where `includeIndividual` (section 5)."""
    owner = document.get("individualId")
    if kind != "samples" or not owner or not call.ask.flag("includeIndividual"):
        return document
    individual = call.study.find("individuals", owner)
    if individual is None:
        return document
    shown = of_entry(call.study, individual, nested=True)
    shown.pop("samples")
    stub = {"release": 0, "version": 0, "parentalConsanguinity": False}
    attributes = {"OPENCGA_INDIVIDUAL": {**shown, "father": stub, "mother": stub}}
    return {**document, "attributes": {**document.get("attributes", {}), **attributes}}


def ids_of(text: str) -> list[str]:
    """The ids of a path.

    Raises:
        Refusal: more than 100, one twice, or uuids and ids together.
    """
    names = text.split(",")
    if len(names) > _MOST_IDS:
        raise service(f"More than {_MOST_IDS} IDs are provided")
    if len(set(names)) < len(names):
        raise service("Provided  IDs are not unique. Only unique IDs are accepted.")
    if len({_UUID.fullmatch(name) is not None for name in names}) > 1:
        raise catalog("Found uuids and ids in the same query. Please, choose one or do two different queries.")
    return names


def info(call: Call, kind: str, text: str) -> Part:
    """Entries by id in the order asked; one that is not there, or not seen, is an event."""
    study, part = call.study, Part()
    for name in ids_of(text):
        shown = name.replace(":", "/") if kind == "files" else name
        documents = _versions(call, study, kind, shown)
        if not documents:
            part.events = [*part.events, event("ERROR", shown, NOT_FOUND)]
        part.results = [*part.results, *documents]
    part.matches = len(part.results)
    return part


def _versions(call: Call, study: Study, kind: str, name: str) -> list[Json]:
    wanted = call.ask.query.get("version", "")
    documents: list[Json] = []
    for entry in study.all(kind, deleted=call.ask.flag("deleted")):
        names = (entry.fields["id"], entry.fields["uuid"], entry.fields.get("path", "").rstrip("/") or None)
        if name.rstrip("/") not in names and name not in names or not _seen(call, study, entry):
            continue
        every = [*entry.history, entry.fields]
        numbers = _listed(wanted)
        chosen = [one for one in every if str(one.get("version")) in numbers] if wanted else [entry.fields]
        for fields in every if wanted == "all" else chosen:
            document = selected(call.ask, kind, of_entry(study, entry, fields=fields))
            documents.append(_with_individual(call, kind, document))
    return documents


def distinct(call: Call, kind: str) -> Part:
    """The values of some fields, one after the other, each sorted."""
    documents = found(call, kind)
    results: list[Any] = []
    for path in _listed(call.ask.query.get("field")):
        results += sorted({value for one in documents for value in values_at(one, path)})
    java = {bool: "java.lang.Boolean", int: "java.lang.Integer", float: "java.lang.Double"}
    name = java.get(type(results[0]), "java.lang.String") if results else ""
    return Part(results=results, kind=name, matches=-1)


# --- update, delete ----------------------------------------------------------------------------------------


def each(call: Call, kind: str, text: str, action: str, work: Callable[[Entry], list[Json]]) -> Part:
    """Do something with each entry of a path; what cannot be done is an event, the others are done."""
    study, part = call.study, Part()
    for name in ids_of(text):
        entry = study.find(kind, name)
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
        if word not in (*_ACTIONS, "REPLACE"):
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
    if entry.history and entry.history[-1] != stored:
        entry.history[-1] = stored
    return before == _comparable(of_entry(study, entry))


def _changed(study: Study, entry: Entry, body: Json, actions: dict[str, str]) -> Json:
    changed: Json = {}
    for key, value in completed(entry.kind, body).items():
        now = entry.fields.get(key)
        if key == "annotationSets":
            changed[key] = annotations.applied(study, now or [], value, actions.get(key, "ADD"))
        elif key == "attributes":
            changed[key] = {**(now or {}), **value}
        elif isinstance(value, list) and key not in _LINKED:
            changed[key] = links.apply_list(now or [], value, actions.get(key, "ADD"))
        elif key not in _LINKED:
            changed[key] = value
    return changed


def _comparable(document: Json) -> Json:
    return {key: value for key, value in document.items() if key not in ("version", "modificationDate", "internal")}


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


def documents_of(study: Study, entries: Sequence[Entry]) -> list[Json]:
    """The documents of entries."""
    return [of_entry(study, one) for one in entries]


def generate(call: Call) -> Part:
    """A cohort of the samples that a search finds (recording 173)."""
    body = read_body(call.ask, CREATE["cohorts"])
    study = call.study
    call.need_create(study, "cohorts")
    samples = [{"id": one["id"]} for one in found(call, "samples")]
    entry = add(call, study, "cohorts", {**body, "samples": samples})
    shown = [selected(call.ask, "cohorts", of_entry(study, entry))] if call.ask.flag("includeResult") else []
    return Part(results=shown, inserted=1, matches=1, absent=("events",))
