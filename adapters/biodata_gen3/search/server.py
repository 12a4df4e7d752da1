"""One request to Guppy and its answer: errors come in Apollo's shape, those of access with status 200."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import msgspec

from biodata.errors import BiodataError, PermissionDenied, ProtocolError, QueryError, RemoteError, Unsupported
from biodata.http import Request
from biodata.http.redaction import mask_values
from biodata_gen3.auth import classify
from biodata_gen3.errors import failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from biodata.http import HttpSession, Response, Verdict

__all__ = ["Accessibility", "Guppy", "shaped"]

T = TypeVar("T")
Accessibility: TypeAlias = Literal["accessible", "all", "unaccessible"]
_UNAUTHORISED, _REFUSED, _NOT_THERE = 401, 400, 404
_ACCESS_WORDS = b"have access to all the data"


class _Error(msgspec.Struct):
    message: str = "no reason given"
    extensions: dict[str, Any] = {}


class _Answer(msgspec.Struct):
    data: Any = None
    errors: list[_Error] | None = None


class Guppy:
    """The search service of a commons.

    Attributes:
        accessibility: which records are meant: those that this user may read, all, or those that they may not.
    """

    def __init__(self, session: HttpSession, accessibility: Accessibility) -> None:
        self._session = session.with_auth(session.auth, _judged)
        self.accessibility = accessibility

    def ask(
        self, query: str, variables: Mapping[str, Any], table: str | None = None, values: Any = ()
    ) -> dict[str, Any]:
        """The data of a query; `values` are masked in the server's words.

        Raises:
            PermissionDenied: `BD-AUTH-DENIED`, of some records this user may not see what is asked for.
            ProtocolError: `BD-REMOTE-FORMAT`, there is no data.
            QueryError: `BD-QUERY-REFUSED`.
            RemoteError: the service fails at it.
            Unsupported: the commons does not have it.
        """
        response = self._session.send(graphql_request(query, variables))
        if response.status == _NOT_THERE:
            raise Unsupported("This commons has no search service (Guppy)", code="BD-UNSUPPORTED-PART", table=table)
        if response.status >= _REFUSED and not response.body.lstrip().startswith(b"{"):
            raise failure(response, table, values)
        answer: _Answer = response.decode(_Answer)
        if answer.errors:
            raise _refused(answer.errors, table, values)
        if response.status >= _REFUSED:
            raise failure(response, table, values)
        return shaped(answer.data, dict[str, Any], table)

    def rows(self, body: Mapping[str, Any], table: str, values: Iterable[Any] = ()) -> list[dict[str, Any]]:
        """All rows that match, by the download endpoint.

        Raises:
            PermissionDenied: `BD-AUTH-DENIED`.
            QueryError: `BD-QUERY-REFUSED`.
        """
        response = self._session.send(download_request(body))
        if response.status == _UNAUTHORISED:
            raise _denied(table)
        if response.status >= _REFUSED:
            raise failure(response, table, values)
        decoded: list[dict[str, Any]] = response.decode(list[dict[str, Any]])
        return decoded


def shaped(value: Any, kind: type[T], table: str | None) -> T:
    """A part of an answer, of the type `kind`.

    Raises:
        ProtocolError: `BD-REMOTE-FORMAT`, it is not.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ProtocolError(
            f"The search service's answer is of an unexpected shape ({error})", code="BD-REMOTE-FORMAT", table=table
        ) from None


def graphql_request(query: str, variables: Mapping[str, Any]) -> Request:
    """The request of a query."""
    return Request.json("POST", "guppy/graphql", {"query": query, "variables": dict(variables)}, idempotent=True)


def download_request(body: Mapping[str, Any]) -> Request:
    """The request of a download."""
    return Request.json("POST", "guppy/download", dict(body), idempotent=True)


def _judged(response: Response) -> Verdict:
    """A download of records that this user may not see is a 401, and a newer token would not help."""
    verdict = classify(response)
    if response.status == _UNAUTHORISED and _ACCESS_WORDS in response.body:
        return msgspec.structs.replace(verdict, kind="refused")
    return verdict


def _refused(errors: list[_Error], table: str | None, values: Iterable[Any]) -> BiodataError:
    codes = {one.extensions.get("code") for one in errors}
    if codes & {_UNAUTHORISED, str(_UNAUTHORISED), "UNAUTHENTICATED", "FORBIDDEN"}:
        return _denied(table)
    words = mask_values("; ".join(" ".join(one.message.split()) for one in errors), values)
    if "INTERNAL_SERVER_ERROR" in codes:
        return RemoteError(f"The search service fails: {words}", table=table)
    return QueryError(f"The search service refuses the query: {words}", code="BD-QUERY-REFUSED", table=table)


def _denied(table: str | None) -> PermissionDenied:
    return PermissionDenied(
        "Among the records asked for are some that this user may not read, and the commons then gives none",
        code="BD-AUTH-DENIED",
        table=table,
        hint="connection.search has those that you may read; numbers over all can be asked for where they are large",
    )
