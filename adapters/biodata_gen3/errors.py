"""What the services' refusals say: five shapes of body (protocols/gen3.md, fact 1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import BiodataError, NotFound, ProtocolError, QueryError, RemoteError
from biodata.http.redaction import mask_values, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata.http import Response

__all__ = ["failure", "words"]

_CLIENT, _NOT_FOUND, _SERVER = 400, 404, 500


def words(response: Response, values: Iterable[Any] = ()) -> str:
    """What the server says, in one line, with `values` masked."""
    return shortened(mask_values(_said(response), values)).strip().rstrip(".")


def _said(response: Response) -> str:
    text = response.text.strip()
    if text.startswith("<"):
        found = re.findall(r'(?is)<p class="introduction">(.*?)</p>|<title>(.*?)</title>', text)
        parts = [first or second for first, second in found]
        return parts[-1].strip() if parts else "a page of HTML"
    try:
        body = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return text
    if not isinstance(body, dict):
        return text
    if isinstance(body.get("errors"), list):
        return "; ".join(map(str, body["errors"]))
    return str(body.get("message") or body.get("error") or "no reason given")


def failure(response: Response, table: str | None = None, values: Iterable[Any] = ()) -> BiodataError:
    """The error that a refused answer to a read means; writes have their own (`write.py`)."""
    message = f"{response.request}: {words(response, values) or 'no reason given'} (HTTP {response.status})"
    if response.status == _NOT_FOUND:
        return NotFound(message, code="BD-NOT-FOUND", table=table)
    if response.status == _CLIENT:
        return QueryError(message, code="BD-QUERY-REFUSED", table=table)
    if response.status >= _SERVER:
        return RemoteError(message, status=response.status, table=table)
    return ProtocolError(message, status=response.status, table=table, hint="Is the profile's url that of a commons?")
