"""The gen3 SDK's classes with our tokens.

The SDK keeps no connections and has no time limits, so that the repositories do not use it; here it is for what
they do not cover. Its own `Gen3Auth` re-sends every 401 and 403 with the same token (protocols/gen3.md, a): ours
renews a refused token once, sends nothing twice that was denied, and holds what is sent to the profile's access.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gen3.auth import Gen3Auth

from biodata.config.profiles import require_access

if TYPE_CHECKING:
    import requests

    from biodata.config.profiles import Access
    from biodata.http import Token, TokenSource

__all__ = ["Gen3Client", "SourceAuth"]

_UNAUTHORISED = 401
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_QUERIES = re.compile(
    r"/(api/(v0/|search/)?submission/(graphql|[^/]+/[^/]+/export)|guppy/(graphql|download)|index/bulk/documents)/?"
)
"""POST to these whole paths only reads; names that people choose, a project's or a guid, end other paths."""
_UPLOADS = re.compile(r"/(user/data|ws-storage)/upload/")
"""What is asked for with GET there is an address to write to."""
_SIGNED = re.compile(r"[?&](X-Amz-Signature|X-Goog-Signature|Signature|sig)=")
_CLASSES = {
    "submission": "gen3.submission.Gen3Submission",
    "index": "gen3.index.Gen3Index",
    "query": "gen3.query.Gen3Query",
    "metadata": "gen3.metadata.Gen3Metadata",
    "file": "gen3.file.Gen3File",
    "jobs": "gen3.jobs.Gen3Jobs",
    "object": "gen3.object.Gen3Object",
    "workspace": "gen3.wss.Gen3WsStorage",
}


class SourceAuth(Gen3Auth):  # type: ignore[misc]
    """The SDK's auth object on a TokenSource of ours; it reads and writes no files."""

    def __init__(self, endpoint: str, source: TokenSource, access: Access) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._source = source
        self._access = access

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the token to a request that the profile's access allows; to none that goes elsewhere, or is signed.

        Raises:
            PermissionDenied: `BD-ACCESS`.
        """
        if not self._is_ours(str(request.url)):
            return request
        self._check(str(request.method), str(request.url))
        token = self._source.current()
        request.headers.update(self._source.headers(token))
        hooks: Any = request
        hooks.register_hook("response", lambda response, **options: self._answered(response, token, options))
        return request

    def _is_ours(self, url: str) -> bool:
        ours, asked = urlsplit(self.endpoint), urlsplit(url)
        return (ours.scheme, ours.netloc) == (asked.scheme, asked.netloc) and _SIGNED.search(url) is None

    def _check(self, method: str, url: str) -> None:
        path = urlsplit(url).path.removeprefix(urlsplit(self.endpoint).path)
        query = method == "POST" and _QUERIES.fullmatch(path) is not None
        reading = query or (method in _READING and _UPLOADS.search(path) is None)
        needed: Access = "read" if reading else "delete" if method == "DELETE" else "write"
        require_access(self._access, needed)

    def _answered(self, response: requests.Response, token: Token, options: dict[str, Any]) -> requests.Response:
        """Renew once after a 401, and send once more; a denial stays one."""
        if response.status_code != _UNAUTHORISED or not self._source.renewable:
            return response
        response.content  # noqa: B018 - read to the end, the connection can be used again
        response.close()
        again = response.request.copy()
        again.headers.update(self._source.headers(self._source.renew(token)))
        answer = response.connection.send(again, **options)
        answer.history.append(response)
        answer.request = again
        return answer

    def get_access_token(self) -> str:
        """A token that is good by the clock."""
        return self._source.current().value

    def refresh_access_token(self, endpoint: str | None = None) -> str:  # noqa: ARG002 - the SDK's signature
        """A newer token than the present one."""
        return self._source.renew(self._source.current()).value

    def get_api_key(self) -> None:
        """None, as the SDK (from 5.0) gives where it holds no key: the key stays with the connection."""

    def _get_auth_value(self) -> str:
        """For the SDK's asynchronous methods, which do not say what they will ask: all of it must be allowed.

        Raises:
            PermissionDenied: `BD-ACCESS`.
        """
        require_access(self._access, "delete")
        return f"bearer {self.get_access_token()}"


class Gen3Client:
    """The SDK's classes, each made when it is first asked for: `client.submission.query(…)`.

    Attributes:
        auth: for any other class of the SDK: `gen3.tools.…(client.auth)`.
        endpoint: the address of the commons.
    """

    def __init__(self, auth: SourceAuth) -> None:
        self.auth = auth
        self.endpoint = auth.endpoint

    def __getattr__(self, name: str) -> Any:
        if name not in _CLASSES:
            raise AttributeError(f"there is no '{name}'; there are {', '.join(_CLASSES)}")
        from importlib import import_module

        module, _, cls = _CLASSES[name].rpartition(".")
        made = getattr(import_module(module), cls)(auth_provider=self.auth)
        setattr(self, name, made)
        return made

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *_CLASSES]
