"""The entries of a study that people collect: individuals, samples, families, cohorts, files."""

from __future__ import annotations

from biodata.records.types import Boolean, Field, Integer, Json, List, Reference, String
from biodata_opencga.shapes import (
    BY_ID,
    HEAD,
    PHENOTYPE,
    TAIL,
    TERM,
    TEXT_ID,
    VERSION,
    Parameter,
    Table,
    given,
    object_of,
    terms,
    texts,
    written,
)

__all__ = ["COHORTS", "FAMILIES", "FILES", "INDIVIDUALS", "SAMPLES"]

_KARYOTYPES = ("UNKNOWN", "XX", "XY", "XO", "XXY", "XXX", "XXYY", "XXXY", "XXXX", "XYY", "OTHER")
_LIVES = ("ALIVE", "ABORTED", "DECEASED", "UNBORN", "STILLBORN", "MISCARRIAGE", "UNKNOWN")
_COHORT_TYPES = (
    "CASE_CONTROL", "CASE_SET", "CONTROL_SET", "PAIRED", "PAIRED_TUMOR", "AGGREGATE", "TIME_SERIES", "FAMILY",
    "TRIO", "COLLECTION",
)  # fmt: skip


SAMPLES = Table(
    name="samples",
    label="Samples",
    entity="SAMPLE",
    fields=(
        *HEAD,
        written("description", String()),
        written("individualId", Reference("individuals")),
        written("somatic", Boolean(), default="false"),
        written("source", texts("id", "name", "description", "source", "url")),
        written(
            "processing",
            object_of(
                product=TERM,
                preparationMethod=String(),
                extractionMethod=String(),
                labSampleId=String(),
                quantity=String(),
                date=String(),
                attributes=Json(),
            ),
        ),
        written(
            "collection",
            object_of(
                from_=List(TERM), type=String(), quantity=String(), method=String(), date=String(), attributes=Json()
            ),
        ),
        written("phenotypes", List(PHENOTYPE)),
        given("fileIds", List(Reference("files"))),
        given("cohortIds", List(Reference("cohorts"))),
        given("qualityControl", Json()),
        VERSION,
        *TAIL,
    ),
    filters={
        **TEXT_ID,
        **terms("phenotypes"),
        ("somatic",): Parameter("somatic", "flag"),
        ("individualId",): Parameter("individualId"),
        ("fileIds",): Parameter("fileIds", "ids"),
        ("cohortIds",): Parameter("cohortIds", "ids"),
        **{("processing", "product", one): Parameter("processingProduct", "term") for one in ("id", "name")},
        **{("collection", "from", one): Parameter("collectionFrom", "term") for one in ("id", "name")},
        ("processing", "preparationMethod"): Parameter("processingPreparationMethod"),
        ("processing", "extractionMethod"): Parameter("processingExtractionMethod"),
        ("processing", "labSampleId"): Parameter("processingLabSampleId"),
        ("collection", "type"): Parameter("collectionType"),
        ("collection", "method"): Parameter("collectionMethod"),
    },
)
INDIVIDUALS = Table(
    name="individuals",
    label="Individuals",
    entity="INDIVIDUAL",
    fields=(
        *HEAD,
        written("name", String()),
        written("father", Reference("individuals"), "ref", "ref"),
        written("mother", Reference("individuals"), "ref", "ref"),
        written("samples", List(Reference("samples")), "query", "refs", options=BY_ID),
        given("familyIds", List(Reference("families"))),
        written("sex", TERM),
        written("karyotypicSex", String(choices=_KARYOTYPES)),
        written("lifeStatus", String(choices=_LIVES)),
        written("dateOfBirth", String(), description="As it was given; the server reads nothing into it"),
        written("ethnicity", TERM),
        written("population", texts("name", "subpopulation", "description")),
        written("location", texts("address", "postalCode", "city", "state", "country")),
        written("phenotypes", List(PHENOTYPE)),
        written("disorders", List(TERM)),
        written("parentalConsanguinity", Boolean(), default="false"),
        given("qualityControl", Json()),
        VERSION,
        *TAIL,
    ),
    filters={
        **TEXT_ID,
        **terms("phenotypes"),
        **terms("disorders"),
        ("name",): Parameter("name"),
        ("samples",): Parameter("samples", "ids"),
        ("familyIds",): Parameter("familyIds", "ids"),
        ("sex", "id"): Parameter("sex"),
        ("karyotypicSex",): Parameter("karyotypicSex"),
        ("lifeStatus",): Parameter("lifeStatus"),
        ("dateOfBirth",): Parameter("dateOfBirth"),
        ("population", "name"): Parameter("populationName"),
        ("population", "subpopulation"): Parameter("populationSubpopulation"),
    },
)
FAMILIES = Table(
    name="families",
    label="Families",
    entity="FAMILY",
    fields=(
        *HEAD,
        written("name", String()),
        written("description", String()),
        written("members", List(Reference("individuals")), "query", "refs", options={**BY_ID, "action": ""}),
        written("expectedSize", Integer(32), options={"none": "-1"}),
        given("phenotypes", List(PHENOTYPE)),
        given("disorders", List(TERM)),
        given("roles", Json()),
        given("qualityControl", Json()),
        VERSION,
        *TAIL,
    ),
    filters={
        **TEXT_ID,
        **terms("phenotypes"),
        **terms("disorders"),
        ("name",): Parameter("name"),
        ("members",): Parameter("members", "ids"),
        ("expectedSize",): Parameter("expectedSize", "number"),
    },
)
COHORTS = Table(
    name="cohorts",
    label="Cohorts",
    entity="COHORT",
    fields=(
        *HEAD,
        written("name", String()),
        written("description", String()),
        written("type", String(choices=_COHORT_TYPES)),
        written("tags", List(String())),
        written("samples", List(Reference("samples")), "refs", "refs", options=BY_ID),
        given("numSamples", Integer(32)),
        *TAIL,
    ),
    filters={
        **TEXT_ID,
        ("name",): Parameter("name"),
        ("type",): Parameter("type"),
        ("tags",): Parameter("tags", "ids"),
        ("samples",): Parameter("samples", "ids"),
        ("numSamples",): Parameter("numSamples", "number"),
    },
)
FILES = Table(
    name="files",
    label="Files",
    entity="FILE",
    deletes="queued",
    fields=(
        Field("id", String(), required=True, unique=True, description="The path with ':' for '/'"),
        given("uuid", String()),
        written("path", String(), "body", "", generated=True),
        written("type", String(choices=("FILE", "DIRECTORY", "VIRTUAL")), "body", "", required=True),
        given("name", String()),
        written("format", String()),
        written("bioformat", String()),
        written("description", String()),
        written("tags", List(String())),
        written("sampleIds", List(Reference("samples"))),
        given("uri", String()),
        given("size", Integer(64)),
        given("checksum", String()),
        given("external", Boolean()),
        written("jobId", String()),
        *TAIL,
    ),
    filters={
        **TEXT_ID,
        **{(name,): Parameter(name) for name in ("path", "name", "type", "format", "bioformat", "jobId", "uri")},
        ("tags",): Parameter("tags", "ids"),
        ("sampleIds",): Parameter("sampleIds", "ids"),
        ("size",): Parameter("size", "number"),
    },
    fixed=(("path", "~."),),  # the root folder has no id: it is no record
)
