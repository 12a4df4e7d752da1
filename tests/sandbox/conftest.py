"""Fixtures of the sandbox's own tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from biodata.sandbox import Sandbox
    from biodata_molgenis.sandbox import State

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"


@pytest.fixture
def recordings() -> Path:
    """The recordings of real servers, which lie beside the project."""
    if not RECORDINGS.is_dir():
        pytest.skip(f"not run: {RECORDINGS} is not there")
    return RECORDINGS


@pytest.fixture
def state(empty_molgenis: Sandbox) -> State:
    """The state of the empty MOLGENIS server."""
    return empty_molgenis.platform("molgenis").state


@pytest.fixture
def http() -> Iterator[requests.Session]:
    """A session that looks at no proxy and no .netrc."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def ask(empty_molgenis: Sandbox, http: requests.Session) -> Callable[..., requests.Response]:
    """Ask the empty MOLGENIS server as its administrator: `ask("GET", "/api/v2/T", json=…)`."""
    url = empty_molgenis.url("molgenis")
    login = http.post(f"{url}/api/v1/login", json={"username": "admin", "password": "admin"}, timeout=10)
    token = login.json()["token"]

    def request(method: str, path: str, **more: object) -> requests.Response:
        headers = {"x-molgenis-token": token, **more.pop("headers", {})}
        return http.request(method, url + path, headers=headers, timeout=10, **more)

    return request
