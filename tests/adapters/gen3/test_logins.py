"""The ways to a token, and what is said of a key that cannot be used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from biodata.errors import AuthError, ConfigError, PermissionDenied
from biodata_gen3.sandbox import ADMIN, NOBODY, READER
from tests.adapters.gen3.conftest import HERE, KEY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.adapters.gen3.conftest import Rig

DAY = 86_400.0
OAUTH = "/user/oauth2/token"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory with an empty `.gen3`."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("GEN3_API_KEY", raising=False)
    directory = tmp_path / "home" / ".gen3"
    directory.mkdir(parents=True)
    return directory


def key_of(rig: Rig, user: str = READER) -> str:
    return json.dumps(rig.platform.credentials(user))


# --- where a key lies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["credentials", "credentials.json"])
def test_the_key_in_the_home_directory(rig: Rig, home: Path, name: str) -> None:
    (home / name).write_text(key_of(rig))
    assert rig.connect(credentials=None).identity().user == READER


@pytest.mark.parametrize("named", ["path", "name"])
def test_the_key_that_the_environment_names(
    rig: Rig, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    (home / "credentials.json").write_text(key_of(rig, ADMIN))
    path = tmp_path / "own.json" if named == "path" else home / "own.json"
    path.write_text(key_of(rig))
    monkeypatch.setenv("GEN3_API_KEY", str(path) if named == "path" else "own")
    assert rig.connect(credentials=None).identity().user == READER


def test_a_name_in_the_home_directory(rig: Rig, home: Path) -> None:
    (home / "own.json").write_text(key_of(rig))
    assert rig.connect(credentials="own").identity().user == READER


@pytest.mark.parametrize("whole", [True, False])
def test_a_key_from_a_reference(rig: Rig, home: Path, *, whole: bool) -> None:
    (home / "credentials.json").write_text(key_of(rig, ADMIN))
    text = key_of(rig)
    connection = rig.connect(credentials=None, api_key=text if whole else json.loads(text)["api_key"])
    assert connection.identity().user == READER


@pytest.mark.usefixtures("home")
def test_no_login_at_all(rig: Rig) -> None:
    with pytest.raises(ConfigError) as caught:
        rig.connect(credentials=None)
    assert caught.value.code == "BD-CONFIG-LOGIN"


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "t", "api_key": "k"},
        {"client_id": "c"},
        {"client_secret": "s"},
        {"workspace": "default", "token": "t"},
    ],
)
def test_ways_that_do_not_go_together(rig: Rig, wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        rig.connect(**{"url": rig.sandbox.url("gen3"), "credentials": None, **wrong})


def test_a_reference_that_holds_no_key(rig: Rig) -> None:
    with pytest.raises(ConfigError) as caught:
        rig.connect(credentials=None, api_key="hush")
    assert "hush" not in str(caught.value)


# --- other logins ----------------------------------------------------------------------------------------------


def test_a_client_of_the_commons(rig: Rig) -> None:
    rig.platform.client(READER, "robot", "s:cret")
    url = rig.sandbox.url("gen3")
    connection = rig.connect(credentials=None, url=url, client_id="robot", client_secret="s:cret")
    assert connection["case"].count() == connection["case"].count() == 6
    assert rig.log.count("POST", OAUTH) == 1
    rig.clock.advance(2 * 3600)
    assert connection["case"].count() == 6
    assert rig.log.count("POST", OAUTH) == 2


@pytest.mark.parametrize("client", ["robot", "nobody"])
def test_a_client_that_is_refused(rig: Rig, client: str) -> None:
    rig.platform.client(READER, "robot", "right")
    url = rig.sandbox.url("gen3")
    connection = rig.connect(credentials=None, url=url, client_id=client, client_secret="wrong")
    for _ in range(2):
        with pytest.raises(AuthError, match="client is refused"):
            connection["case"].count()
    assert rig.log.count("POST", OAUTH) == 1, "and not tried again"


def test_a_workspace(rig: Rig) -> None:
    token = rig.state.tokens.access(rig.state.users[READER], 3600)
    rig.faults.add("GET /token/*", status=200, body=json.dumps({"token": token}))
    url = rig.sandbox.url("gen3")
    connection = rig.connect(credentials=None, url=url, workspace="default", workspace_url=url)
    assert connection["case"].count() == connection["case"].count() == 6
    (asked,) = rig.asked("GET", "/token")
    assert asked.target.endswith("idp=default")


def test_another_commons_by_the_key_of_the_first(rig: Rig) -> None:
    token = rig.state.tokens.access(rig.state.users[NOBODY], 3600)
    rig.faults.add("GET /wts/token/*", status=200, body=json.dumps({"token": token}))
    connection = rig.connect(credentials=rig.credentials(), url=rig.sandbox.url("gen3"), workspace="other")
    with pytest.raises(PermissionDenied):
        connection["case"].count()
    assert rig.logins() == 1
    assert connection.identity().key_seconds is not None


def test_a_workspace_that_refuses(rig: Rig) -> None:
    rig.faults.add("GET /wts/token/*", status=400, body='{"error": "requested idp is not configured"}')
    connection = rig.connect(credentials=rig.credentials(), url=rig.sandbox.url("gen3"), workspace="other")
    with pytest.raises(AuthError, match="idp is not configured"):
        connection["case"].count()


# --- keys that cannot be used ------------------------------------------------------------------------------------


def test_each_reason_is_one_sentence(rig: Rig, tmp_path: Path) -> None:
    url = rig.sandbox.url("gen3")
    admin = rig.state.users[ADMIN]
    keys = {
        "BD-AUTH-EXPIRED": rig.state.tokens.api_key(admin, 100, issued=rig.clock.time() - 3 * DAY)[0],
        "BD-AUTH-REVOKED": rig.platform.credentials(ADMIN)["api_key"],
        "BD-AUTH-MALFORMED": "hush",
        "BD-AUTH": rig.state.tokens.access(admin, 3600),
    }
    rig.state.revoked.update(rig.state.keys)
    said = {}
    for code, key in keys.items():
        path = tmp_path / f"{code}.json"
        path.write_text(json.dumps({"api_key": key}))
        with pytest.raises(AuthError) as caught:
            rig.connect(credentials=str(path), url=url)["case"].count()
        assert caught.value.code == code
        assert "<" not in caught.value.message
        assert key not in str(caught.value)
        said[code] = caught.value.message
    assert said["BD-AUTH-EXPIRED"] == "The API key has expired 3 days ago"
    assert said["BD-AUTH-REVOKED"] == "The API key was revoked"
    assert said["BD-AUTH"] == "An access token stands where the API key should"


def test_a_key_of_another_commons(rig: Rig) -> None:
    rig.faults.add(f"POST {KEY}", status=401, html=True)
    address = rig.sandbox.url("gen3").replace("127.0.0.1", "localhost")
    with pytest.raises(AuthError) as caught:
        rig.connect(url=address)["case"].count()
    assert caught.value.code == "BD-AUTH-FOREIGN"


def test_a_good_key_without_rights(rig: Rig) -> None:
    connection = rig.connect(user=NOBODY)
    with pytest.raises(PermissionDenied, match="may not read"):
        connection["case"].count()
    with pytest.raises(PermissionDenied):
        connection["sample"].add({"submitter_id": "a", "cases": "NA12878"})
    assert len(rig.asked("POST", HERE)) == 1
    assert rig.logins() == 1


def test_both_addresses_of_the_exchange(rig: Rig) -> None:
    """The second is what the gen3 SDK asks."""
    import requests

    url = rig.sandbox.url("gen3")
    for name in ("api", "cdis"):
        answer = requests.post(
            f"{url}/user/credentials/{name}/access_token", json=rig.platform.credentials(), timeout=9
        )
        assert answer.json().keys() == {"access_token"}
