"""The Gen3 sandbox as the harness runs it, and its demo data."""

from __future__ import annotations

import csv
import json
import os
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from biodata.sandbox import Clock, Faults, SandboxPlatform
from biodata_gen3.sandbox.dictionary import Dictionary
from biodata_gen3.sandbox.fence import KEY_LIFETIME, add_client, make_key
from biodata_gen3.sandbox.indices import build
from biodata_gen3.sandbox.routes import Application
from biodata_gen3.sandbox.state import State
from biodata_gen3.sandbox.upload import Upload
from biodata_gen3.sandbox.users import ADMIN, READER, project_resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from wsgiref.types import WSGIApplication

__all__ = ["PROGRAM", "PROJECT", "Gen3Sandbox"]

PROGRAM, PROJECT = "demo", "ceph1463"
_GENERATIONS = frozenset({"1", "2"})


class Gen3Sandbox(SandboxPlatform):
    """A Gen3 data commons (fence, sheepdog, peregrine) in memory.

    Users: `admin`, who may do everything; `reader`, who when seeded may read the demo project; `nobody`.

    Args:
        clock, faults, token_lifetime: as for every sandbox; no token lives longer than `token_lifetime` seconds.
        dictionary: a data dictionary in place of our own small one: a JSON file in the form of `/_dictionary/_all`,
            or as commons publish theirs (`artifact.py`).
        mixed_exports: whether ids of several types can be exported at once, as by older servers.
        tier: what the search shows of what a user may not read: `private`, `regular` or `libre`.
        example: of which pipeline the dictionary has the node types too: `biobank`.
    """

    platform: ClassVar[str] = "gen3"
    options: ClassVar[frozenset[str]] = frozenset({"dictionary", "example", "mixed_exports", "tier"})

    def __init__(
        self,
        clock: Clock | None = None,
        faults: Faults | None = None,
        token_lifetime: float | None = None,
        *,
        dictionary: Dictionary | Path | None = None,
        mixed_exports: bool = False,
        tier: Literal["private", "regular", "libre"] = "regular",
        example: str | None = None,
    ) -> None:
        # An empty Faults is false, and still the one that the server looks at.
        super().__init__(clock or Clock(), Faults() if faults is None else faults, token_lifetime)
        loaded = dictionary if isinstance(dictionary, Dictionary) else Dictionary.load(dictionary)
        self._own_dictionary = dictionary is None
        loaded = loaded.with_example(example) if example else loaded
        self.state = State(self.clock, loaded, token_lifetime)
        self.state.mixed_exports, self.state.tier = mixed_exports, tier
        self._application = Application(self.state)

    @property
    def application(self) -> WSGIApplication:
        """The server's WSGI application."""
        return self._application

    def prepare(self) -> None:
        """Add a program and a project."""
        self.add_project(PROGRAM, PROJECT)
        self.state.users.grant(READER, project_resource(PROGRAM, PROJECT), "read")

    def seed(self) -> None:
        """Add the upper two generations of the CEPH pedigree 1463, a sample and a file each.

        With another dictionary nothing is added: what it can hold is not known.
        """
        if self._own_dictionary:
            self.submit(PROGRAM, PROJECT, _pedigree())
            self.index()

    def index(self) -> None:
        """Make the search indices of the graph as it is now."""
        with self.state.lock:
            self.state.indices = build(self.state)

    def add_project(self, program: str, code: str) -> None:
        """Define a program and a project, where they are not there."""
        state = self.state
        with state.lock:
            held = state.program(program)
            if held is None:
                props = {"name": program, "dbgap_accession_number": program}
                held = state.put(state.named_id(program), state.dictionary["program"], props, state.now())
            if state.project(program, code) is None:
                props = {"code": code, "name": code, "dbgap_accession_number": code, "state": "open"}
                type_ = state.dictionary["project"]
                project = state.put(state.named_id(code), type_, props | {"program": program}, state.now())
                state.link(project, type_.links[0].name, held)

    def submit(self, program: str, code: str, docs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Put records into a project as a client would; the report.

        Raises:
            ValueError: they are refused.
        """
        state = self.state
        with state.lock:
            project = state.project(program, code)
            if project is None:
                raise ValueError(f"there is no project {program}-{code}")
            report = Upload(state, project, state.transaction(f"{program}-{code}", "update")).run(
                list(map(dict, docs))
            )
        if not report["success"]:
            raise ValueError(f"{report['message']} {report['entities']}")
        return report

    def credentials(self, user: str = ADMIN, lifetime: float = KEY_LIFETIME) -> dict[str, str]:
        """A new API key of a user, as a credentials.json holds it."""
        return make_key(self.state, self.state.users[user], lifetime)

    def client(self, user: str, client_id: str, secret: str) -> None:
        """Let an OAuth client log in with its secret, as a user."""
        add_client(self.state, self.state.users[user], client_id, secret)

    def entry(self, url: str, directory: Path) -> dict[str, str]:
        """`url`, `credentials` (the path of an administrator's credentials.json, 0600), `program` and `project`."""
        self.state.tokens.issuer = f"{url}/user"
        path = directory / "gen3-credentials.json"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self.credentials(), file)
        return {"url": url, "credentials": str(path), "program": PROGRAM, "project": PROJECT}

    def profile(self, entry: dict[str, str], directory: Path) -> dict[str, Any]:  # noqa: ARG002 - the key has its file
        """A profile with all access."""
        keys = {name: entry[name] for name in ("url", "credentials", "program", "project")}
        return {"platform": "gen3", **keys, "access": "delete"}


def _pedigree() -> Iterable[dict[str, Any]]:
    text = files("biodata_gen3.sandbox").joinpath("data", "ceph1463.csv").read_text(encoding="utf-8")
    yield {"type": "study", "submitter_id": "ceph-1463", "projects": {"code": PROJECT}, "title": "CEPH pedigree 1463"}
    for number, row in enumerate(csv.DictReader(text.splitlines())):
        if row["generation"] in _GENERATIONS:
            yield from _member(number, row)


def _member(number: int, row: dict[str, str]) -> Iterable[dict[str, Any]]:
    name = row["individual"]
    parents = {"father": row["father"] or None, "mother": row["mother"] or None}
    case = {"generation": int(row["generation"]), "relatives": [one for one in parents.values() if one], **parents}
    yield {"type": "case", "submitter_id": name, "studies": {"submitter_id": "ceph-1463"}, **case}
    sex = row["sex"].lower()
    yield {"type": "demographic", "submitter_id": f"{name}-demographic", "cases": {"submitter_id": name}, "sex": sex}
    sample = {"tissue": "blood", "cell_line": True, "concentration": 50.5 + number}
    yield {"type": "sample", "submitter_id": f"{name}-blood", "cases": {"submitter_id": name}, **sample}
    file = {
        "file_name": f"{name}.cram",
        "file_size": 1000 + number,
        "md5sum": f"{number:032x}",
        "data_format": "CRAM",
    }
    yield {
        "type": "submitted_reads", "submitter_id": f"{name}-reads",
        "samples": {"submitter_id": f"{name}-blood"}, **file, "data_type": "Aligned Reads",
    }  # fmt: skip
