"""The OpenCGA sandbox as the harness runs it, and its demo data: the CEPH pedigree 1463."""

from __future__ import annotations

import csv
import os
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

from biodata.sandbox import Clock, Faults, SandboxPlatform
from biodata_opencga.sandbox.demo import ORGANIZATION, OWNER, STUDY, fill, prepare
from biodata_opencga.sandbox.routes import Application
from biodata_opencga.sandbox.state import State

if TYPE_CHECKING:
    from pathlib import Path
    from wsgiref.types import WSGIApplication

__all__ = ["OpencgaSandbox"]


class OpencgaSandbox(SandboxPlatform):
    """An OpenCGA server (REST v2: catalogue, files, permissions) in memory, below `/opencga`.

    Users: `opencga` of the installation; when seeded also `demo`, who owns the organization, and `viewer`, who may
    read the study and nothing else; their passwords are in `demo.PASSWORDS`.
    """

    platform: ClassVar[str] = "opencga"

    def __init__(
        self, clock: Clock | None = None, faults: Faults | None = None, token_lifetime: float | None = None
    ) -> None:
        # An empty Faults is false, and still the one that the server looks at.
        super().__init__(clock or Clock(), Faults() if faults is None else faults, token_lifetime)
        self.state = self.new_state()
        self._application = Application(self.state)

    def new_state(self) -> State:
        """An empty server."""
        return State(self.clock, self.token_lifetime)

    @property
    def application(self) -> WSGIApplication:
        """The server's WSGI application."""
        return self._application

    def prepare(self) -> None:
        """Add the organization, its users, the project and the study."""
        with self.state.lock:
            prepare(self.state)

    def seed(self) -> None:
        """Add the family."""
        text = files("biodata_opencga.sandbox").joinpath("data", "ceph1463.csv").read_text(encoding="utf-8")
        with self.state.lock:
            fill(self.state, list(csv.DictReader(text.splitlines())))

    def entry(self, url: str, directory: Path) -> dict[str, str]:  # noqa: ARG002 - no file is needed
        """Address, login, organization and study of the owner; of an empty server the installation's."""
        home = self.state.organizations.get(ORGANIZATION)
        if home is None:
            return {"url": f"{url}/opencga", **_login("opencga", self.state), "organization": "opencga", "study": ""}
        login = {"user": OWNER, "password": home.passwords[OWNER]}
        return {"url": f"{url}/opencga", **login, "organization": ORGANIZATION, "study": STUDY}

    def profile(self, entry: dict[str, str], directory: Path) -> dict[str, Any]:
        """A profile with all access; the password goes to a file of its own (0600)."""
        secret = directory / "opencga.password"
        descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(entry["password"])
        keys = {name: entry[name] for name in ("url", "user", "organization", "study") if entry[name]}
        return {"platform": "opencga", **keys, "password": f"${{file:{secret}}}", "access": "delete"}


def _login(user: str, state: State) -> dict[str, str]:
    return {"user": user, "password": state.organizations["opencga"].passwords[user]}
