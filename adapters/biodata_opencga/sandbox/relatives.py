"""The relatives of an individual (recording 160)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_opencga.sandbox import links
from biodata_opencga.sandbox.http import Part
from biodata_opencga.sandbox.model import kind_of
from biodata_opencga.sandbox.rendering import of_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata_opencga.sandbox.calls import Call
    from biodata_opencga.sandbox.model import Entry, Study

__all__ = ["relatives"]


def relatives(call: Call, name: str) -> Part:
    """The individual, its parents and, of the first degree too, its children."""
    study = call.study
    proband = links.resolve(study, "individuals", name)
    found = [(proband, 0, "PROBAND"), *_close(study, proband)] if call.ask.number("degree", 2) > 0 else []
    results = [_shown(study, *one) for one in found if call.may("VIEW", study, "individuals", one[0])]
    return Part(results=results, kind=kind_of("individuals").java, matches=len(results))


def _close(study: Study, proband: Entry) -> Iterator[tuple[Entry, int, str]]:
    for parent in ("father", "mother"):
        for uid in proband.linked(parent):
            entry = study.by_uid(uid)
            if entry is not None:
                yield entry, 1, parent.upper()
    for other in study.all("individuals"):
        if proband.uid in (*other.linked("father"), *other.linked("mother")):
            words = {"MALE": "SON", "FEMALE": "DAUGHTER"}
            yield other, 1, words.get(other.fields["sex"]["id"], "CHILD_OF_UNKNOWN_SEX")


def _shown(study: Study, entry: Entry, degree: int, relation: str) -> dict[str, Any]:
    document = of_entry(study, entry)
    kept = {name: document[name] for name in ("id", "uuid", "father", "mother", "sex")}
    attributes = {"OPENCGA_RELATIVE": {"DEGREE": degree, "RELATION": relation}}
    return {**kept, **kind_of("individuals").primitives, "attributes": attributes}
