"""The tables: their fields, what of them can be written, and by which parameter they are filtered.

Sources: protocols/opencga.md, section 5 (parameters), 6 (keys of bodies), 8 (data models).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.records.types import Boolean, DateTime, Field, Integer, Json, List, Object, Path, Reference, String

if TYPE_CHECKING:
    from biodata.records.types import DataType

__all__ = ["TABLES", "Parameter", "Table"]


class Parameter(msgspec.Struct, frozen=True):
    """How a search filters by a path.

    Attributes:
        name: of the query parameter.
        kind: `text`: equality, prefix and regular expression; `flag`; `term`: id or name of a term, so never
            exact; `date`; `number`; `ids`: ids of a list of others.
    """

    name: str
    kind: str = "text"


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One resource.

    Attributes:
        fields: with `options`: `create`, `update`: how the value goes into the body (`body`, `query`, `ref`,
            `refs`); `action`: an update of the list says ADD, SET or REMOVE; `include`: what is asked for.
        filters: path -> parameter.
        fixed: parameters of every search.
    """

    name: str
    label: str
    fields: tuple[Field, ...]
    filters: dict[Path, Parameter] = {}
    fixed: tuple[tuple[str, str], ...] = ()
    writable: bool = True
    in_study: bool = True


def _written(name: str, type_: Any, create: str = "body", update: str = "body", **more: Any) -> Field:
    options = {"create": create, "update": update}
    if isinstance(type_, List) and update:
        options["action"] = "yes"
    options |= more.pop("options", {})
    return Field(name, type_, read_only=not update, options=options, **more)


def _given(name: str, type_: Any, **options: str) -> Field:
    """Filled in by the server alone."""
    return Field(name, type_, read_only=True, generated=True, options=options)


def _object(**fields: DataType) -> Object:
    return Object(tuple(Field(name.rstrip("_"), type_) for name, type_ in fields.items()))  # type: ignore[arg-type]


def _texts(*names: str, **more: DataType) -> Object:
    return _object(**dict.fromkeys(names, String()), **more)


_TERM = _texts("id", "name", "description", "source", "url", attributes=Json())
_PHENOTYPE = _texts(
    "id", "name", "description", "source", "url", "ageOfOnset",
    status=String(choices=("OBSERVED", "NOT_OBSERVED", "UNKNOWN")), attributes=Json(),
)  # fmt: skip
_STATUS = _texts("id", "description", "date", "name")
_KARYOTYPES = ("UNKNOWN", "XX", "XY", "XO", "XXY", "XXX", "XXYY", "XXXY", "XXXX", "XYY", "OTHER")
_LIVES = ("ALIVE", "ABORTED", "DECEASED", "UNBORN", "STILLBORN", "MISCARRIAGE", "UNKNOWN")
_COHORTS = (
    "CASE_CONTROL", "CASE_SET", "CONTROL_SET", "PAIRED", "PAIRED_TUMOR", "AGGREGATE", "TIME_SERIES", "FAMILY",
    "TRIO", "COLLECTION",
)  # fmt: skip

_KEY = Field("id", String(), required=True, unique=True, options={"create": "body"})
_HEAD = (_KEY, _given("uuid", String()))
_TAIL = (
    _written("status", _STATUS),
    _written("attributes", Json(), options={"merged": "yes"}),
    _given("annotationSets", List(Json())),
    _given("release", Integer(32)),
    _given("creationDate", DateTime()),
    _given("modificationDate", DateTime()),
    _given("internal", Json()),
)
_VERSION = _given("version", Integer(32))
_TEXT_ID: dict[Path, Parameter] = {
    ("id",): Parameter("id"),
    ("uuid",): Parameter("uuid"),
    ("creationDate",): Parameter("creationDate", "date"),
    ("modificationDate",): Parameter("modificationDate", "date"),
}
_REFERENCE = {"include": "id"}


def _terms(name: str) -> dict[Path, Parameter]:
    return {(name, inner): Parameter(name, "term") for inner in ("id", "name")}


_SAMPLES = Table(
    name="samples",
    label="Samples",
    fields=(
        *_HEAD,
        _written("description", String()),
        _written("individualId", Reference("individuals")),
        _written("somatic", Boolean(), default="false"),
        _written("source", _texts("id", "name", "description", "source", "url")),
        _written(
            "processing",
            _object(
                product=_TERM,
                preparationMethod=String(),
                extractionMethod=String(),
                labSampleId=String(),
                quantity=String(),
                date=String(),
                attributes=Json(),
            ),
        ),
        _written(
            "collection",
            _object(
                from_=List(_TERM), type=String(), quantity=String(), method=String(), date=String(), attributes=Json()
            ),
        ),
        _written("phenotypes", List(_PHENOTYPE)),
        _given("fileIds", List(Reference("files"))),
        _given("cohortIds", List(Reference("cohorts"))),
        _given("qualityControl", Json()),
        _VERSION,
        *_TAIL,
    ),
    filters={
        **_TEXT_ID,
        **_terms("phenotypes"),
        ("somatic",): Parameter("somatic", "flag"),
        ("individualId",): Parameter("individualId"),
        ("fileIds",): Parameter("fileIds", "ids"),
        ("cohortIds",): Parameter("cohortIds", "ids"),
        ("processing", "preparationMethod"): Parameter("processingPreparationMethod"),
        ("processing", "extractionMethod"): Parameter("processingExtractionMethod"),
        ("processing", "labSampleId"): Parameter("processingLabSampleId"),
        ("collection", "type"): Parameter("collectionType"),
        ("collection", "method"): Parameter("collectionMethod"),
    },
)
_INDIVIDUALS = Table(
    name="individuals",
    label="Individuals",
    fields=(
        *_HEAD,
        _written("name", String()),
        _written("father", Reference("individuals"), "ref", "ref"),
        _written("mother", Reference("individuals"), "ref", "ref"),
        _written("samples", List(Reference("samples")), "query", "refs", options=_REFERENCE),
        _given("familyIds", List(Reference("families"))),
        _written("sex", _TERM),
        _written("karyotypicSex", String(choices=_KARYOTYPES)),
        _written("lifeStatus", String(choices=_LIVES)),
        _written("dateOfBirth", String(), description="As it was given; the server reads nothing into it"),
        _written("ethnicity", _TERM),
        _written("population", _texts("name", "subpopulation", "description")),
        _written("location", _texts("address", "postalCode", "city", "state", "country")),
        _written("phenotypes", List(_PHENOTYPE)),
        _written("disorders", List(_TERM)),
        _written("parentalConsanguinity", Boolean(), default="false"),
        _given("qualityControl", Json()),
        _VERSION,
        *_TAIL,
    ),
    filters={
        **_TEXT_ID,
        **_terms("phenotypes"),
        **_terms("disorders"),
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
_FAMILIES = Table(
    name="families",
    label="Families",
    fields=(
        *_HEAD,
        _written("name", String()),
        _written("description", String()),
        _written("members", List(Reference("individuals")), "query", "refs", options={**_REFERENCE, "action": ""}),
        _written("expectedSize", Integer(32)),
        _given("phenotypes", List(_PHENOTYPE)),
        _given("disorders", List(_TERM)),
        _given("roles", Json()),
        _given("qualityControl", Json()),
        _VERSION,
        *_TAIL,
    ),
    filters={
        **_TEXT_ID,
        **_terms("phenotypes"),
        **_terms("disorders"),
        ("name",): Parameter("name"),
        ("members",): Parameter("members", "ids"),
        ("expectedSize",): Parameter("expectedSize", "number"),
    },
)
_COHORT_TABLE = Table(
    name="cohorts",
    label="Cohorts",
    fields=(
        *_HEAD,
        _written("name", String()),
        _written("description", String()),
        _written("type", String(choices=_COHORTS)),
        _written("samples", List(Reference("samples")), "refs", "refs", options=_REFERENCE),
        _given("numSamples", Integer(32)),
        *_TAIL,
    ),
    filters={
        **_TEXT_ID,
        ("name",): Parameter("name"),
        ("type",): Parameter("type"),
        ("samples",): Parameter("samples", "ids"),
        ("numSamples",): Parameter("numSamples", "number"),
    },
)
_FILES = Table(
    name="files",
    label="Files",
    fields=(
        Field("id", String(), required=True, unique=True, description="The path with ':' for '/'"),
        _given("uuid", String()),
        _written("path", String(), "body", "", generated=True),
        _written("type", String(choices=("FILE", "DIRECTORY", "VIRTUAL")), "body", "", required=True),
        _given("name", String()),
        _written("format", String()),
        _written("bioformat", String()),
        _written("description", String()),
        _written("tags", List(String())),
        _written("sampleIds", List(Reference("samples"))),
        _given("uri", String()),
        _given("size", Integer(64)),
        _given("checksum", String()),
        _given("external", Boolean()),
        _written("jobId", String()),
        *_TAIL,
    ),
    filters={
        **_TEXT_ID,
        **{(name,): Parameter(name) for name in ("path", "name", "type", "format", "bioformat", "jobId", "uri")},
        ("tags",): Parameter("tags", "ids"),
        ("sampleIds",): Parameter("sampleIds", "ids"),
        ("size",): Parameter("size", "number"),
    },
    fixed=(("path", "~."),),  # the root folder has no id: it is no record
)
_PROJECTS = Table(
    name="projects",
    label="Projects",
    fields=(
        *_HEAD,
        _given("name", String()),
        _given("fqn", String()),
        _given("description", String()),
        _given("organism", _texts("scientificName", "commonName", "assembly")),
        _given("currentRelease", Integer(32)),
        _given("studies", List(Reference("studies")), include="fqn"),
        _given("creationDate", DateTime()),
        _given("modificationDate", DateTime()),
        _given("attributes", Json()),
    ),
    writable=False,
    in_study=False,
)
_STUDIES = Table(
    name="studies",
    label="Studies",
    fields=(
        _given("fqn", String()),
        _given("uuid", String()),
        _given("id", String()),
        _given("name", String()),
        _given("alias", String()),
        _given("description", String()),
        _given("type", _texts("id", "description")),
        _given("size", Integer(64)),
        _given("release", Integer(32)),
        _given("creationDate", DateTime()),
        _given("modificationDate", DateTime()),
        _given("attributes", Json()),
    ),
    writable=False,
    in_study=False,
)
TABLES: dict[str, Table] = {
    table.name: table for table in (_INDIVIDUALS, _SAMPLES, _FAMILIES, _COHORT_TABLE, _FILES, _PROJECTS, _STUDIES)
}
