"""The keys of a profile with `platform: opencga`, and the two shapes of client-configuration.yml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from biodata.config.prompt import somebody_is_there
from biodata.config.secrets import Secret
from biodata.config.settings import Settings
from biodata.errors import ConfigError

__all__ = ["OpencgaSettings", "check_login", "server_root"]


class OpencgaSettings(Settings, frozen=True, kw_only=True):
    """How to reach an OpenCGA server, and as whom.

    Attributes:
        url: its address with the context path: `https://host/opencga`; or
        config: a client-configuration.yml, its path or its content, with `rest.host`, or with `rest.hosts` and
            `rest.defaultHost` as the server ships it.
        token: one that somebody made; it cannot be renewed. Or:
        session: the file in which the server's own command keeps its login, `~/.opencga/NAME_session.json`; its
            token cannot be renewed either. Or:
        user: of an account, with
        password: of that account; a token is got with them, and renewed. Without it a person is asked, on a terminal
            or in a notebook.
        organization: of the user, where the server has more than one.
        study: where the tables are: `organization@project:study`, or an id that is unique.
    """

    url: str | None = None
    config: Path | dict[str, Any] | None = None
    token: Secret | None = None
    session: Path | None = None
    user: str | None = None
    password: Secret | None = None
    organization: str | None = None
    study: str | None = None

    @classmethod
    def key_of(cls, address: str) -> str:
        """`url`, or `config` for the name of a file: `client-configuration.yml`."""
        return "config" if address.endswith((".yml", ".yaml", ".json")) else "url"


def server_root(settings: OpencgaSettings) -> str:
    """The server's address, without a slash at the end.

    Raises:
        ConfigError: neither or both of `url` and `config` are given, or the configuration names no server.
    """
    if (settings.url is None) == (settings.config is None):
        raise _wrong("A profile needs the server's address: either url or config")
    address = settings.url if settings.url is not None else _host(_content(settings.config))
    return re.sub(r"/webservices(/rest(/v\d+)?)?$", "", address.rstrip("/"))


def check_login(settings: OpencgaSettings) -> None:
    """See that the keys say one way to log in; a password may be asked for where somebody is there.

    Raises:
        ConfigError: `BD-CONFIG-LOGIN`.
    """
    given = [key for key in ("token", "session", "user") if getattr(settings, key) is not None]
    if len(given) != 1:
        raise _wrong("A login needs one of: a token, a session file, a user with password", "BD-CONFIG-LOGIN")
    alone = settings.password is not None or given != ["user"] or somebody_is_there()
    if not alone or (settings.password is not None and given != ["user"]):
        absent = "password" if settings.password is None else "user"
        raise _wrong(f"A login needs user and password, and there is no {absent}", "BD-CONFIG-LOGIN")


def _content(config: Path | dict[str, Any] | None) -> dict[str, Any]:
    if isinstance(config, dict):
        return config
    from biodata.config import load_yaml

    loaded = load_yaml(config).value if config is not None else {}
    if not isinstance(loaded, dict):
        raise _wrong("The client configuration is no mapping")
    return loaded


def _host(content: dict[str, Any]) -> str:
    """`rest.host`, or the one of `rest.hosts` that `defaultHost` names or `defaultHostIndex` counts (section 1.3)."""
    rest = content.get("rest")
    if not isinstance(rest, dict):
        raise _wrong("The client configuration has no 'rest'")
    if isinstance(rest.get("host"), str) and rest["host"]:
        return _address(rest["host"])
    hosts = rest.get("hosts")
    named = [one for one in hosts if isinstance(one, dict)] if isinstance(hosts, list) else []
    default, index = rest.get("defaultHost"), rest.get("defaultHostIndex") or 0
    chosen = [one for at, one in enumerate(named) if (at == index if default is None else one.get("name") == default)]
    if not chosen or not isinstance(chosen[0].get("url"), str):
        raise _wrong("The client configuration has neither 'rest.host' nor a 'rest.hosts' that 'defaultHost' names")
    return _address(chosen[0]["url"])


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise _wrong("The host of the client configuration is no address with http:// or https://")
    return text


def _wrong(message: str, code: str = "BD-CONFIG-VALUE") -> ConfigError:
    return ConfigError(message, code=code)
