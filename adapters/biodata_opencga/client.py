"""pyopencga's client on our session: its methods and paths, our tokens, limits and errors.

The seams are private names of pyopencga, the same from 2.12 to 5.0 (protocols/opencga.md, section 12, 3):
`_rest_retry` of each resource client and `_upload` of the one for files, `_validate_host` and `_check_versions`,
which send and print while the client is made.
"""

from __future__ import annotations

import math
import time
from functools import reduce, wraps
from importlib import import_module
from inspect import isfunction
from operator import getitem
from typing import TYPE_CHECKING, Any

from biodata.errors import ConfigError, ProtocolError, QueryError, RemoteError
from biodata.http import jwt_claims, redact
from biodata_opencga.client_calls import Calls
from biodata_opencga.client_names import unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from biodata.config.profiles import Access
    from biodata.http import HttpSession

__all__ = ["official_client"]

_SEAMS = ("_rest_retry", "_validate_host", "_check_versions")
_UNATTACHED = {
    "organizations": ("organization_client", "Organization"),
    "workflows": ("workflow_client", "Workflow"),
    "user_tools": ("user_tool_client", "UserTool"),
}
"""Resource clients that some versions ship and do not attach (sections 1.5 and 1.10)."""
_CLASHING = frozenset({"category", "resource"})
_ENDED = {"DONE": True, "ERROR": False, "ABORTED": False}


def official_client(session: HttpSession, host: str, access: Access, profile: str = "") -> Any:
    """An OpencgaClient with all resource clients; making it sends and prints nothing.

    Its methods raise our errors; `error.response` has what the server found or did for some of the ids.

    Args:
        session: with the tokens; renews them.
        host: the server's address with its context path.
        access: `read`: methods that change something are refused; `write`: those that delete.
        profile: named in errors.

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

    class Configuration(ClientConfiguration):  # type: ignore[misc]  # pyopencga has no types
        def _validate_host(self, *_: Any) -> None:
            """Sends nothing."""

    class Client(_OnOurSession, OpencgaClient):  # type: ignore[misc]
        """pyopencga's OpencgaClient on the session of a connection."""

    client = Client(Configuration({"rest": {"host": host}}), auto_refresh=False)
    _check_seams(ClientConfiguration, OpencgaClient, client)
    _attach_all(client)
    calls = Calls(session, access, profile)
    for name, resource in _resources(client):
        _on(resource, name, calls)
    client.session = session
    return client


class _OnOurSession:
    """What OpencgaClient does by itself, done by the connection."""

    session: HttpSession | None = None
    jobs: Any

    def _check_versions(self) -> None:
        """Sends and prints nothing."""

    @property
    def token(self) -> str | None:
        """The connection's token; logs in where there is none yet."""
        auth = self.session.auth if self.session is not None else None
        return auth.current().value if auth is not None else None

    @token.setter
    def token(self, _: str | None) -> None:
        """The connection has the tokens."""

    def login(
        self,
        user: str | None = None,
        password: str | None = None,  # noqa: ARG002 - pyopencga's signature
        organization: str | None = None,
    ) -> None:
        """See that the connection is logged in: as `user`, if one is named. The password is not looked at.

        Raises:
            ConfigError: the connection is somebody else's.
        """
        claims = jwt_claims(self.token or "")
        for named, word, known in (
            (user, "user", claims.get("sub")),
            (organization, "organization", claims.get("aud")),
        ):
            if named is not None and known is not None and named != known:
                raise ConfigError(
                    f"This connection is logged in with another {word}",
                    code="BD-CONFIG-LOGIN",
                    hint="Open one for it: biodata.connect(…, user=…, password=…, organization=…)",
                )

    def logout(self) -> None:
        """Give up the connection's token, which the server takes until it ends (section 12, 27).

        The next call logs in again, or is refused where there is no login.
        """
        if self.session is not None and self.session.auth is not None:
            self.session.auth.forget()

    def __exit__(self, *_: object) -> None:
        """Nothing: the token is the connection's, which is there after the block."""

    def wait_for_job(
        self,
        response: Any = None,
        study_id: str | None = None,
        job_id: str | None = None,
        retry_seconds: float = 10,
        timeout: float | None = None,
    ) -> None:
        """Return when a job is done; `response` is the answer that told of it.

        Args:
            response: of the call that started the job, in place of study and job.
            study_id: where the job is.
            job_id: which it is.
            retry_seconds: between two looks.
            timeout: seconds after which to give up waiting; None: never.

        Raises:
            QueryError: neither an answer nor a job is named.
            RemoteError: `BD-REMOTE-JOB`, it failed, or was killed; `BD-REMOTE-TIMEOUT`.
        """
        if response is not None:
            study_id, job_id = _told(response, "study", "id"), _told(response, "id")
        if not job_id:
            raise QueryError("Give the answer that told of the job, or job_id and study_id", code="BD-QUERY-KEY")
        ends = math.inf if timeout is None else time.monotonic() + timeout
        while not _is_done(self.jobs.info(job_id, study=study_id)):
            left = ends - time.monotonic()
            if left <= 0:
                raise RemoteError("The job is not done in time", code="BD-REMOTE-TIMEOUT")
            time.sleep(min(retry_seconds, left))

    def __getattr__(self, name: str) -> Any:
        raise unknown_name(self, "", name)


def _is_done(response: Any) -> bool:
    status = _told(response, "internal", "status")
    ended = _ENDED.get(_told(response, "internal", "status", "id"))
    if ended is False:
        said = redact(status.get("description") or "no reason given")
        raise RemoteError(f"The job ended with {status['id']}: {said}", code="BD-REMOTE-JOB")
    return ended is True


def _told(response: Any, *path: str) -> Any:
    """What an answer says of a job."""
    try:
        return reduce(getitem, path, response.get_result(0))
    except (LookupError, TypeError):
        raise ProtocolError("The answer tells of no job", code="BD-REMOTE-FORMAT") from None


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


def _attach_all(client: Any) -> None:
    for name, (module, kind) in _UNATTACHED.items():
        if name in vars(client):
            continue
        try:
            shipped = getattr(import_module(f"pyopencga.rest_clients.{module}"), kind)
        except ImportError:
            continue
        resource = shipped(client.configuration, auto_refresh=False)
        setattr(client, name, resource)
        client.clients.append(resource)


def _resources(client: Any) -> Iterator[tuple[str, Any]]:
    """Each resource client once, by the first name that it has."""
    seen: set[int] = set()
    for name, value in vars(client).items():
        if hasattr(type(value), "_rest_retry") and id(value) not in seen:
            seen.add(id(value))
            yield name, value


def _on(resource: Any, name: str, calls: Calls) -> None:
    """Make a resource client send through `calls`, and say the new name for an old one."""
    kind = type(resource)
    methods = {word: _freed(method) for word, method in vars(kind).items() if isfunction(method) and word[0] != "_"}

    def missing(self: Any, word: str) -> Any:
        raise unknown_name(self, name, word)

    def get(self: Any, category: str, resource: str = "", **options: Any) -> Any:
        """`ga4gh.fetch_reads` gives no last part of the path, and there is none."""
        return kind._get(self, category, resource, **options)  # noqa: SLF001

    own = {"__doc__": kind.__doc__, "__getattr__": missing, "_get": get}
    resource.__class__ = type(kind.__name__, (kind,), {**methods, **own})
    vars(resource).pop("refresh_token", None)  # it stays None, and was a method once
    resource._rest_retry = calls.call  # noqa: SLF001 - the one clean seam
    resource._upload = calls.upload  # noqa: SLF001 - it goes around the other one


def _freed(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method with the options `category` and `resource` too, which clash with pyopencga's own arguments."""

    @wraps(method)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        return method(self, *args, **{f"{name}_" if name in _CLASHING else name: options[name] for name in options})

    return call
