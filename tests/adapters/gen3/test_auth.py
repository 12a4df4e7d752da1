"""Tokens: got, renewed, counted; keys that end."""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from biodata.errors import AuthError, ConfigError, NotFound, PermissionDenied, RemoteError
from biodata_gen3.auth import expiry_note
from biodata_gen3.sandbox import ADMIN, READER
from tests.adapters.gen3.conftest import GRAPHQL, HERE, KEY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.adapters.gen3.conftest import Rig

HOUR, DAY = 3600.0, 86_400.0


def test_one_login_for_all(rig: Rig) -> None:
    connection = rig.connect()
    for _ in range(3):
        assert connection["case"].count() == 6
    assert rig.logins() == 1


def test_the_address_is_in_the_key(rig: Rig) -> None:
    connection = rig.connect()
    assert connection.adapter._session.base_url.rstrip("/") == rig.sandbox.url("gen3")


def test_a_token_is_renewed_by_the_clock_in_the_middle_of_a_scan(short: Rig) -> None:
    short.samples(30)
    connection = short.connect()
    names = set()
    for row in connection["sample"].query("tissue = 'saliva'", page_size=5):
        names.add(row["submitter_id"])
        if len(names) % 6 == 0:
            time.sleep(0.5)
    assert len(names) == 30
    assert short.logins() > 1
    assert 401 not in [one.status for one in short.log]


def test_a_token_that_dies_early_is_renewed_once(rig: Rig) -> None:
    rig.samples(12)
    connection = rig.connect()
    rows = iter(connection["sample"].query("tissue = 'saliva'", page_size=5))
    next(rows)
    rig.clock.advance(2 * HOUR)
    connection["case"].count()
    assert rig.logins() == 2
    assert [one.status for one in rig.log if one.status == 401] == [401]


def test_sixteen_threads_with_tokens_of_one_second(short: Rig) -> None:
    connection = short.connect()
    connection.schema("case")
    errors: list[Exception] = []
    until = time.monotonic() + 2.5

    def work() -> None:
        try:
            while time.monotonic() < until:
                assert connection["case"].count() == 6
        except Exception as error:  # noqa: BLE001 - counted below
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert 2 <= short.logins() <= 8, "each once for all threads"
    denied = sum(one.status == 401 for one in short.log)
    assert denied <= 16 * short.logins()
    assert all(one.attempt == 1 or one.status != 401 for one in short.exchanges), "no request more than twice"


def test_never_two_renewals_at_once(rig: Rig) -> None:
    connection = rig.connect()
    connection.schema("case")
    connection["case"].count()
    rig.clock.advance(2 * HOUR)
    start = threading.Barrier(16)

    def work() -> None:
        start.wait()
        connection["case"].count()

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rig.logins() == 2
    asked = rig.asked("POST", GRAPHQL)
    assert len(asked) <= 1 + 2 * 16
    assert sum(one.status == 200 for one in asked) == 17


def test_a_dead_key_is_tried_once(rig: Rig) -> None:
    connection = rig.connect(credentials=rig.credentials(ADMIN, 50))
    connection.schema("case")
    rig.clock.advance(100)
    for _ in range(3):
        with pytest.raises(AuthError, match="has expired") as caught:
            connection["case"].count()
        assert "<" not in caught.value.message
    assert rig.logins() == 1


def test_a_revoked_key_says_so(rig: Rig) -> None:
    connection = rig.connect()
    rig.state.revoked.update(rig.state.keys)
    with pytest.raises(AuthError, match="revoked"):
        connection["case"].count()


def test_a_key_in_its_last_hour_asks_for_less(rig: Rig) -> None:
    connection = rig.connect(credentials=rig.credentials(ADMIN, 600))
    assert connection["case"].count() == 6
    login = next(one for one in rig.log if one.path == KEY)
    assert "expires_in=59" in login.target


@pytest.mark.parametrize(("days", "warned"), [(6.5, True), (8, False)])
def test_a_key_that_ends_within_a_week(
    rig: Rig,
    caplog: pytest.LogCaptureFixture,
    days: float,
    warned: bool,
) -> None:
    connection = rig.connect(credentials=rig.credentials(ADMIN, days * DAY))
    with caplog.at_level(logging.WARNING, "biodata"):
        connection["case"].count()
        connection["case"].count()
    assert len([one for one in caplog.records if "API key ends" in one.message]) == warned
    assert bool(connection.identity().notes) == warned


def test_a_given_token(rig: Rig) -> None:
    token = rig.state.tokens.access(rig.state.users[READER], 100)
    connection = rig.connect(token=token)
    assert connection["case"].count() == 6
    assert rig.logins() == 0
    rig.clock.advance(200)
    with pytest.raises(AuthError) as caught:
        connection["case"].count()
    assert caught.value.code == "BD-AUTH-EXPIRED"


def test_a_token_of_a_server_whose_clock_is_behind(rig: Rig) -> None:
    connection = rig.connect()
    body = json.dumps({"message": "Authentication Error: The token is not yet valid (iat)"})
    rig.faults.add(f"POST {GRAPHQL}", status=401, body=body)
    connection.schema("case")
    assert connection["case"].count() == 6
    assert rig.logins() == 1


def test_identity(rig: Rig) -> None:
    found = rig.connect(user=READER).identity()
    assert (found.user, found.place, found.rights) == ("reader", "demo-ceph1463", ("demo-ceph1463: read",))
    assert found.token_seconds is not None
    assert 3500 < found.token_seconds <= HOUR
    assert found.key_seconds is not None
    assert found.key_seconds > 29 * DAY


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"api_key": 3}', "[" * 100_000])
def test_a_file_that_is_no_credentials(rig: Rig, tmp_path: Path, content: str) -> None:
    path = tmp_path / "credentials.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        rig.connect(credentials=str(path))
    assert caught.value.code == "BD-CONFIG-FILE"


def test_credentials_or_token(rig: Rig) -> None:
    with pytest.raises(ConfigError):
        rig.connect(credentials=None)
    with pytest.raises(ConfigError):
        rig.connect(token="t", credentials=rig.credentials())


def test_secrets_stay_inside(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    connection = rig.connect(user=READER)
    key = json.loads((rig.directory / "reader-2592000.json").read_text())["api_key"]
    with caplog.at_level(logging.DEBUG), pytest.raises(PermissionDenied) as caught:
        connection["sample"].add({"submitter_id": "a", "cases": "NA12878"})
    token = connection.adapter._session.auth.peek().value
    said = (
        caplog.text + str(caught.value) + repr(connection) + repr(connection.adapter._login.key) + str(rig.exchanges)
    )
    assert key not in said
    assert token not in said


def test_the_sdks_client_has_our_tokens(rig: Rig) -> None:
    pytest.importorskip("gen3")
    connection = rig.connect()
    assert connection["case"].count() == 6
    client = connection.client
    assert client.submission.query("{_case_count}") == {"data": {"_case_count": 6}}
    record = {"type": "sample", "submitter_id": "sdk", "cases": {"submitter_id": "NA12878"}}
    answer: Any = client.submission.submit_record("demo", "ceph1463", record)
    assert answer["created_entity_count"] == 1
    assert rig.logins() == 1
    rig.clock.advance(2 * HOUR)
    assert client.submission.get_programs() == {"links": ["/v0/submission/demo"]}
    assert rig.logins() == 2
    assert client.index.endpoint.startswith(rig.sandbox.url("gen3"))
    with pytest.raises(AttributeError):
        client.zebra  # noqa: B018


def test_the_sdks_client_is_held_to_the_access(rig: Rig) -> None:
    pytest.importorskip("gen3")
    client = rig.connect(access="read").client
    assert client.submission.query("{_case_count}")["data"]["_case_count"] == 6
    with pytest.raises(PermissionDenied):
        client.submission.submit_record("demo", "ceph1463", {"type": "sample"})
    with pytest.raises(PermissionDenied):
        rig.connect(access="write").client.submission.delete_record("demo", "ceph1463", "x")
    assert rig.asked("PUT") == rig.asked("DELETE") == []


def test_a_write_that_is_denied_is_sent_once_by_the_sdk(rig: Rig) -> None:
    pytest.importorskip("gen3")
    client = rig.connect(user=READER).client
    import requests

    with pytest.raises(requests.HTTPError):
        client.submission.submit_record("demo", "ceph1463", {"type": "sample"})
    assert len(rig.asked("PUT", HERE)) == 1


def test_a_login_at_which_fence_fails_is_not_refused(rig: Rig) -> None:
    connection = rig.connect()
    connection.schema("case")
    rig.faults.add(f"POST {KEY}", status=500, html=True)
    with pytest.raises(RemoteError):
        connection["case"].count()
    assert connection["case"].count() == 6, "and the next one logs in"


def test_no_fence_there(rig: Rig) -> None:
    connection = rig.connect()
    connection.schema("case")
    rig.faults.add(f"POST {KEY}", status=404, html=True)
    with pytest.raises(ConfigError) as caught:
        connection["case"].count()
    assert caught.value.code == "BD-CONFIG-SERVER"


def test_identity_sees_a_project_that_is_not_there(rig: Rig) -> None:
    with pytest.raises(NotFound):
        rig.connect(project="nope").identity()


def test_credentials_of_another_commons(rig: Rig, tmp_path: Path) -> None:
    key = rig.state.tokens.api_key(rig.state.users[ADMIN], 100)[0]
    head, claims, _ = key.split(".")
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps({"api_key": f"{head}.{claims}.AAAA"}), encoding="utf-8")
    address = rig.sandbox.url("gen3").replace("127.0.0.1", "localhost")
    connection = rig.connect(credentials=str(path), url=address)
    with pytest.raises(AuthError) as caught:
        connection.identity()
    assert "another commons" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("seconds", "words"), [(6 * DAY, "6 days"), (30 * HOUR, "30 hours"), (HOUR / 6, "10 minutes"), (50, "50 seconds")]
)
def test_how_long_a_key_will_live(seconds: float, words: str) -> None:
    assert f"ends in {words}:" in str(expiry_note(seconds))
