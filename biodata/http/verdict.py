"""What an answer means: the adapter judges, the session acts on it."""

from __future__ import annotations

from typing import Literal

import msgspec

from biodata.http.request import Response

__all__ = ["Response", "Verdict", "by_status"]

VerdictKind = Literal["ok", "expired", "denied", "refused", "transient", "rate_limited"]

_KINDS: dict[int, VerdictKind] = {
    401: "expired",
    403: "denied",
    429: "rate_limited",
    502: "transient",
    503: "transient",
    504: "transient",
}
_FIRST_ERROR = 400


class Verdict(msgspec.Struct, frozen=True):
    """The meaning of one answer.

    Attributes:
        kind: `ok` and `refused` go back to the adapter; `expired` renews the token once and replays once;
            `denied` raises PermissionDenied; `transient` and `rate_limited` are retried within the budget.
        message: the server's own words; the session redacts tokens in them.
        code: the error's code in place of the usual one.
    """

    kind: VerdictKind
    message: str = ""
    code: str | None = None


def by_status(response: Response, message: str = "") -> Verdict:
    """The verdict that HTTP itself suggests; adapters fall back on it.

    A 500 is `refused`: it is often the user's mistake, so it is not retried blindly.
    """
    usual: VerdictKind = "refused" if response.status >= _FIRST_ERROR else "ok"
    return Verdict(_KINDS.get(response.status, usual), message)
