"""The one tree of errors.

    BiodataError                    1
    ├── QueryError                  2   a filter or field that cannot be; unknown field
    ├── ConfigError                 3   profile, secret reference or file; unknown profile
    ├── AuthError                   4   the login was refused
    │   └── PermissionDenied        4   logged in, and not allowed
    ├── NotFound                    5   a record or a table that is not there
    ├── RemoteError                 6   the platform or the way to it
    │   ├── RateLimited             6
    │   ├── Unavailable             6
    │   └── ProtocolError           6   an answer that the platform should not give
    ├── RejectBudgetExceeded        8
    ├── SchemaError                 9   a record that does not fit its table
    ├── WriteError                  9   refused records, raised on request
    ├── CheckFailed                 9
    └── Unsupported                 2   what the platform or the adapter cannot do

The number is the exit status of the command. Each raise gives a stable `code` (`BD-AUTH-EXPIRED`). Values of
people's records never go into a message.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self, Unpack

    from biodata.pipelines.reports.facts import RunReport
    from biodata.receipts import Receipt

__all__ = [
    "AuthError",
    "BiodataError",
    "CheckFailed",
    "ConfigError",
    "NotFound",
    "PermissionDenied",
    "ProtocolError",
    "QueryError",
    "RateLimited",
    "RejectBudgetExceeded",
    "RemoteError",
    "SchemaError",
    "Unavailable",
    "Unsupported",
    "WriteError",
    "near_match",
]


class Where(TypedDict, total=False):
    """What every error may be given besides its message."""

    code: str | None
    profile: str | None
    table: str | None
    hint: str | None


class BiodataError(Exception):
    """Any error that biodata raises on purpose.

    Attributes:
        code: stable, for programs: `BD-` and words joined by `-`.
        profile: the name of the profile, where one is known.
        table: the name of the table, where one is known.
        hint: what to do about it, a sentence or two.
        receipt: what a write had done before it was broken off, where it was one.
        report: of the pipeline's run that it ended, where it ended one.
    """

    exit_status: ClassVar[int] = 1
    default_code: ClassVar[str] = "BD-ERROR"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        profile: str | None = None,
        table: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.profile = profile
        self.table = table
        self.hint = hint
        self.receipt: Receipt | None = None
        self.report: RunReport | None = None

    def located(self, *, profile: str | None = None, table: str | None = None) -> Self:
        """Fill in where it happened, where that is not said yet; gives the same error back."""
        self.profile = self.profile or profile
        self.table = self.table or table
        return self

    @property
    def place(self) -> str:
        """`profile/table`, `profile`, the table alone, or empty."""
        return "/".join(part for part in (self.profile, self.table) if part)

    def __str__(self) -> str:
        where = f" [{self.place}]" if self.place else ""
        hint = f". {self.hint}" if self.hint else ""
        gap = "\n" if "\n" in self.message else " "
        return f"{self.message}{gap}{where and where.lstrip() + ' '}({self.code}){hint}"


class QueryError(BiodataError):
    """A filter, field list or order that cannot be understood or does not fit the table."""

    exit_status = 2
    default_code = "BD-QUERY"


class Unsupported(BiodataError):
    """Something that the platform or its adapter cannot do; the message says why."""

    exit_status = 2
    default_code = "BD-UNSUPPORTED"


class ConfigError(BiodataError):
    """A profile, a file, a secret reference or an option that is missing or wrong."""

    exit_status = 3
    default_code = "BD-CONFIG"


class AuthError(BiodataError):
    """The platform does not know who this is: a wrong password, a dead token or key."""

    exit_status = 4
    default_code = "BD-AUTH"


class PermissionDenied(AuthError):
    """The platform knows who this is and says no, or the profile's access level does."""

    default_code = "BD-AUTH-DENIED"


class NotFound(BiodataError):
    """No such record or table.

    Attributes:
        missing: the keys that were asked for and are not there, in the order asked.
    """

    exit_status = 5
    default_code = "BD-NOT-FOUND"

    def __init__(self, message: str, *, missing: Iterable[object] = (), **where: Unpack[Where]) -> None:
        super().__init__(message, **where)
        self.missing = tuple(missing)


class RemoteError(BiodataError):
    """The platform failed, could not be reached, or refused in a way that has no better name.

    Attributes:
        status: the HTTP status, where there was an answer.
        maybe_sent: whether a write may have arrived all the same; None where that is not known.
    """

    exit_status = 6
    default_code = "BD-REMOTE"

    def __init__(self, message: str, *, status: int | None = None, **where: Unpack[Where]) -> None:
        super().__init__(message, **where)
        self.status = status
        self.maybe_sent: bool | None = None


class RateLimited(RemoteError):
    """The platform asked for fewer requests, and the waiting budget is used up."""

    default_code = "BD-REMOTE-RATE"


class Unavailable(RemoteError):
    """No answer: an unknown host, a refused connection, a time-out, a proxy's 502 to 504."""

    default_code = "BD-REMOTE-UNAVAILABLE"


class ProtocolError(RemoteError):
    """An answer that is cut, too large, a redirect to elsewhere, or not what the protocol says."""

    default_code = "BD-REMOTE-PROTOCOL"


class RejectBudgetExceeded(BiodataError):
    """More records were rejected in a pipeline than its budget allows."""

    exit_status = 8
    default_code = "BD-PIPELINE-BUDGET"


class SchemaError(BiodataError):
    """A record does not fit the table: an unknown field, a missing required one, a wrong type."""

    exit_status = 9
    default_code = "BD-SCHEMA"


class WriteError(BiodataError):
    """Records were refused; raised by `receipt.raise_for_refused()`."""

    exit_status = 9
    default_code = "BD-WRITE-REFUSED"


class CheckFailed(BiodataError):
    """A whole-set check of a pipeline did not hold."""

    exit_status = 9
    default_code = "BD-PIPELINE-CHECK"


def near_match(word: str, known: Iterable[str]) -> str | None:
    """The one known word that `word` is close to, or None when there is none or more than one."""
    names = list(known)
    folded = [name for name in names if name.casefold() == word.casefold()]
    close = folded or get_close_matches(word, names, n=2, cutoff=0.65)
    return close[0] if len(close) == 1 else None
