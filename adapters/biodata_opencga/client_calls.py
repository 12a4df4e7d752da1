"""A call of one of pyopencga's methods as requests on our session, and the answers as pyopencga gives them.

Where pyopencga itself loses, repeats or misreads something, protocols/opencga.md, sections 1.6 and 12, say so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import msgspec

from biodata.config.profiles import require_access
from biodata.errors import BiodataError, ConfigError, ProtocolError, QueryError, RemoteError, WriteError
from biodata.http import FormFile, Request, multipart
from biodata.references import chunks
from biodata_opencga.access import access_needed
from biodata_opencga.answers import code_of, failure, opened, words
from biodata_opencga.client_response import as_response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.config.profiles import Access
    from biodata.http import HttpSession, Response

__all__ = ["Calls"]

_PAGE = 1000
_MOST_IDS = 100
_ERROR = 400
_SUMMED = ("numResults", "numMatches", "numInserted", "numUpdated", "numDeleted", "numErrors")
_LOGINS = frozenset({"users/login", "users/anonymous"})
_OURS = frozenset({"debug", "num_threads"})
"""Options that are for pyopencga itself and never for the server."""
_SPOKEN = frozenset(
    {"study", "project", "organization", "include", "exclude", "sort", "order", "skip", "limit", "count", "action"}
)
"""Options whose values are nobody's, so that errors may show them."""
_SORTABLE = frozenset(
    {"samples", "individuals", "families", "cohorts", "files", "jobs", "panels", "analysis/clinical"}
)
_WITHOUT_ENVELOPE = frozenset({"meta", "ga4gh"})


class _Answer(NamedTuple):
    """What came for one request, and what is wrong with it."""

    body: Any
    error: BiodataError | None = None

    @property
    def enveloped(self) -> bool:
        return isinstance(self.body, dict) and bool(self.body.get("responses"))


_Send = Callable[[str, dict[str, str]], _Answer]


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
            A RestResponse; bytes where the server sends a file.

        Raises:
            BiodataError: with `error.response`, a RestResponse, where the server answered for some of the ids: the
                records that were found, or the numbers of those that were changed.
        """
        try:
            require_access(self._access, access_needed(method, resource))
            tail = (subcategory, ",".join(_ids(second_query_id)), resource)
            paths = ["/".join(filter(None, (category, ids, *tail))) for ids in _portions(query_id)]
            if resource == "upload":
                return self._each("POST", paths, {}, partial(self._uploaded, options))
            return self._each(method.upper(), paths, _params(options), partial(self._request, method.upper(), data))
        except BiodataError as error:
            raise error.located(profile=self._profile) from None

    def upload(self, category: str, resource: str, **options: Any) -> dict[str, Any]:
        """What pyopencga 5 calls for `files.upload`, which goes around `call`: the answer before it is wrapped."""
        return {"responses": self.call("POST", category, resource, **options).responses}

    def _uploaded(self, options: dict[str, Any], path: str, _: dict[str, str]) -> _Answer:
        """A file as multipart form; the server reads the form's fields only (section 1.9)."""
        file = _file(options.get("file"))
        fields = _params({name: value for name, value in options.items() if name != "file"})
        body, kind = multipart(fields, [FormFile("file", file.name, file)])
        return self._ask(Request(method="POST", path=path, body=body, content_type=kind))

    def _each(self, method: str, paths: list[str], params: dict[str, str], send: _Send) -> Any:
        """All portions of ids; what only reads goes on after a portion of which the server gave a part."""
        done: list[Any] = []
        failed: BiodataError | None = None
        for path in paths:
            answer = self._portion(method, path, params, send)
            failed = failed or answer.error
            if answer.error is None or answer.enveloped:
                done.append(answer.body)
            if answer.error is not None and (method != "GET" or not answer.enveloped):
                failed = answer.error
                break
        if failed is None:
            return _joined(done)
        if done:
            vars(failed)["response"] = _joined(done)
        raise failed

    def _portion(self, method: str, path: str, params: dict[str, str], send: _Send) -> _Answer:
        try:
            if method == "GET":
                return self._paged(partial(send, path), _sorted(path, params))
            return send(path, params)
        except BiodataError as error:
            return _Answer(None, error)

    def _request(self, method: str, data: Any, path: str, params: dict[str, str]) -> _Answer:
        resource = path.rpartition("/")[2]
        request = Request(
            method=method,
            path=path,
            params=tuple({"skip": "0", "limit": str(_PAGE), **params}.items()),
            body=None if data is None else msgspec.json.encode(data),
            content_type=None if data is None else "application/json",
            idempotent=method == "GET" and access_needed(method, resource) == "read",
            anonymous=path in _LOGINS,
            label=f"{path.partition('/')[0]}/…/{resource}",
        )
        return self._ask(request, [data, *(value for name, value in params.items() if name not in _SPOKEN)])

    def _ask(self, request: Request, values: Sequence[Any] = ()) -> _Answer:
        """Send a request; the server's words come without `values`."""
        response = self._session.send(request)
        if response.status >= _ERROR:
            return _Answer(_envelope(response), _refusal(response, request, values))
        if response.content_type == "application/octet-stream":
            return _Answer(response.body)
        body = response.json()
        if not isinstance(body, dict) or not (body.get("responses") or request.path.startswith(_BARE)):
            raise _no_envelope(response)
        return _Answer(body, _refusal(response, request, values) if _is_wrong(body) else None)

    def _paged(self, ask: Callable[[dict[str, str]], _Answer], params: dict[str, str]) -> _Answer:
        limit = _number("limit", params["limit"]) if "limit" in params else None
        skip = _number("skip", params.get("skip", "0"))
        size = _PAGE if limit is None else min(_PAGE, limit)
        first = page = ask({**params, "skip": str(skip), "limit": str(size)})
        if not first.enveloped:
            return first
        results = _results(first.body)
        got = list(results)
        while page.error is None and len(got) == size == _PAGE and (limit is None or len(results) < limit):
            skip += size
            more = _PAGE if limit is None else min(_PAGE, limit - len(results))
            page = ask({**params, "skip": str(skip), "limit": str(more)})
            if _results(page.body) == got:
                break  # the server does not page this resource
            got = _results(page.body)
            results += got
        first.body["responses"][0]["numResults"] = len(results)
        return _Answer(first.body, first.error or page.error)


_BARE = tuple(f"{one}/" for one in sorted(_WITHOUT_ENVELOPE))


def _is_wrong(body: dict[str, Any]) -> bool:
    """Whether an ERROR event is inside a 200 (section 1.6)."""
    places = (body, *(body.get("responses") or ()))
    return any(event.get("type") == "ERROR" for place in places for event in place.get("events") or ())


def _refusal(response: Response, request: Request, values: Sequence[Any]) -> BiodataError:
    """A write that is refused for what is in it is a WriteError."""
    error = failure(response, values=values)
    if access_needed(request.method, request.path.rpartition("/")[2]) == "read":
        return error
    code = code_of(words(opened(response)))
    if type(error) is QueryError or (isinstance(error, RemoteError) and code != WriteError.default_code):
        return WriteError(error.message, code=code)
    return error


def _no_envelope(response: Response) -> ProtocolError:
    return ProtocolError(
        f"The answer to {response.request} (HTTP {response.status}) is none of OpenCGA's",
        status=response.status,
        code="BD-REMOTE-FORMAT",
        hint="Check that the profile's url is the platform's own address and not a proxy or a login page",
    )


def _envelope(response: Response) -> Any:
    try:
        return msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _results(answer: Any) -> list[Any]:
    responses = (answer.get("responses") if isinstance(answer, dict) else None) or [{}]
    found: list[Any] = responses[0].setdefault("results", [])
    return found


def _joined(answers: list[Any]) -> Any:
    """One answer of several; what was downloaded stays bytes."""
    first, *others = answers
    if isinstance(first, bytes) or not first.get("responses"):
        return first
    for other in others:
        _add(first, other)
    return as_response(first)


def _add(whole: dict[str, Any], other: dict[str, Any]) -> None:
    whole["events"] = [*(whole.get("events") or ()), *(other.get("events") or ())]
    mine, more = whole["responses"][0], other["responses"][0]
    for name in ("results", "events"):
        mine[name] = [*(mine.get(name) or ()), *(more.get(name) or ())]
    for name in _SUMMED:
        known = (mine.get(name, 0), more.get(name, 0))
        mine[name] = -1 if min(known) < 0 else sum(known)


# --- names and values ----------------------------------------------------------------------------------------


def _portions(query_id: Any) -> list[str | None]:
    """The ids of a path, at most 100 in each portion; a single None for a path without ids."""
    return [",".join(some) for some in chunks(_ids(query_id), _MOST_IDS)] if query_id is not None else [None]


def _ids(value: Any) -> list[str]:
    """Ids for a path: a slash in one is no separator (recording 315).

    Raises:
        QueryError: there is none, or an element of a list holds a comma: no address can say that.
    """
    if value is None:
        return []
    listed = (
        list(value)
        if isinstance(value, list | tuple | set | frozenset)
        else [one.strip() for one in str(value).split(",")]
    )
    if not listed or "" in listed:
        raise QueryError("An empty id cannot stand in an address", code="BD-QUERY-KEY")
    return [quote(_without_comma(one, "An id"), safe="") for one in listed]


def _params(options: dict[str, Any]) -> dict[str, str]:
    """The query of a call: None is what is not given; `skip` and `limit` are always sent (section 1.6).

    Raises:
        QueryError: an empty value, which would match nothing, or a comma inside an element of a list.
    """
    given = {name: value for name, value in options.items() if value is not None and name not in _OURS}
    return {_camel(name): _text(name, value) for name, value in given.items()}


def _camel(name: str) -> str:
    """`include_result` as `includeResult`; a dotted name is a path in a document and stays."""
    if "." in name:
        return name
    first, *others = name.split("_")
    return first + "".join(one.title() for one in others)


def _text(name: str, value: Any) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        text = ",".join(_without_comma(one, f"An element of {name}") for one in value)
    else:
        text = _plain(value)
    if not text:
        raise QueryError(
            f"{name} is empty, and the server would find nothing by it",
            code="BD-QUERY-VALUE",
            hint="Leave the option out to ask for everything",
        )
    return text


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without_comma(value: Any, what: str) -> str:
    text = _plain(value)
    if "," in text:
        raise QueryError(f"{what} holds a comma, which separates values there", code="BD-QUERY-VALUE")
    return text


def _number(name: str, text: str) -> int:
    if not text.isdecimal():
        raise QueryError(f"{name} is a whole number, not {text!r}", code="BD-QUERY-VALUE")
    return int(text)


def _sorted(path: str, params: dict[str, str]) -> dict[str, str]:
    """A search of more than a page needs an order, or its pages overlap (section 12, 12)."""
    category, _, resource = path.rpartition("/")
    paged = _number("limit", params.get("limit", str(_PAGE + 1))) > _PAGE
    if resource != "search" or category not in _SORTABLE or "sort" in params or not paged:
        return params
    return {"sort": "id", "order": "ASCENDING", **params}


def _file(given: Any) -> Path:
    path = Path(str(given or "")).expanduser()
    if not given or not path.is_file():
        raise ConfigError("An upload needs file=, the path of a file on this computer", code="BD-CONFIG-FILE")
    return path
