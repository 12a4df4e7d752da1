"""Fresh documents: what the server fills in beside what it is given (sections 2 and 8; recordings 026 to 312)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

__all__ = ["Stamp", "completed", "new_document", "ontology"]

Json = dict[str, Any]
_EMPTY_TERM = {"id": "", "name": "", "description": "", "source": "", "url": ""}
_NO_PARENT = {"release": 0, "version": 0, "parentalConsanguinity": False}
_EMPTY_PROCESSING = {
    "preparationMethod": "", "extractionMethod": "", "labSampleId": "", "quantity": "", "date": "", "attributes": {},
}  # fmt: skip
_EMPTY_COLLECTION = {"from": [], "type": "", "quantity": "", "method": "", "date": "", "attributes": {}}


class Stamp:
    """The time and version that go into documents."""

    def __init__(self, now: datetime, version: str, commit: str) -> None:
        self.now = now
        self.text = now.strftime("%Y%m%d%H%M%S")
        self._build = {"version": version, "commit": commit}

    def later(self, days: int) -> str:
        """The time that many days from now."""
        return (self.now + timedelta(days=days)).strftime("%Y%m%d%H%M%S")

    def status(self, word: str = "READY") -> Json:
        """An internal status."""
        return {"id": word, "description": "", "date": self.text, **self._build, "name": word}

    def internal(self, word: str = "READY", **more: Any) -> Json:
        """The internal block."""
        return {"status": self.status(word), "registrationDate": self.text, "lastModified": self.text, **more}

    def dates(self) -> Json:
        """Creation and modification."""
        return {"creationDate": self.text, "modificationDate": self.text}


def ontology(term: Json | None, default: str = "") -> Json:
    """An ontology term with its missing texts filled in."""
    return {**_EMPTY_TERM, "id": default, "attributes": {}, **(term or {})}


def completed(kind: str, body: Json) -> Json:
    """What was given, terms and statuses filled in as the server stores them."""
    done = dict(body)
    for name in ("sex", "ethnicity", "disorder") if kind != "panels" else ():
        if name in done:
            done[name] = ontology(done[name])
    for name in ("phenotypes", "disorders") if kind != "panels" else ():
        if name in done:
            done[name] = [ontology(one) for one in done[name]]
    if "product" in done.get("processing", {}):
        done["processing"] = {**done["processing"], "product": ontology(done["processing"]["product"])}
    if "from" in done.get("collection", {}):
        done["collection"] = {**done["collection"], "from": [ontology(one) for one in done["collection"]["from"]]}
    if "status" in done and kind != "clinical":
        done["status"] = {**_no_status(), **done["status"], "name": done["status"].get("id", "")}
    return done


def new_document(kind: str, body: Json, uuid: str, stamp: Stamp) -> Json:
    """A document of a kind from the body of a create."""
    return _NEW[kind]({"attributes": {}, **completed(kind, body)}, uuid, stamp)


def _no_status() -> Json:
    return {"id": "", "description": "", "date": "", "name": ""}


def _sample(body: Json, uuid: str, stamp: Stamp) -> Json:
    return {
        "id": body["id"],
        "annotationSets": [],
        "uuid": uuid,
        "source": dict(_EMPTY_TERM),
        "processing": {"product": ontology(None), **_EMPTY_PROCESSING},
        "collection": dict(_EMPTY_COLLECTION),
        "qualityControl": {
            "files": [],
            "comments": [],
            "variant": {"variantStats": [], "signatures": [], "hrDetects": [], "files": []},
        },
        "release": 1,
        "version": 1,
        **stamp.dates(),
        "description": "",
        "somatic": False,
        "phenotypes": [],
        "individualId": "",
        "fileIds": [],
        "cohortIds": [],
        "status": _no_status(),
        "internal": stamp.internal(rga={"status": "NOT_INDEXED", "date": stamp.text}, variant={}),
        **body,
    }


def _individual(body: Json, uuid: str, stamp: Stamp) -> Json:
    return {
        "id": body["id"],
        "annotationSets": [],
        "uuid": uuid,
        "name": body["id"],
        "father": dict(_NO_PARENT),
        "mother": dict(_NO_PARENT),
        "familyIds": [],
        "location": {},
        "qualityControl": {
            "inferredSexReports": [],
            "sampleRelatednessReport": {},
            "mendelianErrorReports": [],
            "files": [],
            "comments": [],
        },
        "sex": ontology(None, "UNKNOWN"),
        "karyotypicSex": "UNKNOWN",
        "ethnicity": ontology(None),
        "population": {},
        "release": 1,
        "version": 1,
        **stamp.dates(),
        "lifeStatus": "UNKNOWN",
        "phenotypes": [],
        "disorders": [],
        "samples": [],
        "parentalConsanguinity": False,
        "status": _no_status(),
        "internal": stamp.internal(),
        **body,
    }


def _family(body: Json, uuid: str, stamp: Stamp) -> Json:
    return {
        "id": body["id"],
        "annotationSets": [],
        "uuid": uuid,
        "name": body["id"],
        "members": [],
        "phenotypes": [],
        "disorders": [],
        "qualityControl": {"relatedness": [], "files": [], "comments": []},
        **stamp.dates(),
        "expectedSize": -1,
        "description": "",
        "release": 1,
        "version": 1,
        "status": _no_status(),
        "internal": stamp.internal(),
        "roles": {},
        "pedigreeGraph": {"base64": "", "json": {}},
        **body,
    }


def _cohort(body: Json, uuid: str, stamp: Stamp) -> Json:
    return {
        "id": body["id"],
        "annotationSets": [],
        "name": "",
        "uuid": uuid,
        "type": "COLLECTION",
        **stamp.dates(),
        "description": "",
        "samples": [],
        "numSamples": 0,
        "release": 1,
        "status": _no_status(),
        "internal": stamp.internal("NONE"),
        **body,
    }


def _file(body: Json, uuid: str, stamp: Stamp) -> Json:
    index = {"status": stamp.status("NONE")}
    return {
        "id": "",
        "annotationSets": [],
        "uuid": uuid,
        "name": "",
        "type": "FILE",
        "format": "UNKNOWN",
        "bioformat": "UNKNOWN",
        "checksum": "",
        "uri": "",
        "path": "",
        "release": 1,
        **stamp.dates(),
        "description": "",
        "external": False,
        "size": 0,
        "sampleIds": [],
        "jobId": "",
        "tags": [],
        "relatedFiles": [],
        "qualityControl": {
            "variant": {},
            "alignment": {},
            "coverage": {"geneCoverageStats": []},
            "comments": [],
            "files": [],
        },
        "stats": {},
        "status": _no_status(),
        "internal": stamp.internal(
            variant={
                "index": {**index, "release": -1},
                "annotationIndex": index,
                "secondaryAnnotationIndex": index,
            },
            alignment={"index": {"fileId": "", "indexer": ""}},
            sampleMap={},
            missingSamples={"existing": [], "nonExisting": []},
        ),
        **body,
    }


def _panel(body: Json, uuid: str, stamp: Stamp) -> Json:
    lists = {name: body.get(name, []) for name in ("regions", "variants", "genes")}
    return {
        "id": body["id"],
        "name": "",
        "categories": [],
        "disorders": [],
        "tags": [],
        **lists,
        "stats": {f"numberOf{name.capitalize()}": len(lists[name]) for name in lists},
        **stamp.dates(),
        "description": "",
        "uuid": uuid,
        "release": 1,
        "version": 1,
        "author": "",
        "status": _no_status(),
        "internal": stamp.internal(),
        **body,
    }


def _clinical(body: Json, uuid: str, stamp: Stamp) -> Json:
    consents = ("CARRIER_FINDINGS", "SECONDARY_FINDINGS", "PRIMARY_FINDINGS", "RESEARCH_FINDINGS")
    return {
        "id": body["id"],
        "annotationSets": [],
        "uuid": uuid,
        "description": "",
        "files": [],
        "panels": [],
        "panelLocked": False,
        "locked": False,
        "secondaryInterpretations": [],
        "consent": {
            "consents": [
                {"id": one, "name": one.replace("_", " ").capitalize(), "description": "", "value": "UNKNOWN"}
                for one in consents
            ],
            "date": stamp.text,
        },
        "request": {},
        "flags": [],
        **stamp.dates(),
        "dueDate": stamp.later(30),
        "release": 1,
        "version": 1,
        "qualityControl": {},
        "comments": [],
        "internal": stamp.internal(),
        **body,
    }


def _job(body: Json, uuid: str, stamp: Stamp) -> Json:
    file = {"release": 0, "external": False, "size": 0}
    return {
        "id": body["id"],
        "uuid": uuid,
        "params": {},
        **stamp.dates(),
        "priority": "MEDIUM",
        "outDir": dict(file),
        "input": [],
        "output": [],
        "dependsOn": [],
        "dryRun": False,
        "stdout": dict(file),
        "stderr": dict(file),
        "visited": False,
        "release": 1,
        **body,
    }


_NEW: dict[str, Callable[[Json, str, Stamp], Json]] = {
    "samples": _sample,
    "individuals": _individual,
    "families": _family,
    "cohorts": _cohort,
    "files": _file,
    "panels": _panel,
    "clinical": _clinical,
    "jobs": _job,
}
