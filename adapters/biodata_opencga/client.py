"""pyopencga's client on our session: its methods and paths, our tokens, limits and errors.

The seams are private names of pyopencga, the same from 2.12 to 5.0 (protocols/opencga.md, section 12, 3):
`_rest_retry` of each resource client and `_upload` of the one for files, `_validate_host` and `_check_versions`,
which send and print while the client is made.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from biodata.errors import ConfigError, PermissionDenied
from biodata.http import FormFile, Request, multipart
from biodata_opencga.answers import failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.http import HttpSession

__all__ = ["official_client"]

_PAGE = 1000
_MOST_IDS = 100
_ERROR = 400
_NUMBERS = ("numResults", "numMatches", "numInserted", "numUpdated", "numDeleted", "numErrors")
_READING = frozenset({"search", "info", "distinct", "aggregationStats", "acl", "login"})
_WRITING = frozenset({"load", "refresh", "reset"})
"""Of the methods that GET, those that change something all the same."""
_SEAMS = ("_rest_retry", "_validate_host", "_check_versions")


def official_client(session: HttpSession, host: str, access: str) -> Any:
    """An OpencgaClient with all resource clients; making it sends and prints nothing.

    Args:
        session: with the tokens; renews them.
        host: the server's address with its context path.
        access: `read`: methods that change something are refused; `write`: those that DELETE.

    Raises:
        ConfigError: pyopencga is not installed, or is a version without the seams.
    """
    try:
        from pyopencga.opencga_client import OpencgaClient
        from pyopencga.opencga_config import ClientConfiguration
    except ImportError:
        raise ConfigError(
            "connection.client needs the package pyopencga", hint="Install biodata-access[opencga]"
        ) from None

    class _Configuration(ClientConfiguration):  # type: ignore[misc]  # pyopencga has no types
        def _validate_host(self) -> None:
            """Sends nothing."""

    class _Client(OpencgaClient):  # type: ignore[misc]
        def _check_versions(self) -> None:
            """Sends and prints nothing."""

        def login(self, *_: Any, **__: Any) -> None:
            """The profile's login is used."""

    client = _Client(_Configuration({"rest": {"host": host}}), auto_refresh=False)
    _check_seams(ClientConfiguration, OpencgaClient, client)
    wire = _Wire(session, access)
    for resource in client.clients:
        resource._rest_retry = wire.call  # noqa: SLF001 - the one clean seam
    client.files._upload = wire.upload  # noqa: SLF001 - it goes around the other one
    return client


def _check_seams(configuration: Any, client_class: Any, client: Any) -> None:
    there = (
        all(hasattr(one, "_rest_retry") for one in client.clients)
        and hasattr(configuration, "_validate_host")
        and hasattr(client_class, "_check_versions")
    )
    if not there:
        raise ConfigError(
            f"This version of pyopencga has not all of {', '.join(_SEAMS)}",
            hint="Install pyopencga 2.12 to 5",
        )


class _Wire:
    """What stands in the place of pyopencga's own requests."""

    def __init__(self, session: HttpSession, access: str) -> None:
        self._session = session
        self._access = access

    def call(
        self,
        method: str,
        category: str,
        resource: str,
        query_id: Any = None,
        subcategory: str | None = None,
        second_query_id: Any = None,
        data: Any = None,
        dont_retry: Any = None,  # noqa: ARG002 - the session retries by its own rules
        **options: Any,
    ) -> Any:
        """One call of a method: all its pages, or as many records as `limit` says; 100 ids a request."""
        self._allow(method, resource)
        ids, tail = _ids(query_id), (subcategory, ",".join(_ids(second_query_id)), resource)
        params = {_camel(name): _text(value) for name, value in options.items() if value is not None}
        params.pop("debug", None)
        answers = []
        for start in range(0, max(1, len(ids)), _MOST_IDS):
            path = "/".join(filter(None, (category, ",".join(ids[start : start + _MOST_IDS]), *tail)))
            send = partial(self._request, method, path, data)
            answers.append(self._paged(send, params))
        return _joined(answers)

    def upload(self, category: str, resource: str, **options: Any) -> Any:
        """A file as multipart form; the server reads the form's fields only (section 1.9)."""
        self._allow("post", resource)
        path = Path(str(options.pop("file", ""))).expanduser()
        fields = {_camel(name): _text(value) for name, value in options.items() if value is not None}
        body, kind = multipart(fields, [FormFile("file", quote(path.name, safe=" "), path.read_bytes())])
        request = Request(method="POST", path=f"{category}/{resource}", body=body, content_type=kind)
        response = self._session.send(request)
        if response.status >= _ERROR:
            raise failure(response)
        return response.json()

    def _allow(self, method: str, resource: str) -> None:
        if resource in _READING or (method == "get" and resource not in _WRITING):
            return
        if self._access == "read" or (method == "delete" and self._access != "delete"):
            needed = "delete" if method == "delete" else "write"
            raise PermissionDenied(
                f"This connection has access '{self._access}', and '{resource}' needs '{needed}'",
                code="BD-ACCESS",
                hint=f"Open it with access={needed!r}, or write it in the profile",
            )

    def _request(self, method: str, path: str, data: Any, params: dict[str, str]) -> Any:
        body = None if data is None else msgspec.json.encode(data)
        request = Request(
            method=method.upper(),
            path=path,
            params=tuple(params.items()),
            body=body,
            content_type=None if data is None else "application/json",
            label=path.partition("/")[0] + "/…",
        )
        response = self._session.send(request)
        if response.status >= _ERROR:
            raise failure(response)
        if response.content_type == "application/octet-stream":
            return response.body
        return response.json()

    def _paged(self, ask: Callable[[dict[str, str]], Any], params: dict[str, str]) -> Any:
        limit = int(params["limit"]) if "limit" in params else None
        skip = int(params.get("skip", "0"))
        size = _PAGE if limit is None else min(_PAGE, limit)
        whole = ask({**params, "skip": str(skip), "limit": str(size)})
        if isinstance(whole, bytes):
            return whole
        results = _results(whole)
        got = len(results)
        while got == size == _PAGE and (limit is None or len(results) < limit):
            skip += size
            more = _PAGE if limit is None else min(_PAGE, limit - len(results))
            page = ask({**params, "skip": str(skip), "limit": str(more)})
            got = len(_results(page))
            results += _results(page)
        if whole.get("responses"):
            whole["responses"][0]["numResults"] = len(results)
        return whole


def _results(answer: dict[str, Any]) -> list[Any]:
    responses = answer.get("responses") or [{}]
    found: list[Any] = responses[0].setdefault("results", [])
    return found


def _joined(answers: list[Any]) -> Any:
    """One answer of several, as pyopencga gives it; what was downloaded stays bytes."""
    from pyopencga.rest_response import RestResponse

    first, *others = answers
    if isinstance(first, bytes):
        return first
    for other in others:
        _results(first).extend(_results(other))
        for name in _NUMBERS:
            first["responses"][0][name] += other["responses"][0][name]
    return RestResponse(first)


def _ids(value: Any) -> list[str]:
    """Ids for a path: a slash in one is no separator (recording 315)."""
    if value is None:
        return []
    listed = value if isinstance(value, list | tuple) else str(value).split(",")
    return [quote(str(one), safe="") for one in listed]


def _camel(name: str) -> str:
    """`include_result` as `includeResult`; other spellings stay (section 1.6)."""
    first, *others = name.split("_")
    return first + "".join(one.title() for one in others)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
