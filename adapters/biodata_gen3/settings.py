"""The keys of a profile with `platform: gen3`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from biodata.config.secrets import Secret
from biodata.config.settings import Settings
from biodata.errors import ConfigError
from biodata.http import jwt_claims

if TYPE_CHECKING:
    from typing import Any

__all__ = ["ApiKey", "Gen3Settings", "check_login", "commons_root", "read_key"]


class Gen3Settings(Settings, frozen=True, kw_only=True):
    """How to reach one project of a Gen3 data commons.

    Attributes:
        url: its address; left out, it is what the credentials name.
        credentials: the credentials.json that the commons' profile page gives: an API key, good for a month.
        token: an access token, in place of credentials; it cannot be renewed.
        program: the name of the program.
        project: the code of the project.
    """

    url: str | None = None
    credentials: Path | None = None
    token: Secret | None = None
    program: str
    project: str


class ApiKey(msgspec.Struct, frozen=True):
    """An API key; the repr hides it.

    Attributes:
        value: the secret.
        issuer: the address of the commons' fence, `https://HOST/user`.
        expires: seconds since the epoch, where the key says so.
    """

    value: str
    issuer: str = ""
    expires: float | None = None

    def __repr__(self) -> str:
        return f"ApiKey(<secret>, issuer={self.issuer!r}, expires={self.expires})"


def check_login(settings: Gen3Settings) -> None:
    """See that the keys say one way to log in.

    Raises:
        ConfigError: `BD-CONFIG-LOGIN`.
    """
    if (settings.credentials is None) == (settings.token is None):
        raise ConfigError(
            "A login needs credentials or a token, one of them",
            code="BD-CONFIG-LOGIN",
            hint="Give credentials: the credentials.json of the commons' profile page; or token:",
        )


def read_key(path: Path) -> ApiKey:
    """The API key of a credentials.json.

    Raises:
        ConfigError: `BD-CONFIG-FILE`, the file is not there or is none.
    """
    try:
        held: Any = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", code="BD-CONFIG-FILE") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        held = None
    value = held.get("api_key") if isinstance(held, dict) else None
    if not isinstance(value, str) or not value:
        raise ConfigError(
            f"{path} is no credentials.json: it has no api_key",
            code="BD-CONFIG-FILE",
            hint="Get a new one from the profile page of the commons",
        )
    claims = jwt_claims(value)
    expires = claims.get("exp")
    return ApiKey(value, str(claims.get("iss") or ""), float(expires) if isinstance(expires, int | float) else None)


def commons_root(settings: Gen3Settings, issuer: str) -> str:
    """The address below which `/api` and `/user` lie.

    Raises:
        ConfigError: `BD-CONFIG-LOGIN`, nothing says it.

    >>> commons_root(Gen3Settings(program="P", project="C"), "https://example.org/user")
    'https://example.org'
    """
    address = settings.url or issuer
    if not address:
        raise ConfigError(
            "Neither url nor the credentials say where the commons is",
            code="BD-CONFIG-LOGIN",
            hint="Write url: the address of the commons; or get new credentials from its profile page",
        )
    return re.sub(r"/(user|api)$", "", address.rstrip("/"))
