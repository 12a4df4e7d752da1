"""connect: a profile with keys replaced, an address, and what is neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from biodata import ConfigError, connect
from biodata.config import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from biodata import Connection


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TEST_PASSWORD", "from-the-file")
    monkeypatch.setenv("TEST_OTHER", "from-the-environment")
    file = tmp_path / "profiles.yml"
    file.write_text(
        "profiles:\n  umcg: {platform: molgenis, url: 'http://127.0.0.1:1', username: me, "
        "password: '${env:TEST_PASSWORD}'}\n"
    )
    return file


def password(connection: Connection) -> str | None:
    given: Secret | None = vars(connection.adapter)["_settings"].password
    return given and given.reveal()


@pytest.mark.parametrize("address", ["https://me:hunter2@host.example/", "host.example", "data/local.duckdb"])
def test_an_address_needs_its_platform_and_is_not_repeated(address: str) -> None:
    with pytest.raises(ConfigError, match="which platform") as caught:
        connect(address)
    assert address not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("plain", "plain"),
        ("${env:TEST_OTHER}", "from-the-environment"),
        (Secret("wrapped"), "wrapped"),
    ],
)
def test_a_secret_in_place_of_the_profiles(config: Path, given: Any, taken: str) -> None:
    assert password(connect("umcg", config=config)) == "from-the-file"
    assert password(connect("umcg", config=config, password=given)) == taken


@pytest.mark.parametrize("given", [5, ["x"]])
def test_what_cannot_be_a_secret_is_an_error(config: Path, given: object) -> None:
    with pytest.raises(ConfigError) as caught:
        connect("umcg", config=config, password=given)
    assert caught.value.code == "BD-CONFIG-SECRET"


def test_none_takes_a_key_of_the_profile_away(config: Path) -> None:
    assert password(connect("umcg", config=config, username=None, password=None)) is None
