"""The demo data: a family of three generations, put in as a client would (data/ceph1463.csv)."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from biodata_opencga.sandbox import entities
from biodata_opencga.sandbox.calls import Call, template
from biodata_opencga.sandbox.http import Ask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata_opencga.sandbox.state import State

__all__ = ["FAMILY", "ORGANIZATION", "OWNER", "PASSWORDS", "STUDY", "VIEWER", "fill", "prepare"]

ORGANIZATION, OWNER, VIEWER = "demo", "demo", "viewer"
STUDY = "demo@project:study"
FAMILY = "CEPH1463"
PASSWORDS = {OWNER: "Demo_P@ssw0rd1", VIEWER: "Viewer_P@ssw0rd1"}


def prepare(state: State) -> None:
    """Organization, users, project and study."""
    home = state.create_organization(ORGANIZATION, "Demo")
    for user, password in PASSWORDS.items():
        state.create_user(ORGANIZATION, user, password)
    home.fields["owner"] = OWNER
    organism = {"scientificName": "Homo sapiens", "assembly": "GRCh38"}
    project = state.create_project(ORGANIZATION, {"id": "project", "name": "Demo project", "organism": organism})
    study = state.create_study(ORGANIZATION, project, {"id": "study", "name": "CEPH pedigree 1463"}, OWNER)
    study.acl[VIEWER] = template("view_only")
    study.members.append(VIEWER)


def fill(state: State, people: Sequence[dict[str, str]]) -> None:
    """Individuals, a sample each, the family, a cohort per generation."""
    for person in people:
        _send(state, "individuals", _individual(person))
        _send(state, "samples", {"id": f"{person['individual']}-DNA", "individualId": person["individual"]})
    names = ",".join(person["individual"] for person in people)
    _send(
        state,
        "families",
        {"id": FAMILY, "name": "CEPH/Utah pedigree 1463", "expectedSize": len(people)},
        members=names,
    )
    for generation in sorted({person["generation"] for person in people}):
        samples = [{"id": f"{one['individual']}-DNA"} for one in people if one["generation"] == generation]
        _send(state, "cohorts", {"id": f"generation-{generation}", "type": "FAMILY", "samples": samples})


def _individual(person: dict[str, str]) -> dict[str, Any]:
    parents = {name: {"id": person[name]} for name in ("father", "mother") if person[name]}
    karyotype = {"MALE": "XY", "FEMALE": "XX"}[person["sex"]]
    return {"id": person["individual"], "sex": {"id": person["sex"]}, "karyotypicSex": karyotype, **parents}


def _send(state: State, kind: str, body: dict[str, Any], **query: str) -> None:
    content = json.dumps(body).encode()
    environ: Any = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "REQUEST_URI": "/?" + urlencode({"study": STUDY, **query}),
        "CONTENT_TYPE": "application/json",
        "HTTP_AUTHORIZATION": f"Bearer {state.token(ORGANIZATION, OWNER)}",
        "wsgi.input": io.BytesIO(content),
    }
    entities.create(Call(state, Ask(environ)), kind)
