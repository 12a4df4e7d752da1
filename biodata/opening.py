"""Opening: a profile, an address or a client object becomes a connection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import Context
from biodata.connection import Connection
from biodata.errors import ConfigError
from biodata.registry import adapter_class, installed

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.adapter import Adapter
    from biodata.config.flow import MayFlowTo
    from biodata.config.profiles import Access
    from biodata.config.settings import Settings

__all__ = ["open_address", "open_client", "open_profile"]


def open_profile(
    name: str,
    config: Path | str | None,
    *,
    access: Access | None,
    on_exchange: Callable[[Any], None] | None,
    settings: dict[str, Any],
) -> Connection:
    """The connection of a profile, with some of its keys replaced."""
    from biodata.config.profiles import find_profiles
    from biodata.config.settings import access_level, read_settings, secret_keys

    if not {":", "/", "."}.isdisjoint(name):
        raise ConfigError(
            "An address was given, and not which platform is there",
            code="BD-CONFIG-PROFILE",
            hint="Say it: connect(…, platform='molgenis'); or give the name of a profile, without anything else.",
        )
    profile = find_profiles(Path(config) if config is not None else None).use(name)
    adapter = adapter_class(profile.platform)
    secrets = secret_keys(adapter.Settings)
    given = {key: _secret(value) if key in secrets else value for key, value in settings.items()}
    read = read_settings(adapter.Settings, msgspec.structs.replace(profile, values={**profile.values, **given}))
    level = access_level(adapter.Settings, access or profile.access)
    return _connection(adapter, read, name, level, on_exchange, profile.may_flow_to)


def _secret(value: Any) -> Any:
    """A plain text of Python code is a secret itself; in a file it would have to be a reference."""
    from biodata.config.secrets import Secret, is_reference

    return Secret(value) if isinstance(value, str) and not is_reference(value) else value


def open_address(
    address: str,
    platform: str,
    *,
    access: Access | None,
    on_exchange: Callable[[Any], None] | None,
    settings: dict[str, Any],
) -> Connection:
    """The connection of an address, without a profile; secrets may be plain text, as this is a program."""
    from biodata.config.settings import access_level, settings_from_values

    adapter = adapter_class(platform)
    read = settings_from_values(adapter.Settings, {adapter.Settings.key_of(address): address, **settings})
    return _connection(adapter, read, platform, access_level(adapter.Settings, access), on_exchange)


def open_client(client: Any, *, access: Access | None, on_exchange: Callable[[Any], None] | None) -> Connection:
    """The connection that uses an official client's address and login; the first adapter that knows it.

    Raises:
        ConfigError: `BD-CONFIG-CLIENT`, no installed adapter knows such an object.
    """
    from biodata.config.settings import access_level

    for platform in installed():
        adapter = adapter_class(platform)
        settings = adapter.wrap(client)
        if settings is not None:
            return _connection(adapter, settings, platform, access_level(adapter.Settings, access), on_exchange)
    raise ConfigError(
        f"No adapter knows what to do with a {type(client).__module__}.{type(client).__qualname__}",
        code="BD-CONFIG-CLIENT",
        hint="Give the name of a profile, a URL with platform=…, or an official client object.",
    )


def _connection(
    adapter: type[Adapter],
    settings: Settings,
    name: str,
    access: Access,
    on_exchange: Callable[[Any], None] | None,
    may_flow_to: MayFlowTo | None = None,
) -> Connection:
    from biodata.config.profiles import ACCESS_LEVELS

    if access not in ACCESS_LEVELS:
        raise ConfigError(
            f"access is one of {', '.join(ACCESS_LEVELS)}, not '{access}'", code="BD-CONFIG-ACCESS", profile=name
        )
    opened = adapter.open(settings, Context(profile=name, access=access, on_exchange=on_exchange))
    return Connection(opened, name=name, access=access, page_size=settings.page_size, may_flow_to=may_flow_to)
