"""OpenCGA sandboxes with the CEPH family in them, and connections to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from biodata.adapter import Context
from biodata.config.settings import settings_from_values
from biodata.connection import Connection
from biodata.sandbox import Sandbox
from biodata_opencga.adapter import OpencgaAdapter
from biodata_opencga.sandbox import OpencgaSandbox
from biodata_opencga.sandbox.demo import ORGANIZATION, OWNER, PASSWORDS, STUDY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from biodata.sandbox.log import Received


class Rig:
    """A running server, what it was asked, and connections to it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.platform: Any = sandbox.platform("opencga")
        self.state = self.platform.state
        self.faults = self.platform.faults
        self.log = sandbox.requests("opencga")
        self.url = f"{sandbox.url('opencga')}/opencga"
        self.opened: list[Connection] = []

    def connect(self, access: Any = "delete", user: str = OWNER, **more: Any) -> Connection:
        """A connection as one of the demo's users; None takes a key away."""
        login = {"user": user, "password": PASSWORDS.get(user), "organization": ORGANIZATION, "study": STUDY}
        settings = settings_from_values(OpencgaAdapter.Settings, {"url": self.url, **login, **more})
        adapter = OpencgaAdapter.open(settings, Context(profile="omics", access=access))
        connection = Connection(adapter, name="omics", access=access, page_size=settings.page_size)
        self.opened.append(connection)
        return connection

    def asked(self, method: str, part: str) -> list[Received]:
        """The requests of that method whose target has this in it."""
        return [one for one in self.log if one.method == method and part in one.target]

    def logins(self) -> int:
        """How often a token was asked for."""
        return len(self.asked("POST", "/users/login"))


def _rig(**options: Any) -> Iterator[Rig]:
    with Sandbox(("opencga",), classes={"opencga": OpencgaSandbox}, **options) as sandbox:
        rig = Rig(sandbox)
        yield rig
        for connection in rig.opened:
            connection.close()


@pytest.fixture(scope="session")
def shared() -> Iterator[Rig]:
    """The family, for tests that only read."""
    yield from _rig()


@pytest.fixture
def family(shared: Rig) -> Connection:
    """A connection that reads the family."""
    return shared.connect("read")


@pytest.fixture
def rig() -> Iterator[Rig]:
    """A server for one test."""
    yield from _rig()


@pytest.fixture
def short_lived() -> Iterator[Rig]:
    """A server whose tokens live one second."""
    yield from _rig(token_lifetime=1.0)


@pytest.fixture
def writing(rig: Rig) -> Connection:
    """A connection that may do everything."""
    return rig.connect()


@pytest.fixture
def targets() -> Callable[[Rig], list[str]]:
    """The targets of a rig's requests, logins left out."""
    return lambda rig: [one.target for one in rig.log if "users/login" not in one.target]
