"""API keys: where they lie, and what they say of themselves (protocols/gen3.md, a)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import ConfigError
from biodata.http import jwt_claims, jwt_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata_gen3.settings import Gen3Settings

__all__ = ["ApiKey", "find_key", "parse_key", "read_key"]

_HOME = Path(".gen3")
_USUAL = "credentials"
_VARIABLE = "GEN3_API_KEY"
_FRESH = "Get a new one from the profile page of the commons"


class ApiKey(msgspec.Struct, frozen=True):
    """An API key; the repr hides it.

    Attributes:
        value: the secret.
        issuer: the address of the commons' fence, `https://HOST/user`.
        expires: seconds since the epoch, where the key says so.
        purpose: `api_key`, or `access` of an access token; empty where the key cannot be read.
    """

    value: str
    issuer: str = ""
    expires: float | None = None
    purpose: str = ""

    def __repr__(self) -> str:
        return f"ApiKey(<secret>, issuer={self.issuer!r}, expires={self.expires})"


def find_key(settings: Gen3Settings) -> ApiKey | None:
    """The key that the profile names; without another login, the one that lies where the gen3 SDK looks.

    That is the file, or the name of a file in `~/.gen3`, in GEN3_API_KEY, and else `~/.gen3/credentials.json`.

    Raises:
        ConfigError: `BD-CONFIG-FILE`, a file that is named is not there or is none.
    """
    if settings.api_key is not None:
        return parse_key(settings.api_key.reveal(), settings.api_key.reference or "api_key")
    if settings.credentials is not None:
        return read_key(_there(settings.credentials))
    if settings.token is not None or settings.client_id is not None or settings.workspace is not None:
        return None
    named = os.environ.get(_VARIABLE)
    if named:
        return read_key(_there(Path(named).expanduser()))
    usual = next((one for one in _at_home(_USUAL) if one.is_file()), None)
    return None if usual is None else read_key(usual)


def _there(path: Path) -> Path:
    """The file itself, or the one of that name in `~/.gen3`."""
    return path if path.is_file() else next((one for one in _at_home(path.name) if one.is_file()), path)


def _at_home(name: str) -> Iterator[Path]:
    directory = Path.home() / _HOME
    yield from (directory / name, directory / f"{name}.json")


def read_key(path: Path) -> ApiKey:
    """The API key of a credentials.json.

    Raises:
        ConfigError: `BD-CONFIG-FILE`, the file is not there or is none.
    """
    try:
        return parse_key(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", code="BD-CONFIG-FILE") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is no credentials.json", code="BD-CONFIG-FILE", hint=_FRESH) from None


def parse_key(text: str, place: str) -> ApiKey:
    """The API key of a credentials.json's text, or the key itself.

    Raises:
        ConfigError: `BD-CONFIG-FILE`, it is neither; the message has the place, not the text.
    """
    value = _held(text)
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{place} is no credentials.json: it has no api_key", code="BD-CONFIG-FILE", hint=_FRESH)
    claims = jwt_claims(value)
    return ApiKey(
        value,
        str(claims.get("iss") or ""),
        jwt_seconds(claims, "exp"),
        str(claims.get("pur") or ""),
    )


def _held(text: str) -> Any:
    try:
        held: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text.strip() if jwt_claims(text.strip()) else None
    return held.get("api_key") if isinstance(held, dict) else None
