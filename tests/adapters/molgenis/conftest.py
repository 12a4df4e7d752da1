"""A MOLGENIS sandbox of its own for each test, and tables to try things on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import biodata
from biodata_molgenis.sandbox.model import Attribute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.sandbox import Sandbox
    from biodata.sandbox.log import Received

CITY = (
    Attribute(name="code", is_id=True),
    Attribute(name="name", is_label=True),
    Attribute(name="people", type="onetomany", ref="rt_Person", mapped_by="city"),
)
PERSON = (
    Attribute(name="id", is_id=True),
    Attribute(name="fullName", is_label=True, nillable=False),
    Attribute(name="age", type="int"),
    Attribute(name="score", type="decimal"),
    Attribute(name="big", type="long"),
    Attribute(name="active", type="bool"),
    Attribute(name="born", type="date"),
    Attribute(name="seen", type="datetime"),
    Attribute(name="notes", type="text"),
    Attribute(name="mail", type="email", unique=True),
    Attribute(name="home", type="hyperlink"),
    Attribute(name="sex", type="enum", enum_options=("f", "m")),
    Attribute(name="city", type="xref", ref="rt_City"),
    Attribute(name="visited", type="mref", ref="rt_City"),
    Attribute(name="cat", type="categorical", ref="rt_City"),
    Attribute(name="cats", type="categoricalmref", ref="rt_City"),
    Attribute(name="photo", type="file", ref="sys_FileMeta"),
    Attribute(name="lvl", type="int", default="7"),
)
NUMBERS = (
    Attribute(name="n", type="int", is_id=True),
    Attribute(name="name"),
    Attribute(name="weight", type="decimal"),
)


class Rig:
    """A running server, what it was asked, and connections to it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.platform: Any = sandbox.platform("molgenis")
        self.state = self.platform.state
        self.faults = self.platform.faults
        self.clock = sandbox.clock
        self.log = sandbox.requests("molgenis")
        self.opened: list[biodata.Connection] = []
        self.exchanges: list[Any] = []

    def connect(self, **settings: Any) -> biodata.Connection:
        login = {"username": "admin", "password": "admin"}
        if settings.pop("anonymous", False) or "token" in settings:
            login = {}
        keys = {"access": "delete", **login, **settings}
        url = keys.pop("url", self.sandbox.url("molgenis"))
        connection = biodata.connect(url, platform="molgenis", on_exchange=self.exchanges.append, **keys)
        self.opened.append(connection)
        return connection

    def asked(self, method: str | None = None, start: str = "") -> list[Received]:
        """The requests with this method whose path begins so."""
        return [one for one in self.log if method in (None, one.method) and one.path.startswith(start)]

    def logins(self) -> int:
        return self.log.count("POST", "/api/v1/login")

    def numbers(self, count: int) -> None:
        """A table `numbers` of that many rows."""
        self.state.create_table("numbers", NUMBERS)
        for start in range(0, count, 1000):
            rows = [{"n": n, "name": f"row {n:05}", "weight": n / 4} for n in range(start, min(count, start + 1000))]
            self.state.add_rows("numbers", rows)


@pytest.fixture
def rig(empty_molgenis: Sandbox) -> Iterator[Rig]:
    made = Rig(empty_molgenis)
    yield made
    for connection in made.opened:
        connection.close()


@pytest.fixture
def people(rig: Rig) -> Rig:
    """The tables of the recordings: cities, and persons with a field of each type."""
    rig.state.create_table("rt_City", CITY, label="City", package="rt")
    rig.state.create_table("rt_Person", PERSON, label="Person", package="rt")
    cities = [("gro", "Groningen"), ("ams", "Amsterdam"), ("rtm", "Rotterdam")]
    rig.state.add_rows("rt_City", [{"code": code, "name": name} for code, name in cities])
    return rig
