"""Queries that users write: checked by gql against the commons' own schema, sent on our session.

The schema is that of `/getschema`: peregrine refuses a modern introspection query (protocols/gen3.md, f).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from gql import Client, GraphQLRequest
from gql.transport import Transport
from gql.transport.exceptions import TransportQueryError
from graphql import ExecutionResult, GraphQLError, build_client_schema

from biodata.errors import ProtocolError, QueryError
from biodata.http import Request
from biodata_gen3.cuts import cut_fields
from biodata_gen3.errors import failure
from biodata_gen3.server import GRAPHQL, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import GraphQLSchema

    from biodata.http import HttpSession

__all__ = ["execute", "read_schema"]

_LOG = logging.getLogger("biodata.gen3")
_REFUSED = 400


class SessionTransport(Transport):
    """Sends documents on an HttpSession, with its tokens, limits and retries."""

    def __init__(self, session: HttpSession) -> None:
        self._session = session

    def execute(self, request: GraphQLRequest, *_: Any, **__: Any) -> ExecutionResult:
        """The answer to one document; the server's errors are texts (protocols/gen3.md, c: Errors)."""
        asked = Request.json("POST", GRAPHQL, request.payload, idempotent=True)
        response = self._session.send(asked)
        body: Any = response.json() if response.content_type == "application/json" else None
        if isinstance(body, dict) and ("data" in body or "errors" in body):
            errors = [GraphQLError(str(one)) for one in body.get("errors") or ()]
            return ExecutionResult(data=body.get("data"), errors=errors or None)
        if response.status >= _REFUSED:
            raise failure(response)
        raise ProtocolError("An answer to a query has no data", code="BD-REMOTE-FORMAT")


def read_schema(session: HttpSession) -> GraphQLSchema:
    """The schema of the commons; it needs no token."""
    request = Request(method="GET", path="api/v0/submission/getschema", anonymous=True)
    document: dict[str, Any] = read_json(session, request, dict[str, Any])
    try:
        return build_client_schema(document["data"])
    except (KeyError, TypeError, GraphQLError):
        raise ProtocolError("The schema document cannot be read", code="BD-REMOTE-FORMAT") from None


def _warn(cut: Sequence[str]) -> None:
    if cut:
        _LOG.warning("ten records at most have come of %s: say first: 0 for all, or a number", ", ".join(cut))


def execute(session: HttpSession, schema: GraphQLSchema, query: str, variables: Mapping[str, Any] | None) -> Any:
    """The data of a query.

    Raises:
        QueryError: `BD-QUERY-GRAPHQL`, it does not fit the schema; `BD-QUERY-REFUSED`, in the server's words.
    """
    client = Client(schema=schema, transport=SessionTransport(session))
    try:
        request = GraphQLRequest(query, variable_values=dict(variables) if variables is not None else None)
        answer = client.execute(request)
        _warn(cut_fields(schema, request.document))
        return answer  # noqa: TRY300 - the errors are those of the two lines above
    except GraphQLError as error:
        places = [f"line {one.line}, column {one.column}" for one in error.locations or ()]
        where = f" ({places[0]})" if places else ""
        raise QueryError(f"{error.message}{where}", code="BD-QUERY-GRAPHQL") from None
    except TransportQueryError as error:
        said = "; ".join(str(getattr(one, "message", one)) for one in error.errors or ())
        raise QueryError(f"The commons refuses the query: {said}", code="BD-QUERY-REFUSED") from None
