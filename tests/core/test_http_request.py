from __future__ import annotations

import pickle

import msgspec
import pytest

from biodata.errors import ProtocolError, QueryError
from biodata.http import Request, Response, quote_segment


class _Counted(msgspec.Struct):
    n: int


def test_parameters_are_encoded_so_that_nothing_is_read_as_syntax() -> None:
    request = Request(method="GET", path="api/v2/ASE", params=(("q", "a&b#c+d%e f/é"), ("q", "'x\"")))
    assert request.target == "api/v2/ASE?q=a%26b%23c%2Bd%25e%20f%2F%C3%A9&q=%27x%22"


def test_describe_holds_no_value() -> None:
    request = Request.json(
        "POST",
        "/api/v1/ASE/person7",
        {"name": "Jan Jansen"},
        params=(("q", "ssn=123"),),
        label="api/v1/ASE/{id}",
    )
    assert request.describe() == "POST /api/v1/ASE/{id}?q=…"
    assert request.body == b'{"name":"Jan Jansen"}'
    assert request.content_type == "application/json"


@pytest.mark.parametrize("path", ["a/../b", "a/%2e%2E/b", "a/.", "..", "%2e"])
def test_a_path_cannot_climb(path: str) -> None:
    with pytest.raises(QueryError, match="only dots"):
        Request(method="DELETE", path=path)


def test_a_segment_is_quoted_whole_and_never_empty() -> None:
    assert quote_segment("a/b c#d") == "a%2Fb%20c%23d"
    for bad in ("", ".", ".."):
        with pytest.raises(QueryError):
            quote_segment(bad)


@pytest.mark.parametrize(
    ("method", "idempotent", "replayable"),
    [("GET", None, True), ("PUT", None, True), ("POST", None, False), ("POST", True, True), ("GET", False, False)],
)
def test_what_may_be_sent_again(method: str, idempotent: bool | None, replayable: bool) -> None:
    assert Request(method=method, path="x", idempotent=idempotent).replayable is replayable


def test_a_request_and_an_answer_can_be_pickled() -> None:
    request = Request.json("PUT", "x", [1], params=(("a", "b"),))
    assert pickle.loads(pickle.dumps(request)) == request  # noqa: S301
    response = Response(status=200, body=b"{}", headers={"a": "b"})
    assert pickle.loads(pickle.dumps(response)) == response  # noqa: S301


def test_a_page_in_place_of_json_is_named_and_not_quoted() -> None:
    page = Response(
        status=200,
        headers={"content-type": "text/HTML; charset=utf-8"},
        body=b"<p>Jan Jansen</p>",
        request="GET /api",
    )
    with pytest.raises(ProtocolError) as caught:
        page.json()
    assert "GET /api (HTTP 200, 17 bytes) is not JSON but text/html" in str(caught.value)
    assert "Jan" not in str(caught.value)
    assert caught.value.status == 200


@pytest.mark.parametrize("body", [b'{"a":', b'"\xff"', b"", b"[1] x"])
def test_broken_json_is_a_protocol_error(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        Response(status=200, body=body).json()


def test_json_of_another_shape_says_where() -> None:
    with pytest.raises(ProtocolError, match=r"unexpected shape.*\$\.n"):
        Response(status=200, body=b'{"n":"Jan"}').decode(_Counted)
    assert Response(status=200, body=b'{"n":1}').decode(_Counted).n == 1
