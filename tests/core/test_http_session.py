from __future__ import annotations

import gzip
import logging
import socket
import ssl
import subprocess
import threading
import traceback
from typing import TYPE_CHECKING

import pytest
import requests

from biodata.errors import (
    AuthError,
    ConfigError,
    PermissionDenied,
    ProtocolError,
    RateLimited,
    RemoteError,
    Unavailable,
)
from biodata.http import (
    Exchange,
    HttpSession,
    Limits,
    Request,
    Response,
    RetryPolicy,
    Timeouts,
    Token,
    TokenSource,
    Verdict,
    by_status,
    was_maybe_sent,
)
from tests.core.loopback import Answer, Asked, Loopback, script

if TYPE_CHECKING:
    from pathlib import Path

GET = Request(method="GET", path="x")
POST = Request.json("POST", "x", {"a": 1})


def session(url: str, **options) -> HttpSession:
    return HttpSession(url, **{"sleep": lambda _: None, "timeouts": Timeouts(2, 2), **options})


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- what is sent


def test_it_sends_below_the_base_address_with_parameters_and_body() -> None:
    with Loopback(script(Answer(body=b'{"a":1}', headers={"X-Kind": "y"}))) as server:
        base = HttpSession(server.url + "ctx")
        response = base.send(Request.json("POST", "/api/ä".replace("ä", "%C3%A4"), [1], params=(("q", "a b+c"),)))
    asked = server.asked[0]
    assert (asked.method, asked.path, asked.body) == ("POST", "/ctx/api/%C3%A4?q=a%20b%2Bc", b"[1]")
    assert asked.headers["content-type"] == "application/json"
    assert response.json() == {"a": 1}
    assert response.headers["x-kind"] == "y"


def test_no_cookie_is_kept() -> None:
    cookie = Answer(headers={"Set-Cookie": "JSESSIONID=1; Path=/"})
    with Loopback(script(cookie)) as server, session(server.url) as http:
        http.send(GET)
        http.send(GET)
    assert "cookie" not in server.asked[1].headers


def test_netrc_replaces_no_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login intruder password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with Loopback(script(Answer())) as server:
        session(server.url, auth=TokenSource.static("t1")).send(GET)
        session(server.url).send(GET)
    assert server.asked[0].headers["authorization"] == "Bearer t1"
    assert "authorization" not in server.asked[1].headers


@pytest.mark.parametrize("how", ["environment", "profile"])
def test_a_proxy_is_used(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Loopback(script(Answer(body=b'"by proxy"'))) as proxy:
        if how == "environment":
            monkeypatch.setenv("http_proxy", proxy.url)
        else:
            monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
        chosen = proxy.url if how == "profile" else None
        response = session("http://platform.invalid/", proxy=chosen).send(GET)
    assert response.json() == "by proxy"
    assert proxy.asked[0].path == "http://platform.invalid/x"


def test_the_environments_proxy_is_not_asked_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    with Loopback(script(Answer())) as server:
        assert session(server.url).send(GET).status == 200
        assert session(server.url.replace("127.0.0.1", "localhost")).send(GET).status == 200


def test_a_proxy_that_is_not_there_is_named() -> None:
    with pytest.raises(Unavailable, match=r"proxy on the way to platform\.invalid") as caught:
        session("http://platform.invalid/", proxy=f"http://127.0.0.1:{closed_port()}").send(GET)
    assert caught.value.code == "BD-REMOTE-PROXY"


@pytest.mark.parametrize("url", ["ftp://x/", "nothing", "http://", "https://me:pw@host/", "http://h:99999/"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        HttpSession(url)
    assert "pw" not in str(caught.value)


# --- the way there


def test_an_unknown_host_is_named_and_not_tried_again() -> None:
    seen: list[Exchange] = []
    with pytest.raises(Unavailable, match=r"no-such-host\.invalid is not known") as caught:
        session("https://no-such-host.invalid/", on_exchange=seen.append).send(GET)
    assert caught.value.hint
    assert len(seen) == 1
    assert not was_maybe_sent(caught.value)


def test_a_refused_connection_is_tried_again_even_for_a_post() -> None:
    seen: list[Exchange] = []
    http = session(f"http://127.0.0.1:{closed_port()}/", on_exchange=seen.append, retry=RetryPolicy(attempts=3))
    with pytest.raises(Unavailable, match="takes no connection") as caught:
        http.send(POST)
    assert [exchange.attempt for exchange in seen] == [1, 2, 3]
    assert not was_maybe_sent(caught.value)


def test_silence_is_unavailable() -> None:
    gate = threading.Event()

    def silent(_: Asked) -> Answer:
        gate.wait(5)
        return Answer(drop=True)

    with Loopback(silent) as server:
        http = session(server.url, timeouts=Timeouts(1, 0.1), retry=RetryPolicy(attempts=2))
        with pytest.raises(Unavailable, match="did not answer GET /x in time") as caught:
            http.send(GET)
        gate.set()
    assert caught.value.hint
    assert len(server.asked) == 2


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    home = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(home / "key.pem"), "-out", str(home / "ca.pem")),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home / "ca.pem", home / "key.pem")
    return context, home / "ca.pem"


def test_an_unknown_certificate_is_refused_with_what_to_do(tls: tuple[ssl.SSLContext, Path]) -> None:
    context, bundle = tls
    with Loopback(script(Answer()), context) as server:
        with pytest.raises(Unavailable, match="not trusted") as caught:
            session(server.url, auth=TokenSource.static("t")).send(POST)
        assert not server.asked
        assert "ca_bundle" in (caught.value.hint or "")
        assert not was_maybe_sent(caught.value)
        assert session(server.url, ca_bundle=bundle).send(GET).status == 200


def test_the_environments_bundle_works_too(tls: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    context, bundle = tls
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with Loopback(script(Answer()), context) as server:
        assert session(server.url).send(GET).status == 200


def test_a_bundle_that_is_not_there_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ca_bundle"):
        session("https://127.0.0.1:9/", ca_bundle=tmp_path / "none.pem").send(GET)


def test_a_token_that_no_header_can_hold_is_not_printed() -> None:
    with pytest.raises(ConfigError) as caught:
        session("http://127.0.0.1:9/", auth=TokenSource.static("bad\ntoken")).send(GET)
    assert "bad" not in str(caught.value)


# --- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("request_", [GET, POST])
def test_a_redirect_to_another_origin_is_not_followed(status: int, request_: Request) -> None:
    with Loopback(script(Answer())) as other:
        elsewhere = Answer(status, headers={"Location": other.url + "x?token=abc"})
        with Loopback(script(elsewhere)) as server, pytest.raises(ProtocolError) as caught:
            session(server.url, auth=TokenSource.static("t", header="x-molgenis-token")).send(request_)
        assert not other.asked
    text = str(caught.value)
    assert server.url.rstrip("/") in text
    assert other.url.rstrip("/") in text
    assert "abc" not in text
    assert caught.value.code == "BD-REMOTE-REDIRECT"


def test_a_redirect_at_home_is_followed_for_get_only() -> None:
    def moved(asked: Asked) -> Answer:
        return Answer(302, headers={"Location": "/y"}) if asked.path == "/x" else Answer(body=b'"y"')

    with Loopback(moved) as server:
        http = session(server.url, auth=TokenSource.static("t"))
        assert http.send(GET).json() == "y"
        assert server.asked[1].headers["authorization"] == "Bearer t"
        with pytest.raises(ProtocolError):
            http.send(POST)


@pytest.mark.parametrize("target", ["mailto:x@y", "https://me:pw@host/", "http://["])
def test_a_redirect_to_nowhere(target: str) -> None:
    with Loopback(script(Answer(302, headers={"Location": target}))) as server:
        with pytest.raises(ProtocolError, match="not followed") as caught:
            session(server.url).send(GET)
        assert "pw" not in str(caught.value)


def test_endless_redirects_end() -> None:
    home = Answer(302, headers={"Location": "/x"})
    with Loopback(script(home)) as server, pytest.raises(ProtocolError, match="more than 5 times"):
        session(server.url).send(GET)
    assert len(server.asked) == 6


# --- bodies


def test_gzip_is_unpacked() -> None:
    body = b"[" + b"1," * 2_000_000 + b"1]"
    packed = Answer(body=gzip.compress(body), headers={"Content-Encoding": "gzip"})
    seen: list[Exchange] = []
    with Loopback(script(packed)) as server:
        assert session(server.url, on_exchange=seen.append).send(GET).body == body
    assert server.asked[0].headers["accept-encoding"] == "gzip"
    assert seen[0].received == len(packed.body)


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_over_the_limit_is_refused(packed: bool) -> None:
    body = b"0" * 5_000_000
    answer = Answer(body=gzip.compress(body), headers={"Content-Encoding": "gzip"}) if packed else Answer(body=body)
    with Loopback(script(answer)) as server, pytest.raises(ProtocolError, match="larger") as caught:
        session(server.url, limits=Limits(body=1_000_000)).send(GET)
    assert caught.value.code == "BD-REMOTE-SIZE"
    assert len(server.asked) == 1


def cut(kind: str) -> Answer:
    whole = b'{"rows":[1,2,3]}' * 100
    if kind == "length":
        return Answer(body=whole[:-7], length=len(whole))
    if kind == "gzip":
        return Answer(body=gzip.compress(whole)[:-12], headers={"Content-Encoding": "gzip"}, length=None)
    return Answer(body=b"40\r\n" + whole[:30], headers={"Transfer-Encoding": "chunked"}, length=None)


@pytest.mark.parametrize("kind", ["length", "gzip", "chunked"])
def test_a_cut_body_is_asked_for_again(kind: str) -> None:
    with Loopback(script(cut(kind), Answer(body=b'"whole"'))) as server:
        assert session(server.url).send(GET).json() == "whole"
    assert len(server.asked) == 2


def test_a_cut_answer_to_a_post_is_an_error_that_says_it_may_have_arrived() -> None:
    with Loopback(script(cut("length"))) as server, pytest.raises(ProtocolError, match="cut") as caught:
        session(server.url).send(POST)
    assert was_maybe_sent(caught.value)
    assert len(server.asked) == 1


def test_an_encoding_that_nobody_asked_for() -> None:
    odd = Answer(headers={"Content-Encoding": "br"})
    with Loopback(script(odd)) as server, pytest.raises(ProtocolError, match="'br'"):
        session(server.url).send(GET)


def test_empty_answers() -> None:
    for answer in (Answer(204, b"", length=None), Answer(200, b"", {"Content-Encoding": "gzip"})):
        with Loopback(script(answer)) as server:
            assert session(server.url).send(GET).body == b""
            assert session(server.url).send(Request(method="HEAD", path="x")).body == b""


# --- retries


def test_503_twice_and_then_an_answer() -> None:
    busy = Answer(503, b"<html>")
    waits: list[float] = []
    with Loopback(script(busy, busy, Answer(body=b"1"))) as server:
        http = session(server.url, sleep=waits.append, chance=lambda: 1.0)
        assert http.send(GET).json() == 1
    assert waits == [0.5, 1.0]


def test_503_for_ever_ends_within_the_attempts() -> None:
    with Loopback(script(Answer(503, b"<html>"))) as server, pytest.raises(Unavailable, match="HTTP 503") as caught:
        session(server.url, retry=RetryPolicy(attempts=3)).send(GET)
    assert len(server.asked) == 3
    assert caught.value.status == 503


def test_no_retry_starts_after_the_total_time() -> None:
    times = iter(range(0, 10_000, 50))
    with Loopback(script(Answer(503))) as server, pytest.raises(Unavailable):
        session(server.url, clock=lambda: float(next(times)), retry=RetryPolicy(attempts=99, total=60)).send(GET)
    assert len(server.asked) < 3


def test_a_500_is_not_retried() -> None:
    with Loopback(script(Answer(500, b'{"errors":[]}'))) as server:
        assert session(server.url).send(GET).status == 500
    assert len(server.asked) == 1


def test_a_dying_server_is_not_hammered_by_a_session() -> None:
    with Loopback(script(Answer(503))) as server:
        http = session(server.url, retry=RetryPolicy(attempts=4, reserve=5))
        for _ in range(100):
            with pytest.raises(Unavailable):
                http.send(GET)
    assert 105 <= len(server.asked) <= 116


@pytest.mark.parametrize("answer", [Answer(drop=True), Answer(503)])
def test_a_post_with_a_lost_answer_is_not_sent_again(answer: Answer) -> None:
    with Loopback(script(answer)) as server, pytest.raises(Unavailable) as caught:
        session(server.url).send(POST)
    assert len(server.asked) == 1
    assert was_maybe_sent(caught.value)
    assert "look before sending it again" in str(caught.value)


def test_a_get_with_a_lost_answer_is_sent_again() -> None:
    with Loopback(script(Answer(drop=True), Answer(body=b"1"))) as server:
        assert session(server.url).send(GET).json() == 1


def test_the_servers_wait_is_honoured_up_to_a_cap() -> None:
    waits: list[float] = []
    busy = Answer(429, headers={"Retry-After": "7"})
    with Loopback(script(busy, Answer(), Answer(429, headers={"Retry-After": "600"}))) as server:
        http = session(server.url, sleep=waits.append)
        http.send(POST)
        assert waits == [7.0]
        with pytest.raises(RateLimited, match="wait 600 s"):
            http.send(GET)
    assert len(server.asked) == 3


def test_a_wait_may_be_a_date() -> None:
    waits: list[float] = []
    date = {"Retry-After": "Wed, 21 Oct 2015 07:28:05 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}

    def busy_once(_: Asked) -> Answer:
        return Answer(503, headers=date) if not waits else Answer()

    with Loopback(busy_once) as server:
        http = session(server.url, sleep=waits.append)
        http.send(GET)
    assert waits == [5.0]


# --- verdicts and tokens


def logins() -> tuple[TokenSource, list[int]]:
    made: list[int] = []

    def login() -> Token:
        made.append(1)
        return Token(f"token{len(made)}")

    return TokenSource(login), made


def test_an_expired_token_is_renewed_and_the_request_replayed_once() -> None:
    def takes_second(asked: Asked) -> Answer:
        return Answer(200 if asked.headers["authorization"] == "Bearer token2" else 401, asked.body)

    source, made = logins()
    source.current()
    with Loopback(takes_second) as server:
        http = session(server.url, auth=source)
        assert http.send(POST).status == 200
        http.send(GET)
    assert len(made) == 2
    assert len(server.asked) == 3


def test_a_401_on_a_renewed_token_is_a_denial() -> None:
    source, made = logins()
    source.current()
    with Loopback(script(Answer(401))) as server, pytest.raises(PermissionDenied):
        session(server.url, auth=source).send(GET)
    assert (len(server.asked), len(made)) == (2, 2)


def test_a_401_on_a_token_just_obtained_is_a_denial_at_once() -> None:
    source, made = logins()
    with Loopback(script(Answer(401))) as server, pytest.raises(PermissionDenied):
        session(server.url, auth=source).send(GET)
    assert (len(server.asked), len(made)) == (1, 1)


def test_a_static_token_that_ended() -> None:
    with Loopback(script(Answer(401))) as server, pytest.raises(AuthError) as caught:
        session(server.url, auth=TokenSource.static("t")).send(GET)
    assert caught.value.code == "BD-AUTH-EXPIRED"
    assert len(server.asked) == 1


def test_sixteen_threads_with_an_expired_token_log_in_once() -> None:
    login_count: list[str] = []

    def platform(asked: Asked) -> Answer:
        if asked.path == "/login":
            login_count.append("x")
            return Answer(body=b'"new"')
        return Answer(200 if asked.headers.get("x-token") == "new" else 401)

    with Loopback(platform) as server:
        plain = session(server.url)
        first = iter(["old"])
        login = Request(method="POST", path="login", anonymous=True)
        source = TokenSource(lambda: Token(next(first, "") or plain.send(login).json()), header="x-token", scheme="")
        source.current()
        http = plain.with_auth(source)
        gate = threading.Barrier(16)

        def work(n: int) -> None:
            gate.wait()
            http.send(Request(method="GET", path=f"r{n}"))

        threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(login_count) == 1
    paths = [asked.path for asked in server.asked]
    assert max(paths.count(f"/r{n}") for n in range(16)) <= 2
    assert sum(asked.headers.get("x-token") == "new" for asked in server.asked) == 16


def test_a_wrong_password_is_tried_once_by_sixteen_threads() -> None:
    with Loopback(script(Answer(401, b'{"message":"bad"}'))) as server:
        plain = session(server.url)
        login = Request.json("POST", "login", {"password": "pw"}, anonymous=True)
        http = plain.with_auth(TokenSource(lambda: Token(plain.send(login).text)))
        errors: list[BaseException] = []
        gate = threading.Barrier(16)

        def work() -> None:
            gate.wait()
            try:
                http.send(GET)
            except AuthError as error:
                errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [asked.path for asked in server.asked] == ["/login"]
    assert len(errors) == 16
    assert len({id(error) for error in errors}) == 16


@pytest.mark.parametrize("status", [403, 429, 503])
def test_what_was_sent_is_masked_in_the_words_that_end_a_request(status: int) -> None:
    said = b"no person 12 of Zwolle in P-7 by P-8 and P-9"
    body = [{"of": "Zwolle", "n": [12]}]
    params = (("id", "P-8,P-9"), ("show", "person"))
    request = Request.json("POST", "people/P-7/update", body, params=params, label="people/{id}/update")
    with (
        Loopback(script(Answer(status, said))) as server,
        pytest.raises(
            (PermissionDenied, RemoteError), match="no person <value> of <value> in <value> by <value> and <"
        ),
    ):
        session(server.url, classify=lambda response: by_status(response, response.text)).send(request)


def test_the_adapters_judgement_counts_and_its_words_are_redacted() -> None:
    def classify(response: Response) -> Verdict:
        return Verdict("denied", response.text, "BD-X") if response.status == 401 else by_status(response)

    answer = Answer(401, b"Authentication token is expired : opaque-t0ken")
    with Loopback(script(answer)) as server, pytest.raises(PermissionDenied) as caught:
        session(server.url, auth=TokenSource.static("opaque-t0ken"), classify=classify).send(GET)
    assert "opaque-t0ken" not in str(caught.value)
    assert "token is expired" in str(caught.value)
    assert caught.value.code == "BD-X"


# --- streams


def test_a_stream_is_larger_than_the_limit_and_asked_for_again_before_its_first_piece() -> None:
    body = b"row\n" * 1_000_000
    with Loopback(script(Answer(503), Answer(body=b"", length=9), Answer(body=body))) as server:
        http = session(server.url, limits=Limits(body=100))
        with http.stream(GET) as reply:
            assert reply.response.status == 200
            pieces = list(reply)
    assert b"".join(pieces) == body
    assert len(pieces) > 1
    assert len(server.asked) == 3


def test_a_stream_that_breaks_off_is_an_error() -> None:
    body = b"row\n" * 1_000_000
    with Loopback(script(Answer(body=body, length=len(body) + 1))) as server:
        reply = session(server.url).stream(GET)
        with reply as pieces, pytest.raises(ProtocolError, match="cut"):
            list(pieces)


def test_a_refused_stream_has_its_words_in_the_response() -> None:
    with Loopback(script(Answer(400, b"no"))) as server, session(server.url).stream(GET) as reply:
        assert reply.response.text == "no"
        assert list(reply) == []


# --- what is told


def test_no_traceback_holds_a_value() -> None:
    asked = Request(method="GET", path="x", params=(("q", "Jansen"),))
    addresses = [f"http://127.0.0.1:{closed_port()}/", "http://no-such-host.invalid/"]
    with Loopback(script(Answer(drop=True))) as server, Loopback(script(cut("length"))) as other:
        for url in [*addresses, server.url, other.url]:
            with pytest.raises(RemoteError) as caught:
                session(url).send(asked)
            lines = traceback.format_exception(caught.value)
            assert "Jansen" not in "".join(line for line in lines if "session(url)" not in line)


def test_neither_hook_nor_log_sees_a_value(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[Exchange] = []
    secret = Request.json("POST", "x", {"name": "Jansen"}, params=(("q", "Jansen"), ("token", "abc")))
    with Loopback(script(Answer(body=b'"Jansen"', headers={"X": "Jansen"}))) as server:
        session(server.url, on_exchange=seen.append, auth=TokenSource.static("abc")).send(secret)
    told = caplog.text + repr(seen) + repr(secret)
    assert "Jansen" not in told
    assert "abc" not in told
    assert seen[0].url == server.url + "x?q=…&token=…"
    assert (seen[0].status, seen[0].sent, seen[0].received, seen[0].attempt) == (200, 17, 8, 1)


def test_what_others_ask_is_logged_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Loopback(script(Answer())) as server:
        session(server.url).send(GET)
        requests.get(server.url + "theirs", timeout=2)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("urllib3")]
    assert any("GET /theirs" in line for line in lines)
    assert not any("GET /x" in line for line in lines)
