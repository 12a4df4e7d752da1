"""The keys of a profile with `platform: gen3`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from biodata.config.secrets import Secret
from biodata.config.settings import Settings
from biodata.errors import ConfigError

if TYPE_CHECKING:
    from biodata_gen3.keys import ApiKey

__all__ = ["Gen3Settings", "check_login", "commons_root"]


class Gen3Settings(Settings, frozen=True, kw_only=True):
    """How to reach one project of a Gen3 data commons.

    Attributes:
        url: its address; left out, it is what the credentials name.
        credentials: the credentials.json that the commons' profile page gives: an API key, good for a month; or the
            name of one in `~/.gen3`. Without any login the gen3 SDK's places are looked at: GEN3_API_KEY, then
            `~/.gen3/credentials.json`.
        api_key: the text of that file, or the key itself, from a reference.
        token: an access token alone; it cannot be renewed.
        client_id, client_secret: of a client of the commons, in place of a person's key.
        scope: of a client's tokens.
        workspace: the name of an identity provider (`default`): tokens come from the workspace token service. With an
            API key that of the key's commons is asked, for the commons at `url`; without one that of `workspace_url`.
        workspace_url: the token service inside a workspace.
        program: the name of the program.
        project: the code of the project.
    """

    url: str | None = None
    credentials: Path | None = None
    api_key: Secret | None = None
    token: Secret | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    scope: str = "openid user data"
    workspace: str | None = None
    workspace_url: str = "http://workspace-token-service/"
    program: str
    project: str


def check_login(settings: Gen3Settings, key: ApiKey | None) -> None:
    """See that the keys say one way to log in.

    Args:
        settings: of the profile.
        key: the API key that was found.

    Raises:
        ConfigError: `BD-CONFIG-LOGIN`.
    """
    ways = (settings.credentials, settings.api_key, settings.token, settings.client_id)
    given = sum(way is not None for way in ways)
    if given > 1 or not (given or key or settings.workspace):
        raise ConfigError(
            "A login needs credentials, an api_key, a token, client_id or workspace, one of them",
            code="BD-CONFIG-LOGIN",
            hint="Give credentials: the credentials.json of the commons' profile page; or put it in ~/.gen3",
        )
    if (settings.client_id is None) != (settings.client_secret is None):
        raise ConfigError("client_id and client_secret belong together", code="BD-CONFIG-LOGIN")
    if settings.workspace is not None and (settings.token is not None or settings.client_id is not None):
        raise ConfigError("A workspace's token is got by an API key, or by nothing", code="BD-CONFIG-LOGIN")


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
