"""The keys that bodies may have, by what is created or updated (protocols/opencga.md, section 6)."""

from __future__ import annotations

from biodata_opencga.sandbox.bodies import ANY, FLAG, TEXT, WHOLE, Enum, Many, Shape, Spec

__all__ = ["CREATE", "STUDY_ACL", "UPDATE", "acl_spec"]

_CORE = "org.opencb.opencga.core.models."
_BIODATA = "org.opencb.biodata.models."
_DATES: dict[str, Shape] = {"creationDate": TEXT, "modificationDate": TEXT}
_TERM: dict[str, Shape] = {
    "id": TEXT, "name": TEXT, "description": TEXT, "source": TEXT, "url": TEXT, "attributes": ANY,
}  # fmt: skip


def _many(java: str, item: Shape = ANY) -> Many:
    return Many(item, java)


ONTOLOGY = Spec(_BIODATA + "core.OntologyTermAnnotation", _TERM)
PHENOTYPE = Spec(
    _BIODATA + "clinical.Phenotype",
    {
        **_TERM,
        "ageOfOnset": TEXT,
        "status": Enum(_BIODATA + "clinical.Phenotype$Status", ("OBSERVED", "NOT_OBSERVED", "UNKNOWN")),
    },
)
DISORDER = Spec(_BIODATA + "clinical.Disorder", {**_TERM, "evidences": ANY})
STATUS = Spec(_CORE + "common.StatusParams", {"id": TEXT, "name": TEXT, "description": TEXT})
ANNOTATION_SET = Spec(
    _CORE + "common.AnnotationSet",
    {"id": TEXT, "name": TEXT, "variableSetId": TEXT, "annotations": ANY, "release": WHOLE, "attributes": ANY},
)
PROCESSING = Spec(
    _CORE + "sample.SampleProcessing",
    {
        "product": ONTOLOGY, "preparationMethod": TEXT, "extractionMethod": TEXT, "labSampleId": TEXT,
        "quantity": TEXT, "date": TEXT, "attributes": ANY,
    },
)  # fmt: skip
COLLECTION = Spec(
    _CORE + "sample.SampleCollection",
    {
        "from": _many(ONTOLOGY.java, ONTOLOGY), "type": TEXT, "quantity": TEXT, "method": TEXT, "date": TEXT,
        "attributes": ANY,
    },
)  # fmt: skip
SOURCE = Spec(
    _CORE + "common.ExternalSource", {"id": TEXT, "name": TEXT, "description": TEXT, "source": TEXT, "url": TEXT}
)
REFERENCE = Spec(_CORE + "common.ReferenceParam", {"id": TEXT, "uuid": TEXT})
LOCATION = Spec(
    _CORE + "individual.Location",
    dict.fromkeys(("address", "postalCode", "city", "state", "country"), TEXT),
)
POPULATION = Spec(
    _CORE + "individual.IndividualPopulation", dict.fromkeys(("name", "subpopulation", "description"), TEXT)
)
KARYOTYPE = Enum(
    _CORE + "individual.IndividualProperty$KaryotypicSex",
    ("UNKNOWN", "XX", "XY", "XO", "XXY", "XXX", "XXYY", "XXXY", "XXXX", "XYY", "OTHER"),
)
LIFE = Enum(
    _CORE + "individual.IndividualProperty$LifeStatus",
    ("ALIVE", "ABORTED", "DECEASED", "UNBORN", "STILLBORN", "MISCARRIAGE", "UNKNOWN"),
)
COHORT_TYPE = Enum(
    _CORE + "common.Enums$CohortType",
    (
        "CONTROL_SET", "CASE_SET", "TRIO", "PAIRED", "COLLECTION", "AGGREGATE", "FAMILY", "PAIRED_TUMOR",
        "CASE_CONTROL", "TIME_SERIES",
    ),
)  # fmt: skip
_PHENOTYPES, _DISORDERS = _many(PHENOTYPE.java, PHENOTYPE), _many(DISORDER.java, DISORDER)
_ANNOTATION_SETS = _many(ANNOTATION_SET.java, ANNOTATION_SET)

_SAMPLE: dict[str, Shape] = {
    "annotationSets": _ANNOTATION_SETS, "modificationDate": TEXT, "phenotypes": _PHENOTYPES, "creationDate": TEXT,
    "status": STATUS, "processing": PROCESSING, "individualId": TEXT, "attributes": ANY, "id": TEXT,
    "description": TEXT, "collection": COLLECTION, "source": SOURCE,
}  # fmt: skip
_NEW_SAMPLE = Spec(_CORE + "sample.SampleCreateParams", {**_SAMPLE, "somatic": FLAG})
_PERSON: dict[str, Shape] = {
    "id": TEXT, "name": TEXT, "father": REFERENCE, "mother": REFERENCE, **_DATES, "location": LOCATION,
    "sex": ONTOLOGY, "ethnicity": ONTOLOGY, "parentalConsanguinity": FLAG, "population": POPULATION,
    "dateOfBirth": TEXT, "karyotypicSex": KARYOTYPE, "lifeStatus": LIFE, "annotationSets": _ANNOTATION_SETS,
    "phenotypes": _PHENOTYPES, "disorders": _DISORDERS, "status": STATUS, "attributes": ANY,
}  # fmt: skip
_NEW_PERSON = Spec(
    _CORE + "individual.IndividualCreateParams", {**_PERSON, "samples": _many(_NEW_SAMPLE.java, _NEW_SAMPLE)}
)
_SAMPLES = _many(_CORE + "sample.SampleReferenceParam", REFERENCE)
_FAMILY: dict[str, Shape] = {
    "id": TEXT, "name": TEXT, "description": TEXT, **_DATES, "expectedSize": WHOLE, "status": STATUS,
    "annotationSets": _ANNOTATION_SETS, "attributes": ANY,
}  # fmt: skip
_COHORT: dict[str, Shape] = {
    "id": TEXT, "name": TEXT, "type": COHORT_TYPE, "tags": _many("java.lang.String", TEXT), "description": TEXT,
    **_DATES, "samples": _SAMPLES, "status": STATUS, "annotationSets": _ANNOTATION_SETS, "attributes": ANY,
}  # fmt: skip
_PANEL: dict[str, Shape] = {
    "id": TEXT, "name": TEXT, "description": TEXT, "author": TEXT, "source": ANY, "categories": ANY,
    "tags": _many("java.lang.String", TEXT), "disorders": _many(ONTOLOGY.java), "variants": ANY, "genes": ANY,
    "regions": ANY, "strs": ANY, "stats": ANY, **_DATES, "status": STATUS, "attributes": ANY,
}  # fmt: skip
_FILE: dict[str, Shape] = {
    "description": TEXT, "creationDate": TEXT, "modificationDate": TEXT, "format": TEXT, "bioformat": TEXT,
    "sampleIds": _many("java.lang.String", TEXT), "software": ANY, "tags": _many("java.lang.String", TEXT),
    "resource": FLAG, "jobId": TEXT, "status": STATUS, "annotationSets": _ANNOTATION_SETS, "relatedFiles": ANY,
    "size": WHOLE, "attributes": ANY,
}  # fmt: skip
_CLINICAL: dict[str, Shape] = {
    "id": TEXT, "description": TEXT, "disorder": ONTOLOGY, "files": ANY, "proband": ANY, "family": ANY,
    "panels": ANY, "panelLocked": FLAG, "panelLock": FLAG, "analysts": ANY, "analyst": ANY, "report": ANY,
    "request": ANY, "responsible": ANY, "interpretation": ANY, "consent": ANY, "comments": ANY, "flags": ANY,
    "priority": ANY, "dueDate": TEXT, **_DATES, "qualityControl": ANY, "annotationSets": _ANNOTATION_SETS,
    "status": ANY, "attributes": ANY,
}  # fmt: skip
_CLINICAL_TYPE = Enum(
    _CORE + "clinical.ClinicalAnalysis$Type", ("SINGLE", "FAMILY", "CANCER", "COHORT", "AUTOCOMPARATIVE")
)
_JOB: dict[str, Shape] = {
    "id": TEXT, "description": TEXT, "tool": ANY, "commandLine": TEXT, "params": ANY, **_DATES, "priority": TEXT,
    "outDir": ANY, "input": ANY, "output": ANY, "tags": _many("java.lang.String", TEXT), "dependsOn": ANY,
    "visited": FLAG, "status": ANY, "attributes": ANY, "internal": ANY, "result": ANY, "stdout": ANY,
    "stderr": ANY,
}  # fmt: skip
_PROJECT: dict[str, Shape] = {
    "name": TEXT,
    "description": TEXT,
    **_DATES,
    "organism": ANY,
    "cellbase": ANY,
    "attributes": ANY,
}
_STUDY: dict[str, Shape] = {
    "name": TEXT, "alias": TEXT, "type": ANY, "sources": ANY, "description": TEXT, **_DATES, "notification": ANY,
    "status": ANY, "additionalInfo": ANY, "attributes": ANY,
}  # fmt: skip

CREATE: dict[str, Spec] = {
    "samples": _NEW_SAMPLE,
    "individuals": _NEW_PERSON,
    "families": Spec(
        _CORE + "family.FamilyCreateParams", {**_FAMILY, "members": _many(_NEW_PERSON.java, _NEW_PERSON)}
    ),
    "cohorts": Spec(_CORE + "cohort.CohortCreateParams", _COHORT),
    "files": Spec(_CORE + "file.FileCreateParams", {"path": TEXT, "type": TEXT, "content": TEXT, **_FILE}),
    "panels": Spec(_CORE + "panel.PanelCreateParams", _PANEL),
    "clinical": Spec(_CORE + "clinical.ClinicalAnalysisCreateParams", {**_CLINICAL, "type": _CLINICAL_TYPE}),
    "jobs": Spec(_CORE + "job.JobCreateParams", _JOB),
    "projects": Spec(_CORE + "project.ProjectCreateParams", {"id": TEXT, **_PROJECT}),
    "studies": Spec(_CORE + "study.StudyCreateParams", {"id": TEXT, **_STUDY}),
    "organizations": Spec(
        _CORE + "organizations.OrganizationCreateParams",
        {"id": TEXT, "name": TEXT, **_DATES, "configuration": ANY, "attributes": ANY},
    ),
    "users": Spec(
        _CORE + "user.UserCreateParams",
        {"id": TEXT, "name": TEXT, "email": TEXT, "password": TEXT, "organization": TEXT},
    ),
    "notes": Spec(
        _CORE + "notes.NoteCreateParams",
        {"tags": ANY, "visibility": TEXT, "id": TEXT, "value": ANY, "valueType": TEXT},
    ),
    "links": Spec(
        _CORE + "file.FileLinkParams",
        {
            "uri": TEXT,
            "path": TEXT,
            "description": TEXT,
            **_DATES,
            "virtualFileName": TEXT,
            "relatedFiles": ANY,
            "status": ANY,
            "internal": ANY,
        },
    ),
    "groups": Spec(_CORE + "study.GroupCreateParams", {"id": TEXT, "users": _many("java.lang.String", TEXT)}),
    "rules": Spec(_CORE + "study.PermissionRule", {"id": TEXT, "query": ANY, "members": ANY, "permissions": ANY}),
    "login": Spec(
        _CORE + "user.LoginParams", {"organization": TEXT, "refreshToken": TEXT, "user": TEXT, "password": TEXT}
    ),
}
UPDATE: dict[str, Spec] = {
    "samples": Spec(_CORE + "sample.SampleUpdateParams", {**_SAMPLE, "qualityControl": ANY, "somatic": FLAG}),
    "individuals": Spec(
        _CORE + "individual.IndividualUpdateParams", {**_PERSON, "samples": _SAMPLES, "qualityControl": ANY}
    ),
    "families": Spec(
        _CORE + "family.FamilyUpdateParams",
        {
            **_FAMILY,
            "members": _many(_CORE + "individual.IndividualReferenceParam", REFERENCE),
            "qualityControl": ANY,
        },
    ),
    "cohorts": Spec(_CORE + "cohort.CohortUpdateParams", _COHORT),
    "files": Spec(_CORE + "file.FileUpdateParams", {"name": TEXT, "id": TEXT, "checksum": TEXT, **_FILE}),
    "panels": Spec(_CORE + "panel.PanelUpdateParams", _PANEL),
    "clinical": Spec(
        _CORE + "clinical.ClinicalAnalysisUpdateParams", {**_CLINICAL, "locked": FLAG, "reportedFiles": ANY}
    ),
    "jobs": Spec(
        _CORE + "job.JobUpdateParams",
        {"description": TEXT, "tags": ANY, "visited": FLAG, "priority": TEXT, "attributes": ANY},
    ),
    "projects": Spec(_CORE + "project.ProjectUpdateParams", _PROJECT),
    "studies": Spec(_CORE + "study.StudyUpdateParams", _STUDY),
    "organizations": Spec(
        _CORE + "organizations.OrganizationUpdateParams",
        {"name": TEXT, "owner": TEXT, "admins": ANY, **_DATES, "configuration": ANY, "attributes": ANY},
    ),
    "users": Spec(
        _CORE + "user.UserUpdateParams", {"name": TEXT, "email": TEXT, "attributes": ANY, "quota": ANY}
    ),
    "variable sets": Spec(
        _CORE + "study.VariableSetCreateParams",
        {
            "id": TEXT, "name": TEXT, "unique": FLAG, "confidential": FLAG, "description": TEXT, "entities": ANY,
            "variables": ANY,
        },
    ),
    "group users": Spec(_CORE + "study.GroupUpdateParams", {"users": _many("java.lang.String", TEXT)}),
    "annotations": Spec("java.util.Map", {}),
}  # fmt: skip
STUDY_ACL = Spec(_CORE + "study.StudyAclUpdateParams", {"study": TEXT, "permissions": TEXT, "template": TEXT})


def acl_spec(singular: str) -> Spec:
    """The body of a permission's change: comma texts, not lists (section 6)."""
    java = f"{_CORE}{singular}.{singular.capitalize()}AclUpdateParams"
    names = {"sample": ("individual", "family", "file", "cohort"), "individual": ("sample",)}.get(singular, ())
    return Spec(java, {singular: TEXT, **dict.fromkeys(names, TEXT), "permissions": TEXT})
