"""What is done with the entries of a study: disease panels, clinical analyses, jobs."""

from __future__ import annotations

from biodata.records.types import Boolean, DateTime, Integer, Json, List, Object, Path, Reference, String
from biodata_opencga.shapes import (
    BY_ID,
    HEAD,
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

__all__ = ["CLINICAL", "JOBS", "PANELS"]

_WHOLE = {"action": ""}
_ID = object_of(id=String())
_KINDS = ("SINGLE", "FAMILY", "CANCER", "COHORT", "AUTOCOMPARATIVE")
_TAIL_OF_PANELS = tuple(field for field in TAIL if field.name != "annotationSets")
_DATED = ("attributes", "release", "creationDate", "modificationDate", "internal")

PANELS = Table(
    name="panels",
    label="Disease panels",
    fields=(
        *HEAD,
        written("name", String()),
        written("description", String()),
        written("author", String()),
        written("source", texts("id", "name", "version", "author", "project", "description")),
        written("categories", List(object_of(name=String(), level=Integer(32))), options=_WHOLE),
        written("tags", List(String()), options=_WHOLE),
        written("disorders", List(TERM), options=_WHOLE),
        *(written(name, List(Json()), options=_WHOLE) for name in ("variants", "genes", "regions", "strs")),
        given("stats", Json()),
        VERSION,
        *_TAIL_OF_PANELS,
    ),
    filters={
        **TEXT_ID,
        **terms("disorders"),
        ("name",): Parameter("name"),
        ("tags",): Parameter("tags", "ids"),
    },
)


def _within(name: str, parameter: str) -> dict[Path, Parameter]:
    return {(name, "id"): Parameter(parameter)}


CLINICAL = Table(
    name="clinical",
    label="Clinical analyses",
    path="analysis/clinical",
    entity="CLINICAL_ANALYSIS",
    fields=(
        *HEAD,
        written("type", String(choices=_KINDS), "body", "", required=True),
        written("description", String()),
        written("disorder", TERM),
        written("proband", Reference("individuals"), "ref", "ref", options={"include": "id"}),
        written("family", Reference("families"), "ref", "ref", options={"include": "id"}),
        written("files", List(Reference("files")), "refs", "refs", options=BY_ID),
        written("panels", List(Reference("panels")), "refs", "refs", options=BY_ID),
        written("analysts", List(Reference("users")), "refs", "refs", options=BY_ID),
        written("responsible", Reference("users"), "ref", "ref"),
        written("flags", List(_ID)),
        written("priority", _ID),
        written("dueDate", DateTime()),
        written("panelLocked", Boolean(), default="false"),
        given("locked", Boolean()),
        given("consent", Json()),
        given("comments", List(Json())),
        given("interpretation", Json()),
        given("secondaryInterpretations", List(Json())),
        given("report", Json()),
        given("request", Json()),
        given("audit", List(Json())),
        given("qualityControl", Json()),
        VERSION,
        written("status", _ID),
        *(field for field in TAIL if field.name != "status"),
    ),
    filters={
        **TEXT_ID,
        **_within("priority", "priority"),
        ("type",): Parameter("type"),
        ("disorder", "id"): Parameter("disorder", "term"),
        ("disorder", "name"): Parameter("disorder", "term"),
        ("proband",): Parameter("proband"),
        ("family",): Parameter("family"),
        ("files",): Parameter("files", "ids"),
        ("panels",): Parameter("panels", "ids"),
        ("analysts",): Parameter("analystId", "ids"),
        ("flags", "id"): Parameter("flags", "ids"),
        ("locked",): Parameter("locked", "flag"),
        ("dueDate",): Parameter("dueDate", "date"),
    },
)

_STATE: Object = object_of(
    status=object_of(id=String(), date=String(), description=String()), killJobRequested=Boolean()
)

JOBS = Table(
    name="jobs",
    label="Jobs",
    fields=(
        *HEAD,
        written("description", String()),
        written("tool", texts("id", "description", "scope", "type", "resource"), "body", "", required=True),
        given("type", String()),
        given("userId", String()),
        written("commandLine", String(), "body", ""),
        written("params", Json(), "body", ""),
        written("priority", String(choices=("URGENT", "HIGH", "MEDIUM", "LOW"))),
        written("input", List(Reference("files")), "refs", "", options=BY_ID),
        written("output", List(Reference("files")), "refs", "", options=BY_ID),
        written("dependsOn", List(Reference("jobs")), "refs", "", options=BY_ID),
        given("outDir", Reference("files")),
        given("stdout", Reference("files")),
        given("stderr", Reference("files")),
        written("tags", List(String()), options=_WHOLE),
        written("visited", Boolean(), "", "body", default="false"),
        given("dryRun", Boolean()),
        given("parentId", String()),
        given("execution", Json()),
        given("internal", _STATE),
        *(field for field in TAIL if field.name in _DATED[:-1]),
    ),
    filters={
        **TEXT_ID,
        ("type",): Parameter("type"),
        ("tool", "id"): Parameter("toolId"),
        ("tool", "type"): Parameter("toolType"),
        ("userId",): Parameter("userId"),
        ("priority",): Parameter("priority"),
        ("parentId",): Parameter("parentId"),
        ("visited",): Parameter("visited", "flag"),
        ("dryRun",): Parameter("dryRun", "flag"),
        ("tags",): Parameter("tags", "ids"),
    },
)
