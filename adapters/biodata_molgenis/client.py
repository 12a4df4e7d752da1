"""molgenis-py-client on our terms: `connection.client`; and an open one as settings: `biodata.connect(session)`.

The client asks through a `requests.Session` of its own, in which every address is answered by our session: its
tokens, limits and retries, the profile's access, and no other server. Its `upload_zip` goes past any session, so
it is ours. Only the version whose ways are known is taken (protocols/molgenis.md, d).
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from biodata.config.profiles import require_access
from biodata.errors import ConfigError, ProtocolError, QueryError
from biodata.http import Request
from biodata_molgenis.errors import failure

if TYPE_CHECKING:
    import requests

    from biodata.config.profiles import Access
    from biodata.http import HttpSession, Response
    from biodata_molgenis.settings import MolgenisSettings

__all__ = ["official_client", "settings_of"]

KNOWN = "2.4.1"
_REFUSED = 400
_LEVELS: dict[str, Access] = {"GET": "read", "HEAD": "read", "OPTIONS": "read", "DELETE": "delete"}
_NO_TOKEN = "held by biodata"  # noqa: S105 - with something here the client says of JSON that it is JSON
_NAMED = 3
_ASKED = frozenset({"q", "attrs", "num", "start", "sort"})


def settings_of(client: Any) -> MolgenisSettings | None:
    """Address and token of a `molgenis.client.Session`; None for any other object, and for one of ours.

    The token cannot be renewed: only the login knows the password.
    """
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(client).__mro__}
    if "molgenis.client.Session" not in names or hasattr(client, "held_by_biodata"):
        return None
    from biodata.config.settings import settings_from_values
    from biodata_molgenis.settings import MolgenisSettings

    return settings_from_values(MolgenisSettings, {"url": client._root_url, "token": client._token})  # noqa: SLF001 - it has no other way


def official_client(session: HttpSession, access: Access, import_timeout: float) -> Any:
    """A `molgenis.client.Session` with all its methods; making it sends nothing. Errors are biodata's.

    Args:
        session: with the tokens; renews them.
        access: `read`: methods that change something are refused; `write`: those that delete.
        import_timeout: seconds to wait for an import.

    Raises:
        ConfigError: molgenis-py-client is not installed, or in a version that is not known.
    """
    _check_version()
    from molgenis.api_support import Headers
    from molgenis.client import Session

    class _Client(Session):  # type: ignore[misc]  # it has no types
        held_by_biodata = True

        def login(self, *_: Any, **__: Any) -> None:
            """The profile's login is used."""

        def logout(self) -> None:
            """The profile's login is used, and ends with the connection."""

        def upload_zip(
            self,
            meta_data_zip: Any,
            data_action: Any = None,
            metadata_action: Any = None,
            asynchronous: bool = True,  # noqa: FBT001, FBT002 - the client's signature
        ) -> str:
            """The address of the run that the upload became."""
            require_access(access, "write")
            limit = None if asynchronous else import_timeout
            return _upload(session, meta_data_zip, data_action, metadata_action, limit)

    client = _Client(session.base_url)
    client._session = _through(session, access)  # noqa: SLF001 - the one seam
    client._headers = Headers(token=_NO_TOKEN)  # noqa: SLF001
    client._root_url = session.base_url  # noqa: SLF001 - it would cut letters of `/api` from the address
    client._api_url = f"{session.base_url}api/"  # noqa: SLF001
    return client


def _check_version() -> None:
    hint = f"Install molgenis-py-client=={KNOWN}; connection.extras and the tables need no such package"
    try:
        there = version("molgenis-py-client")
    except PackageNotFoundError:
        raise ConfigError("connection.client needs the package molgenis-py-client", hint=hint) from None
    if there != KNOWN:
        raise ConfigError(f"molgenis-py-client {there} may send past our session: not known", hint=hint)


def _upload(session: HttpSession, path: Any, data: Any, metadata: Any, limit: float | None) -> str:
    from biodata_molgenis.importer import follow, form_file, start

    choices: Any = getattr(data, "value", data or "add"), getattr(metadata, "value", metadata or "upsert")
    run = start(session, form_file(path), *choices)
    if limit is not None:
        follow(session, run, limit=limit)
    return f"/api/v2/sys_ImportRun/{run}"


def _through(session: HttpSession, access: Access) -> requests.Session:
    """A requests session in which our session answers every address."""
    import requests
    from requests.adapters import BaseAdapter

    class _Ours(BaseAdapter):
        def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
            ask = _request(session, request)
            for method in _methods(ask):
                require_access(access, _LEVELS.get(method, "write"))
            return _answer(request, session.send(ask))

        def close(self) -> None:
            """The connection closes our session."""

    held = requests.Session()
    held.trust_env = False
    held.adapters.clear()
    held.mount("", _Ours())
    return held


def _methods(ask: Request) -> list[str]:
    """What a request does: a POST is what its `_method` says, each where there are several."""
    said = [value.upper() for name, value in ask.params if name == "_method" and ask.method == "POST"]
    return said or [ask.method]


def _request(session: HttpSession, asked: requests.PreparedRequest) -> Request:
    url, _, query = str(asked.url).partition("?")
    if not url.startswith(session.base_url):
        raise ProtocolError("The client asks another server than the profile's", code="BD-REMOTE-REDIRECT")
    path = url.removeprefix(session.base_url)
    if asked.method != "PUT":
        path = path.replace("+", "%20")  # a blank of a key; in update_one alone it stands for itself
    body = asked.body.encode() if isinstance(asked.body, str) else asked.body
    return Request(
        method=str(asked.method),
        path=path,
        params=_params(query),
        body=body,
        content_type=asked.headers.get("Content-Type"),
        label="/".join(path.split("/")[:_NAMED]) + "/…",
    )


def _params(query: str) -> tuple[tuple[str, str], ...]:
    """The parameters of an address; the client writes `q` into it as it is, so that a plus is a plus.

    Raises:
        QueryError: `BD-QUERY-NATIVE`, an `&` in the text of `q` has cut it.
    """
    params = tuple(parse_qsl(query.replace("+", "%2B"), keep_blank_values=True))
    names = {name for name, _ in params}
    if "q" in names and not names <= _ASKED:
        raise QueryError(
            "The client cannot send a q with an '&' in it",
            code="BD-QUERY-NATIVE",
            hint="connection['TABLE'].query(…) can, also with RSQL as it is: query(native=…).",
        )
    return params


def _answer(asked: requests.PreparedRequest, response: Response) -> requests.Response:
    import requests

    if response.status >= _REFUSED:
        raise failure(response)
    answer = requests.Response()
    answer.status_code, answer.url, answer.request = response.status, str(asked.url), asked
    answer.encoding = "utf-8"
    answer.headers.update(response.headers)
    answer._content = response.body  # noqa: SLF001 - it has no other way
    return answer
