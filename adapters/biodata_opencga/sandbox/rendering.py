"""Entries as documents: what they link to put in, then cut by `include` and `exclude` (sections 2 and 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_opencga.sandbox.model import KINDS, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata_opencga.sandbox.http import Ask
    from biodata_opencga.sandbox.model import Entry, Kind, Project, Study

__all__ = ["of_entry", "of_project", "of_study", "projected", "selected"]

Json = dict[str, Any]
_STUB = {"release": 0, "version": 0, "parentalConsanguinity": False}
_PARENTS = ("father", "mother")
_NEVER_LEFT_OUT = frozenset({"id"})


# --- whole documents ---------------------------------------------------------------------------------------


def of_entry(study: Study, entry: Entry, *, nested: bool = False, fields: Json | None = None) -> Json:
    """The document of an entry, of an earlier version where its `fields` are given.

    Args:
        study: where it is.
        entry: what.
        nested: whether it stands in another document: there it has no annotation sets.
        fields: the stored fields of the version.
    """
    document = dict(entry.fields if fields is None else fields)
    if nested:
        document.pop("annotationSets", None)
    _FILL.get(entry.kind, _nothing)(study, entry, document)
    return document


def _nothing(study: Study, entry: Entry, document: Json) -> None:
    """Links to nothing."""


def _fill_sample(study: Study, entry: Entry, document: Json) -> None:
    document["individualId"] = next(iter(_ids(study, entry.linked("individual"))), "")
    document["cohortIds"] = _ids(study, entry.linked("cohorts"))
    document["fileIds"] = _ids(study, entry.linked("files"))


def _fill_individual(study: Study, entry: Entry, document: Json) -> None:
    for parent in _PARENTS:
        found = _found(study, entry.linked(parent))
        document[parent] = _stub(found[0]) if found else dict(_STUB)
    document["familyIds"] = _ids(study, entry.linked("families"))
    document["samples"] = [of_entry(study, one, nested=True) for one in _found(study, entry.linked("samples"))]


def _fill_family(study: Study, entry: Entry, document: Json) -> None:
    members = _found(study, entry.linked("members"))
    document["members"] = [of_entry(study, one, nested=True) for one in members]
    for name in ("phenotypes", "disorders"):
        every = {term["id"]: term for member in members for term in member.fields.get(name, ())}
        document[name] = list(every.values())
    document["roles"] = {one.id: _relations(one, members) for one in members}
    if document.get("expectedSize") is None:
        document["expectedSize"] = -1


def _relations(entry: Entry, members: list[Entry]) -> Json:
    found: Json = {}
    for other in members:
        for parent in _PARENTS:
            if other.uid in entry.linked(parent):
                found[other.id] = {"id": other.id, "relation": parent.upper()}
            if entry.uid in other.linked(parent):
                found[other.id] = {"id": other.id, "relation": _child(other)}
    return found


def _child(entry: Entry) -> str:
    return {"MALE": "SON", "FEMALE": "DAUGHTER"}.get(entry.fields["sex"]["id"], "CHILD_OF_UNKNOWN_SEX")


def _fill_cohort(study: Study, entry: Entry, document: Json) -> None:
    samples = _found(study, entry.linked("samples"))
    document["samples"] = [of_entry(study, one, nested=True) for one in samples]
    document["numSamples"] = len(samples)


def _fill_file(study: Study, entry: Entry, document: Json) -> None:
    document["sampleIds"] = _ids(study, entry.linked("samples"))


def _fill_clinical(study: Study, entry: Entry, document: Json) -> None:
    for name in ("proband", "family"):
        found = _found(study, entry.linked(name))
        if found:
            document[name] = of_entry(study, found[0], nested=True)


_FILL = {
    "samples": _fill_sample,
    "individuals": _fill_individual,
    "families": _fill_family,
    "cohorts": _fill_cohort,
    "files": _fill_file,
    "clinical": _fill_clinical,
}


def _stub(parent: Entry) -> Json:
    return {**_STUB, "id": parent.id, "version": parent.fields["version"]}


def _found(study: Study, uids: Iterable[int]) -> list[Entry]:
    return [entry for uid in uids if (entry := study.by_uid(uid)) is not None]


def _ids(study: Study, uids: Iterable[int]) -> list[str]:
    return [entry.id for entry in _found(study, uids)]


def of_study(study: Study, *, internal: bool = False) -> Json:
    """The document of a study, with its internal variable sets where they are shown (recordings 034, 225)."""
    size = sum(int(one.fields["size"]) for one in study.all("files"))
    own = {"@members": study.members, "@admins": study.members[:1]}
    groups = [{"id": name, "userIds": users} for name, users in {**own, **study.groups}.items()]
    sets = [one for one in study.variable_sets if internal or not one["internal"]]
    return {**study.fields, "size": size, "groups": groups, "variableSets": sets}


def of_project(project: Project, studies: Iterable[Study]) -> Json:
    """The document of a project with those of its studies that are seen."""
    return {**project.fields, "studies": [of_study(one, internal=True) for one in studies]}


# --- include and exclude -----------------------------------------------------------------------------------


def selected(ask: Ask, kind: str, document: Json) -> Json:
    """The document as the query's `include` or `exclude` wants it; `include` wins."""
    if "include" in ask.query:
        return projected(document, _paths(ask.query["include"]), kind_of(kind))
    if "exclude" in ask.query:
        return _without(document, _paths(ask.query["exclude"]))
    return document


def projected(document: Json, paths: list[list[str]], kind: Kind | None, *, nested: bool = False) -> Json:
    """The keys asked for, those that always come, and the primitives with their defaults."""
    wanted: dict[str, list[list[str]]] = {}
    for path in paths:
        wanted.setdefault(path[0], []).append(path[1:])
    out = _always(document, kind, nested=nested)
    for name, rest in wanted.items():
        if name in document:
            out[name] = document[name] if [] in rest else _inside(document[name], rest, name, kind)
    return out


def _always(document: Json, kind: Kind | None, *, nested: bool) -> Json:
    if kind is None:
        return {}
    kept = (*kind.always, "version") if nested and kind.versioned else kind.always
    present = {name: document[name] for name in kept if name in document}
    more = {"internal": {"killJobRequested": False}} if kind == KINDS["jobs"] else {}
    return {**kind.primitives, **more, **present}


def _inside(value: Any, paths: list[list[str]], name: str, kind: Kind | None) -> Any:
    if isinstance(value, list):
        return [_inside(one, paths, name, kind) for one in value]
    if not isinstance(value, dict):
        return value
    if kind is not None and kind.name == "individuals" and name in _PARENTS:
        return dict(_STUB)  # the server loses the parent's id then (recording 302)
    inner = kind_of(kind.nested[name]) if kind is not None and name in kind.nested else None
    found = projected(value, paths, inner, nested=True)
    if kind == KINDS["jobs"] and name == "internal":
        found["killJobRequested"] = value["killJobRequested"]
    return found


def _without(document: Json, paths: list[list[str]]) -> Json:
    out = dict(document)
    for head, *rest in paths:
        if rest and isinstance(out.get(head), dict):
            out[head] = _without(out[head], [rest])
        elif not rest and head not in _NEVER_LEFT_OUT:
            out.pop(head, None)
    return out


def _paths(text: str) -> list[list[str]]:
    return [one.split(".") for one in text.split(",") if one]
