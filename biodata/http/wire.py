"""The connections to one base URL: the only module that speaks to `requests`."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from ipaddress import ip_address
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import msgspec

from biodata.errors import ConfigError, ProtocolError
from biodata.http.bodies import CutBody, limited, pieces
from biodata.http.failures import NoAnswer, no_answer
from biodata.http.request import Response, Timeouts
from biodata.http.sending import Pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import requests

    from biodata.http.request import Request

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_POOL = 32
_PORTS = {"http": 80, "https": 443}
_FIRST_ERROR = 400


class Limits(msgspec.Struct, frozen=True):
    """The most bytes, unpacked, of one answer that is held in memory; streams have no limit."""

    body: int = 256 << 20


class Reply:
    """An answer whose body may still be on the wire.

    Attributes:
        response: with the whole body, or with an empty one when `streamed`.
        streamed: whether the body is to be read by iterating, in pieces of about 1 MiB.
    """

    def __init__(self, response: Response, answer: requests.Response, body: Iterator[bytes] | None) -> None:
        self.response = response
        self.streamed = body is not None
        self._answer = answer
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body or ()
        except NoAnswer as failure:
            raise failure.error from None

    @property
    def received(self) -> int:
        """Bytes of the body that came over the wire so far."""
        return int(self._answer.raw.tell())

    def close(self) -> None:
        """Give the connection back; one with unread bytes is dropped."""
        self._answer.close()


class Wire:
    """Pooled connections to one origin, for all threads: no cookies, no `.netrc`, no redirect to elsewhere."""

    def __init__(
        self,
        base_url: str,
        *,
        timeouts: Timeouts,
        limits: Limits,
        proxy: str | None,
        ca_bundle: Path | None,
        user_agent: str,
    ) -> None:
        self.base_url = base_url.rstrip("/") + "/"
        self.origin = origin(self.base_url)
        self.host = self.origin.partition("://")[2]
        self._timeouts = timeouts
        self._limits = limits
        self._proxies = {"http": proxy, "https": proxy} if proxy else _direct(self.base_url)
        self._verify = str(ca_bundle) if ca_bundle else None
        self._user_agent = user_agent
        self._lock = threading.Lock()
        self._session: requests.Session | None = None

    def exchange(self, request: Request, token: Mapping[str, str], *, streamed: bool) -> Reply:
        """Send once and read the answer; of a streamed one that is no error, the head and the first piece.

        Raises:
            NoAnswer: no whole answer came.
            ProtocolError: a redirect to elsewhere, or a body that is too large or packed in an unknown way.
        """
        started = time.monotonic()
        with self._translated(request), _QUIET:
            answer = self._follow(request, token)
        try:
            body = self._body(request, answer)
            if streamed and answer.status_code < _FIRST_ERROR:
                first = next(body, b"")
                return Reply(_response(request, answer, b"", started), answer, chain((first,), body))
            whole = limited(body, self._limits.body)
        except BaseException:
            answer.close()
            raise
        answer.close()
        return Reply(_response(request, answer, whole, started), answer, None)

    def close(self) -> None:
        """Close all idle connections; the next request opens new ones."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    @contextmanager
    def _translated(self, request: Request) -> Iterator[None]:
        from urllib3.exceptions import HTTPError

        try:
            yield
        except (OSError, UnicodeError, HTTPError, CutBody) as failure:
            raise no_answer(failure, self.host, request.describe()) from None

    def _body(self, request: Request, answer: requests.Response) -> Iterator[bytes]:
        with self._translated(request):
            yield from pieces(answer.raw, answer.headers.get("content-encoding", ""))

    def _follow(self, request: Request, token: Mapping[str, str]) -> requests.Response:
        url = self.base_url + request.target
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._send(request, url, token)
            target = answer.headers.get("location")
            if answer.status_code not in _REDIRECTS or target is None:
                return answer
            answer.close()
            url = self._redirected(request, url, target)
        raise ProtocolError(
            f"{request.describe()} was redirected more than {_MOST_REDIRECTS} times",
            code="BD-REMOTE-REDIRECT",
        )

    def _redirected(self, request: Request, url: str, target: str) -> str:
        try:
            target = urljoin(url, target)
            there = origin(target)
        except (ConfigError, ValueError):
            there = "an address that is no server's"
        if there == self.origin and request.method in {"GET", "HEAD"}:
            return target
        raise ProtocolError(
            f"{request.describe()} was redirected from {self.origin} to {there}, which is not followed",
            code="BD-REMOTE-REDIRECT",
            hint="If that is the platform's right address, put it in the profile as url",
        )

    def _send(self, request: Request, url: str, token: Mapping[str, str]) -> requests.Response:
        """Send once. urllib3 holds sending to the time for a connection, which is short for a file."""
        wait = request.timeouts or self._timeouts
        sending = max(wait.connect, wait.read) if isinstance(request.body, Pieces) else wait.connect
        kind = {"Content-Type": request.content_type} if request.content_type else {}
        return self._opened().request(
            request.method,
            url,
            headers={**kind, **dict(request.headers)},
            data=request.body.open() if isinstance(request.body, Pieces) else request.body,
            auth=_HeaderAuth(token),
            timeout=(sending, wait.read),
            allow_redirects=False,
            proxies=self._proxies,
            verify=self._verify,
            stream=True,
        )

    def _opened(self) -> requests.Session:
        with self._lock:
            if self._session is None:
                self._session = _new_session(self._user_agent)
            return self._session


class _HeaderAuth:
    """Sets the token's header. Always given, even without a token: requests else asks `.netrc` for one."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        from requests.utils import check_header_validity

        for header in self._headers.items():
            check_header_validity(header)
        prepared.headers.update(self._headers)
        return prepared


class _Quiet(logging.Filter):
    """Drops what urllib3 logs of our requests, by the thread that sends: it prints addresses with their values."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.local()

    def filter(self, _record: logging.LogRecord) -> bool:
        return not getattr(self._thread, "sends", False)

    def __enter__(self) -> None:
        self._thread.sends = True

    def __exit__(self, *_: object) -> None:
        self._thread.sends = False


_QUIET = _Quiet()


def _new_session(user_agent: str) -> requests.Session:
    from http.cookiejar import DefaultCookiePolicy

    import requests
    from requests.adapters import HTTPAdapter

    class Session(requests.Session):
        def get_redirect_target(self, resp: requests.Response) -> None:
            """None: requests would read the whole body of a redirect to prepare the next request."""

    logging.getLogger("urllib3.connectionpool").addFilter(_QUIET)
    session = Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"User-Agent": user_agent, "Accept-Encoding": "gzip"})
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=_POOL, max_retries=0))
    return session


def _direct(url: str) -> dict[str, str]:
    """What makes requests go past the environment's proxy: a proxy cannot reach this machine's loopback."""
    host = urlsplit(url).hostname or ""
    try:
        return {"no_proxy": host} if host == "localhost" or ip_address(host).is_loopback else {}
    except ValueError:
        return {}


def _response(request: Request, answer: requests.Response, body: bytes, started: float) -> Response:
    return Response(
        status=answer.status_code,
        headers={name.lower(): value for name, value in answer.headers.items()},
        body=body,
        url=answer.url,
        elapsed=time.monotonic() - started,
        request=request.describe(),
    )


def origin(url: str) -> str:
    """Scheme, host and port of an address, the usual port left out: `https://molgenis.example.org`.

    Raises:
        ConfigError: it is not an http or https address, or it holds a user name or password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        raise ConfigError(
            "An address must begin with http:// or https:// and hold a host, without a user name in it",
            hint="User name and password are keys of their own in the profile",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, _PORTS[parts.scheme]} else "")
