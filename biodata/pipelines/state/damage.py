"""What is told of a file of the state directory that is not as this version of biodata has written it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from biodata.errors import ConfigError
from biodata.pipelines.state.private import private_file, usable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["damaged", "format_of", "newer", "read_key"]


def newer(what: str, path: Path, found: int, known: int) -> ConfigError:
    """The error of a file that a newer version of biodata has written."""
    return ConfigError(
        f"{what} {path} is of a newer version of biodata: its format is {found}, and this version knows {known}",
        code="BD-CONFIG-STATE",
        hint="Use that version, or another state directory (BIODATA_STATE)",
    )


def format_of(content: bytes) -> int:
    """The format that a JSON document says it has; 0 where it says none.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return msgspec.json.decode(content, type=_Formatted).format


class _Formatted(msgspec.Struct):
    format: int = 0


def damaged(what: str, path: Path, reason: str, rest: str = "") -> ConfigError:
    """The error of a file that is not as it was written; `rest` says what beginning anew would mean."""
    return ConfigError(
        f"{what} {path} cannot be used: {reason}",
        code="BD-CONFIG-STATE",
        hint=f"Put back a copy of it. {rest or f'To begin anew without it, move {path.parent} away'}",
    )


def read_key(what: str, path: Path, size: int, rest: str) -> bytes:
    """The bytes of a key file; `rest` says what can be done without it.

    Raises:
        ConfigError: `BD-CONFIG-STATE`, it cannot be read, or is not whole.
    """
    with usable(what, path), os.fdopen(private_file(path, os.O_RDONLY), "rb") as file:
        found = file.read()
    if len(found) != size:
        raise damaged(what, path, f"it has {len(found)} bytes in place of {size}", rest)
    return found
