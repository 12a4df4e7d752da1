"""A Gen3 sandbox of its own for each test, seeded with the pedigree."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from biodata.adapter import Context
from biodata.config.settings import settings_from_values
from biodata.connection import Connection
from biodata.sandbox import Sandbox
from biodata_gen3 import Gen3Adapter
from biodata_gen3.sandbox import PROGRAM, PROJECT, READER, Gen3Sandbox
from biodata_gen3.settings import Gen3Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from biodata.sandbox.log import Received

KEY = "/user/credentials/api/access_token"
GRAPHQL = "/api/v0/submission/graphql"
HERE = f"/api/v0/submission/{PROGRAM}/{PROJECT}"


class Rig:
    """A running commons, what it was asked, and connections to it."""

    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        self.sandbox = sandbox
        self.platform: Any = sandbox.platform("gen3")
        self.state = self.platform.state
        self.faults = sandbox._servers["gen3"].faults
        self.clock = sandbox.clock
        self.log = sandbox.requests("gen3")
        self.directory = directory
        self.opened: list[Connection] = []
        self.exchanges: list[Any] = []

    def connect(self, access: Any = "delete", user: str | None = None, **settings: Any) -> Connection:
        values: dict[str, Any] = {"program": PROGRAM, "project": PROJECT, **settings}
        if "token" not in values and "credentials" not in values:
            entry = self.sandbox.entries["gen3"]["credentials"]
            values["credentials"] = entry if user is None else self.credentials(user)
        read = settings_from_values(Gen3Settings, values)
        context = Context(profile="gen3", access=access, on_exchange=self.exchanges.append)
        connection = Connection(Gen3Adapter.open(read, context), name="gen3", access=access, page_size=read.page_size)
        self.opened.append(connection)
        return connection

    def credentials(self, user: str = READER, lifetime: float = 2_592_000) -> str:
        """The path of a new credentials.json."""
        path = self.directory / f"{user}-{lifetime}.json"
        path.write_text(json.dumps(self.platform.credentials(user, lifetime)), encoding="utf-8")
        return str(path)

    def asked(self, method: str | None = None, start: str = "") -> list[Received]:
        """The requests with this method whose path begins so."""
        return [one for one in self.log if method in (None, one.method) and one.path.startswith(start)]

    def logins(self) -> int:
        return self.log.count("POST", KEY)

    def samples(self, number: int) -> None:
        """That many more samples of one person."""
        docs = [
            {
                "type": "sample", "submitter_id": f"s{at:04}", "cases": {"submitter_id": "NA12878"},
                "days_to_collection": at, "concentration": at / 4, "note": f"note {at % 3}", "cell_line": at % 2 == 0,
                "storage": ["a", "b"][: at % 3], "tissue": "saliva",
            }
            for at in range(number)
        ]  # fmt: skip
        self.platform.submit(PROGRAM, PROJECT, docs)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Sandbox(("gen3",), classes={"gen3": Gen3Sandbox}) as sandbox:
        made = Rig(sandbox, tmp_path)
        yield made
        for connection in made.opened:
            connection.close()


@pytest.fixture
def short(tmp_path: Path) -> Iterator[Rig]:
    """With tokens that live one second."""
    with Sandbox(("gen3",), classes={"gen3": Gen3Sandbox}, token_lifetime=1) as sandbox:
        made = Rig(sandbox, tmp_path)
        yield made
        for connection in made.opened:
            connection.close()
