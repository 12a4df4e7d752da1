from __future__ import annotations

import base64
import json
import threading
import time

import pytest

from biodata.errors import AuthError, Unavailable
from biodata.http import Token, TokenSource, jwt_claims, jwt_lifetime, jwt_seconds


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def jwt(claims: dict[str, object]) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJub25lIn0.{body}.x"


def test_a_token_hides_its_value() -> None:
    token = Token("S3CR3T", lifetime=5)
    assert "S3CR3T" not in f"{token} {token!r}"


@pytest.mark.parametrize(("lifetime", "margin"), [(7200, 60), (100, 10), (1, 0.1)])
def test_the_clock_renews_before_the_end(lifetime: float, margin: float) -> None:
    clock = Clock()
    made: list[Token] = []

    def login() -> Token:
        token = Token(f"t{len(made)}", lifetime)
        made.append(token)
        return token

    source = TokenSource(login, monotonic=clock)
    assert source.current().value == "t0"
    clock.now += lifetime - margin - 0.01
    assert source.current().value == "t0"
    clock.now += 0.02
    assert source.current().value == "t1"


def test_the_life_begins_with_the_logins_request() -> None:
    clock = Clock()

    def slow() -> Token:
        clock.now += 30
        return Token("t", 100)

    token = TokenSource(slow, monotonic=clock).current()
    assert token.obtained == 1000.0
    assert token.deadline == 1090.0


def test_renewing_is_done_once_for_a_stale_token() -> None:
    made: list[int] = []

    def login() -> Token:
        made.append(1)
        return Token(f"t{len(made)}")

    source = TokenSource(login)
    stale = source.current()
    assert source.renew(stale) is source.renew(stale)
    assert len(made) == 2


def test_sixteen_threads_share_one_login() -> None:
    made: list[int] = []

    def login() -> Token:
        made.append(1)
        time.sleep(0.05)
        return Token("t")

    source = TokenSource(login)
    assert gather(source) == ["t"] * 16
    assert len(made) == 1


def test_sixteen_threads_share_one_failure_and_later_ones_try_again() -> None:
    made: list[int] = []

    def login() -> Token:
        made.append(1)
        time.sleep(0.1)
        raise Unavailable("down", hint="wait")

    source = TokenSource(login)
    told = gather(source)
    assert [type(error) for error in told] == [Unavailable] * 16
    assert len(made) == 1
    with pytest.raises(Unavailable) as caught:
        source.current()
    assert caught.value.hint == "wait"
    assert len(made) == 2


def test_a_refused_login_is_not_tried_again() -> None:
    made: list[int] = []

    def login() -> Token:
        made.append(1)
        raise AuthError("Incorrect user or password", code="BD-AUTH-LOGIN", hint="check")

    source = TokenSource(login)
    gather(source)
    with pytest.raises(AuthError, match="Incorrect user") as caught:
        source.current()
    assert (caught.value.code, caught.value.hint) == ("BD-AUTH-LOGIN", "check")
    assert len(made) == 1


def test_a_static_token_is_not_renewed() -> None:
    source = TokenSource.static("t", header="x-token", scheme="")
    assert source.headers(source.current()) == {"x-token": "t"}
    with pytest.raises(AuthError) as caught:
        source.renew(source.current())
    assert caught.value.code == "BD-AUTH-EXPIRED"
    assert caught.value.hint


def test_a_login_that_asks_for_its_own_token_is_told_so() -> None:
    source = TokenSource(lambda: source.current())  # noqa: PLW0108 - not bound yet
    with pytest.raises(RuntimeError, match="anonymous"):
        source.current()


def test_the_life_of_a_jwt_is_read_and_not_assumed() -> None:
    value = jwt({"iat": 100, "exp": 1300, "sub": "me"})
    assert jwt_lifetime(value) == 1200.0
    assert jwt_claims(value)["sub"] == "me"
    assert jwt_lifetime(jwt({"exp": 1300})) is None
    for bad in ("", "a.b.c", "a.b", "x.e30.y", jwt({"iat": "a", "exp": 1}), jwt({"iat": 1, "exp": 10**400})):
        assert jwt_lifetime(bad) is None


def test_claims_that_nobody_meant() -> None:
    deep = base64.urlsafe_b64encode(b'{"a": ' + b"[" * 100_000).decode()
    assert jwt_claims(f"x.{deep}.y") == {}
    assert [jwt_seconds({"exp": one}, "exp") for one in (5, 5.5, True, "5", 10**400)] == [5.0, 5.5, None, None, None]


def gather(source: TokenSource) -> list[object]:
    """What 16 threads get at once: the token's value or the error."""
    got: list[object] = []
    gate = threading.Barrier(16)

    def work() -> None:
        gate.wait()
        try:
            got.append(source.current().value)
        except Exception as error:  # noqa: BLE001
            got.append(error)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got
