"""Finds adapters by entry point and loads one when it is first used."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from biodata.adapter import ADAPTER_API, Adapter
from biodata.errors import ConfigError, near_match

__all__ = ["GROUP", "adapter_class", "installed", "platforms"]

GROUP = "biodata.adapters"
"""The entry-point group: name = platform, value = `module:Class`."""


def installed() -> dict[str, EntryPoint]:
    """Platform to entry point of every adapter in this environment; loads none."""
    return {point.name: point for point in entry_points(group=GROUP)}


def platforms() -> tuple[str, ...]:
    """The platforms that have an adapter here, in alphabetical order."""
    return tuple(sorted(installed()))


@cache
def adapter_class(platform: str) -> type[Adapter]:
    """The adapter of a platform, loaded.

    Raises:
        ConfigError: `BD-CONFIG-PLATFORM` without such an adapter, `BD-CONFIG-ADAPTER` when it cannot be
            loaded or was made for another contract.
    """
    point = installed().get(platform)
    if point is None:
        near = near_match(platform, platforms())
        hint = f"Did you mean '{near}'?" if near else f"Installed: {', '.join(platforms()) or 'none'}."
        raise ConfigError(f"There is no adapter for platform '{platform}'", code="BD-CONFIG-PLATFORM", hint=hint)
    return _checked(point)


def _checked(point: EntryPoint) -> type[Adapter]:
    try:
        loaded = point.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"The adapter for platform '{point.name}' cannot be loaded: {error}",
            code="BD-CONFIG-ADAPTER",
            hint=f"Install it with: pip install 'biodata-access[{point.name}]'.",
        ) from error
    if not (isinstance(loaded, type) and issubclass(loaded, Adapter)):
        raise ConfigError(
            f"The entry point '{point.value}' for platform '{point.name}' is not an Adapter class",
            code="BD-CONFIG-ADAPTER",
            hint="It must name a subclass of biodata.adapter.Adapter.",
        )
    if loaded.adapter_api != ADAPTER_API:
        raise ConfigError(
            f"The adapter for platform '{point.name}' is made for contract {loaded.adapter_api}, "
            f"and this biodata has {ADAPTER_API}",
            code="BD-CONFIG-ADAPTER",
            hint="Install versions of both that go together.",
        )
    return loaded
