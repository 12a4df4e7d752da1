"""Create, search, info and distinct of a study's entries (sections 2, 3, 5 and 6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from biodata_opencga.sandbox import annotation_sets, links
from biodata_opencga.sandbox.bodies import read_body
from biodata_opencga.sandbox.documents import new_document
from biodata_opencga.sandbox.errors import catalog, parameter, service
from biodata_opencga.sandbox.filters import compiled, values_at
from biodata_opencga.sandbox.http import Part, event
from biodata_opencga.sandbox.model import Entry, kind_of
from biodata_opencga.sandbox.params import CREATE
from biodata_opencga.sandbox.rendering import of_entry, selected

if TYPE_CHECKING:
    from biodata_opencga.sandbox.calls import Call
    from biodata_opencga.sandbox.model import Study

__all__ = ["LINKED", "add", "checked_id", "create", "distinct", "found", "generate", "ids_of", "info", "search"]

Json = dict[str, Any]
NOT_FOUND = "Not found or user does not have permissions."
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_.:]*")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOST_IDS = 100
LINKED = frozenset({"individualId", "father", "mother", "samples", "members", "sampleIds", "proband", "family"})
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
    sets = [annotation_sets.checked(study, one) for one in body.get("annotationSets", ())]
    plain = {key: value for key, value in body.items() if key not in LINKED}
    uuid = call.state.uuid(kind_of(kind).code)
    fields = new_document(kind, {**plain, "annotationSets": sets} if sets else plain, uuid, call.stamp)
    entry = Entry(kind=kind, uid=call.organization.last_uid + 1, fields=fields)
    links.link_created(call, study, entry, given)
    call.organization.new_uid()
    if store:
        study.entries += [*given.get("new samples", ()), *given.get("new members", ()), entry]
    return entry


def _brought(call: Call, study: Study, kind: str, body: Json) -> Json:
    given = {key: body[key] for key in LINKED if key in body}
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
        tests.append(annotation_sets.filter_of(study, query["annotation"]))
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
        if (name.rstrip("/") not in names and name not in names) or not _seen(call, study, entry):
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
        every = [value for one in documents for value in values_at(one, path) if not isinstance(value, dict)]
        results += sorted(set(every), key=lambda value: (str(type(value)), value))
    java = {bool: "java.lang.Boolean", int: "java.lang.Integer", float: "java.lang.Double"}
    name = java.get(type(results[0]), "java.lang.String") if results else ""
    return Part(results=results, kind=name, matches=-1)


def generate(call: Call) -> Part:
    """A cohort of the samples that a search finds (recording 173)."""
    body = read_body(call.ask, CREATE["cohorts"])
    study = call.study
    call.need_create(study, "cohorts")
    samples = [{"id": one["id"]} for one in found(call, "samples")]
    entry = add(call, study, "cohorts", {**body, "samples": samples})
    shown = [selected(call.ask, "cohorts", of_entry(study, entry))] if call.ask.flag("includeResult") else []
    return Part(results=shown, inserted=1, matches=1, absent=("events",))
