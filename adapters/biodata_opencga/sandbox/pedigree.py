"""Samples from a pedigree file of the study: family, individual, father, mother, sex, phenotype in each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_opencga.sandbox import entities, links
from biodata_opencga.sandbox.http import Part
from biodata_opencga.sandbox.model import kind_of
from biodata_opencga.sandbox.rendering import of_entry

if TYPE_CHECKING:
    from biodata_opencga.sandbox.calls import Call

__all__ = ["load"]


def load(call: Call) -> Part:
    """A sample for each individual of the file that has none of that name yet."""
    study = call.study
    call.need_create(study, "samples")
    file = links.resolve(study, "files", call.ask.query.get("file", "").replace("/", ":"))
    lines = (line.split() for line in file.content.decode("utf-8", "replace").splitlines())
    names = [words[1] for words in lines if len(words) > 1 and not words[0].startswith("#")]
    fresh = [name for name in dict.fromkeys(names) if study.find("samples", name) is None]
    made = [entities.add(call, study, "samples", {"id": name}) for name in fresh]
    results = [of_entry(study, one) for one in made]
    return Part(results=results, kind=kind_of("samples").java, inserted=len(made), matches=len(made))
