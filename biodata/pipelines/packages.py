"""Packages that only some operations need, and which extra brings them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from biodata.errors import ConfigError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["needed"]


def needed(package: str, what: str) -> ModuleType:
    """A module of the extra `mapping`.

    Raises:
        ConfigError: `BD-PIPELINE-PACKAGE`, it is not installed.
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        message = f"{what} needs the package {error.name}, which is not installed"
        raise ConfigError(message, code="BD-PIPELINE-PACKAGE", hint='Install "biodata-access[mapping]"') from None
