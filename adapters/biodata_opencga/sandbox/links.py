"""What belongs with what: samples of individuals and cohorts, parents, members of families.

A sample gets a new version when it is linked to an individual or freed from one, and none when it comes into a
cohort (recordings 142, 155, 171, 310).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_opencga.sandbox.errors import catalog, database
from biodata_opencga.sandbox.model import kind_of

if TYPE_CHECKING:
    from biodata_opencga.sandbox.calls import Call
    from biodata_opencga.sandbox.model import Entry, Study

__all__ = ["apply_list", "bump", "free", "link_created", "link_updated", "missing", "resolve"]

Json = dict[str, Any]


def missing(kind: str, study: Study, name: str) -> str:
    """The words for an id that is not there."""
    where = f" at {study.uid}" if kind == "files" else ""
    word = "clinicalAnalyses" if kind == "clinical" else kind
    return f"Missing {word}{where}: '{name}' not found."


def resolve(study: Study, kind: str, name: str) -> Entry:
    """The entry with that id.

    Raises:
        Refusal: 500, there is none.
    """
    entry = study.find(kind, name)
    if entry is None:
        raise catalog(missing(kind, study, name))
    return entry


def bump(call: Call, entry: Entry) -> None:
    """A new version, where the kind has versions."""
    if kind_of(entry.kind).versioned:
        entry.history.append(dict(entry.fields))
        entry.fields["version"] += 1
    entry.fields["modificationDate"] = call.stamp.text
    entry.fields["internal"] = {**entry.fields["internal"], "lastModified": call.stamp.text}


def apply_list(now: list[Any], given: list[Any], action: str) -> list[Any]:
    """A list after ADD, SET or REMOVE; elements are the same where their ids are."""
    if action == "SET":
        return list(given)
    ids = [_id(one) for one in given]
    kept = [one for one in now if _id(one) not in ids]
    return kept if action == "REMOVE" else kept + list(given)


def _id(one: Any) -> Any:
    return one.get("id", one.get("file")) if isinstance(one, dict) else one


# --- on create ---------------------------------------------------------------------------------------------


def link_created(call: Call, study: Study, entry: Entry, given: Json) -> None:
    """Link a new entry as its body and the query say.

    Args:
        call: the request.
        study: where.
        entry: the new one, not stored yet.
        given: the keys of the body that name others; the names in the query are in it too.
    """
    _LINKERS.get(entry.kind, _nothing)(call, study, entry, given)


def _nothing(call: Call, study: Study, entry: Entry, given: Json) -> None:
    """No links."""


def _sample(call: Call, study: Study, entry: Entry, given: Json) -> None:
    if given.get("individualId"):
        individual = resolve(study, "individuals", given["individualId"])
        entry.links["individual"] = [individual.uid]
        individual.linked("samples").append(entry.uid)
        bump(call, individual)


def _individual(call: Call, study: Study, entry: Entry, given: Json) -> None:
    _parents(study, entry, given)
    samples = [resolve(study, "samples", name) for name in given.get("sample ids", ())]
    for sample in samples:
        _take(call, study, sample, entry)
    entry.linked("samples").extend(sample.uid for sample in given.get("new samples", ()))
    for sample in given.get("new samples", ()):
        sample.links["individual"] = [entry.uid]


def _parents(study: Study, entry: Entry, given: Json) -> None:
    for parent in ("father", "mother"):
        if parent in given:
            name = given[parent].get("id")
            entry.links[parent] = [resolve(study, "individuals", name).uid] if name else []


def _family(call: Call, study: Study, entry: Entry, given: Json) -> None:
    members = [resolve(study, "individuals", name) for name in given.get("member ids", ())]
    members += given.get("new members", [])
    _set_members(call, entry, members)


def _set_members(call: Call, entry: Entry, members: list[Entry]) -> None:
    uids = {member.uid for member in members}
    drawn = any(uids & {*member.linked("father"), *member.linked("mother")} for member in members)
    if drawn and not call.state.draws_pedigrees:
        raise database(f"Error computing pedigree graph for family {entry.id}")
    entry.links["members"] = [member.uid for member in members]
    for member in members:
        if entry.uid not in member.linked("families"):
            member.linked("families").append(entry.uid)


def _cohort(call: Call, study: Study, entry: Entry, given: Json) -> None:  # noqa: ARG001 - all linkers have one form
    _set_samples(study, entry, [one.get("id") or one.get("uuid", "") for one in given.get("samples", ())], "SET")


def _set_samples(study: Study, entry: Entry, names: list[str], action: str) -> None:
    samples = [resolve(study, "samples", name) for name in names]
    back = "cohorts" if entry.kind == "cohorts" else "files"
    before = entry.linked("samples")
    after = apply_list(before, [sample.uid for sample in samples], action)
    for uid in {*before, *after}:
        sample = study.by_uid(uid)
        if sample is not None:
            kept = [one for one in sample.linked(back) if one != entry.uid]
            sample.links[back] = [*kept, entry.uid] if uid in after else kept
    entry.links["samples"] = after


def _file(call: Call, study: Study, entry: Entry, given: Json) -> None:  # noqa: ARG001 - all linkers have one form
    _set_samples(study, entry, given.get("sampleIds", []), "SET")


def _clinical(call: Call, study: Study, entry: Entry, given: Json) -> None:  # noqa: ARG001 - all linkers have one form
    for name, kind in (("proband", "individuals"), ("family", "families")):
        if given.get(name, {}).get("id"):
            entry.links[name] = [resolve(study, kind, given[name]["id"]).uid]


_LINKERS = {
    "samples": _sample,
    "individuals": _individual,
    "families": _family,
    "cohorts": _cohort,
    "files": _file,
    "clinical": _clinical,
}


# --- on update, on delete ----------------------------------------------------------------------------------


def link_updated(call: Call, study: Study, entry: Entry, given: Json, actions: dict[str, str]) -> None:
    """Change the links of an entry as the body of an update says."""
    if entry.kind == "samples" and "individualId" in given:
        _move(call, study, entry, given["individualId"])
    if entry.kind == "individuals":
        _parents(study, entry, given)
        if "samples" in given:
            _individual_samples(call, study, entry, given["samples"], actions.get("samples", "ADD"))
    if entry.kind == "families" and "members" in given:
        for uid in entry.linked("members"):
            _forget(study, uid, "families", entry.uid)
        _set_members(call, entry, [resolve(study, "individuals", one["id"]) for one in given["members"]])
    if entry.kind == "cohorts" and "samples" in given:
        _set_samples(study, entry, [one.get("id", "") for one in given["samples"]], actions.get("samples", "ADD"))
    if entry.kind == "files" and "sampleIds" in given:
        _set_samples(study, entry, given["sampleIds"], actions.get("sampleIds", "ADD"))
    if entry.kind == "clinical":
        _clinical(call, study, entry, given)


def _move(call: Call, study: Study, sample: Entry, name: str) -> None:
    target = resolve(study, "individuals", name) if name else None
    for uid in sample.linked("individual"):
        _forget(study, uid, "samples", sample.uid)
    sample.links["individual"] = [target.uid] if target is not None else []
    if target is not None:
        target.linked("samples").append(sample.uid)
        bump(call, target)


def _individual_samples(call: Call, study: Study, entry: Entry, given: list[Json], action: str) -> None:
    samples = [resolve(study, "samples", one.get("id", "")) for one in given]
    before = list(entry.linked("samples"))
    after = apply_list(before, [sample.uid for sample in samples], action)
    for uid in [uid for uid in before if uid not in after]:
        _release(call, study, uid)
    entry.links["samples"] = [uid for uid in after if uid in before]
    for sample in [one for one in samples if one.uid in after and one.uid not in before]:
        _take(call, study, sample, entry)


def _take(call: Call, study: Study, sample: Entry, individual: Entry) -> None:
    for uid in sample.linked("individual"):
        _forget(study, uid, "samples", sample.uid)
    bump(call, sample)
    sample.links["individual"] = [individual.uid]
    individual.linked("samples").append(sample.uid)


def _release(call: Call, study: Study, uid: int) -> None:
    sample = study.by_uid(uid)
    if sample is not None:
        bump(call, sample)
        sample.links["individual"] = []


def _forget(study: Study, uid: int, key: str, other: int) -> None:
    entry = study.by_uid(uid)
    if entry is not None:
        entry.links[key] = [one for one in entry.linked(key) if one != other]


def free(call: Call, study: Study, entry: Entry, *, force: bool) -> str | None:
    """Free what a deleted entry holds; the reason why it cannot be deleted, where there is one (section 6)."""
    if entry.kind == "samples":
        owner = next((one for uid in entry.linked("individual") if (one := study.by_uid(uid))), None)
        if owner is not None and not force:
            return f"Could not delete sample '{entry.id}'. Sample is associated with individual '{owner.id}'."
        for uid in entry.linked("individual"):
            _forget(study, uid, "samples", entry.uid)
    if entry.kind == "individuals":
        families = [one for uid in entry.linked("families") if (one := study.by_uid(uid))]
        if families and not force:
            return f"Could not delete individual '{entry.id}'. Individual is a member of family '{families[0].id}'."
        for family in families:
            _forget(study, family.uid, "members", entry.uid)
        for uid in entry.linked("samples"):
            _release(call, study, uid)
    return None
