"""What is around the entries of a study: organizations, users, projects, studies, variable sets.

They are few, and their searches can neither sort nor count, so they are read whole (`catalogue.py`).
"""

from __future__ import annotations

from biodata.records.types import Boolean, DateTime, Field, Integer, Json, List, Reference, String
from biodata_opencga.shapes import HEAD, KEY, Table, given, texts, written

__all__ = ["ORGANIZATIONS", "PROJECTS", "STUDIES", "USERS", "VARIABLE_SETS"]

_DATES = (given("creationDate", DateTime()), given("modificationDate", DateTime()))
_ATTRIBUTES = written("attributes", Json(), options={"merged": "yes"})

ORGANIZATIONS = Table(
    name="organizations",
    label="The organization of the user",
    searched=False,
    ids=1,
    deletes=None,
    fields=(
        *HEAD,
        written("name", String()),
        written("owner", Reference("users"), ""),
        given("admins", List(Reference("users"))),
        given("projects", List(Reference("projects")), include="id"),
        given("configuration", Json()),
        _ATTRIBUTES,
        *_DATES,
    ),
)
USERS = Table(
    name="users",
    label="Users",
    searched=False,
    ids=1,
    deletes=None,
    fields=(
        KEY,
        written("name", String(), required=True),
        written("email", String(), required=True),
        written("password", String(), "body", "", description="Of a new user; it is never read"),
        written("organization", Reference("organizations"), "body", ""),
        given("account", Json()),
        given("quota", Json()),
        given("attributes", Json()),
        given("internal", Json()),
        *_DATES,
    ),
)
PROJECTS = Table(
    name="projects",
    label="Projects",
    searched=False,
    ids=1,
    deletes=None,
    fields=(
        *HEAD,
        written("name", String()),
        given("fqn", String()),
        written("description", String()),
        written("organism", texts("scientificName", "commonName", "assembly"), "body", "", required=True),
        written("cellbase", Json(), "body", ""),
        given("currentRelease", Integer(32)),
        given("studies", List(Reference("studies")), include="fqn"),
        _ATTRIBUTES,
        *_DATES,
    ),
)
STUDIES = Table(
    name="studies",
    label="Studies",
    key="fqn",
    searched=False,
    ids=1,
    deletes=None,
    fields=(
        Field("fqn", String(), required=True, unique=True, description="organization@project:study"),
        given("uuid", String()),
        given("id", String()),
        written("name", String()),
        written("alias", String()),
        written("description", String()),
        written("type", texts("id", "description")),
        given("size", Integer(64)),
        given("release", Integer(32)),
        _ATTRIBUTES,
        *_DATES,
    ),
)
VARIABLE_SETS = Table(
    name="variableSets",
    label="Variable sets: what the entries of a study can be annotated with",
    searched=False,
    ids=1,
    deletes="deleted",
    fields=(
        KEY,
        written("name", String(), "body", ""),
        written("description", String(), "body", ""),
        written("unique", Boolean(), "body", "", default="true"),
        written("confidential", Boolean(), "body", "", default="false"),
        written("entities", List(String()), "body", ""),
        written("variables", List(Json()), "body", ""),
        given("internal", Boolean()),
        given("release", Integer(32)),
        given("attributes", Json()),
    ),
)
