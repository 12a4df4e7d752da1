"""What the server holds: organizations, users, projects, studies, and entries with versions and links."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["KINDS", "Entry", "Kind", "Organization", "Project", "Study", "Waiting", "kind_of", "new_uuid"]

_CORE = "org.opencb.opencga.core.models."


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of entry of a study.

    Attributes:
        name: as in the path.
        java: the class of results.
        code: stands in the uuid (section 2).
        always: keys that come whatever `include` says.
        primitives: keys that come with Java's default where `include` leaves them out (section 2).
        versioned: whether every update makes a version.
        right: the word in the study's permissions: VIEW_SAMPLES.
        nested: key -> kind of what stands in it.
    """

    name: str
    java: str
    code: int
    always: tuple[str, ...] = ("id",)
    primitives: dict[str, Any] = {}
    versioned: bool = False
    right: str
    nested: dict[str, str] = {}

    @property
    def singular(self) -> str:
        """The word for one of them: `Sample`."""
        return self.java.rpartition(".")[2]


_PERSON = {"release": 0, "version": 0, "parentalConsanguinity": False}
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="samples",
            java=_CORE + "sample.Sample",
            code=4,
            always=("id", "uuid", "version"),
            primitives={"release": 0, "somatic": False},
            versioned=True,
            right="SAMPLES",
        ),
        Kind(
            name="individuals",
            java=_CORE + "individual.Individual",
            code=6,
            primitives=_PERSON,
            versioned=True,
            right="INDIVIDUALS",
            nested={"samples": "samples"},
        ),
        Kind(
            name="families",
            java=_CORE + "family.Family",
            code=7,
            primitives={"release": 0, "version": 0, "expectedSize": 0},
            versioned=True,
            right="FAMILIES",
            nested={"members": "individuals"},
        ),
        Kind(
            name="cohorts",
            java=_CORE + "cohort.Cohort",
            code=5,
            primitives={"numSamples": 0, "release": 0},
            right="COHORTS",
            nested={"samples": "samples"},
        ),
        Kind(
            name="files",
            java=_CORE + "file.File",
            code=3,
            always=("id", "type", "path"),
            primitives={"release": 0, "external": False, "size": 0, "sampleIds": []},
            right="FILES",
        ),
        Kind(
            name="panels",
            java=_CORE + "panel.Panel",
            code=10,
            primitives={"release": 0, "version": 0},
            versioned=True,
            right="PANELS",
        ),
        Kind(
            name="clinical",
            java=_CORE + "clinical.ClinicalAnalysis",
            code=9,
            primitives={"panelLocked": False, "locked": False, "release": 0, "version": 0},
            versioned=True,
            right="CLINICAL_ANALYSIS",
            nested={"proband": "individuals", "family": "families"},
        ),
        Kind(
            name="jobs",
            java=_CORE + "job.Job",
            code=8,
            primitives={"dryRun": False, "visited": False, "release": 0},
            right="JOBS",
        ),
    )
}
PROJECT_KIND = Kind(
    name="projects",
    java=_CORE + "project.Project",
    code=1,
    primitives={"currentRelease": 0},
    right="PROJECTS",
    nested={"studies": "studies"},
)
STUDY_KIND = Kind(
    name="studies", java=_CORE + "study.Study", code=2, primitives={"size": 0, "release": 0}, right="STUDY"
)
_ALL = {**KINDS, "projects": PROJECT_KIND, "studies": STUDY_KIND}


def kind_of(name: str) -> Kind:
    """The kind of that name."""
    return _ALL[name]


class Entry(msgspec.Struct, eq=False, kw_only=True):
    """One entry of a study: a sample, an individual, a file.

    Attributes:
        fields: what is stored, as JSON; other entries it belongs with stand in `links` only.
        links: key -> uids.
        history: the fields of earlier versions.
        acl: member -> permissions, where they differ from the study's.
        content: of a file.
    """

    kind: str
    uid: int
    fields: dict[str, Any]
    links: dict[str, list[int]] = msgspec.field(default_factory=dict)
    history: list[dict[str, Any]] = msgspec.field(default_factory=list)
    acl: dict[str, list[str]] = msgspec.field(default_factory=dict)
    deleted: bool = False
    content: bytes = b""

    @property
    def id(self) -> str:
        """Its id in the study."""
        return str(self.fields["id"])

    def linked(self, key: str) -> list[int]:
        """The uids under a key; change the list to change the links."""
        return self.links.setdefault(key, [])


class Waiting(msgspec.Struct, eq=False):
    """A job that the daemon will run: since when it waits, and what it does."""

    job: Entry
    since: float
    work: Callable[[], None]


class Study(msgspec.Struct, eq=False, kw_only=True):
    """A study with its entries, in the order in which they were stored.

    Attributes:
        acl: member -> permissions.
        members: all users with some right, the owner first.
        groups: those that somebody made, `@name` to users.
        rules: entity to its permission rules.
    """

    uid: int
    fields: dict[str, Any]
    entries: list[Entry] = msgspec.field(default_factory=list)
    acl: dict[str, list[str]] = msgspec.field(default_factory=dict)
    members: list[str] = msgspec.field(default_factory=list)
    variable_sets: list[dict[str, Any]] = msgspec.field(default_factory=list)
    groups: dict[str, list[str]] = msgspec.field(default_factory=dict)
    rules: dict[str, list[dict[str, Any]]] = msgspec.field(default_factory=dict)
    notes: list[dict[str, Any]] = msgspec.field(default_factory=list)
    index: dict[int, Entry] = msgspec.field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its id in the project."""
        return str(self.fields["id"])

    def all(self, kind: str, *, deleted: bool = False) -> list[Entry]:
        """The entries of a kind."""
        return [one for one in self.entries if one.kind == kind and one.deleted is deleted]

    def find(self, kind: str, name: str) -> Entry | None:
        """The entry with that id or uuid."""
        found = (one for one in self.all(kind) if name in (one.fields["id"], one.fields.get("uuid")))
        return next(found, None)

    def by_uid(self, uid: int) -> Entry | None:
        """The entry with that uid, unless it was deleted."""
        if len(self.index) != len(self.entries):
            self.index = {one.uid: one for one in self.entries}
        entry = self.index.get(uid)
        return None if entry is None or entry.deleted else entry


class Project(msgspec.Struct, eq=False, kw_only=True):
    """A project with its studies."""

    uid: int
    fields: dict[str, Any]
    studies: list[Study] = msgspec.field(default_factory=list)


class Organization(msgspec.Struct, eq=False, kw_only=True):
    """An organization with its users and projects.

    Attributes:
        last_uid: entries of one organization are counted together.
    """

    fields: dict[str, Any]
    users: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    passwords: dict[str, str] = msgspec.field(default_factory=dict)
    projects: list[Project] = msgspec.field(default_factory=list)
    last_uid: int = 0

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.fields["id"])

    def new_uid(self) -> int:
        """The next number."""
        self.last_uid += 1
        return self.last_uid

    def rules(self, user: str) -> bool:
        """Whether a user may do everything here."""
        return user == self.fields.get("owner") or user in self.fields.get("admins", ())


def new_uuid(code: int, seconds: float) -> str:
    """A uuid as the server makes them: time, kind, installation, chance (section 2)."""
    milliseconds = int(seconds * 1000)
    low, high = milliseconds & 0xFFFFFFFF, milliseconds >> 32
    return f"{low:08x}-{high:04x}-{code:04x}-0001-{secrets.token_hex(6)}"
