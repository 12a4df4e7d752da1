"""One request to the commons and its answer, or the error that the answer means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from biodata.http import Request, quote_segment
from biodata_gen3.errors import failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from biodata.http import HttpSession, Response

__all__ = ["GRAPHQL", "Found", "Project", "ask", "ask_graphql", "graphql_request", "read_json"]

T = TypeVar("T")
GRAPHQL = "api/v0/submission/graphql"
_REFUSED = 400


class Project(msgspec.Struct, frozen=True):
    """A project of a program."""

    program: str
    code: str

    @property
    def id(self) -> str:
        """The name by which nodes know it. It cannot be taken apart: both halves may hold hyphens."""
        return f"{self.program}-{self.code}"

    @property
    def resource(self) -> str:
        """The name by which rights know it."""
        return f"/programs/{self.program}/projects/{self.code}"

    def path(self, *rest: str) -> str:
        """The path below the base URL, each name percent-encoded."""
        return "/".join(["api/v0/submission", *map(quote_segment, (self.program, self.code)), *rest])


def ask(session: HttpSession, request: Request, table: str | None = None, values: Iterable[Any] = ()) -> Response:
    """The answer to a request that the server accepts.

    Raises:
        BiodataError: what the refusal means; `values` are masked in the server's words.
    """
    response = session.send(request)
    if response.status < _REFUSED:
        return response
    raise failure(response, table, values)


def read_json(session: HttpSession, request: Request, kind: type[T] | Any, table: str | None = None) -> T:
    """The answer as JSON of the type `kind`."""
    decoded: T = ask(session, request, table).decode(kind)
    return decoded


class Found(msgspec.Struct, frozen=True):
    """What a query of `query_text` gives: the number of matching records, and the rows of one page."""

    total: int
    rows: list[dict[str, Any]] = []


class _Answer(msgspec.Struct, Generic[T], frozen=True):
    data: T


def ask_graphql(
    session: HttpSession, query: str, variables: Mapping[str, Any], table: str | None, kind: type[T]
) -> T:
    """The data of a query, of the type `kind`; variables hold the values, so that the text has none.

    Raises:
        QueryError: `BD-QUERY-REFUSED`, in the server's words.
    """
    request = graphql_request(query, variables)
    answer: _Answer[T] = ask(session, request, table, variables.values()).decode(_Answer[kind])  # type: ignore[valid-type]  # msgspec reads it
    return answer.data


def graphql_request(query: str, variables: Mapping[str, Any]) -> Request:
    """The request of a query."""
    return Request.json("POST", GRAPHQL, {"query": query, "variables": dict(variables)}, idempotent=True)
