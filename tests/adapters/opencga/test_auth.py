"""Logins, dead tokens, missing rights, threads; counted."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

import biodata
from biodata_opencga.sandbox.demo import ORGANIZATION, OWNER, PASSWORDS


def test_opening_sends_nothing(rig):
    rig.connect()
    assert len(rig.log) == 0


def test_one_login_for_many_requests(rig):
    connection = rig.connect()
    for _ in range(3):
        connection["samples"].count()
    assert rig.logins() == 1


def test_a_wrong_password_is_tried_once(rig):
    connection = rig.connect(password="wrong")
    for _ in range(3):
        with pytest.raises(biodata.AuthError) as caught:
            connection["samples"].count()
        assert not isinstance(caught.value, biodata.PermissionDenied)
        assert "wrong" not in str(caught.value)
    assert rig.logins() == 1
    assert len(rig.log) == 1


@pytest.mark.parametrize(
    "login",
    [
        {"user": "nobody", "password": "x"},
        {"organization": "nowhere"},
        {"user": "nobody", "password": "x", "organization": None},
    ],
)
def test_other_wrong_logins(rig, login):
    connection = rig.connect(**login)
    for _ in range(2):
        with pytest.raises(biodata.AuthError):
            connection["samples"].count()
    assert rig.logins() == 1


def test_no_organization_needs_a_hint(rig):
    rig.state.create_organization("another", "Another")
    with pytest.raises(biodata.AuthError) as caught:
        rig.connect(organization=None)["samples"].count()
    assert "organization" in (caught.value.hint or "")


def test_a_given_token(rig):
    token = rig.state.token(ORGANIZATION, OWNER)
    connection = rig.connect(user=None, password=None, token=token)
    assert connection["samples"].count() == 17
    assert rig.logins() == 0


def test_a_given_token_that_ended(rig):
    token = rig.state.token(ORGANIZATION, OWNER)
    rig.sandbox.clock.advance(3601)
    with pytest.raises(biodata.AuthError) as caught:
        rig.connect(user=None, password=None, token=token)["samples"].count()
    assert caught.value.code == "BD-AUTH-EXPIRED"
    assert token not in str(caught.value), "the server repeats it"


@pytest.mark.parametrize("token", ["rubbish", "a.b.c", "e30.e30.x"])
def test_a_text_that_is_no_token_is_an_auth_error_though_the_server_says_500(rig, token):
    with pytest.raises(biodata.AuthError):
        rig.connect(user=None, password=None, token=token)["samples"].count()
    assert len(rig.log) == 1


def test_a_token_that_dies_early_is_renewed_once_and_the_request_replayed(rig):
    connection = rig.connect()
    assert connection["samples"].count() == 17
    rig.sandbox.clock.advance(3601)
    rig.log.clear()
    assert connection["samples"].count() == 17
    assert rig.logins() == 1
    assert len(rig.asked("GET", "/samples/search")) == 2
    rig.sandbox.clock.advance(3601)
    assert connection["samples"].add({"id": "x"}).created == 1
    assert connection["samples"].count() == 18


def test_in_the_middle_of_a_scan(rig):
    connection = rig.connect()
    rows = iter(connection["individuals"].query(fields=["id"], page_size=5))
    seen = [next(rows)["id"]]
    rig.sandbox.clock.advance(3601)
    seen += [row["id"] for row in rows]
    assert len(set(seen)) == 17
    assert rig.logins() <= 2


def test_sixteen_threads_with_tokens_of_one_second(short_lived):
    exchanges = []
    table = short_lived.connect()["samples"]
    start, failures, asked = threading.Barrier(16), [], Counter()

    def read(number: int) -> None:
        start.wait()
        try:
            for turn in range(12):
                key = f"nobody-{number}-{turn}"
                assert table.get([key], fields=["id"]).missing == (key,)
                asked[key] += 1
                threading.Event().wait(0.15)
        except Exception as error:  # noqa: BLE001 - told to the main thread
            failures.append(error)
            exchanges.append(error)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sum(asked.values()) == 16 * 12
    searches = Counter(one.target for one in short_lived.asked("GET", "/samples/search"))
    assert max(searches.values()) <= 2
    assert 2 <= short_lived.logins() <= 8


def test_two_threads_that_meet_a_dead_token_log_in_once(rig):
    connection = rig.connect()
    assert connection["samples"].count() == 17
    rig.sandbox.clock.advance(3601)
    rig.log.clear()
    rig.faults.add("POST */users/login", delay=0.2)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(connection["samples"].count())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [17] * 8
    assert rig.logins() == 1


def test_a_study_that_one_may_not_see(rig):
    rig.state.create_user(ORGANIZATION, "stranger", "Stranger_P@ss1")
    connection = rig.connect(user="stranger", password="Stranger_P@ss1")
    for _ in range(2):
        with pytest.raises(biodata.PermissionDenied):
            connection["samples"].count()
    assert rig.logins() == 1
    assert len(rig.asked("GET", "/samples/search")) == 2


def test_a_server_error_is_not_repeated_blindly(rig):
    connection = rig.connect()
    connection["samples"].count()
    rig.log.clear()
    rig.faults.add("GET */samples/search", status=500, html=True)
    with pytest.raises(biodata.RemoteError):
        connection["samples"].count()
    assert len(rig.log) == 1


def test_a_gateway_error_is(rig):
    connection = rig.connect()
    connection["samples"].count()
    rig.faults.add("GET */samples/search", status=504, html=True)
    assert connection["samples"].count() == 17


def test_no_opencga_there(rig):
    with pytest.raises((biodata.ConfigError, biodata.RemoteError)) as caught:
        rig.connect(url=rig.url + "/elsewhere")["samples"].count()
    assert PASSWORDS[OWNER] not in str(caught.value)


@pytest.mark.parametrize(
    "fault", [{"html": True}, {"body": '{"events": [{"type": "ERROR", "message": "no space"}]}'}]
)
def test_a_login_at_which_the_server_fails_is_not_refused(rig, fault):
    connection = rig.connect()
    rig.faults.add("POST */users/login", status=500, **fault)
    with pytest.raises(biodata.RemoteError):
        connection["samples"].count()
    assert connection["samples"].count() == 17, "and the next one logs in"


@pytest.mark.parametrize("study", [None, "demo@project:study"])
def test_identity_sees_a_dead_token(rig, study):
    with pytest.raises(biodata.AuthError):
        rig.connect(user=None, password=None, token="no token at all", study=study).identity()


def test_identity_sees_a_study_that_is_not_there(rig):
    with pytest.raises(biodata.NotFound):
        rig.connect(study="demo@project:nope").identity()
