"""One request to the server and its answer, or the error that the answer means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from biodata.errors import BiodataError, ConfigError, ProtocolError
from biodata.http import Request, quote_segment
from biodata_molgenis.errors import complaints, failure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata.http import HttpSession, Response

__all__ = ["ask", "emx2_version", "fits_path", "read_json", "refuse_emx2", "refuse_stranger", "table_path"]

T = TypeVar("T")

_REFUSED = 400
_CREATED = 201
_ELSEWHERE = frozenset({404, 405})
_EMX2_QUERY = {"query": "{_manifest{SpecificationVersion}}"}


def table_path(api: str, table: str, *rest: str) -> str:
    """The path below the base URL: `api/v2/ASE`, each name percent-encoded."""
    return "/".join([f"api/{api}", *map(quote_segment, (table, *rest))])


def fits_path(key: str) -> bool:
    """Whether a key can stand in a path: the server's container refuses an encoded slash or backslash (h17)."""
    return bool(key.strip(". ")) and not set(key) & set("/\\;%")


def ask(session: HttpSession, request: Request, table: str | None = None, values: Iterable[Any] = ()) -> Response:
    """The answer to a request that the server accepts.

    Args:
        session: with the tokens.
        request: what to ask.
        table: for the error.
        values: of people's records; masked in the server's words.

    Raises:
        BiodataError: what the refusal means; a ConfigError when the server is an EMX2.
    """
    response = session.send(request)
    if response.status < _REFUSED:
        return response
    if response.status in _ELSEWHERE and not any(one.code for one in complaints(response)):
        refuse_emx2(session)
    raise failure(response, table, values)


def read_json(
    session: HttpSession, request: Request, kind: type[T], table: str | None = None, values: Iterable[Any] = ()
) -> T:
    """The answer as JSON of the type `kind`.

    Raises:
        ProtocolError: it is something else.
        BiodataError: as `ask`.
    """
    response = ask(session, request, table, values)
    try:
        return response.decode(kind)
    except ProtocolError:
        refuse_emx2(session)
        raise


def refuse_stranger(request: Request, response: Response, table: str | None = None) -> None:
    """See whether a write was accepted by MOLGENIS itself: 201 to a POST, else an answer without a body (a2, b1, c).

    Raises:
        ProtocolError: `BD-REMOTE-FORMAT`, it is the page of a proxy or of a login, so perhaps nothing was written.
    """
    creates = request.method == "POST" and not any(name == "_method" for name, _ in request.params)
    accepted = response.status == _CREATED if creates else not response.body
    if not accepted:
        error = ProtocolError(
            f"{response.request} gives HTTP {response.status} with {len(response.body)} bytes, "
            f"{response.content_type or 'of no stated type'}, which is not how MOLGENIS accepts a write",
            status=response.status,
            code="BD-REMOTE-FORMAT",
            table=table,
            hint="Check that the profile's url is the platform's own address and not a proxy or a login page",
        )
        error.maybe_sent = True
        raise error


class _Manifest(msgspec.Struct):
    SpecificationVersion: str = ""


class _Data(msgspec.Struct):
    manifest: _Manifest = msgspec.field(name="_manifest")


class _GraphQl(msgspec.Struct):
    data: _Data


def emx2_version(session: HttpSession) -> str | None:
    """The version of an EMX2 at this address, None when there is none (protocols/molgenis.md, e1)."""
    request = Request.json("POST", "api/graphql", _EMX2_QUERY, idempotent=True)
    try:
        response = session.with_auth(None).send(request)
        return response.decode(_GraphQl).data.manifest.SpecificationVersion
    except BiodataError:
        return None


def refuse_emx2(session: HttpSession) -> None:
    """See whether an address that answers strangely is an EMX2.

    Raises:
        ConfigError: `BD-CONFIG-EMX2`, it is one.
    """
    version = emx2_version(session)
    if version is not None:
        raise ConfigError(
            f"This address is a MOLGENIS EMX2 {version}".rstrip(),
            code="BD-CONFIG-EMX2",
            hint="This adapter speaks to the classic server (version 10 and before); EMX2 has another protocol",
        )
