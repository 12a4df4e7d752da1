"""The server's state, in memory behind one lock: organizations and who may log in to them."""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING, Any

from biodata_opencga.sandbox.documents import Stamp
from biodata_opencga.sandbox.errors import catalog, database, duplicate, parameter, unauthenticated
from biodata_opencga.sandbox.model import Entry, Organization, Project, Study, Waiting, new_uuid
from biodata_opencga.sandbox.studydata import study_document, variable_sets
from biodata_opencga.sandbox.tokens import read_token, sign

if TYPE_CHECKING:
    from biodata.sandbox import Clock

__all__ = ["ADMIN", "ADMIN_PASSWORD", "INSTALLATION", "TOKEN_LIFETIME", "State"]

ADMIN = INSTALLATION = "opencga"
ADMIN_PASSWORD = "Admin_P@ssw0rd"  # noqa: S105 - of a server that forgets everything
TOKEN_LIFETIME = 3600.0


class State:
    """All that the server knows. Hold `lock` while reading or writing.

    Args:
        clock: what tokens and dates go by.
        token_lifetime: seconds; None: an hour (section 4).
        version: of the server, as it says it everywhere.
        commit: of the server's build.
        secret: that tokens are signed with; None: a new one.
        job_seconds: how long a job takes, half of it waiting; None where no daemon is there to run any.
        draws_pedigrees: whether the external tool that draws a family's pedigree is there (section 11, f).
    """

    def __init__(
        self,
        clock: Clock,
        token_lifetime: float | None = None,
        *,
        version: str = "5.0.0",
        commit: str = "0" * 40,
        secret: bytes | None = None,
        draws_pedigrees: bool = True,
        job_seconds: float | None = 2.0,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.token_lifetime = TOKEN_LIFETIME if token_lifetime is None else token_lifetime
        self.version = version
        self.commit = commit
        self.secret = secret or secrets.token_bytes(32)
        self.draws_pedigrees = draws_pedigrees
        self.job_seconds = job_seconds
        self.waiting: list[Waiting] = []
        self.organizations: dict[str, Organization] = {}
        self.create_organization(INSTALLATION, INSTALLATION)
        self.create_user(INSTALLATION, ADMIN, ADMIN_PASSWORD)
        self.organizations[INSTALLATION].fields["owner"] = ADMIN

    @property
    def stamp(self) -> Stamp:
        """Time and version for documents that are made now."""
        return Stamp(self.clock.now(), self.version, self.commit)

    def uuid(self, code: int) -> str:
        """A new uuid."""
        return new_uuid(code, self.clock.time())

    # organizations, users --------------------------------------------------------------------------------------

    def create_organization(self, name: str, label: str) -> Organization:
        """A new organization.

        Raises:
            Refusal: there is one.
        """
        if name in self.organizations:
            raise database(f"Organization '{name}' already exists.")
        stamp = self.stamp
        fields = {
            "id": name,
            "uuid": self.uuid(12),
            "name": label,
            "owner": "",
            "admins": [],
            **stamp.dates(),
            "projects": [],
            "notes": [],
            "configuration": {
                "authenticationOrigins": [{"id": "OPENCGA", "type": "OPENCGA"}],
                "defaultUserExpirationDate": "21000101000000",
                "optimizations": {"simplifyPermissions": False},
            },
            "internal": stamp.internal(version=self.version, migrationExecutions=[]),
            "attributes": {},
        }
        self.organizations[name] = Organization(fields=fields)
        return self.organizations[name]

    def organization(self, name: str) -> Organization:
        """The organization of that id.

        Raises:
            Refusal: there is none.
        """
        if name not in self.organizations:
            raise database(f"Could not find database for organization '{name}'")
        return self.organizations[name]

    def create_user(self, organization: str, name: str, password: str, /, **more: str) -> dict[str, Any]:
        """A new user; `more`: name, email.

        Raises:
            Refusal: there is one.
        """
        home = self.organization(organization)
        if name in home.users:
            raise database(f"User '{name}' already exists in the database")
        stamp = self.stamp
        account = {
            "expirationDate": stamp.later(365),
            "password": {"expirationDate": stamp.later(90), "lastModified": stamp.text},
            "failedAttempts": 0,
            "authentication": {"id": "OPENCGA", "application": False},
        }
        home.users[name] = {
            "id": name,
            "name": more.get("name", name),
            "email": more.get("email", f"{name}@example.org"),
            "organization": organization,
            **stamp.dates(),
            "account": account,
            "internal": stamp.internal(account=account),
            "quota": dict.fromkeys(("diskUsage", "cpuUsage", "maxDisk", "maxCpu"), -1),
            "projects": [],
            "configs": {},
            "filters": [],
            "attributes": {},
        }
        home.passwords[name] = password
        return home.users[name]

    def home_of(self, user: str, organization: str | None) -> Organization:
        """The organization of a login that may not name one (section 3).

        Raises:
            Refusal: it is not named, and there is more than one, or none.
        """
        if organization:
            return self.organization(organization)
        if user == ADMIN:
            return self.organizations[INSTALLATION]
        others = [one for name, one in self.organizations.items() if name != INSTALLATION]
        if len(others) != 1:
            raise parameter("Parameter 'organization' is missing or null.")
        return others[0]

    def login(self, user: str, password: str, organization: str | None = None) -> str:
        """A token for a user and password.

        Raises:
            Refusal: 401.
        """
        home = self.home_of(user, organization)
        if user not in home.users:
            raise unauthenticated(f"User '{user}' not found in organization '{home.id}'.")
        if home.passwords[user] != password:
            raise unauthenticated("OPENCGA: Incorrect user or password.")
        return self.token(home.id, user)

    def token(self, organization: str, user: str) -> str:
        """A token; two of one second are equal (section 4), those of a shorter life are not."""
        now = self.clock.time()
        issued: float = int(now) if self.token_lifetime >= 60 else now  # noqa: PLR2004 - a minute
        claims = {"authOrigin": "OPENCGA", "sub": user, "aud": organization, "iss": "OpenCGA", "iat": issued}
        return sign({**claims, "exp": issued + self.token_lifetime}, self.secret)

    def read_token(self, token: str) -> tuple[str, str]:
        """(organization, user) of a token.

        Raises:
            Refusal: it is not good.
        """
        return read_token(token, self.secret, self.clock.time())

    # projects and studies --------------------------------------------------------------------------------------

    def create_project(self, organization: str, body: dict[str, Any]) -> Project:
        """A new project.

        Raises:
            Refusal: there is one of that id, or the organism is missing.
        """
        home = self.organization(organization)
        organism = body.get("organism") or {}
        if not organism.get("scientificName") or not organism.get("assembly"):
            raise parameter("Missing mandatory organism information")
        if any(one.fields["id"] == body.get("id") for one in home.projects):
            raise database(f'Project {{id:"{body["id"]}"}} already exists in this organization')
        stamp = self.stamp
        fields = {
            "id": body["id"],
            "uuid": self.uuid(1),
            "name": body["id"],
            "fqn": f"{organization}@{body['id']}",
            **stamp.dates(),
            "description": "",
            "cellbase": {"url": "https://cellbase.example/cellbase", "version": "v5.8", "dataRelease": "7"},
            "currentRelease": 1,
            "internal": stamp.internal(datastores={}),
            "attributes": {},
            **body,
        }
        home.projects.append(Project(uid=home.new_uid(), fields=fields))
        return home.projects[-1]

    def create_study(self, organization: str, project: Project, body: dict[str, Any], owner: str) -> Study:
        """A new study with its root folders.

        Raises:
            Refusal: there is one of that id.
        """
        home = self.organization(organization)
        uid, fqn = home.new_uid(), f"{project.fields['fqn']}:{body['id']}"
        if any(one.id == body["id"] for one in project.studies):
            where = f"collection: opencga_catalog_{organization}.study index: fqn_1"
            raise database(duplicate(f'{where} dup key: {{ fqn: "{fqn}" }}'))
        uri = f"file:///opt/opencga/sessions/orgs/{organization}/projects/{project.uid}/{uid}/"
        fields = study_document(body, self.uuid(2), self.stamp, fqn, uri)
        study = Study(uid=uid, fields=fields, members=[owner], variable_sets=variable_sets())
        for path in ("", "JOBS/"):
            study.entries.append(self._folder(home, path, uri))
        home.new_uid()
        home.new_uid()
        project.studies.append(study)
        return study

    def _folder(self, home: Organization, path: str, uri: str) -> Entry:
        from biodata_opencga.sandbox.documents import new_document

        body = {"id": path.replace("/", ":"), "path": path, "type": "DIRECTORY", "name": path.rstrip("/")}
        fields = new_document("files", {**body, "uri": uri + path}, self.uuid(3), self.stamp)
        return Entry(kind="files", uid=home.new_uid(), fields=fields)

    def project(self, organization: Organization, text: str) -> Project | None:
        """The project of an id, fqn or uuid."""
        for one in organization.projects:
            if text in (one.fields["id"], one.fields["fqn"], one.fields["uuid"]):
                return one
        return None

    def studies(self, organization: Organization, text: str | None) -> list[Study]:
        """The studies that a text names; all of them when there is none.

        Raises:
            Refusal: it names none.
        """
        every = [study for project in organization.projects for study in project.studies]
        if not text:
            return every
        if "," in text:
            raise catalog(f"More than one study found given '{text}'. {ACCEPTED}")
        found = [study for study in every if text in _names(study)]
        if not found:
            raise catalog(f"No study found given '{text.rpartition(':')[2]}'.")
        return found


ACCEPTED = "Please, be more specific. The accepted pattern is [organizationId@projectId:studyId]"


def _names(study: Study) -> tuple[str, ...]:
    fields = study.fields
    fqn = str(fields["fqn"])
    return (study.id, fields["alias"], fields["uuid"], fqn, fqn.partition("@")[2])
