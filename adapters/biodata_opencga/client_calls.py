"""A call of one of pyopencga's methods as requests on our session, and the answers as pyopencga gives them.

Where pyopencga itself loses, repeats or misreads something, protocols/opencga.md, sections 1.6 and 12, say so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.config.profiles import require_access
from biodata.errors import BiodataError, ProtocolError, QueryError, RemoteError, WriteError
from biodata.http import FormFile, Request, mark_maybe_sent, multipart, save
from biodata_opencga.access import access_needed
from biodata_opencga.answers import code_of, failure, opened, words
from biodata_opencga.client_response import Answer, envelope_of, joined
from biodata_opencga.client_values import file_of, ids_of, number_of, params_of, portions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.config.profiles import Access
    from biodata.http import HttpSession, Response

__all__ = ["Calls"]

_PAGE = 1000
_ERROR, _TOO_LONG = 400, frozenset({414, 431})
_FILE = "application/octet-stream"
_LOGINS = frozenset({"users/login", "users/anonymous"})
_SPOKEN = frozenset(
    {"study", "project", "organization", "include", "exclude", "sort", "order", "skip", "limit", "count", "action"}
)
"""Options whose values are nobody's, so that errors may show them."""
_SORTABLE = frozenset(
    {"samples", "individuals", "families", "cohorts", "files", "jobs", "panels", "analysis/clinical"}
)
_BARE = ("ga4gh/", "meta/")
"""Where answers come without an envelope too."""

_Params = dict[str, str]
_Send = Callable[[str, _Params], Answer]


class Calls:
    """What stands in the place of pyopencga's own requests; for many threads at once.

    Args:
        session: with the tokens; renews them.
        access: of the connection.
        profile: named in errors.
    """

    def __init__(self, session: HttpSession, access: Access, profile: str) -> None:
        self._session = session
        self._access = access
        self._profile = profile

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
        """One call of a method: all its pages, or as many records as `limit` says; 100 ids a request.

        Only a GET is asked for further pages: anything else would be done again.

        Returns:
            A RestResponse; bytes where the server sends a file, or their number where `to` says where to write it.

        Raises:
            BiodataError: with `error.response`, a RestResponse, where the server answered for some of the ids: the
                records that were found, or the numbers of those that were changed.
        """
        verb = method.upper()
        try:
            require_access(self._access, access_needed(verb, resource))
            tail = (subcategory, ",".join(ids_of(second_query_id)), resource)
            paths = ["/".join(filter(None, (category, ids, *tail))) for ids in portions_of(query_id)]
            if resource == "upload":
                return self._each("POST", paths, {}, partial(self._uploaded, options))
            if resource == "download":
                return self._downloaded(paths[0], **options)
            return self._each(verb, paths, params_of(options), partial(self._asked, verb, data))
        except BiodataError as error:
            raise error.located(profile=self._profile) from None

    def upload(self, category: str, resource: str, **options: Any) -> dict[str, Any]:
        """What pyopencga 5 calls for `files.upload`, which goes around `call`: the answer before it is wrapped."""
        return {"responses": self.call("POST", category, resource, **options).responses}

    def _uploaded(self, options: dict[str, Any], path: str, _: _Params) -> Answer:
        """A file as multipart form; the server reads the form's fields only (section 1.9)."""
        file = file_of(options.get("file"))
        fields = params_of({name: value for name, value in options.items() if name != "file"})
        body, kind = multipart(fields, [FormFile("file", file.name, file)])
        return self._ask(Request(method="POST", path=path, body=body, content_type=kind))

    def _downloaded(self, path: str, to: Any = None, **options: Any) -> Any:
        request = _request("GET", path, params_of(options), None)
        if to is not None:
            return save(self._session, request, to, partial(_check_file, request))
        try:
            answer = self._ask(request)
        except ProtocolError as error:
            if error.code == "BD-REMOTE-SIZE":
                error.hint = "Say where to write it: client.files.download(…, to='reads.bam')"
            raise
        if answer.error is not None:
            raise answer.error
        return joined([answer.body])

    def _each(self, method: str, paths: list[str], params: _Params, send: _Send) -> Any:
        """All portions of ids; what only reads goes on after a portion of which the server gave a part."""
        done: list[Any] = []
        failed: BiodataError | None = None
        for path in paths:
            answer = self._portion(method, path, params, send)
            failed = failed or answer.error
            if answer.error is None or answer.answered:
                done.append(answer.body)
            if answer.error is not None and (method != "GET" or not answer.answered):
                failed = answer.error
                break
        if failed is None:
            return joined(done)
        if done:
            vars(failed)["response"] = joined(done)
        raise failed

    def _portion(self, method: str, path: str, params: _Params, send: _Send) -> Answer:
        try:
            if method == "GET":
                return _paged(partial(send, path), _sorted(path, params))
            return send(path, params)
        except BiodataError as error:
            return Answer(None, error)

    def _asked(self, method: str, data: Any, path: str, params: _Params) -> Answer:
        request = _request(method, path, params, data)
        return self._ask(request, [data, *(value for name, value in params.items() if name not in _SPOKEN)])

    def _ask(self, request: Request, values: Sequence[Any] = ()) -> Answer:
        """Send a request; the server's words come without `values`."""
        response = self._session.send(request)
        if response.status < _ERROR and response.content_type == _FILE:
            return Answer(response.body)
        body, envelope = envelope_of(response)
        if response.status >= _ERROR:
            return Answer(body, _refusal(response, request, values))
        if envelope is None or not (envelope.responses or request.path.startswith(_BARE)):
            raise _none_of_opencga(response, request)
        return Answer(body, _refusal(response, request, values) if envelope.errors else None)


def _request(method: str, path: str, params: _Params, data: Any) -> Request:
    """`skip` and `limit` are always sent (section 1.6)."""
    resource = path.rpartition("/")[2]
    return Request(
        method=method,
        path=path,
        params=tuple({"skip": "0", "limit": str(_PAGE), **params}.items()),
        body=None if data is None else _encoded(data),
        content_type=None if data is None else "application/json",
        idempotent=method == "GET" and access_needed(method, resource) == "read",
        anonymous=path in _LOGINS,
        label=f"{path.partition('/')[0]}/…/{resource}",
    )


def _paged(ask: Callable[[_Params], Answer], params: _Params) -> Answer:
    limit = number_of("limit", params["limit"]) if "limit" in params else None
    skip = number_of("skip", params.get("skip", "0"))
    size = _PAGE if limit is None else min(_PAGE, limit)
    first = page = ask({**params, "skip": str(skip), "limit": str(size)})
    if not first.answered:
        return first
    results = first.results
    got = list(results)
    while page.error is None and len(got) == size == _PAGE and (limit is None or len(results) < limit):
        skip += size
        more = _PAGE if limit is None else min(_PAGE, limit - len(results))
        page = ask({**params, "skip": str(skip), "limit": str(more)})
        if page.results == got:
            break  # the server does not page this resource
        got = page.results
        results += got
    first.body["responses"][0]["numResults"] = len(results)
    return Answer(first.body, first.error or page.error)


def _sorted(path: str, params: _Params) -> _Params:
    """A search of more than a page needs an order, or its pages overlap (section 12, 12)."""
    category, _, resource = path.rpartition("/")
    paged = number_of("limit", params.get("limit", str(_PAGE + 1))) > _PAGE
    if resource != "search" or category not in _SORTABLE or "sort" in params or not paged:
        return params
    return {"sort": "id", "order": "ASCENDING", **params}


def _refusal(response: Response, request: Request, values: Sequence[Any]) -> BiodataError:
    """A write refused for what is in it is a WriteError; where OpenCGA itself answers, the address is right."""
    error, envelope = failure(response, values=values), opened(response)
    if response.status in _TOO_LONG:
        return QueryError(error.message, code="BD-QUERY-LONG", hint="Give fewer values in one call")
    if type(error) is ProtocolError and envelope.responses:
        error = QueryError(error.message, code="BD-QUERY-REFUSED")
    if access_needed(request.method, request.path.rpartition("/")[2]) == "read":
        return error
    code = code_of(words(envelope))
    if type(error) is QueryError or (isinstance(error, RemoteError) and code != WriteError.default_code):
        return WriteError(error.message, code=code)
    return error


def _encoded(data: Any) -> bytes:
    try:
        return msgspec.json.encode(data)
    except (TypeError, ValueError) as error:
        raise WriteError(f"The data cannot be sent as JSON: {error}", code="BD-WRITE-TYPE") from None


def _check_file(request: Request, response: Response) -> None:
    if response.status >= _ERROR:
        raise _refusal(response, request, ())
    if response.content_type != _FILE:
        raise _none_of_opencga(response, request)


def _none_of_opencga(response: Response, request: Request) -> BiodataError:
    error = ProtocolError(
        f"The answer to {response.request} (HTTP {response.status}, {response.content_type}) is none of OpenCGA's",
        status=response.status,
        code="BD-REMOTE-FORMAT",
        hint="Check that the profile's url is the platform's own address and not a proxy or a login page",
    )
    return mark_maybe_sent(error, maybe_sent=None if request.replayable else True)
