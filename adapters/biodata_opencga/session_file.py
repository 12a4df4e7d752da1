"""The login that the server's own command keeps in a file: `~/.opencga/NAME_session.json` (section 1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import ConfigError
from biodata.http import Token, TokenSource

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["session_login"]

_HINT = "Log in with the server's own command, opencga.sh, or give user and password"


class _Session(msgspec.Struct):
    """What is read of the file."""

    token: str | None = None
    attributes: dict[str, Any] | None = None


class _WithCookies(TokenSource):
    """A token and the cookies of the single sign-on that it came from."""

    cookies: str = ""

    def headers(self, token: Token) -> dict[str, str]:
        """The header that carries `token`, and the cookies."""
        return {**super().headers(token), **({"Cookie": self.cookies} if self.cookies else {})}


def session_login(path: Path) -> TokenSource:
    """The token of the file; it cannot be renewed.

    Raises:
        ConfigError: `BD-CONFIG-FILE`, there is no such file; `BD-CONFIG-LOGIN`, there is no login in it.
    """
    held = _read(path)
    if not held.token:
        raise ConfigError(f"{path} holds no login", code="BD-CONFIG-LOGIN", hint=_HINT)
    source = _WithCookies.static(held.token)
    cookies = (held.attributes or {}).get("cookies")
    if isinstance(cookies, dict):
        source.cookies = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return source


def _read(path: Path) -> _Session:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Session)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", code="BD-CONFIG-FILE", hint=_HINT) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ConfigError(f"{path} is no session file", code="BD-CONFIG-FILE", hint=_HINT) from None
