"""The keys of a profile with `platform: molgenis`."""

from __future__ import annotations

import re

from biodata.config.secrets import Secret
from biodata.config.settings import Settings
from biodata.errors import ConfigError

__all__ = ["MolgenisSettings", "server_root"]

TOKEN_LIFETIME = 7200.0
"""Seconds that a token of `/api/v1/login` lives (protocols/molgenis.md, a1)."""


class MolgenisSettings(Settings, frozen=True, kw_only=True):
    """How to reach a classic MOLGENIS server, and as whom; without a login it is the server's `anonymous`.

    Attributes:
        url: its address, with a context path where it has one; a trailing `/api` does no harm.
        token: a token that somebody made; it cannot be renewed. Or:
        username: of an account, with
        password: of that account; a token is got with them, and renewed.
        token_lifetime: seconds that the server lets such a token live; 2 hours unless its administrator changed it.
        import_timeout: seconds to wait for the server to make a table.
    """

    url: str
    token: Secret | None = None
    username: str | None = None
    password: Secret | None = None
    token_lifetime: float = TOKEN_LIFETIME
    import_timeout: float = 120.0


def server_root(url: str) -> str:
    """The address below which `/api` lies.

    >>> server_root("https://example.org/molgenis-api/api/v2/")
    'https://example.org/molgenis-api'
    """
    return re.sub(r"/api(/v1|/v2|/data|/metadata)?$", "", url.rstrip("/"))


def check_login(settings: MolgenisSettings) -> None:
    """See that the keys say one way to log in.

    Raises:
        ConfigError: `BD-CONFIG-LOGIN`.
    """
    if (settings.username is None) != (settings.password is None):
        absent = "password" if settings.password is None else "username"
        raise ConfigError(
            f"A login needs username and password, and there is no {absent}",
            code="BD-CONFIG-LOGIN",
            hint="Give both, or a token, or nothing to read as anonymous",
        )
    if settings.token is not None and settings.username is not None:
        raise ConfigError("A token and a username are two ways to log in: give one", code="BD-CONFIG-LOGIN")
