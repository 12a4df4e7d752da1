"""Who we are: tokens by the clock, dead ones, missing rights, wrong passwords, and servers of another kind."""

from __future__ import annotations

import json
import threading
from functools import partial

import pytest

import biodata
from biodata.sandbox.faults import Faults
from biodata.sandbox.server import Server
from biodata_molgenis.settings import server_root


def test_one_login_for_many_requests(people):
    connection = people.connect()
    connection.tables()
    for _ in range(3):
        connection["rt_City"].count()
    assert people.logins() == 1


def test_opening_sends_nothing(people):
    people.connect()
    assert len(people.log) == 0


def test_a_wrong_password_is_tried_once(people):
    connection = people.connect(password="wrong")
    for _ in range(3):
        with pytest.raises(biodata.AuthError) as caught:
            connection.tables()
        assert not isinstance(caught.value, biodata.PermissionDenied)
        assert "wrong" not in str(caught.value)
    assert people.logins() == 1


def test_a_token_is_renewed_by_the_clock_before_it_turns_anonymous(people):
    people.state.grant("anonymous", "rt_City", "read")
    people.state.token_lifetime = 0.5
    connection = people.connect(token_lifetime=0.5)
    assert connection["rt_City"].count() == 3
    people.clock.advance(10)
    threading.Event().wait(0.5)
    assert connection["rt_City"].count() == 3
    assert people.logins() == 2


def test_a_dead_token_is_renewed_once_and_the_request_replayed(people):
    connection = people.connect()
    assert connection["rt_City"].count() == 3
    people.state.end_tokens()
    people.log.clear()
    assert connection["rt_City"].count() == 3
    assert people.logins() == 1
    people.state.end_tokens()
    people.log.clear()
    assert connection["rt_City"].add({"code": "x", "name": "y"}).created == 1
    assert people.logins() == 1
    assert connection["rt_City"].count() == 4


def test_a_dead_token_on_a_public_table_is_seen_when_writing(people):
    people.state.grant("anonymous", "rt_City", "read")
    connection = people.connect(token_lifetime=3.0)
    assert connection["rt_City"].count() == 3
    people.state.end_tokens()
    threading.Event().wait(0.4)
    assert connection["rt_City"].add({"code": "x", "name": "y"}).created == 1
    assert people.logins() == 2


def test_sixteen_threads_with_tokens_of_one_second(people):
    people.state.token_lifetime = 1.0
    connection = people.connect(token_lifetime=1.0)
    table = connection["rt_City"]
    start, failures = threading.Barrier(16), []

    def read() -> None:
        start.wait()
        try:
            for _ in range(12):
                assert table.count() == 3
                threading.Event().wait(0.1)
        except Exception as error:  # noqa: BLE001 - told to the main thread
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert 2 <= people.logins() <= 8
    assert not [one for one in people.log if one.status == 401]


def test_two_threads_that_meet_a_dead_token_log_in_once(people):
    connection = people.connect()
    assert connection["rt_City"].count() == 3
    people.state.end_tokens()
    people.log.clear()
    counts = []
    threads = [threading.Thread(target=lambda: counts.append(connection["rt_City"].count())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [3, 3]
    assert people.logins() == 1


def test_a_write_that_is_not_allowed_is_sent_once(people):
    people.state.add_user("reader", "reader")
    people.state.grant("reader", "rt_City", "read")
    connection = people.connect(username="reader", password="reader")
    assert connection["rt_City"].count() == 3
    with pytest.raises(biodata.PermissionDenied) as caught:
        connection["rt_City"].add({"code": "x", "name": "y"})
    assert "Add data" in str(caught.value)
    assert len(people.asked("POST", "/api/v2/rt_City")) == 1
    assert people.logins() == 1


def test_a_table_that_is_not_allowed(people):
    people.state.add_user("reader", "reader")
    people.state.grant("reader", "rt_City", "read")
    connection = people.connect(username="reader", password="reader")
    assert [one.name for one in connection.tables()] == ["rt_City"]
    with pytest.raises(biodata.PermissionDenied):
        connection["rt_Person"].count()


def test_anonymous_reads_what_is_public(people):
    people.state.grant("anonymous", "rt_City", "read")
    connection = people.connect(anonymous=True)
    assert connection["rt_City"].count() == 3
    with pytest.raises(biodata.PermissionDenied) as caught:
        connection["rt_City"].add({"code": "x", "name": "y"})
    assert "no login" in str(caught.value)
    assert people.logins() == 0


def test_anonymous_may_not_list_tables(people):
    with pytest.raises(biodata.PermissionDenied) as caught:
        people.connect(anonymous=True).tables()
    assert "log in" in str(caught.value)


def test_a_given_token_is_used_and_not_renewed(people):
    token = people.state.login("admin", "admin")
    connection = people.connect(token=token)
    assert connection["rt_City"].count() == 3
    people.state.end_tokens()
    with pytest.raises(biodata.AuthError) as caught:
        connection["rt_City"].count()
    assert caught.value.code == "BD-AUTH-EXPIRED"
    assert token not in str(caught.value)


@pytest.mark.parametrize("public", [False, True])
def test_a_given_token_that_is_alive_and_may_not_is_told_from_a_dead_one(people, public):
    """Where the list of tables is public nothing proves that the token is alive."""
    people.state.add_user("reader", "reader")
    people.state.grant("reader", "rt_City", "read")
    if public:
        people.state.grant("anonymous", "sys_md_EntityType", "read")
    connection = people.connect(token=people.state.login("reader", "reader"))
    with pytest.raises(biodata.AuthError if public else biodata.PermissionDenied) as caught:
        connection["rt_City"].add({"code": "x", "name": "y"})
    assert "Add data" in str(caught.value)
    assert (caught.value.code == "BD-AUTH-EXPIRED") == public
    assert len(people.asked("POST", "/api/v2/rt_City")) == 1


def test_an_open_official_session_can_be_wrapped(people):
    from molgenis.client import Session

    session = Session(people.sandbox.url("molgenis"))
    session.login("admin", "admin")
    with biodata.connect(session) as connection:
        assert connection["rt_City"].count() == 3
    assert people.logins() == 1


@pytest.mark.parametrize(
    "keys", [{"username": "me"}, {"password": "p"}, {"username": "u", "password": "p", "token": "t"}]
)
def test_half_a_login_is_a_mistake(rig, keys):
    with pytest.raises(biodata.ConfigError) as caught:
        biodata.connect(rig.sandbox.url("molgenis"), platform="molgenis", **keys)
    assert caught.value.code == "BD-CONFIG-LOGIN"


@pytest.mark.parametrize("key", ["username", "password"])
def test_a_login_that_is_no_text_is_known_before_anything_is_sent(people, key):
    """As a variable of the environment comes that is not UTF-8."""
    with pytest.raises(biodata.ConfigError) as caught:
        people.connect(**{key: "p\udce4ss"})
    assert (caught.value.code, "udce4" in str(caught.value)) == ("BD-CONFIG-VALUE", False)


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("https://x.pia/", "https://x.pia"),
        ("https://example.org/molgenis-api/", "https://example.org/molgenis-api"),
        ("https://example.org/api/", "https://example.org"),
        ("https://example.org/context/api", "https://example.org/context"),
        ("https://example.org/api/v2", "https://example.org"),
    ],
)
def test_the_address_is_cut_at_its_api_and_nowhere_else(url, root):
    assert server_root(url) == root


def test_a_trailing_api_does_no_harm(people):
    url = people.sandbox.url("molgenis") + "/api/"
    assert people.connect(url=url)["rt_City"].count() == 3


def test_no_cookie_is_sent_back(people):
    connection = people.connect()
    connection["rt_City"].count()
    assert not [one for one in people.log if "cookie" in one.headers]


def test_identity(people):
    people.state.add_user("reader", "reader")
    people.state.grant("reader", "rt_City", "read")
    known = people.connect(username="reader", password="reader").identity()
    assert (known.server, known.user) == ("MOLGENIS", "reader")
    assert known.version.startswith("10.")
    assert known.rights == ("rt_City: read",)
    assert 7100 < known.token_seconds <= 7200
    assert people.connect().identity().rights[0] == "rt_City: read, add, update, delete"
    nobody = people.connect(anonymous=True).identity()
    assert (nobody.user, nobody.token_seconds) == (None, None)


def test_a_proxys_page_on_a_read_is_tried_again(people):
    connection = people.connect()
    assert connection["rt_City"].count() == 3
    people.faults.add("GET /api/v2/rt_City", status=500, html=True)
    people.faults.add("GET /api/v2/rt_City", status=503, html=True)
    assert connection["rt_City"].count() == 3


def test_a_users_mistake_that_looks_like_a_500_is_not_tried_again(rig):
    rig.numbers(3)
    table = rig.connect()["numbers"]
    assert table.schema.key
    rig.log.clear()
    with pytest.raises(biodata.RemoteError) as caught:
        list(table.query(native="n==abc"))
    assert caught.value.status == 500
    assert len(rig.log) == 1


def _emx2(status, environ, start_response):
    """What an EMX2 answers (recordings of emx2-pyclient 05; elsewhere its single page)."""
    if environ["PATH_INFO"] == "/api/graphql":
        body = json.dumps({"data": {"_manifest": {"SpecificationVersion": "11.5.0"}}}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]
    body = b"<html><head><title>EMX2</title></head></html>"
    start_response(status, [("Content-Type", "text/html"), ("Content-Length", str(len(body)))])
    return [body]


@pytest.mark.parametrize("status", ["404 Not Found", "200 OK", "405 Method Not Allowed"])
@pytest.mark.parametrize("login", [{}, {"username": "me", "password": "secret"}])
def test_an_emx2_says_that_it_is_one(status, login):
    server = Server(partial(_emx2, status), faults=Faults(), port=0)
    server.start()
    try:
        connection = biodata.connect(server.url, platform="molgenis", **login)
        with pytest.raises(biodata.ConfigError) as caught:
            connection["x"].count()
        assert caught.value.code == "BD-CONFIG-EMX2"
        assert "EMX2 11.5.0" in str(caught.value)
        assert connection.identity().server == "MOLGENIS EMX2"
        connection.close()
    finally:
        server.close()


@pytest.mark.parametrize(
    ("mark", "code", "hint"),
    [("two_factor", "BD-AUTH-TWO-FACTOR", "token:"), ("password_due", "BD-AUTH-PASSWORD-RESET", "new password")],
)
def test_a_login_that_is_refused_for_another_reason_says_what_helps(people, mark, code, hint):
    getattr(people.state, mark).add("admin")
    connection = people.connect()
    for _ in range(2):
        with pytest.raises(biodata.AuthError) as caught:
            connection.tables()
        assert caught.value.code == code
        assert hint in caught.value.hint
    assert people.logins() == 1


def test_with_two_factors_a_token_is_the_way(people):
    token = people.state.login("admin", "admin")
    people.state.two_factor.add("admin")
    assert people.connect(token=token)["rt_City"].count() == 3


def test_logging_out_ends_the_token_and_the_next_request_logs_in(people):
    people.state.grant("anonymous", "rt_City", "read")
    connection = people.connect()
    assert not connection.extras.logout(), "there is none yet"
    assert people.logins() == 0
    connection["rt_City"].count()
    token = connection.adapter._session.auth.peek().value
    assert connection.extras.logout()
    assert people.state.user_of_token(token) is None
    assert connection["rt_City"].add({"code": "x", "name": "y"}).created == 1
    assert people.logins() == 2
    people.state.end_tokens()
    assert not connection.extras.logout(), "the server had forgotten it"


def test_after_logging_out_with_a_given_token_nothing_is_asked_as_anonymous(people):
    people.state.grant("anonymous", "rt_City", "read")
    connection = people.connect(token=people.state.login("admin", "admin"))
    assert connection["rt_City"].count() == 3
    assert connection.extras.logout()
    people.log.clear()
    with pytest.raises(biodata.AuthError) as caught:
        connection["rt_City"].count()
    assert caught.value.code == "BD-AUTH-EXPIRED"
    assert len(people.log) == 0
